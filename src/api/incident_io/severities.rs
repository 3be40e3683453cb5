//! Severities: how bad an incident can be.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::shape::catalogue::Severity;
use crate::app::App;
use crate::ids::SeverityId;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads("/v1/severities", list), reads("/v1/severities/{id}", show)]
}

#[derive(Serialize)]
struct Many {
    severities: Vec<Severity>,
}

#[derive(Serialize)]
struct One {
    severity: Severity,
}

async fn list(State(app): State<App>, Key(caller): Key) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(Many { severities: catalogue.severities.iter().map(Severity::from).collect() }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let severity = catalogue.severity(&SeverityId::new(id)).map(Severity::from);
    Ok(Json(One { severity: severity.ok_or_else(|| Failure::not_found("severity"))? }))
}
