//! Escalation paths: whom to page, and whom then.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ChangePage, Id, OneOfThem, Wanted, changes_of, created, name, versioned};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey, IfMatch};
use crate::api::v1::openapi::{Authorized, Queried, Written};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{PathId, UserId};
use crate::oncall::path::definition::Path as Definition;
use crate::store::escalation_paths::{self, Kept};

const PATH: &str = "/api/v1/escalation-paths";

/// An escalation path as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationPath)]
pub struct View {
    /// Its id.
    id: PathId,
    /// Another number with every change: send it back in `If-Match`.
    version: i64,
    /// Whom it would page first now.
    current_responders: Vec<UserId>,
    /// What it says.
    #[serde(flatten)]
    path: Definition,
    /// Since when it is there.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

/// A page of escalation paths.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationPathPage {
    /// Newest first.
    escalation_paths: Vec<View>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// List escalation paths
///
/// Newest first, page after page: ask again with `next_cursor` until it is null.
#[utoipa::path(
    get,
    path = "/api/v1/escalation-paths",
    operation_id = "listEscalationPaths",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of escalation paths", body = EscalationPathPage),
        Authorized,
        Queried,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<EscalationPathPage>, Problem> {
    let this = name(PATH, &caller.workspace);
    let wanted = Wanted::read(query.as_deref(), &[], &this)?;
    let before = wanted.place.as_deref().map(PathId::from);
    let limit = wanted.limit + 1;
    let mut tx = app.db.read().await?;
    let mut found =
        escalation_paths::page(&mut tx, &caller.workspace, before.as_ref(), limit).await?;
    let next_cursor = wanted.cut(&mut found, &this, |kept| kept.id.to_string());
    drop(tx);
    let mut escalation_paths = Vec::with_capacity(found.len());
    for kept in found {
        escalation_paths.push(view(&app, &caller, kept).await?);
    }
    Ok(Json(EscalationPathPage { escalation_paths, next_cursor }))
}

/// Make an escalation path
#[utoipa::path(
    post,
    path = "/api/v1/escalation-paths",
    operation_id = "createEscalationPath",
    tag = "on-call",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, max_length = 255,
        description = "Your name for this request: a second one with the same key and token makes no second path, and gets the first one as it is now")),
    request_body(content = Definition, description = "Whom to page, and whom then",
        example = json!({"name": "Checkout", "nodes": [
            {"type": "level", "targets": [{"to": {"type": "user", "id": "U012AB3CD"}}], "time_to_ack": {"seconds": 300}},
            {"type": "level", "targets": [{"to": {"type": "user", "id": "U045EF6GH"}}]}]})),
    responses(
        (status = 201, description = "The path", body = View,
            headers(("Location" = String, description = "Where the path is"))),
        (status = 409, description = "There are 500 escalation paths already (`too-many`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Body(path): Body<Definition>,
) -> Result<Response, Problem> {
    let request = key.map(|key| caller.receipt(&key));
    let made = app.paging.create_path(&caller.workspace, path, &caller.actor, request.as_deref());
    let view = view(&app, &caller, made.await?).await?;
    let place = format!("{PATH}/{}", view.id);
    Ok(created(&place, versioned(view.version, Json(view))))
}

/// Show an escalation path
#[utoipa::path(
    get,
    path = "/api/v1/escalation-paths/{id}",
    operation_id = "showEscalationPath",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The path's id")),
    responses((status = 200, description = "The path", body = View), Authorized, OneOfThem),
)]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    let mut tx = app.db.read().await?;
    let found = escalation_paths::by_id(&mut tx, &caller.workspace, &PathId::new(id)).await?;
    let found = found.filter(|kept| !kept.is_archived);
    drop(tx);
    let found = found.ok_or_else(|| Problem::no_such("escalation path"))?;
    let view = view(&app, &caller, found).await?;
    Ok(versioned(view.version, Json(view)))
}

/// Replace an escalation path
///
/// The whole of it. Escalations that go on do what the path said when they began.
#[utoipa::path(
    put,
    path = "/api/v1/escalation-paths/{id}",
    operation_id = "replaceEscalationPath",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The path's id"),
        ("If-Match" = Option<String>, Header,
            description = "The version that you have seen, as its `ETag`: if it has changed since, nothing is done"),
    ),
    request_body(content = Definition, description = "Whom to page, and whom then"),
    responses(
        (status = 200, description = "The path", body = View),
        (status = 412, description = "It has changed since (`stale-version`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneOfThem,
        Written,
    ),
)]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(path): Body<Definition>,
) -> Result<Response, Problem> {
    let (workspace, id) = (&caller.workspace, PathId::new(id));
    let kept = app.paging.replace_path(workspace, &id, path, version, &caller.actor).await?;
    let view = view(&app, &caller, kept).await?;
    Ok(versioned(view.version, Json(view)))
}

/// Archive an escalation path
///
/// Nobody is paged by it any more; escalations that go on go on. One that another path goes on with
/// can't be archived.
#[utoipa::path(
    delete,
    path = "/api/v1/escalation-paths/{id}",
    operation_id = "archiveEscalationPath",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The path's id")),
    responses(
        (status = 204, description = "It is archived"),
        (status = 409, description = "Another path goes on with it (`in-use`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneOfThem,
    ),
)]
pub async fn archive(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    app.paging.archive_path(&caller.workspace, &PathId::new(id), &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show what was changed in an escalation path
#[utoipa::path(
    get,
    path = "/api/v1/escalation-paths/{id}/changes",
    operation_id = "listEscalationPathChanges",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The path's id"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of changes", body = ChangePage),
        Authorized,
        Queried,
        OneOfThem,
    ),
)]
pub async fn changes(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Json<ChangePage>, Problem> {
    let mut tx = app.db.read().await?;
    let known =
        escalation_paths::by_id(&mut tx, &caller.workspace, &PathId::new(id.as_str())).await?;
    known.ok_or_else(|| Problem::no_such("escalation path"))?;
    changes_of(&mut tx, &caller, PATH, &id, query.as_deref()).await
}

async fn view(app: &App, caller: &Caller, kept: Kept) -> Result<View, Problem> {
    let mut tx = app.db.read().await?;
    let (workspace, now) = (&caller.workspace, app.clock.now());
    let responders = app.paging.responders(&mut tx, workspace, &kept.definition, now).await?;
    Ok(View {
        id: kept.id,
        version: kept.version,
        current_responders: responders,
        path: kept.definition,
        created_at: kept.created_at,
        updated_at: kept.updated_at,
    })
}
