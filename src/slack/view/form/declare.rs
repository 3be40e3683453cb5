//! The form that opens an incident: a name is enough.

use crate::incident::catalogue::Catalogue;
use crate::incident::state::Mode;
use crate::incident::text::{NAME_LIMIT, SUMMARY_LIMIT};
use crate::slack::view::form::asking::severities;
use crate::slack::view::form::steering::types;
use crate::slack::view::form::{DECLARE, Origin};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Choice, Element};
use crate::slack::view::kit::modal::Modal;

/// The value of the ticked box.
pub(crate) const PRIVATE: &str = "private";

/// The form that opens an incident, with this name filled in.
pub fn declare(name: &str, catalogue: &Catalogue, origin: &Origin) -> Modal {
    let name = Element::line(name, NAME_LIMIT).with_placeholder("Checkout is slow").focused();
    let summary =
        Element::lines("", SUMMARY_LIMIT).with_placeholder("What do people see, and since when?");
    let private = Element::tick(Choice::new(PRIVATE, "Private: only people invited can see it"));
    let severity = Element::select(severities(catalogue), None)
        .map(|select| select.with_placeholder("Not known yet"));
    let severity = severity.map(|select| Block::optional_input("severity", "Severity", select));
    // Where there is only one type, there is nothing to choose.
    let first = catalogue.default_type().map(|kind| kind.id.as_str());
    let kind = Element::select(types(catalogue), first)
        .filter(|_| catalogue.types.len() > 1)
        .map(|select| Block::optional_input("incident_type", "Type", select));
    let lead = Element::person(None).with_placeholder("Nobody yet");
    let blocks = [
        Some(Block::input("name", "What is going wrong?", name)),
        severity,
        kind,
        Some(Block::optional_input("lead", "Who leads?", lead)),
        Some(Block::optional_input("summary", "Summary", summary)),
        Some(Block::optional_input("private", "Who may know?", private)),
    ];
    let blocks = blocks.into_iter().flatten().collect();
    let title = match origin.mode {
        Mode::Standard | Mode::Retrospective => "Declare an incident",
        Mode::Test => "Declare a test",
        Mode::Tutorial => "Declare a tutorial",
    };
    Modal::new(DECLARE, title, "Declare", &origin.to_metadata(), blocks)
}
