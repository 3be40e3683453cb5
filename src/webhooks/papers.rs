//! What is written down around an incident, as webhooks are told of it: actions, follow-ups and
//! post-mortem documents, in the shapes of the incident.io format.

use serde_json::{Value, json};

use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::actor::Actor;
use crate::ids::{DocumentId, IncidentId, ItemId};
use crate::incident::event::{Entry, Event};
use crate::incident::papers::Filed;
use crate::incident::papers::document::{Document, DocumentKind, DocumentStatus};
use crate::incident::papers::item::{Item, ItemKind};
use crate::incident::papers::link::ExternalIssue;
use crate::incident::state::Incident;
use crate::webhooks::event_type::EventType;

/// Who tracks issues elsewhere, as the format knows them.
const PROVIDERS: [&str; 13] = [
    "asana",
    "azure_devops",
    "click_up",
    "freshservice",
    "linear",
    "jira",
    "salesforce",
    "jira_server",
    "github",
    "gitlab",
    "service_now",
    "shortcut",
    "notion",
];

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
    let shown = if is_second { follow_up(item, reader) } else { action(item) };
    Some(with_common(shown, item, &incident.id, reader))
}

fn action(item: &Item) -> Value {
    json!({ "description": item.title, "follow_up": item.kind == ItemKind::FollowUp })
}

fn follow_up(item: &Item, reader: &Reader) -> Value {
    let mut shown = json!({
        "title": item.title,
        "labels": item.labels,
        "creator": as_json(&Actor::show(&item.creator, &reader.terms())),
    });
    if !item.description.is_empty() {
        shown["description"] = json!(item.description);
    }
    if let Some(priority) = &item.priority {
        // Priorities are words here: they have no other id, and no order.
        shown["priority"] = json!({ "id": priority, "name": priority, "rank": 0 });
    }
    shown
}

fn with_common(mut shown: Value, item: &Item, incident: &IncidentId, reader: &Reader) -> Value {
    shown["id"] = json!(item.id);
    shown["incident_id"] = json!(incident);
    shown["status"] = json!(item.status.as_str());
    shown["created_at"] = json!(item.created_at);
    shown["updated_at"] = json!(item.updated_at);
    if let Some(at) = item.completed_at {
        shown["completed_at"] = json!(at);
    }
    if let Some(assignee) = &item.assignee {
        shown["assignee"] = as_json(&reader.terms().people.show(assignee));
    }
    if let Some(issue) = item.issue.as_ref().and_then(issue) {
        shown["external_issue_reference"] = issue;
    }
    shown
}

/// Whoever the format has no word for is left out: clients know no other.
fn issue(issue: &ExternalIssue) -> Option<Value> {
    let provider = PROVIDERS.iter().find(|known| **known == issue.provider)?;
    let ExternalIssue { name, url, .. } = issue;
    Some(json!({ "provider": provider, "issue_name": name, "issue_permalink": url }))
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
    let terms = reader.terms();
    let editors: Vec<Value> =
        document.editors.iter().map(|editor| as_json(&terms.people.show(editor))).collect();
    json!({
        "postmortem_document": {
            "id": document.id,
            "incident_id": incident,
            "title": document.title,
            "status": document.status,
            "type": match document.kind {
                DocumentKind::InApp => "in_app",
                DocumentKind::External => "external",
            },
            "document_url": document.url.clone().unwrap_or_default(),
            "exported_urls": [],
            "editors": editors,
            "created_at": document.created_at,
            "updated_at": document.updated_at,
        },
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
