//! Schedules: who is on call when.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ChangePage, Id, OneOfThem, Wanted, changes_of, created, name, versioned};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey, IfMatch, Params};
use crate::api::v1::openapi::{Authorized, Queried, Written};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{ScheduleId, UserId};
use crate::oncall::schedule::definition::Schedule;
use crate::oncall::schedule::entries::{Entries, Entry};
use crate::oncall::schedule::shifts::Part;
use crate::store::schedules::{self, Kept};

const PATH: &str = "/api/v1/schedules";

/// A schedule as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduleView)]
pub struct View {
    /// Its id.
    id: ScheduleId,
    /// Another number with every change: send it back in `If-Match`.
    version: i64,
    /// Who is on call now.
    on_call: Vec<UserId>,
    /// The turns that begin next, one for each layer in which somebody takes over.
    next: Vec<Entry>,
    /// What it says.
    #[serde(flatten)]
    schedule: Schedule,
    /// Since when it is there.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

/// A page of schedules.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchedulePage {
    /// Newest first.
    schedules: Vec<View>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Who is on call within a window of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleEntries {
    #[serde(flatten)]
    entries: Entries,
    /// Where to go on: the `from` of the next part of the window; null if this was the last one.
    next_from: Option<Timestamp>,
}

/// List schedules
///
/// Newest first, page after page: ask again with `next_cursor` until it is null.
#[utoipa::path(
    get,
    path = "/api/v1/schedules",
    operation_id = "listSchedules",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of schedules", body = SchedulePage),
        Authorized,
        Queried,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<SchedulePage>, Problem> {
    let this = name(PATH, &caller.workspace);
    let wanted = Wanted::read(query.as_deref(), &[], &this)?;
    let before = wanted.place.as_deref().map(ScheduleId::from);
    let mut tx = app.db.read().await?;
    let mut found =
        schedules::page(&mut tx, &caller.workspace, before.as_ref(), wanted.limit + 1).await?;
    drop(tx);
    let next_cursor = wanted.cut(&mut found, &this, |kept| kept.id.to_string());
    let mut views = Vec::with_capacity(found.len());
    for kept in found {
        views.push(view(&app, &caller, kept).await?);
    }
    Ok(Json(SchedulePage { schedules: views, next_cursor }))
}

/// Make a schedule
///
/// Those who are on call are told so, alone, when their time begins and when it ends.
#[utoipa::path(
    post,
    path = "/api/v1/schedules",
    operation_id = "createSchedule",
    tag = "on-call",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, max_length = 255,
        description = "Your name for this request: a second one with the same key and token makes no second schedule, and gets the first one as it is now")),
    request_body(content = Schedule, description = "Who is on call when",
        example = json!({"name": "Primary", "time_zone": "Europe/Berlin", "rotations": [{"name": "Weekly",
            "people": ["U012AB3CD", "U045EF6GH"], "handover_start_at": "2026-11-23T08:00:00Z",
            "handovers": [{"interval": 1, "interval_type": "weekly"}]}]})),
    responses(
        (status = 201, description = "The schedule", body = View,
            headers(("Location" = String, description = "Where the schedule is"))),
        (status = 409, description = "There are 500 schedules already (`too-many`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Body(schedule): Body<Schedule>,
) -> Result<Response, Problem> {
    let request = key.map(|key| caller.receipt(&key));
    let made =
        app.paging.create_schedule(&caller.workspace, schedule, &caller.actor, request.as_deref());
    let view = view(&app, &caller, made.await?).await?;
    let place = format!("{PATH}/{}", view.id);
    Ok(created(&place, versioned(view.version, Json(view))))
}

/// Show a schedule
#[utoipa::path(
    get,
    path = "/api/v1/schedules/{id}",
    operation_id = "showSchedule",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The schedule's id")),
    responses((status = 200, description = "The schedule", body = View), Authorized, OneOfThem),
)]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    let view = view(&app, &caller, find(&app, &caller, &id).await?).await?;
    Ok(versioned(view.version, Json(view)))
}

