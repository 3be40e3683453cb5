//! What the curated timeline tells.

use serde::Serialize;

use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::actor::Actor;
use crate::clock::Timestamp;
use crate::ids::IncidentId;
use crate::incident::papers::moment;
use crate::incident::papers::place::Place;

/// Something that the curated timeline tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineItem {
    id: Place,
    incident_id: IncidentId,
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    timestamp: Timestamp,
    creator: Actor,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The line of the log that it was made of; nothing of what was written by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_log_id: Option<Place>,
}

impl TimelineItem {
    /// The item as this format shows it. It goes by the id of its line of the log.
    pub fn show(item: &moment::TimelineItem, terms: &Terms<'_>) -> TimelineItem {
        TimelineItem {
            id: item.id.clone(),
            incident_id: item.id.incident.clone(),
            title: item.title.clone(),
            description: item.description.clone(),
            timestamp: item.timestamp,
            creator: Actor::show(&item.creator, terms),
            created_at: item.created_at,
            updated_at: item.updated_at,
            activity_log_id: (!item.written).then(|| item.id.clone()),
        }
    }
}
