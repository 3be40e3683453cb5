//! The forms that say what kind of incident it is, for how long it is quiet, and where it goes on.

use crate::incident::catalogue::Catalogue;
use crate::incident::state::Incident;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Choice, Element};
use crate::slack::view::kit::modal::Modal;

/// For how long an incident can be snoozed; the command takes any other time.
const SNOOZES: [(&str, &str); 7] = [
    ("30", "30 minutes"),
    ("60", "1 hour"),
    ("120", "2 hours"),
    ("240", "4 hours"),
    ("480", "8 hours"),
    ("1440", "1 day"),
    ("10080", "7 days"),
];
const USUAL_SNOOZE: &str = "60";
/// The value of the ticked box.
const CANCEL: &str = "cancel";
/// Longer than any reference.
const REFERENCE_LIMIT: usize = 40;

/// The types to choose from.
pub(super) fn types(catalogue: &Catalogue) -> Vec<Choice> {
    catalogue.types.iter().map(|kind| Choice::new(kind.id.as_str(), &kind.name)).collect()
}

pub(super) fn incident_type(incident: &Incident, catalogue: &Catalogue, origin: &str) -> Modal {
    let current = incident.incident_type.as_ref().map(|id| id.as_str());
    let input = Element::select(types(catalogue), current)
        .map(|select| Block::input("incident_type", "What kind of incident is it?", select));
    Modal::new("type", "Type", "Change", origin, input.into_iter().collect())
}

pub(super) fn snooze(origin: &str) -> Modal {
    let choices = SNOOZES.map(|(minutes, text)| Choice::new(minutes, text)).into();
    let length = Element::select(choices, Some(USUAL_SNOOZE)).map(|select| {
        Block::input("minutes", "For how long?", select)
            .with_hint("Until then, its alerts are not told in the channel.")
    });
    let cancel = Element::tick(Choice::new(CANCEL, "End the snooze with the first news"));
    let cancel = Block::optional_input("cancel_on_news", "And if something new happens?", cancel);
    Modal::new("snooze", "Snooze", "Snooze", origin, length.into_iter().chain([cancel]).collect())
}

pub(super) fn merge(incident: &Incident, origin: &str) -> Modal {
    let reference = incident.reference();
    let into = Element::line("", REFERENCE_LIMIT).with_placeholder("INC-42").focused();
    let input = Block::input("into", &format!("Where does {reference} go on?"), into).with_hint(
        &format!("{reference} is over then; its timeline stays, and both channels are told."),
    );
    Modal::new("merge", "Merge", "Merge", origin, vec![input])
}