/// Replace a schedule
///
/// The whole of it: what is left out is gone.
#[utoipa::path(
    put,
    path = "/api/v1/schedules/{id}",
    operation_id = "replaceSchedule",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The schedule's id"),
        ("If-Match" = Option<String>, Header,
            description = "The version that you have seen, as its `ETag`: if it has changed since, nothing is done"),
    ),
    request_body(content = Schedule, description = "Who is on call when"),
    responses(
        (status = 200, description = "The schedule", body = View),
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
    Body(schedule): Body<Schedule>,
) -> Result<Response, Problem> {
    let (workspace, id) = (&caller.workspace, ScheduleId::new(id));
    let kept =
        app.paging.replace_schedule(workspace, &id, schedule, version, &caller.actor).await?;
    let view = view(&app, &caller, kept).await?;
    Ok(versioned(view.version, Json(view)))
}

/// Archive a schedule
///
/// Nobody is on call by it any more. One that an escalation path asks can't be archived.
#[utoipa::path(
    delete,
    path = "/api/v1/schedules/{id}",
    operation_id = "archiveSchedule",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The schedule's id")),
    responses(
        (status = 204, description = "It is archived"),
        (status = 409, description = "An escalation path asks it (`in-use`)",
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
    let id = ScheduleId::new(id);
    app.paging.archive_schedule(&caller.workspace, &id, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show who is on call when
///
/// As it was laid down (`scheduled`), who stands in (`overrides`), and what that comes to (`final`).
/// A window of more than 31 days, or 7 where turns are counted in hours, is answered in parts: ask
/// again with `next_from` as `from` until it is null.
#[utoipa::path(
    get,
    path = "/api/v1/schedules/{id}/entries",
    operation_id = "listScheduleEntries",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The schedule's id"),
        ("from" = Option<Timestamp>, Query, description = "From when; now, if left out"),
        ("to" = Option<Timestamp>, Query, description = "Until when; as far as one part goes, if left out"),
    ),
    responses(
        (status = 200, description = "Who is on call", body = ScheduleEntries),
        Authorized,
        Queried,
        OneOfThem,
    ),
)]
pub async fn entries(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Json<ScheduleEntries>, Problem> {
    let params = Params::read(query.as_deref(), &["from", "to"])?;
    let instant = |name: &str| -> Result<Option<Timestamp>, Problem> {
        let Some(text) = params.one(name)? else { return Ok(None) };
        let at: jiff::Timestamp = text.parse().map_err(|_| {
            Problem::bad_parameter(name, "It is an instant, such as `2026-11-21T03:00:00Z`.")
        })?;
        let at = Timestamp::from(at);
        // Beyond, no calendar of ours goes.
        match (0..=4_102_444_800).contains(&at.as_seconds()) {
            true => Ok(Some(at)),
            false => Err(Problem::bad_parameter(name, "It is from 1970 to 2100.")),
        }
    };
    let kept = find(&app, &caller, &id).await?;
    let from = instant("from")?.unwrap_or_else(|| app.clock.now());
    let part = kept.definition.part(from, instant("to")?);
    let Part { to, next_from } =
        part.ok_or_else(|| Problem::bad_parameter("to", "The window ends after it begins."))?;
    let mut tx = app.db.read().await?;
    let overrides = schedules::overrides(&mut tx, &caller.workspace, &kept.id, from).await?;
    let entries = kept.definition.entries(&overrides, from, to);
    Ok(Json(ScheduleEntries { entries, next_from }))
}

/// Show what was changed in a schedule
///
/// Who changed what, who stood in, and who took over from whom; newest first.
#[utoipa::path(
    get,
    path = "/api/v1/schedules/{id}/changes",
    operation_id = "listScheduleChanges",
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
    let known = schedules::by_id(&mut tx, &caller.workspace, &ScheduleId::new(id.as_str())).await?;
    known.ok_or_else(|| Problem::no_such("schedule"))?;
    changes_of(&mut tx, &caller, PATH, &id, query.as_deref()).await
}

/// The schedule of this id that is in use.
pub async fn find(app: &App, caller: &Caller, id: &str) -> Result<Kept, Problem> {
    let mut tx = app.db.read().await?;
    let found = schedules::by_id(&mut tx, &caller.workspace, &ScheduleId::new(id)).await?;
    found.filter(|kept| !kept.is_archived).ok_or_else(|| Problem::no_such("schedule"))
}

async fn view(app: &App, caller: &Caller, kept: Kept) -> Result<View, Problem> {
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let overrides = schedules::overrides(&mut tx, &caller.workspace, &kept.id, now).await?;
    Ok(View {
        on_call: kept.definition.on_call(&overrides, now),
        next: kept.definition.next(&overrides, now),
        id: kept.id,
        version: kept.version,
        schedule: kept.definition,
        created_at: kept.created_at,
        updated_at: kept.updated_at,
    })
}
