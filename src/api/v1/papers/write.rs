//! Writing actions and follow-ups: the commands of their incidents, with the item as the answer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::items;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey};
use crate::api::v1::incidents::target;
use crate::api::v1::openapi::{Authorized, Written};
use crate::api::v1::papers::items::ItemView;
use crate::api::v1::papers::{Id, OnePaper};
use crate::api::v1::write::KEY;
use crate::app::App;
use crate::ids::{ItemId, UserId};
use crate::incident::papers::Paperwork;
use crate::incident::papers::item::{ItemKind, ItemStatus};
use crate::incident::papers::link::ExternalIssue;

/// Something to be done while an incident lasts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAction {
    /// The incident: its reference, number or id.
    #[schema(example = "INC-42")]
    pub incident: String,
    /// What is to be done, in at most 1,000 characters.
    pub description: String,
    /// By whom: a user's id in Slack. They are told, alone.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "U012AB3CD")]
    pub assignee: Option<UserId>,
}

/// Something to be done after an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFollowUp {
    /// The incident: its reference, number or id.
    #[schema(example = "INC-42")]
    pub incident: String,
    /// What is to be done, in a line of at most 200 characters.
    pub title: String,
    /// More about it, in at most 2,000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// By whom: a user's id in Slack. They are told, alone.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "U012AB3CD")]
    pub assignee: Option<UserId>,
    /// Words to find it by: at most 20, each of at most 50 characters.
    #[serde(default)]
    pub labels: Vec<String>,
    /// How much it matters, in the team's own word.
    #[serde(default)]
    pub priority: Option<String>,
    /// What kind of work it is, in the team's own word.
    #[serde(default)]
    pub category: Option<String>,
    /// Where it is tracked.
    #[serde(default)]
    pub issue: Option<ExternalIssue>,
}

/// What changes of an action. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionChange {
    /// What is to be done.
    #[serde(default)]
    pub description: Option<String>,
    /// How it stands.
    #[serde(default)]
    pub status: Option<ItemStatus>,
    /// Who does it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "U012AB3CD")]
    pub assignee: Option<UserId>,
    /// Nobody does it any more.
    #[serde(default)]
    pub unassign: bool,
}

/// What changes of a follow-up. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpChange {
    /// What is to be done.
    #[serde(default)]
    pub title: Option<String>,
    /// More about it; empty for nothing.
    #[serde(default)]
    pub description: Option<String>,
    /// How it stands.
    #[serde(default)]
    pub status: Option<ItemStatus>,
    /// Who does it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "U012AB3CD")]
    pub assignee: Option<UserId>,
    /// Nobody does it any more.
    #[serde(default)]
    pub unassign: bool,
    /// Words to find it by, all of them.
    #[serde(default)]
    pub labels: Option<Vec<String>>,
    /// How much it matters; empty for nothing.
    #[serde(default)]
    pub priority: Option<String>,
    /// What kind of work it is; empty for nothing.
    #[serde(default)]
    pub category: Option<String>,
    /// Where it is tracked; refused if that is known already.
    #[serde(default)]
    pub issue: Option<ExternalIssue>,
}

/// Add an action
#[utoipa::path(
    post,
    path = "/api/v1/actions",
    operation_id = "addAction",
    tag = "papers",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255)),
    request_body = NewAction,
    responses(
        (status = 201, description = "The action", body = ItemView),
        (status = 409, description = "There are as many as there can be (`too-many`), or the assignee may not see the private incident (`not-a-member`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized, OnePaper, Written,
    ),
)]
pub async fn add_action(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(NewAction { incident, description, assignee }): Body<NewAction>,
) -> Result<(StatusCode, Json<ItemView>), Problem> {
    add(&app, &caller, key, &incident, Paperwork::AddAction { description, assignee }).await
}

/// Add a follow-up
#[utoipa::path(
    post,
    path = "/api/v1/follow-ups",
    operation_id = "addFollowUp",
    tag = "papers",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255)),
    request_body = NewFollowUp,
    responses(
        (status = 201, description = "The follow-up", body = ItemView),
        (status = 409, description = "There are as many as there can be (`too-many`), or the assignee may not see the private incident (`not-a-member`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized, OnePaper, Written,
    ),
)]
pub async fn add_follow_up(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<NewFollowUp>,
) -> Result<(StatusCode, Json<ItemView>), Problem> {
    let NewFollowUp { incident, title, description, assignee, labels, priority, category, issue } =
        body;
    let paperwork = Paperwork::AddFollowUp {
        title,
        description,
        assignee,
        labels,
        priority,
        category,
        issue,
        source: None,
    };
    add(&app, &caller, key, &incident, paperwork).await
}

