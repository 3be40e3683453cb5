//! Severities: how bad an incident can be. A lower rank is less severe.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::edit::carry_out;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::shape::catalogue::Severity;
use crate::app::App;
use crate::ids::SeverityId;
use crate::incident::catalogue;
use crate::incident::catalogue::edit::{CatalogueCommand, Edit, SeverityWords};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v1/severities", list),
        posts("/v1/severities", create),
        reads("/v1/severities/{id}", show),
        puts("/v1/severities/{id}", replace),
        removes("/v1/severities/{id}", remove),
    ]
}

#[derive(Serialize)]
struct Many {
    severities: Vec<Severity>,
}

#[derive(Serialize)]
struct One {
    severity: Severity,
}

#[derive(Debug, Deserialize)]
struct Says {
    name: String,
    description: String,
    rank: Option<i64>,
}

impl From<Says> for SeverityWords {
    fn from(Says { name, description, rank }: Says) -> SeverityWords {
        SeverityWords { name: Some(name), description: Some(description), rank }
    }
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
    let severity = catalogue.severities.iter().find(|severity| severity.id.as_str() == id);
    let severity = severity.ok_or_else(|| Failure::not_found("severity"))?;
    Ok(Json(One { severity: severity.into() }))
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(says): Body<Says>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let one = edit(&app, &key, Edit::Create(says.into())).await?;
    Ok((StatusCode::CREATED, Json(one)))
}

async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(says): Body<Says>,
) -> Result<Json<One>, Failure> {
    let change = Edit::Change { id: SeverityId::new(id), words: says.into() };
    Ok(Json(edit(&app, &key, change).await?))
}

async fn remove(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    edit(&app, &key, Edit::Remove { id: SeverityId::new(id) }).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn edit(app: &App, key: &Key, edit: Edit<SeverityId, SeverityWords>) -> Result<One, Failure> {
    let severity: catalogue::Severity =
        carry_out(app, key, CatalogueCommand::Severity(edit)).await?;
    Ok(One { severity: (&severity).into() })
}
