//! The form that moves a group of alerts to another incident.

use crate::incident::state::Incident;
use crate::slack::view::form::{ATTACH, Origin};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Choice, Element};
use crate::slack::view::kit::modal::Modal;
use crate::slack::view::words;

/// The form that asks where the alerts belong: one of these incidents, or another one by its number.
pub fn attach(open: &[Incident], origin: &Origin) -> Modal {
    let choices = open
        .iter()
        .map(|incident| Choice::new(&incident.number.to_string(), &words::title(incident)));
    let select = Element::select(choices.collect(), None)
        .map(|select| select.with_placeholder("An open incident"))
        .map(|select| Block::optional_input("incident", "Where do these alerts belong?", select));
    let label = if select.is_some() { "Or its number" } else { "Which incident?" };
    let reference = Element::line("", 40).with_placeholder("INC-42");
    let reference = Block::optional_input("reference", label, reference)
        .with_hint("The alerts, and new ones like them, move there. Both timelines say so.");
    let blocks = select.into_iter().chain([reference]).collect();
    Modal::new(ATTACH, "Move alerts", "Move", &origin.to_metadata(), blocks)
}