async fn add(
    app: &App,
    caller: &Caller,
    IdempotencyKey(key): IdempotencyKey,
    incident: &str,
    paperwork: Paperwork,
) -> Result<(StatusCode, Json<ItemView>), Problem> {
    let target = target(incident).ok_or_else(Problem::no_such_incident)?;
    let receipt = key.map(|key| caller.receipt(&key));
    let added = items::add(app, caller, receipt, target, paperwork).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Change an action
#[utoipa::path(
    patch,
    path = "/api/v1/actions/{id}",
    operation_id = "changeAction",
    tag = "papers",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The action's id"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body = ActionChange,
    responses(
        (status = 200, description = "The action, right after", body = ItemView),
        (status = 409, description = "It is so already (`already-so`), or the assignee may not see the private incident (`not-a-member`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized, OnePaper, Written,
    ),
)]
pub async fn change_action(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    key: IdempotencyKey,
    Body(body): Body<ActionChange>,
) -> Result<Json<ItemView>, Problem> {
    let ActionChange { description, status, assignee, unassign } = body;
    let action = ItemId::new(id);
    let id = action.clone();
    let paperwork = Paperwork::EditAction { action, description, status, assignee, unassign };
    change(&app, &caller, key, ItemKind::Action, &id, paperwork).await
}

/// Change a follow-up
#[utoipa::path(
    patch,
    path = "/api/v1/follow-ups/{id}",
    operation_id = "changeFollowUp",
    tag = "papers",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The follow-up's id"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body = FollowUpChange,
    responses(
        (status = 200, description = "The follow-up, right after", body = ItemView),
        (status = 409, description = "It is so already (`already-so`), is tracked elsewhere already (`has-issue`), or the assignee may not see the private incident (`not-a-member`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized, OnePaper, Written,
    ),
)]
pub async fn change_follow_up(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    key: IdempotencyKey,
    Body(body): Body<FollowUpChange>,
) -> Result<Json<ItemView>, Problem> {
    let follow_up = ItemId::new(id);
    let id = follow_up.clone();
    let FollowUpChange {
        title,
        description,
        status,
        assignee,
        unassign,
        labels,
        priority,
        category,
        issue,
    } = body;
    let paperwork = Paperwork::EditFollowUp {
        follow_up,
        title,
        description,
        status,
        assignee,
        unassign,
        labels,
        priority,
        category,
        issue,
    };
    change(&app, &caller, key, ItemKind::FollowUp, &id, paperwork).await
}

/// Delete an action
///
/// Its incident's record keeps it.
#[utoipa::path(
    delete,
    path = "/api/v1/actions/{id}",
    operation_id = "deleteAction",
    tag = "papers",
    security(("token" = [])),
    params(("id" = String, Path, description = "The action's id")),
    responses((status = 204, description = "It is deleted"), Authorized, OnePaper),
)]
pub async fn delete_action(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    delete(&app, &caller, ItemKind::Action, ItemId::new(id)).await
}

/// Delete a follow-up
///
/// Its incident's record keeps it.
#[utoipa::path(
    delete,
    path = "/api/v1/follow-ups/{id}",
    operation_id = "deleteFollowUp",
    tag = "papers",
    security(("token" = [])),
    params(("id" = String, Path, description = "The follow-up's id")),
    responses((status = 204, description = "It is deleted"), Authorized, OnePaper),
)]
pub async fn delete_follow_up(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    delete(&app, &caller, ItemKind::FollowUp, ItemId::new(id)).await
}

async fn delete(
    app: &App,
    caller: &Caller,
    kind: ItemKind,
    id: ItemId,
) -> Result<StatusCode, Problem> {
    let paperwork = Paperwork::status_of(kind, id.clone(), ItemStatus::Deleted);
    items::change(app, caller, None, kind, &id, paperwork).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    app: &App,
    caller: &Caller,
    IdempotencyKey(key): IdempotencyKey,
    kind: ItemKind,
    id: &ItemId,
    paperwork: Paperwork,
) -> Result<Json<ItemView>, Problem> {
    let receipt = key.map(|key| caller.receipt(&key));
    let changed = items::change(app, caller, receipt, kind, id, paperwork).await?;
    Ok(Json(changed.into()))
}
