//! Statuses: where an incident can stand.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::shape::catalogue::Status;
use crate::app::App;
use crate::ids::StatusId;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads("/v1/incident_statuses", list), reads("/v1/incident_statuses/{id}", show)]
}

#[derive(Serialize)]
struct Many {
    incident_statuses: Vec<Status>,
}

#[derive(Serialize)]
struct One {
    incident_status: Status,
}

async fn list(State(app): State<App>, Key(caller): Key) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(Many { incident_statuses: catalogue.statuses.iter().map(Status::from).collect() }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let incident_status = catalogue.status(&StatusId::new(id)).map(Status::from);
    let incident_status = incident_status.ok_or_else(|| Failure::not_found("incident status"))?;
    Ok(Json(One { incident_status }))
}
