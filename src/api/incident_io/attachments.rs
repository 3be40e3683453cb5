//! What belongs to incidents elsewhere.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, reads, removes};
use crate::api::incident_io::order;
use crate::api::incident_io::path::Id;
use crate::api::incident_io::query::Query;
use crate::api::incident_io::shape::attachment::{Attachment, RESOURCE_TYPES};
use crate::app::App;
use crate::engine::order::Target;
use crate::ids::AttachmentId;
use crate::incident::event::Event;
use crate::incident::papers::{Filed, Paperwork};
use crate::store::attachments;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v1/incident_attachments", list),
        posts("/v1/incident_attachments", create),
        removes("/v1/incident_attachments/{id}", remove),
    ]
}

/// What this format calls fields of ours.
const NAMES: [(&str, &str); 4] = [
    ("resource_type", "resource.resource_type"),
    ("external_id", "resource.external_id"),
    ("title", "resource.title"),
    ("url", "resource.url"),
];

#[derive(Serialize)]
struct Many {
    incident_attachments: Vec<Attachment>,
}

#[derive(Serialize)]
struct One {
    incident_attachment: Attachment,
}

async fn list(State(app): State<App>, key: Key, query: Query) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    if let Some(incident) = query.one("incident_id") {
        let incident = find_field(&mut tx, &key, "incident_id", incident).await?;
        let attached = incident.papers.attachments.values();
        let shown = attached.map(|attachment| Attachment::show(&incident.id, attachment));
        return Ok(Json(Many { incident_attachments: shown.collect() }));
    }
    let Some(resource_type) = query.word("resource_type", &RESOURCE_TYPES)? else {
        return Err(Failure::missing("incident_id"));
    };
    let external_id = query.required("external_id")?;
    let (workspace, eyes) = (&key.0.workspace, &key.0.eyes());
    let found =
        attachments::of_resource(&mut tx, workspace, eyes, resource_type, external_id).await?;
    let shown = found.iter().map(|(incident, attached)| Attachment::show(incident, attached));
    Ok(Json(Many { incident_attachments: shown.collect() }))
}

#[derive(Debug, Deserialize)]
struct Create {
    incident_id: String,
    resource: Resource,
}

#[derive(Debug, Deserialize)]
struct Resource {
    resource_type: String,
    external_id: Option<String>,
    url: Option<String>,
    title: Option<String>,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(Create { incident_id, resource }): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let Resource { resource_type, external_id, url, title } = resource;
    if !RESOURCE_TYPES.contains(&resource_type.as_str()) {
        let message = format!("A type of resource is one of {}.", RESOURCE_TYPES.join(", "));
        return Err(Failure::invalid("resource.resource_type", message));
    }
    if external_id.is_some() == url.is_some() {
        let message = "A resource is named by one of external_id and url.";
        return Err(Failure::invalid("resource", message));
    }
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, &key, "incident_id", &incident_id).await?;
    drop(tx);
    let paperwork = Paperwork::Attach { resource_type, external_id, title, url };
    let target = Target::Id(incident.id.clone());
    let done = order::file(&app, &key, None, target, paperwork, &NAMES).await?;
    let attached = done.entries.iter().find_map(|entry| match &entry.event {
        Event::Paperwork(Filed::Attached { attachment }) => Some(attachment),
        _ => None,
    });
    let attached = attached.ok_or_else(|| Failure::not_found("attachment"))?;
    let incident_attachment = Attachment::show(&incident.id, attached);
    Ok((StatusCode::CREATED, Json(One { incident_attachment })))
}

async fn remove(State(app): State<App>, key: Key, Id(id): Id) -> Result<StatusCode, Failure> {
    let attachment = AttachmentId::new(id);
    let mut tx = app.db.read().await?;
    let (workspace, eyes) = (&key.0.workspace, &key.0.eyes());
    let found = attachments::by_id(&mut tx, workspace, eyes, &attachment).await?;
    drop(tx);
    let (incident, _) = found.ok_or_else(|| Failure::not_found("attachment"))?;
    let paperwork = Paperwork::Detach { attachment };
    order::file(&app, &key, None, Target::Id(incident), paperwork, &NAMES).await?;
    Ok(StatusCode::NO_CONTENT)
}
