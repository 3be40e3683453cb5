//! Actions: what is to be done while an incident lasts.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::items::{self, Assignee, Listed, Version, check_status};
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::item::Action;
use crate::api::items::Kept;
use crate::app::App;
use crate::ids::{ItemId, UserId};
use crate::incident::papers::Paperwork;
use crate::incident::papers::item::{ItemKind, ItemStatus};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/actions", list),
        posts("/v2/actions", create),
        reads("/v2/actions/{id}", show),
        puts("/v2/actions/{id}", replace),
        removes("/v2/actions/{id}", remove),
        reads("/v3/actions", list),
        posts("/v3/actions", create),
        reads("/v3/actions/{id}", show),
        puts("/v3/actions/{id}", replace),
        removes("/v3/actions/{id}", remove),
    ]
}

#[derive(Serialize)]
struct Many {
    actions: Vec<Action>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_meta: Option<PaginationMeta>,
}

#[derive(Serialize)]
struct One {
    action: Action,
}

async fn list(
    State(app): State<App>,
    key: Key,
    version: Version,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let listed = items::list(&app, &key, version, ItemKind::Action, &query).await?;
    let Listed { items, pagination_meta, reader } = listed;
    let terms = reader.terms();
    let actions =
        items.iter().map(|(incident, item)| Action::show(incident, item, &terms)).collect();
    Ok(Json(Many { actions, pagination_meta }))
}

async fn one(app: &App, key: &Key, kept: Kept) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let reader = items::read(app, &mut tx, key, std::slice::from_ref(&kept)).await?;
    let (incident, item) = &kept;
    Ok(Json(One { action: Action::show(incident, item, &reader.terms()) }))
}

async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let kept = items::find(&mut tx, &key, ItemKind::Action, id).await?;
    drop(tx);
    one(&app, &key, kept).await
}

#[derive(Debug, Deserialize)]
struct Create {
    incident_id: String,
    description: String,
    assignee_id: Option<UserId>,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let Create { incident_id, description, assignee_id: assignee } = create;
    let paperwork = Paperwork::AddAction { description, assignee };
    let kept = items::add(&app, &key, &incident_id, paperwork).await?;
    Ok((StatusCode::CREATED, one(&app, &key, kept).await?))
}

#[derive(Debug, Deserialize)]
struct Replace {
    description: String,
    status: ItemStatus,
    #[serde(default)]
    assignee_id: Assignee,
}

async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(Replace { description, status, assignee_id }): Body<Replace>,
) -> Result<Json<One>, Failure> {
    let id = ItemId::new(id);
    let (assignee, unassign) = assignee_id.wanted();
    let paperwork = Paperwork::EditAction {
        action: id.clone(),
        description: Some(description),
        status: Some(check_status(status)?),
        assignee,
        unassign,
    };
    let kept = items::change(&app, &key, ItemKind::Action, &id, paperwork).await?;
    one(&app, &key, kept).await
}

async fn remove(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    items::delete(&app, &key, ItemKind::Action, id).await
}
