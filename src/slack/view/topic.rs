//! The topic of an incident's channel: one line that is always in sight.

use crate::incident::catalogue::Catalogue;
use crate::incident::state::Incident;
use crate::slack::view::kit::line::Line;
use crate::slack::view::words;

/// The longest topic of a channel.
const TOPIC_LIMIT: usize = 250;

/// `[Major] Investigating · Lead @bea · INC-1`, as `mrkdwn`.
pub fn topic(incident: &Incident, catalogue: &Catalogue) -> String {
    let severity = incident
        .severity
        .as_ref()
        .map(|id| Line::of(&format!("[{}] ", words::severity_name(Some(id), catalogue))));
    let standing =
        severity.unwrap_or_default().text(&words::status_name(&incident.status, catalogue));
    let lead = words::lead(incident, catalogue).map(|user| Line::of("Lead ").user(user));
    let reference = Line::of(&incident.reference());
    Line::joined([standing, lead.unwrap_or_default(), reference], " · ").to_mrkdwn(TOPIC_LIMIT)
}
