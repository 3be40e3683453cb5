//! Updates.

use serde::Serialize;

use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::actor::Actor;
use crate::api::incident_io::shape::catalogue::{Severity, Status};
use crate::clock::Timestamp;
use crate::ids::IncidentId;
use crate::incident::event::{Entry, Event};
use crate::incident::papers::place::Place;
use crate::incident::papers::update::Standing;

/// What people were told, and how things stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Update {
    id: Place,
    incident_id: IncidentId,
    created_at: Timestamp,
    updater: Actor,
    new_incident_status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into_incident_id: Option<IncidentId>,
}

impl Update {
    /// The entry as this format shows an update; things stood so after it.
    pub fn show(
        incident: &IncidentId,
        entry: &Entry,
        standing: &Standing,
        terms: &Terms<'_>,
    ) -> Update {
        let message = match &entry.event {
            Event::UpdatePosted { message, .. } | Event::StatusChanged { message, .. } => {
                message.clone()
            }
            _ => None,
        };
        let merged_into_incident_id = match &entry.event {
            Event::MergedInto { into, .. } => Some(into.incident.clone()),
            _ => None,
        };
        let severity = standing.severity.as_ref().and_then(|id| terms.catalogue.severity(id));
        Update {
            id: Place { incident: incident.clone(), version: entry.version },
            incident_id: incident.clone(),
            created_at: entry.at,
            updater: Actor::show(&entry.actor, terms),
            new_incident_status: Status::known(&standing.status, standing.category, terms),
            new_severity: severity.map(Severity::from),
            message,
            merged_into_incident_id,
        }
    }
}
