//! What is written down around an incident, as webhooks are told of it: actions, follow-ups and
//! post-mortem documents, in the shapes of the incident.io format.

use serde_json::{Value, json};

use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::document;
use crate::api::incident_io::shape::issue::ExternalIssue;
use crate::api::incident_io::shape::item::{Common, FollowUp};
use crate::ids::{DocumentId, IncidentId, ItemId};
use crate::incident::event::{Entry, Event};
use crate::incident::papers::Filed;
use crate::incident::papers::document::{Document, DocumentStatus};
use crate::incident::papers::item::{Item, ItemKind};
use crate::incident::state::Incident;
use crate::webhooks::event_type::EventType;

/// What an entry about such a paper means, and the id of the paper.
pub fn of_filed(filed: &Filed, incident: &Incident) -> Option<(Vec<EventType>, String)> {
    match filed {
        Filed::ItemAdded { item } => {
            let events = match item.kind {
                ItemKind::Action => vec![EventType::ACTION_CREATED],
                ItemKind::FollowUp => {
                    vec![EventType::FOLLOW_UP_CREATED_V1, EventType::FOLLOW_UP_CREATED]
                }
            };
            Some((events, item.id.to_string()))
        }
        Filed::ItemChanged { item, .. } => {
            let events = match incident.papers.items.get(item)?.kind {
                ItemKind::Action => vec![EventType::ACTION_UPDATED],
                ItemKind::FollowUp => {
                    vec![EventType::FOLLOW_UP_UPDATED_V1, EventType::FOLLOW_UP_UPDATED]
                }
            };
            Some((events, item.to_string()))
        }
        Filed::DocumentAdded { document } => {
            Some((vec![EventType::POSTMORTEM_STATUS_UPDATED], document.id.to_string()))
        }
        Filed::DocumentChanged { document, edit } if edit.status.is_some() => {
            Some((vec![EventType::POSTMORTEM_STATUS_UPDATED], document.to_string()))
        }
        _ => None,
    }
}

/// What is sent of a paper: as this entry has left it.
pub fn payload(
    event: EventType,
    incident: &Incident,
    entry: &Entry,
    id: &str,
    reader: &Reader,
) -> Option<Value> {
    if event == EventType::POSTMORTEM_STATUS_UPDATED {
        let document = incident.papers.documents.get(&DocumentId::new(id))?;
        return Some(status_of_document(document, &incident.id, entry, reader));
    }
    let item = incident.papers.items.get(&ItemId::new(id))?;
    let is_second = event == EventType::FOLLOW_UP_CREATED || event == EventType::FOLLOW_UP_UPDATED;
    Some(if is_second {
        let shown = FollowUp::show(&incident.id, item, &reader.terms());
        as_json(&shown.without_category())
    } else {
        first(item, &incident.id, reader)
    })
}

/// An action or a follow-up in the first version of the format, in which they were one thing.
fn first(item: &Item, incident: &IncidentId, reader: &Reader) -> Value {
    let mut shown = as_json(&Common::show(incident, item, &reader.terms()));
    shown["description"] = json!(item.title);
    shown["follow_up"] = json!(item.kind == ItemKind::FollowUp);
    if let Some(issue) = item.issue.as_ref().and_then(ExternalIssue::show) {
        shown["external_issue_reference"] = as_json(&issue);
    }
    shown
}

fn status_of_document(
    document: &Document,
    incident: &IncidentId,
    entry: &Entry,
    reader: &Reader,
) -> Value {
    let previous = match &entry.event {
        Event::Paperwork(Filed::DocumentChanged { edit, .. }) => {
            edit.status.map_or("not_started", |step| stage(step.from))
        }
        _ => "not_started",
    };
    let shown = document::Document::show(incident, document, &reader.terms());
    json!({
        "postmortem_document": as_json(&shown),
        "previous_status": previous,
        "new_status": stage(document.status),
    })
}

/// The format's word for how far a document is, where that changes.
fn stage(status: DocumentStatus) -> &'static str {
    match status {
        DocumentStatus::InProgress => "created",
        DocumentStatus::InReview => "review",
        DocumentStatus::Completed => "complete",
    }
}

fn as_json(shown: &impl serde::Serialize) -> Value {
    serde_json::to_value(shown).expect("a shape is plain JSON")
}
