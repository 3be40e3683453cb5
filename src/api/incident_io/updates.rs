//! Updates: what people were told.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, reads};
use crate::api::incident_io::order;
use crate::api::incident_io::query::{Page, Query};
use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::update::Update;
use crate::app::App;
use crate::engine::order::Target;
use crate::ids::IncidentId;
use crate::incident::command::Command;
use crate::incident::event::{Entry, Event};
use crate::incident::papers::place::Place;
use crate::incident::papers::update::{Standing, standings};
use crate::store::db::Tx;
use crate::store::timeline;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads("/v2/incident_updates", list), posts("/v2/incident_updates", create)]
}

/// The most updates on a page.
const PAGE_LIMIT: usize = 250;

/// What this format calls fields of ours.
const NAMES: [(&str, &str); 2] =
    [("status", "to_incident_status_id"), ("severity", "to_severity_id")];

#[derive(Serialize)]
struct Many {
    incident_updates: Vec<Update>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    incident_update: Update,
}

async fn list(State(app): State<App>, key: Key, query: Query) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let mut tx = app.db.read().await?;
    let mut found = match query.one("incident_id") {
        Some(incident) => {
            let incident = find_field(&mut tx, &key, "incident_id", incident).await?;
            of_incident(&mut tx, &key, &incident.id, &page).await?
        }
        None => of_all(&mut tx, &key, &page).await?,
    };
    let pagination_meta =
        PaginationMeta::close(&page, &mut found, |update| place(update).to_string());
    let incident_updates = drawn(&app, &mut tx, &key, &found).await?;
    Ok(Json(Many { incident_updates, pagination_meta }))
}

/// The update of this id, after which a page begins.
async fn last(tx: &mut Tx, key: &Key, page: &Page) -> Result<Option<timeline::Update>, Failure> {
    let Some(id) = &page.after else { return Ok(None) };
    let lost = || page.lost();
    let place = Place::parse(id).ok_or_else(lost)?;
    let incident = find_field(tx, key, "after", place.incident.as_str()).await;
    let incident = incident.map_err(|failure| failure.if_missing(page.lost()))?.id;
    let entry = timeline::entry(tx, &key.0.workspace, &incident, place.version).await?;
    Ok(Some(timeline::Update { incident, entry: entry.ok_or_else(lost)? }))
}

async fn of_incident(
    tx: &mut Tx,
    key: &Key,
    incident: &IncidentId,
    page: &Page,
) -> Result<Vec<timeline::Update>, Failure> {
    let before = match last(tx, key, page).await? {
        Some(last) if last.incident != *incident => return Err(page.lost()),
        last => last.map(|last| last.entry.version),
    };
    let (workspace, limit) = (&key.0.workspace, page.and_one_more());
    let entries = timeline::updates_of(tx, workspace, incident, before, limit).await?;
    let of_it = |entry| timeline::Update { incident: incident.clone(), entry };
    Ok(entries.into_iter().map(of_it).collect())
}

async fn of_all(tx: &mut Tx, key: &Key, page: &Page) -> Result<Vec<timeline::Update>, Failure> {
    let before = last(tx, key, page).await?.map(|last| (last.entry.at, place(&last)));
    let (workspace, eyes) = (&key.0.workspace, key.0.eyes());
    let limit = page.and_one_more();
    Ok(timeline::updates(tx, workspace, &eyes, before.as_ref(), limit).await?.updates)
}

fn place(update: &timeline::Update) -> Place {
    Place { incident: update.incident.clone(), version: update.entry.version }
}

/// The updates as this format shows them: with how things stood after each.
async fn drawn(
    app: &App,
    tx: &mut Tx,
    key: &Key,
    updates: &[timeline::Update],
) -> Result<Vec<Update>, Failure> {
    let workspace = &key.0.workspace;
    let incidents: BTreeSet<IncidentId> =
        updates.iter().map(|update| update.incident.clone()).collect();
    let standings = stood(tx, key, &Vec::from_iter(incidents)).await?;
    let people = updates.iter().filter_map(|update| update.entry.actor.person().cloned());
    let reader = Reader::of(&app.catalogues, tx, workspace, people).await?;
    let drawn = updates.iter().filter_map(|timeline::Update { incident, entry }| {
        let standing = standings.get(incident)?.get(&entry.version)?;
        Some(Update::show(incident, entry, standing, &reader.terms()))
    });
    Ok(drawn.collect())
}

/// How each of these incidents stood after each of its updates.
async fn stood(
    tx: &mut Tx,
    key: &Key,
    incidents: &[IncidentId],
) -> Result<BTreeMap<IncidentId, BTreeMap<i64, Standing>>, Failure> {
    let mut turns: BTreeMap<IncidentId, Vec<Entry>> = BTreeMap::new();
    for (incident, entry) in timeline::turns(tx, &key.0.workspace, incidents).await? {
        turns.entry(incident).or_default().push(entry);
    }
    let stood = turns.into_iter().map(|(incident, turns)| {
        let standings = standings(&incident, &turns);
        (incident, standings)
    });
    Ok(stood.collect())
}

#[derive(Debug, Deserialize)]
struct Create {
    idempotency_key: String,
    incident_id: String,
    message: Option<String>,
    to_incident_status_id: Option<String>,
    to_severity_id: Option<String>,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let receipt = key.once("incident_updates", &create.idempotency_key)?;
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, &key, "incident_id", &create.incident_id).await?;
    drop(tx);
    let command = Command::Update {
        message: create.message,
        status: create.to_incident_status_id,
        severity: create.to_severity_id,
        next_update_in_minutes: None,
    };
    let target = Target::Id(incident.id);
    let done = order::give(&app, &key, Some(receipt), target, command).await;
    let done = done.map_err(|not_done| Failure::from(not_done).in_terms_of(&NAMES))?;
    let is_it = |event: &Event| matches!(event, Event::UpdatePosted { .. });
    let entry = done.entries.iter().find(|entry| is_it(&entry.event));
    let update = entry.map(|entry| timeline::Update {
        incident: done.incident.id.clone(),
        entry: Entry::clone(entry),
    });
    let mut tx = app.db.read().await?;
    let drawn = drawn(&app, &mut tx, &key, Vec::from_iter(update).as_slice()).await?;
    let drawn = drawn.into_iter().next().ok_or_else(|| Failure::not_found("update"))?;
    Ok((StatusCode::CREATED, Json(One { incident_update: drawn })))
}
