//! The forms that ask for what is to be written down around an incident.

use crate::ids::UserId;
use crate::incident::state::Incident;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::Element;
use crate::slack::view::kit::modal::Modal;

/// Longer than any reference.
const REFERENCE_LIMIT: usize = 40;

pub(super) fn action(origin: &str) -> Modal {
    let what = Element::lines("", 1_000).with_placeholder("Restart the queue").focused();
    let what = Block::input("description", "What is to be done now?", what);
    Modal::new("action", "Action", "Add", origin, vec![what, who(None)])
}

pub(super) fn follow_up(origin: &str) -> Modal {
    let what = Element::line("", 200).with_placeholder("Write a test for it").focused();
    let more = Element::lines("", 2_000);
    let blocks = vec![
        Block::input("title", "What is to be done afterwards?", what),
        Block::optional_input("description", "More about it", more),
        who(None),
    ];
    Modal::new("follow_up", "Follow-up", "Add", origin, blocks)
}

fn who(chosen: Option<&UserId>) -> Block {
    let person = Element::person(chosen).with_placeholder("Nobody yet");
    Block::optional_input("person", "Who?", person)
}

pub(super) fn assign(callback_id: &str, chosen: Option<&UserId>, origin: &str) -> Modal {
    let who = who(chosen).with_hint("They are told, alone. Leave it empty for nobody.");
    Modal::new(callback_id, "Assign", "Assign", origin, vec![who])
}

pub(super) fn link(incident: &Incident, origin: &str) -> Modal {
    let url = Element::line("", 2_000).with_placeholder("https://").focused();
    let label = format!("What belongs to {}?", incident.reference());
    let title = Element::line("", 200);
    let blocks = vec![
        Block::input("url", &label, url),
        Block::optional_input("title", "What is it called?", title),
    ];
    Modal::new("link", "Link", "Attach", origin, blocks)
}

pub(super) fn relate(incident: &Incident, origin: &str) -> Modal {
    let to = Element::line("", REFERENCE_LIMIT).with_placeholder("INC-42").focused();
    let label = format!("What has {} to do with?", incident.reference());
    Modal::new("relate", "Relate", "Relate", origin, vec![Block::input("to", &label, to)])
}

pub(super) fn remove(origin: &str) -> Modal {
    let person = Element::person(None).with_placeholder("Somebody");
    let person = Block::input("person", "Whom?", person)
        .with_hint("They are taken out of the channel, and may not know of the incident any more.");
    Modal::new("remove", "Remove", "Remove", origin, vec![person])
}
