//! Timestamps: points in an incident's life.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::shape::catalogue::TimestampKind;
use crate::app::App;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads("/v2/incident_timestamps", list), reads("/v2/incident_timestamps/{id}", show)]
}

#[derive(Serialize)]
struct Many {
    incident_timestamps: Vec<TimestampKind>,
}

#[derive(Serialize)]
struct One {
    incident_timestamp: TimestampKind,
}

async fn list(State(app): State<App>, Key(caller): Key) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let incident_timestamps = catalogue.timestamps.iter().map(TimestampKind::from).collect();
    Ok(Json(Many { incident_timestamps }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let kind = catalogue.timestamps.iter().find(|kind| kind.id.as_str() == id);
    let kind = kind.ok_or_else(|| Failure::not_found("incident timestamp"))?;
    Ok(Json(One { incident_timestamp: kind.into() }))
}
