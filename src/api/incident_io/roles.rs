//! Roles: jobs in an incident. The deprecated first version shows one field more.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::shape::catalogue::Role;
use crate::app::App;
use crate::ids::RoleId;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v1/incident_roles", list),
        reads("/v1/incident_roles/{id}", show),
        reads("/v2/incident_roles", list),
        reads("/v2/incident_roles/{id}", show),
    ]
}

#[derive(Serialize)]
struct Many {
    incident_roles: Vec<Role>,
}

#[derive(Serialize)]
struct One {
    incident_role: Role,
}

async fn list(State(app): State<App>, Key(caller): Key) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(Many { incident_roles: catalogue.roles.iter().map(Role::from).collect() }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let incident_role = catalogue.role(&RoleId::new(id)).map(Role::from);
    Ok(Json(One { incident_role: incident_role.ok_or_else(|| Failure::not_found("role"))? }))
}
