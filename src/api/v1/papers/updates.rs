//! Reading updates of all incidents, and single entries of a record.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::cursor;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT, find, target};
use crate::api::v1::openapi::{Authorized, Queried};
use crate::api::v1::papers::{Id, OnePaper, missing};
use crate::app::App;
use crate::clock::Timestamp;
use crate::engine::order::Target;
use crate::ids::IncidentId;
use crate::incident::event::Entry;
use crate::incident::papers::place::Place;
use crate::store::timeline::{self, Update};

/// An entry of a record, with its id.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// Its id: that of the incident and the version.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A-7")]
    pub id: Place,
    /// The incident.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub incident: IncidentId,
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
}

impl EntryView {
    fn new(incident: IncidentId, entry: Entry) -> EntryView {
        let id = Place { incident: incident.clone(), version: entry.version };
        EntryView { id, incident, entry }
    }
}

/// A page of updates.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpdatePage {
    /// Newest first.
    pub updates: Vec<EntryView>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// List updates
///
/// What people were told: updates, and changes of status and severity, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/updates",
    operation_id = "listUpdates",
    tag = "papers",
    security(("token" = [])),
    params(
        ("incident" = Option<String>, Query, description = "Only those of this incident: its reference, number or id"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query, description = "Where to go on: the `next_cursor` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of them", body = UpdatePage), Authorized, Queried, OnePaper),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<UpdatePage>, Problem> {
    let params = Params::read(query.as_deref(), &["incident", "limit", "cursor"])?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let mut tx = app.db.read().await?;
    let incident = match params.one("incident")? {
        None => None,
        Some(text) => {
            let target = target(text).ok_or_else(Problem::no_such_incident)?;
            Some(find(&mut tx, &caller, &target).await?.id)
        }
    };
    let this = ("updates", &caller.workspace, &incident);
    let before = cursor::of_query(&params, &this)?.and_then(|place| read(&place));
    let (workspace, eyes) = (&caller.workspace, &caller.eyes());
    let Some(incident) = &incident else {
        let page = timeline::updates(&mut tx, workspace, eyes, before.as_ref(), limit).await?;
        let next = page.next_before.map(|(at, place)| cursor::issue_at(&write(at, &place), &this));
        let shown = page.updates.into_iter();
        let updates = shown.map(|Update { incident, entry }| EntryView::new(incident, entry));
        return Ok(Json(UpdatePage { updates: updates.collect(), next_cursor: next }));
    };
    let before = before.map(|(_, place)| place.version);
    let mut entries = timeline::updates_of(&mut tx, workspace, incident, before, limit + 1).await?;
    let is_more = entries.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if is_more {
        entries.pop();
    }
    let updates: Vec<EntryView> =
        entries.into_iter().map(|entry| EntryView::new(incident.clone(), entry)).collect();
    let last = updates.last().filter(|_| is_more);
    let next_cursor = last.map(|last| cursor::issue_at(&write(last.entry.at, &last.id), &this));
    Ok(Json(UpdatePage { updates, next_cursor }))
}

fn write(at: Timestamp, place: &Place) -> String {
    cursor::place(at, &place.to_string())
}

fn read(place: &str) -> Option<(Timestamp, Place)> {
    let (at, id) = cursor::moment(place)?;
    Some((at, Place::parse(&id)?))
}

/// Show an entry
///
/// Updates, notes, timeline items and lines of the log are entries: each is found by its id.
#[utoipa::path(
    get,
    path = "/api/v1/entries/{id}",
    operation_id = "showEntry",
    tag = "papers",
    security(("token" = [])),
    params(("id" = String, Path, description = "The entry's id", example = "01K5QGJH00000000000000000A-7")),
    responses((status = 200, description = "The entry", body = EntryView), Authorized, OnePaper),
)]
pub async fn entry(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<EntryView>, Problem> {
    let place = Place::parse(&id).ok_or_else(|| missing("entry"))?;
    let mut tx = app.db.read().await?;
    let target = Target::Id(place.incident.clone());
    let incident = find(&mut tx, &caller, &target).await.map_err(|problem| {
        // Whether there is such an incident is not told either.
        if problem.status().as_u16() == 404 { missing("entry") } else { problem }
    })?;
    let found = timeline::entry(&mut tx, &caller.workspace, &incident.id, place.version).await?;
    let found = found.ok_or_else(|| missing("entry"))?;
    Ok(Json(EntryView::new(incident.id, found)))
}
