//! The forms that ask for words, a severity or a status.

use crate::incident::catalogue::{Catalogue, Status};
use crate::incident::decide::is_usual_step;
use crate::incident::state::Incident;
use crate::incident::text::{MESSAGE_LIMIT, NAME_LIMIT, SUMMARY_LIMIT};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Choice, Element};
use crate::slack::view::kit::modal::Modal;

/// When the next update can be promised for; the command line of the API takes any other time.
const REMINDERS: [(&str, &str); 6] = [
    ("15", "In 15 minutes"),
    ("30", "In 30 minutes"),
    ("60", "In 1 hour"),
    ("120", "In 2 hours"),
    ("240", "In 4 hours"),
    ("1440", "In 1 day"),
];

pub(super) fn update(incident: &Incident, catalogue: &Catalogue, origin: &str) -> Modal {
    let message = Element::lines("", MESSAGE_LIMIT)
        .with_placeholder("What changed, and what happens next?")
        .focused();
    let reminders = REMINDERS.map(|(minutes, text)| Choice::new(minutes, text)).into();
    let reminder = Element::select(reminders, None)
        .map(|select| select.with_placeholder("No reminder"))
        .map(|select| {
            Block::optional_input("next_update_in_minutes", "Next update", select)
                .with_hint("If none has come by then, the channel is reminded.")
        });
    let blocks = [
        Some(Block::optional_input("message", "What is new?", message)),
        status_select(incident, catalogue)
            .map(|select| Block::optional_input("status", "Status", select)),
        severity_select(incident, catalogue)
            .map(|select| Block::optional_input("severity", "Severity", select)),
        reminder,
    ];
    form("update", "Post an update", "Post", origin, blocks.into_iter().flatten().collect())
}

pub(super) fn resolve(incident: &Incident, origin: &str) -> Modal {
    let message =
        Element::lines("", MESSAGE_LIMIT).with_placeholder("Rolled back to 1.4").focused();
    let label = format!("What ended {}?", incident.reference());
    let input = Block::optional_input("message", &label, message)
        .with_hint("It is over for those it hurt; what is left can be written down in peace.");
    form("resolve", "Resolve", "Resolve", origin, vec![input])
}

pub(super) fn decline(incident: &Incident, origin: &str) -> Modal {
    let message =
        Element::lines("", MESSAGE_LIMIT).with_placeholder("It was the load test").focused();
    let label = format!("Why is {} no incident?", incident.reference());
    let input = Block::optional_input("message", &label, message)
        .with_hint("It is over, and can be reopened.");
    form("decline", "Decline", "Decline", origin, vec![input])
}

pub(super) fn close(incident: &Incident, origin: &str) -> Modal {
    let message = Element::lines("", MESSAGE_LIMIT).focused();
    let label = format!("A last word on {}?", incident.reference());
    let input = Block::optional_input("message", &label, message)
        .with_hint("Nothing is left to do. It can be reopened.");
    form("close", "Close", "Close", origin, vec![input])
}

pub(super) fn severity(incident: &Incident, catalogue: &Catalogue, origin: &str) -> Modal {
    let input = severity_select(incident, catalogue)
        .map(|select| Block::input("severity", "How bad is it?", select));
    form("severity", "Severity", "Change", origin, input.into_iter().collect())
}

pub(super) fn status(incident: &Incident, catalogue: &Catalogue, origin: &str) -> Modal {
    let input = status_select(incident, catalogue)
        .map(|select| Block::input("status", "Where does it stand?", select));
    form("status", "Status", "Change", origin, input.into_iter().collect())
}

pub(super) fn summary(incident: &Incident, origin: &str) -> Modal {
    let summary = Element::lines(&incident.summary, SUMMARY_LIMIT)
        .with_placeholder("What do people see, since when, and why?")
        .focused();
    let input = Block::optional_input("summary", "What is known?", summary);
    form("summary", "Summary", "Save", origin, vec![input])
}

pub(super) fn rename(incident: &Incident, origin: &str) -> Modal {
    let name = Element::line(&incident.name, NAME_LIMIT).focused();
    form("rename", "Rename", "Rename", origin, vec![Block::input("name", "Name", name)])
}

pub(super) fn note(incident: &Incident, origin: &str) -> Modal {
    let text =
        Element::lines("", MESSAGE_LIMIT).with_placeholder("The queue is empty again").focused();
    let label = format!("What should be in the timeline of {}?", incident.reference());
    form("note", "Add a note", "Add", origin, vec![Block::input("text", &label, text)])
}

/// The severities to choose from, the worst first.
pub(super) fn severities(catalogue: &Catalogue) -> Vec<Choice> {
    let worst_first = catalogue.severities.iter().rev();
    let choices = worst_first.map(|severity| {
        Choice::new(severity.id.as_str(), &severity.name).described(&severity.description)
    });
    choices.collect()
}

fn severity_select(incident: &Incident, catalogue: &Catalogue) -> Option<Element> {
    let current = incident.severity.as_ref().map(|id| id.as_str());
    let select = Element::select(severities(catalogue), current)?;
    Some(select.with_placeholder("Not known yet"))
}

/// Only the steps that would not be refused, and the status as it is.
fn status_select(incident: &Incident, catalogue: &Catalogue) -> Option<Element> {
    let possible = |status: &&Status| {
        status.id == incident.status || is_usual_step(incident.category, status.category)
    };
    let choices =
        catalogue.statuses.iter().filter(possible).map(|status| {
            Choice::new(status.id.as_str(), &status.name).described(&status.description)
        });
    Element::select(choices.collect(), Some(incident.status.as_str()))
}

fn form(word: &str, title: &str, submit: &str, origin: &str, blocks: Vec<Block>) -> Modal {
    Modal::new(word, title, submit, origin, blocks)
}
