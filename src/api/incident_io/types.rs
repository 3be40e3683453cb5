//! Types of incidents.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::shape::catalogue::IncidentType;
use crate::app::App;
use crate::ids::IncidentTypeId;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads("/v1/incident_types", list), reads("/v1/incident_types/{id}", show)]
}

#[derive(Serialize)]
struct Many {
    incident_types: Vec<IncidentType>,
}

#[derive(Serialize)]
struct One {
    incident_type: IncidentType,
}

async fn list(State(app): State<App>, Key(caller): Key) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let all = catalogue.types.iter();
    let incident_types = all.map(|kind| IncidentType::show(kind, &catalogue)).collect();
    Ok(Json(Many { incident_types }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let kind = catalogue.incident_type(&IncidentTypeId::new(id));
    let kind = kind.ok_or_else(|| Failure::not_found("incident type"))?;
    Ok(Json(One { incident_type: IncidentType::show(kind, &catalogue) }))
}
