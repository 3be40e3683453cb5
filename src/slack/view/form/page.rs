//! The form that pages somebody.

use crate::ids::PathId;
use crate::slack::view::form::{Origin, PAGE};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Choice, Element};
use crate::slack::view::kit::modal::Modal;

/// The longest text that goes with a page.
const TEXT_LIMIT: usize = 3_000;

/// The form that asks whom to page: by one of these paths, or a person.
pub fn page(paths: &[(PathId, String)], origin: &Origin) -> Modal {
    let choices = paths.iter().map(|(id, name)| Choice::new(id.as_str(), name));
    let path = Element::select(choices.collect(), None)
        .map(|select| select.with_placeholder("An escalation path"))
        .map(|select| Block::optional_input("path", "Whom?", select));
    let label = if path.is_some() { "Or somebody" } else { "Whom?" };
    let person = Element::person(None).with_placeholder("Somebody");
    let person = Block::optional_input("person", label, person)
        .with_hint("They are paged until somebody acknowledges it.");
    let text = Element::lines("", TEXT_LIMIT).with_placeholder("What is it about?");
    let text = Block::optional_input("text", "What for?", text);
    let blocks = path.into_iter().chain([person, text]).collect();
    Modal::new(PAGE, "Page somebody", "Page", &origin.to_metadata(), blocks)
}
