//! Those who stand in for others in a schedule.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, OneOfThem, Wanted, created, schedules};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey};
use crate::api::v1::openapi::{Authorized, Queried, Written};
use crate::app::App;
use crate::ids::{OverrideId, ScheduleId};
use crate::oncall::schedule::definition::{NewOverride, Override};
use crate::store;
use crate::store::schedules::Where;

const PATH: &str = "/api/v1/overrides";

/// A page of overrides.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverridePage {
    /// Newest first.
    overrides: Vec<Override>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// List who stands in
///
/// Newest first, page after page: ask again with `next_cursor` until it is null.
#[utoipa::path(
    get,
    path = "/api/v1/schedules/{id}/overrides",
    operation_id = "listOverrides",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The schedule's id"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of overrides", body = OverridePage),
        Authorized,
        Queried,
        OneOfThem,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Json<OverridePage>, Problem> {
    let this = (PATH, &caller.workspace, &id);
    let wanted = Wanted::read(query.as_deref(), &[], &this)?;
    let kept = schedules::find(&app, &caller, &id).await?;
    let before = wanted.place.as_deref().map(OverrideId::from);
    let limit = wanted.limit + 1;
    let mut tx = app.db.read().await?;
    let mut overrides = store::schedules::override_page(
        &mut tx,
        &caller.workspace,
        &kept.id,
        &Where::default(),
        before.as_ref(),
        limit,
    )
    .await?;
    let next_cursor = wanted.cut(&mut overrides, &this, |one| one.id.to_string());
    Ok(Json(OverridePage { overrides, next_cursor }))
}

/// Have somebody stand in
///
/// In one layer of one rotation, for a while: they are on call there, whoever is scheduled. Where two
/// stand in at once, the one who was named or moved last does.
#[utoipa::path(
    post,
    path = "/api/v1/schedules/{id}/overrides",
    operation_id = "createOverride",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The schedule's id"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 255,
            description = "Your name for this request: a second one with the same key and token makes no second override"),
    ),
    request_body(content = NewOverride, description = "Who, where and when"),
    responses(
        (status = 201, description = "The override", body = Override,
            headers(("Location" = String, description = "Where the override is"))),
        (status = 409, description = "There are 500 that are not over already (`too-many`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneOfThem,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IdempotencyKey(key): IdempotencyKey,
    Body(new): Body<NewOverride>,
) -> Result<Response, Problem> {
    let request = key.map(|key| caller.receipt(&key));
    let (workspace, id) = (&caller.workspace, ScheduleId::new(id));
    let made = app.paging.create_override(workspace, &id, &new, &caller.actor, request.as_deref());
    let made = made.await?;
    let place = format!("{PATH}/{}", made.id);
    Ok(created(&place, Json(made)))
}

/// Show who stands in
#[utoipa::path(
    get,
    path = "/api/v1/overrides/{id}",
    operation_id = "showOverride",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The override's id")),
    responses((status = 200, description = "The override", body = Override), Authorized, OneOfThem),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Override>, Problem> {
    let mut tx = app.db.read().await?;
    let id = OverrideId::new(id);
    let found = store::schedules::override_by_id(&mut tx, &caller.workspace, &id).await?;
    found.map(Json).ok_or_else(|| Problem::no_such("override"))
}

/// Have somebody stand in at another time
///
/// Who it is can't be changed. From then on they stand in before those who were named meanwhile.
#[utoipa::path(
    put,
    path = "/api/v1/overrides/{id}",
    operation_id = "replaceOverride",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The override's id")),
    request_body(content = NewOverride, description = "Who, where and when"),
    responses(
        (status = 200, description = "The override", body = Override),
        Authorized,
        OneOfThem,
        Written,
    ),
)]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(new): Body<NewOverride>,
) -> Result<Json<Override>, Problem> {
    let id = OverrideId::new(id);
    let changed = app.paging.replace_override(&caller.workspace, &id, &new, &caller.actor).await?;
    Ok(Json(changed))
}

/// Have nobody stand in any more
///
/// Doing so again succeeds.
#[utoipa::path(
    delete,
    path = "/api/v1/overrides/{id}",
    operation_id = "removeOverride",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The override's id")),
    responses((status = 204, description = "Nobody stands in"), Authorized),
)]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    app.paging.remove_override(&caller.workspace, &OverrideId::new(id), &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
