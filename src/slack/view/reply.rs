//! Answers to what somebody typed or pressed, which only they can see.

use crate::incident::catalogue::Catalogue;
use crate::incident::event::{Entry, Event};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::incident::text::shorten;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::verb::Verb;
use crate::slack::view::{papers, timeline};

/// What is said when the store can't be reached.
pub const NOT_SAVED: &str = "Stentor could not save that; nothing was changed. Please try again.";

/// What is said to a workspace that is not one of those that Stentor serves.
pub const NOT_INSTALLED: &str =
    "Stentor is not installed in this workspace. Ask whoever runs it to add it here.";

/// Why something was not done, and what to do instead.
pub fn refusal(refusal: &Refusal) -> Message {
    Message::line(&Line::prose(&refusal.to_string()))
}

/// The words mean nothing; perhaps these were meant.
pub fn misunderstood(given: &str, nearest: Option<Verb>) -> Message {
    let word = given.split_whitespace().next().unwrap_or_default();
    let unknown = Line::of("There is no command “").text(&shorten(word, 80)).text("”. ");
    let line = match nearest {
        Some(verb) => unknown
            .text("Did you mean ")
            .code(&format!("/incident {}", verb.word()))
            .text("? ")
            .code("/incident help")
            .text(" shows them all."),
        None => unknown
            .code("/incident help")
            .text(" shows them all; ")
            .code(&format!("/incident declare {}", shorten(given, 200)))
            .text(" opens an incident of that name."),
    };
    Message::line(&line)
}

/// The incident is declared; everything else follows by itself.
pub fn declared(incident: &Incident) -> Message {
    let line = Line::of("Declared ").bold(&incident.reference());
    Message::line(&match &incident.channel {
        Some(channel) => line.text(": ").channel(channel),
        None => line.text("; the channel is on its way."),
    })
}

/// Whether the person who gave a command sees the incident's channel while they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standpoint {
    /// They are in the incident's channel.
    InItsChannel,
    /// They are somewhere else.
    Elsewhere,
}

/// That it is done, where the channel does not show it to them.
pub fn done(
    entry: &Entry,
    incident: &Incident,
    catalogue: &Catalogue,
    standpoint: Standpoint,
) -> Option<Message> {
    let line = match (&entry.event, standpoint) {
        (Event::Declared(_), _) => return Some(declared(incident)),
        (Event::NoteAdded { .. }, _) => {
            Line::of("Noted in the timeline of ").bold(&incident.reference()).text(".")
        }
        (Event::SummaryChanged { to, .. }, _) if to.is_empty() => {
            Line::of("Removed the summary of ").bold(&incident.reference()).text(".")
        }
        (Event::SummaryChanged { .. }, _) => {
            Line::of("Changed the summary of ").bold(&incident.reference()).text(".")
        }
        (Event::Renamed { to, .. }, _) => {
            Line::new().bold(&incident.reference()).text(" is now called ").bold(to).text(".")
        }
        (Event::Invited { people }, _) => {
            let named = people.iter().take(20).map(|person| Line::new().user(person));
            let more = match people.len().saturating_sub(20) {
                0 => Line::new(),
                more => Line::of(&format!(" and {more} more")),
            };
            let invited = Line::of("Invited ").then(Line::joined(named, ", ")).then(more);
            invited.text(" to ").bold(&incident.reference()).text(".")
        }
        (Event::TagSet { .. } | Event::TagRemoved { .. }, _) => Line::new()
            .bold(&incident.reference())
            .text(": ")
            .then(timeline::sentence(entry, catalogue)),
        (Event::FieldChanged { .. } | Event::TimestampSet { .. }, _) => Line::new()
            .bold(&incident.reference())
            .text(": ")
            .then(timeline::sentence(entry, catalogue))
            .text("."),
        (Event::VisibilityChanged { .. }, _) => made_private(incident),
        (_, standpoint) => match (papers::filed(entry, incident), standpoint) {
            (Some(line), _) => line,
            (None, Standpoint::InItsChannel) => return None,
            (None, Standpoint::Elsewhere) => Line::new()
                .bold(&incident.reference())
                .text(": ")
                .then(timeline::sentence(entry, catalogue)),
        },
    };
    Some(Message::line(&line))
}

