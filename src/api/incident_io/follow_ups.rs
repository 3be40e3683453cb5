//! Follow-ups: what is to be done after an incident.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::incident_io::body::Body;
use crate::api::incident_io::external_issues;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::items::{self, Assignee, Listed, Version, check_status};
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::item::FollowUp;
use crate::api::items::Kept;
use crate::app::App;
use crate::ids::{ItemId, UserId};
use crate::incident::papers::Paperwork;
use crate::incident::papers::item::{ItemKind, ItemStatus};
use crate::incident::papers::tracker::issue_at;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/follow_ups", list),
        posts("/v2/follow_ups", create),
        reads("/v2/follow_ups/{id}", show),
        puts("/v2/follow_ups/{id}", replace),
        removes("/v2/follow_ups/{id}", remove),
        posts("/v2/follow_ups/{id}/actions/connect_external_issue", connect),
        reads("/v3/follow_ups", list),
        posts("/v3/follow_ups", create),
        posts("/v3/follow_ups/actions/create_from_link", create_from_link),
        reads("/v3/follow_ups/{id}", show),
        puts("/v3/follow_ups/{id}", replace),
        removes("/v3/follow_ups/{id}", remove),
        posts("/v3/follow_ups/{id}/actions/connect_external_issue", connect),
    ]
}

#[derive(Serialize)]
struct Many {
    follow_ups: Vec<FollowUp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_meta: Option<PaginationMeta>,
}

#[derive(Serialize)]
struct One {
    follow_up: FollowUp,
}

fn in_version(version: Version, follow_up: FollowUp) -> FollowUp {
    match version {
        Version::Second => follow_up.without_category(),
        Version::Third => follow_up,
    }
}

async fn list(
    State(app): State<App>,
    key: Key,
    version: Version,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let listed = items::list(&app, &key, version, ItemKind::FollowUp, &query).await?;
    let Listed { items, pagination_meta, reader } = listed;
    let terms = reader.terms();
    let follow_ups = items
        .iter()
        .map(|(incident, item)| in_version(version, FollowUp::show(incident, item, &terms)))
        .collect();
    Ok(Json(Many { follow_ups, pagination_meta }))
}

async fn one(app: &App, key: &Key, version: Version, kept: Kept) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let reader = items::read(app, &mut tx, key, std::slice::from_ref(&kept)).await?;
    let (incident, item) = &kept;
    let follow_up = in_version(version, FollowUp::show(incident, item, &reader.terms()));
    Ok(Json(One { follow_up }))
}

async fn show(
    State(app): State<App>,
    key: Key,
    version: Version,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let kept = items::find(&mut tx, &key, ItemKind::FollowUp, id).await?;
    drop(tx);
    one(&app, &key, version, kept).await
}

#[derive(Debug, Deserialize)]
struct Create {
    incident_id: String,
    title: String,
    description: Option<String>,
    assignee_id: Option<UserId>,
    assignee_team_id: Option<Value>,
    #[serde(default)]
    labels: Vec<String>,
    follow_up_category_id: Option<String>,
    follow_up_priority_option_id: Option<String>,
    external_issue_reference_id: Option<Value>,
}

async fn create(
    State(app): State<App>,
    key: Key,
    version: Version,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    refuse_team(create.assignee_team_id.as_ref())?;
    if create.external_issue_reference_id.is_some() {
        let message = "Issues have no ids here: connect one by its address.";
        return Err(Failure::invalid("external_issue_reference_id", message));
    }
    let paperwork = Paperwork::AddFollowUp {
        title: create.title,
        description: create.description,
        assignee: create.assignee_id,
        labels: create.labels,
        priority: create.follow_up_priority_option_id,
        category: create.follow_up_category_id,
        issue: None,
        source: None,
    };
    let kept = items::add(&app, &key, &create.incident_id, paperwork).await?;
    Ok((StatusCode::CREATED, one(&app, &key, version, kept).await?))
}

/// Nobody works in teams here, so nothing can be given to one; it can be taken from one.
fn refuse_team(team: Option<&Value>) -> Result<(), Failure> {
    match team {
        None => Ok(()),
        Some(_) => Err(Failure::invalid("assignee_team_id", "There are no teams here.")),
    }
}

#[derive(Debug, Deserialize)]
struct FromLink {
    incident_id: String,
    url: String,
}

/// A follow-up that is tracked elsewhere already. Nobody asks there: what the address says is its
/// title.
async fn create_from_link(
    State(app): State<App>,
    key: Key,
    version: Version,
    Body(FromLink { incident_id, url }): Body<FromLink>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let issue = issue_at(url.trim()).ok_or_else(|| {
        Failure::invalid("url", "This is no address of an issue of a provider that is known here.")
    })?;
    let paperwork = Paperwork::AddFollowUp {
        title: issue.name.clone(),
        description: None,
        assignee: None,
        labels: Vec::new(),
        priority: None,
        category: None,
        issue: Some(issue),
        source: None,
    };
    let kept = items::add(&app, &key, &incident_id, paperwork).await?;
    Ok((StatusCode::CREATED, one(&app, &key, version, kept).await?))
}

#[derive(Debug, Deserialize)]
struct Replace {
    title: String,
    status: ItemStatus,
    description: Option<String>,
    #[serde(default)]
    assignee_id: Assignee,
    assignee_team_id: Option<Value>,
    labels: Option<Vec<String>>,
    follow_up_category_id: Option<String>,
    follow_up_priority_option_id: Option<String>,
}

async fn replace(
    State(app): State<App>,
    key: Key,
    version: Version,
    Path(id): Path<String>,
    Body(replace): Body<Replace>,
) -> Result<Json<One>, Failure> {
    refuse_team(replace.assignee_team_id.as_ref())?;
    let id = ItemId::new(id);
    let (assignee, unassign) = replace.assignee_id.wanted();
    let paperwork = Paperwork::EditFollowUp {
        follow_up: id.clone(),
        title: Some(replace.title),
        description: replace.description,
        status: Some(check_status(replace.status)?),
        assignee,
        unassign,
        labels: replace.labels,
        priority: replace.follow_up_priority_option_id,
        category: replace.follow_up_category_id,
        issue: None,
    };
    let kept = items::change(&app, &key, ItemKind::FollowUp, &id, paperwork).await?;
    one(&app, &key, version, kept).await
}

#[derive(Debug, Deserialize)]
struct Connect {
    provider: String,
    url: String,
}

async fn connect(
    State(app): State<App>,
    key: Key,
    version: Version,
    Path(id): Path<String>,
    Body(Connect { provider, url }): Body<Connect>,
) -> Result<Json<One>, Failure> {
    let issue = external_issues::issue(&provider, &url)?;
    let id = ItemId::new(id);
    let paperwork = Paperwork::EditFollowUp {
        follow_up: id.clone(),
        title: None,
        description: None,
        status: None,
        assignee: None,
        unassign: false,
        labels: None,
        priority: None,
        category: None,
        issue: Some(issue),
    };
    let kept = items::change(&app, &key, ItemKind::FollowUp, &id, paperwork).await?;
    one(&app, &key, version, kept).await
}

async fn remove(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    items::delete(&app, &key, ItemKind::FollowUp, id).await
}
