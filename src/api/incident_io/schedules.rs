//! Schedules: who is on call when.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::{Addresses, people_of};
use crate::api::incident_io::schedule_body::{ScheduleBody, field_name};
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::schedule::{Schedule, Shifts, people_in};
use crate::api::v1::oncall::schedules::find;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{ScheduleId, UserId, WorkspaceId};
use crate::oncall::schedule::shifts::REACH;
use crate::store::db::Tx;
use crate::store::schedules::{self, Kept};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/schedules", list),
        posts("/v2/schedules", create),
        reads("/v2/schedules/{id}", show),
        puts("/v2/schedules/{id}", replace),
        removes("/v2/schedules/{id}", archive),
    ]
}

/// The most schedules on a page.
const PAGE_LIMIT: usize = 10_000;
/// The most on a page that says who is next, which takes longer to find out than who is now.
const WITH_NEXT: usize = 25;

#[derive(Serialize)]
struct Many {
    schedules: Vec<Schedule>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    schedule: Schedule,
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let before = page.after.as_deref().map(ScheduleId::new);
    if let Some(last) = &before
        && schedules::by_id(&mut tx, workspace, last).await?.is_none()
    {
        return Err(Failure::no_such_cursor("schedule"));
    }
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let mut found = schedules::page(&mut tx, workspace, before.as_ref(), limit).await?;
    let total = schedules::count(&mut tx, workspace).await?;
    let pagination_meta = PaginationMeta {
        total_record_count: Some(total),
        ..PaginationMeta::close(&page, &mut found, |kept| kept.id.to_string())
    };
    let schedules = drawn(&app, &mut tx, workspace, &found, page.size <= WITH_NEXT).await?;
    Ok(Json(Many { schedules, pagination_meta }))
}

/// Draws schedules, with who is on call now, and who is next if that is wanted.
async fn drawn(
    app: &App,
    tx: &mut Tx,
    workspace: &WorkspaceId,
    all: &[Kept],
    with_next: bool,
) -> Result<Vec<Schedule>, Failure> {
    let now = app.clock.now();
    let mut everybody: Vec<UserId> = Vec::new();
    let mut shifts = Vec::with_capacity(all.len());
    for kept in all {
        let of_it = shifts_of(tx, workspace, kept, now, with_next).await?;
        everybody.extend(kept.definition.everybody());
        everybody.extend(people_in(of_it.current.iter().chain(of_it.next.iter().flatten())));
        shifts.push(of_it);
    }
    let people = people_of(tx, workspace, everybody).await?;
    let public_url = app.public_url.as_deref().unwrap_or_default();
    let both = all.iter().zip(&shifts);
    Ok(both.map(|(kept, shifts)| Schedule::show(kept, shifts, &people, public_url)).collect())
}

async fn shifts_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    kept: &Kept,
    now: Timestamp,
    with_next: bool,
) -> Result<Shifts, Failure> {
    let overrides = schedules::overrides(tx, workspace, &kept.id, now.minus(REACH)).await?;
    let soon = Timestamp::from_micros(now.as_micros() + 1);
    Ok(Shifts {
        current: kept.definition.shifts(&overrides, now, soon).all,
        next: with_next.then(|| kept.definition.next(&overrides, now)),
    })
}

/// The answer that shows this schedule.
async fn one(app: &App, workspace: &WorkspaceId, kept: Kept) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let schedule = drawn(app, &mut tx, workspace, &[kept], true).await?.remove(0);
    Ok(Json(One { schedule }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let kept = find(&app, &caller, &id).await?;
    one(&app, &caller.workspace, kept).await
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(body): Body<ScheduleBody>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let mut tx = app.db.read().await?;
    let addresses = Addresses::of(&mut tx, &key, &body.people()).await?;
    drop(tx);
    let definition = body.read(None, &addresses)?;
    let Key(caller) = key;
    // This format has no keys here: each request is another one.
    let made = app.paging.create_schedule(&caller.workspace, definition, &caller.actor, None).await;
    let made = made.map_err(in_our_terms)?;
    Ok((StatusCode::CREATED, one(&app, &caller.workspace, made).await?))
}

/// The whole of it is replaced; what a body does not speak of stays as it is.
async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(body): Body<ScheduleBody>,
) -> Result<Json<One>, Failure> {
    let before = find(&app, &key.0, &id).await?;
    let mut tx = app.db.read().await?;
    let addresses = Addresses::of(&mut tx, &key, &body.people()).await?;
    drop(tx);
    // What is taken from before must be what is there still.
    let version = (!body.is_whole()).then_some(before.version);
    let definition = body.read(Some(&before.definition), &addresses)?;
    let Key(caller) = key;
    let (workspace, by) = (&caller.workspace, &caller.actor);
    let changed = app.paging.replace_schedule(workspace, &before.id, definition, version, by).await;
    one(&app, workspace, changed.map_err(in_our_terms)?).await
}

async fn archive(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let id = ScheduleId::new(id);
    app.paging.archive_schedule(&caller.workspace, &id, &caller.actor).await?;
    Ok(StatusCode::ACCEPTED)
}

fn in_our_terms(not_done: crate::paging::NotDone) -> Failure {
    Failure::from(not_done).renamed(field_name)
}
