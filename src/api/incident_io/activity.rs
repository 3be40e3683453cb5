//! The log of an incident: what its record says, line by line.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::query::{Page, Query};
use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::activity::{Log, LogEntry, people};
use crate::app::App;
use crate::ids::IncidentId;
use crate::incident::event::{Entry, Event};
use crate::incident::papers::place::Place;
use crate::incident::state::Incident;
use crate::store::db::Tx;
use crate::store::{incidents, timeline};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads("/v2/incident_activity_log_entries", list)]
}

/// The most lines on a page.
const PAGE_LIMIT: usize = 250;
/// The most lines that can be asked for by their ids.
const IDS: usize = 100;
/// Entries that are read at once, of which some are no lines.
const AT_ONCE: i64 = 100;

#[derive(Serialize)]
struct Many {
    incident_activity_log_entries: Vec<LogEntry>,
    pagination_meta: PaginationMeta,
}

async fn list(State(app): State<App>, key: Key, query: Query) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let incident = query.required("incident_id")?;
    let wanted: Vec<&str> = query.every("id").collect();
    if wanted.len() > IDS {
        let message = format!("At most {IDS} lines are asked for by their ids.");
        return Err(Failure::invalid("id", message));
    }
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, &key, "incident_id", incident).await?;
    let after = after(&page, &incident)?;
    let mut lines = match wanted.is_empty() {
        true => lines_after(&app, &mut tx, &key, &incident, after, page.size).await?,
        false => {
            let versions: Vec<i64> = wanted
                .into_iter()
                .filter_map(|id| version_in(&incident, id))
                .filter(|version| *version > after)
                .collect();
            let (workspace, id) = (&key.0.workspace, &incident.id);
            let record = timeline::with_versions(&mut tx, workspace, id, &versions).await?;
            drawn(&app, &mut tx, &key, &incident, &record).await?
        }
    };
    let pagination_meta = PaginationMeta::close(&page, &mut lines, |(place, _)| place.to_string());
    let incident_activity_log_entries = lines.into_iter().map(|(_, line)| line).collect();
    Ok(Json(Many { incident_activity_log_entries, pagination_meta }))
}

/// The version after which the page begins.
fn after(page: &Page, incident: &Incident) -> Result<i64, Failure> {
    match &page.after {
        None => Ok(0),
        Some(id) => version_in(incident, id).ok_or_else(|| page.lost()),
    }
}

/// The version of the entry with this id, if it is one of this incident's.
fn version_in(incident: &Incident, id: &str) -> Option<i64> {
    let place = Place::parse(id).filter(|place| place.incident == incident.id)?;
    (place.version <= incident.version).then_some(place.version)
}

/// As many lines as fit on a page, and one more if there is one.
async fn lines_after(
    app: &App,
    tx: &mut Tx,
    key: &Key,
    incident: &Incident,
    mut after: i64,
    size: usize,
) -> Result<Vec<(Place, LogEntry)>, Failure> {
    let mut lines = Vec::new();
    while lines.len() <= size {
        let workspace = &key.0.workspace;
        let record = timeline::after(tx, workspace, &incident.id, after, AT_ONCE).await?;
        let Some(last) = record.last() else { break };
        after = last.version;
        lines.extend(drawn(app, tx, key, incident, &record).await?);
    }
    lines.truncate(size + 1);
    Ok(lines)
}

/// The lines that tell of these entries.
async fn drawn(
    app: &App,
    tx: &mut Tx,
    key: &Key,
    incident: &Incident,
    record: &[Entry],
) -> Result<Vec<(Place, LogEntry)>, Failure> {
    let workspace = &key.0.workspace;
    let absorbed: Vec<IncidentId> = record
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Absorbed(absorbed) => absorbed.incident.clone(),
            _ => None,
        })
        .collect();
    let absorbed = incidents::with_ids_seen_by(tx, workspace, &key.0.eyes(), &absorbed).await?;
    let reader = Reader::of(&app.catalogues, tx, workspace, people(record)).await?;
    let log = Log { incident, absorbed: &absorbed, terms: &reader.terms() };
    let lines = record.iter().filter_map(|entry| {
        let place = Place { incident: incident.id.clone(), version: entry.version };
        Some((place, log.line(entry)?))
    });
    Ok(lines.collect())
}