/// What is done, and what only a person can do: Slack lets no app make a channel private.
fn made_private(incident: &Incident) -> Line {
    let line = Line::new().bold(&incident.reference()).text(
        " is private from now on: its announcement is taken back, and lists show it only to those who have a part in it.",
    );
    match incident.channel.as_ref().filter(|_| !incident.standing.made_private) {
        Some(channel) => line
            .text(" Slack lets no app make a channel private, so please do that yourself: open ")
            .channel(channel)
            .text(", click its name, and choose Settings, then “Change to a private channel”."),
        None => line,
    }
}

/// The form did not open; the words do the same.
pub fn form_did_not_open(instead: Verb) -> Message {
    let usage = instead.usage();
    let line = Line::of("The form did not open in time. Try again, or type ")
        .code(&format!("/incident {}", usage.example))
        .text(" instead.");
    Message::line(&line)
}

/// The store can't be reached.
pub fn not_saved() -> Message {
    Message::line(&Line::of(NOT_SAVED))
}

/// The workspace is not one that Stentor serves.
pub fn not_installed() -> Message {
    Message::line(&Line::of(NOT_INSTALLED))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::incident::command::Command;
    use crate::slack::view::drawing;
    use crate::slack::view::samples::Story;

    #[test]
    fn what_the_channel_does_not_show_is_said() {
        let mut story = Story::new();
        let mut said = Vec::new();
        for command in [
            Command::Note { text: "The queue is full".to_owned() },
            Command::Summary { summary: "Payments time out".to_owned() },
            Command::Summary { summary: String::new() },
            Command::Rename { name: "Payments are down".to_owned() },
            Command::Severity { severity: "critical".to_owned() },
        ] {
            let entry = story.says(&command).clone();
            for standpoint in [Standpoint::InItsChannel, Standpoint::Elsewhere] {
                let message = done(&entry, &story.incident, &story.catalogue, standpoint);
                said.push(message.map_or_else(|| "-".to_owned(), |it| drawing::message(&it)));
            }
        }
        assert_snapshot!(said.join("\n"), @"
        Noted in the timeline of *INC-1*.
        Noted in the timeline of *INC-1*.
        Changed the summary of *INC-1*.
        Changed the summary of *INC-1*.
        Removed the summary of *INC-1*.
        Removed the summary of *INC-1*.
        *INC-1* is now called *Payments are down*.
        *INC-1* is now called *Payments are down*.
        -
        *INC-1*: @U0ALICE changed the severity from Major to Critical
        ");
        assert_snapshot!(drawing::message(&declared(&story.incident)), @"Declared *INC-1*: #C0INC1");
        story.incident.channel = None;
        assert_snapshot!(drawing::message(&declared(&story.incident)), @"Declared *INC-1*; the channel is on its way.");
    }

    #[test]
    fn a_refusal_says_what_to_type_instead() {
        let unknown = Story::new().catalogue.find_severity("majr").unwrap_err();
        assert_snapshot!(drawing::message(&refusal(&unknown)), @"There is no severity “majr”. Did you mean Major? There are: Minor, Major, Critical.");
        assert_snapshot!(drawing::message(&refusal(&Refusal::NotAnIncidentChannel)), @"This channel belongs to no incident. Say which one, as in `/incident INC-42 …`, or declare one with `/incident`.");
    }

    #[test]
    fn an_unknown_word_brings_the_nearest_command_or_a_way_on() {
        assert_snapshot!(drawing::message(&misunderstood("reslove it", Some(Verb::Resolve))), @"There is no command “reslove”. Did you mean `/incident resolve`? `/incident help` shows them all.");
        assert_snapshot!(drawing::message(&misunderstood("checkout is down", None)), @"There is no command “checkout”. `/incident help` shows them all; `/incident declare checkout is down` opens an incident of that name.");
    }

    #[test]
    fn trouble_is_said_plainly() {
        assert_snapshot!(drawing::message(&form_did_not_open(Verb::Update)), @"The form did not open in time. Try again, or type `/incident update Rolling back to 1.4` instead.");
        assert_snapshot!(drawing::message(&not_saved()), @"Stentor could not save that; nothing was changed. Please try again.");
        assert_snapshot!(drawing::message(&not_installed()), @"Stentor is not installed in this workspace. Ask whoever runs it to add it here.");
    }
}
