//! The curated timeline of an incident.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, patches, posts, reads};
use crate::api::incident_io::order;
use crate::api::incident_io::path::Id;
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::timeline_item::TimelineItem;
use crate::app::App;
use crate::clock::Timestamp;
use crate::engine::order::Target;
use crate::ids::IncidentId;
use crate::incident::event::Event;
use crate::incident::papers::moment;
use crate::incident::papers::place::Place;
use crate::incident::papers::{Filed, Paperwork};
use crate::store::db::Tx;
use crate::store::timeline;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/incident_timeline_items", list),
        posts("/v2/incident_timeline_items", create),
        patches("/v2/incident_timeline_items/{id}", change),
    ]
}

/// The most items on a page.
const PAGE_LIMIT: usize = 250;

/// What this format calls fields of ours.
const NAMES: [(&str, &str); 1] = [("at", "timestamp")];

#[derive(Serialize)]
struct Many {
    incident_timeline_items: Vec<TimelineItem>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    incident_timeline_item: TimelineItem,
}

async fn list(State(app): State<App>, key: Key, query: Query) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let incident = query.required("incident_id")?;
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, &key, "incident_id", incident).await?;
    let told = told(&app, &mut tx, &key, &incident.id).await?;
    let (items, pagination_meta) = PaginationMeta::cut(&page, told, |item| item.id.to_string())?;
    let incident_timeline_items = drawn(&app, &mut tx, &key, &items).await?;
    Ok(Json(Many { incident_timeline_items, pagination_meta }))
}

/// All that the timeline tells now.
async fn told(
    app: &App,
    tx: &mut Tx,
    key: &Key,
    incident: &IncidentId,
) -> Result<Vec<moment::TimelineItem>, Failure> {
    let record = timeline::whole(tx, &key.0.workspace, incident).await?;
    let catalogue = app.catalogues.of(tx, &key.0.workspace).await?;
    Ok(moment::timeline(incident, &record, &catalogue))
}

async fn drawn(
    app: &App,
    tx: &mut Tx,
    key: &Key,
    items: &[moment::TimelineItem],
) -> Result<Vec<TimelineItem>, Failure> {
    let people = items.iter().filter_map(|item| item.creator.person().cloned());
    let reader = Reader::of(&app.catalogues, tx, &key.0.workspace, people).await?;
    Ok(items.iter().map(|item| TimelineItem::show(item, &reader.terms())).collect())
}

/// The item that the timeline tells there now.
async fn item(app: &App, tx: &mut Tx, key: &Key, place: &Place) -> Result<Json<One>, Failure> {
    let told = told(app, tx, key, &place.incident).await?;
    let item = told.into_iter().find(|item| item.id == *place);
    let drawn = drawn(app, tx, key, Vec::from_iter(item).as_slice()).await?;
    let item = drawn.into_iter().next().ok_or_else(missing)?;
    Ok(Json(One { incident_timeline_item: item }))
}

fn missing() -> Failure {
    Failure::not_found("timeline item")
}

#[derive(Debug, Deserialize)]
struct Create {
    idempotency_key: String,
    incident_id: String,
    title: String,
    timestamp: Timestamp,
    description: Option<String>,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let Create { idempotency_key, incident_id, title, timestamp: at, description } = create;
    let receipt = key.once("incident_timeline_items", &idempotency_key)?;
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, &key, "incident_id", &incident_id).await?;
    drop(tx);
    let paperwork = Paperwork::AddTimelineItem { title, description, at };
    let target = Target::Id(incident.id);
    let done = order::file(&app, &key, Some(receipt), target, paperwork, &NAMES).await?;
    let is_it = |event: &Event| matches!(event, Event::Paperwork(Filed::MomentAdded { .. }));
    let entry = done.entries.iter().find(|entry| is_it(&entry.event)).ok_or_else(missing)?;
    let place = Place { incident: done.incident.id.clone(), version: entry.version };
    let mut tx = app.db.read().await?;
    Ok((StatusCode::CREATED, item(&app, &mut tx, &key, &place).await?))
}

/// What is to be otherwise. What is left out stays as it is.
#[derive(Debug, Deserialize)]
struct Changes {
    title: Option<String>,
    description: Option<String>,
    timestamp: Option<Timestamp>,
}

async fn change(
    State(app): State<App>,
    key: Key,
    Id(id): Id,
    Body(Changes { title, description, timestamp: at }): Body<Changes>,
) -> Result<Json<One>, Failure> {
    let place = Place::parse(&id).ok_or_else(missing)?;
    let mut tx = app.db.read().await?;
    let incident = place.incident.as_str();
    let found = find_field(&mut tx, &key, "id", incident).await;
    found.map_err(|failure| failure.if_missing(missing()))?;
    // Nothing joins the timeline by being changed in this format.
    let unchanged = item(&app, &mut tx, &key, &place).await?;
    drop(tx);
    if title.is_none() && description.is_none() && at.is_none() {
        return Ok(unchanged);
    }
    let entry = place.version;
    let paperwork = Paperwork::EditTimelineItem { entry, title, description, at };
    let target = Target::Id(place.incident.clone());
    order::file(&app, &key, None, target, paperwork, &NAMES).await?;
    let mut tx = app.db.read().await?;
    item(&app, &mut tx, &key, &place).await
}
