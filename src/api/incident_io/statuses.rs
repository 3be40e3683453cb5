//! Statuses: where an incident can stand.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::edit::carry_out;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::shape::catalogue::Status;
use crate::app::App;
use crate::ids::StatusId;
use crate::incident::catalogue;
use crate::incident::catalogue::StatusCategory;
use crate::incident::catalogue::edit::{CatalogueCommand, Edit, StatusWords};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v1/incident_statuses", list),
        posts("/v1/incident_statuses", create),
        reads("/v1/incident_statuses/{id}", show),
        puts("/v1/incident_statuses/{id}", replace),
        removes("/v1/incident_statuses/{id}", remove),
    ]
}

#[derive(Serialize)]
struct Many {
    incident_statuses: Vec<Status>,
}

#[derive(Serialize)]
struct One {
    incident_status: Status,
}

#[derive(Debug, Deserialize)]
struct Create {
    category: String,
    #[serde(flatten)]
    says: Says,
}

#[derive(Debug, Deserialize)]
struct Says {
    name: String,
    description: String,
    rank: Option<i64>,
}

impl Says {
    fn words(self, category: Option<StatusCategory>) -> StatusWords {
        let Says { name, description, rank } = self;
        StatusWords { category, name: Some(name), description: Some(description), rank }
    }
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
    let status = catalogue.statuses.iter().find(|status| status.id.as_str() == id);
    let status = status.ok_or_else(|| Failure::not_found("incident status"))?;
    Ok(Json(One { incident_status: status.into() }))
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(Create { category, says }): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let category = match category.as_str() {
        "live" => StatusCategory::Live,
        "learning" => StatusCategory::Learning,
        "closed" => StatusCategory::Closed,
        _ => {
            let message = "A category is one of live, learning, closed.";
            return Err(Failure::invalid("category", message));
        }
    };
    let one = edit(&app, &key, Edit::Create(says.words(Some(category)))).await?;
    Ok((StatusCode::CREATED, Json(one)))
}

async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(says): Body<Says>,
) -> Result<Json<One>, Failure> {
    let change = Edit::Change { id: StatusId::new(id), words: says.words(None) };
    Ok(Json(edit(&app, &key, change).await?))
}

async fn remove(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    edit(&app, &key, Edit::Remove { id: StatusId::new(id) }).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn edit(app: &App, key: &Key, edit: Edit<StatusId, StatusWords>) -> Result<One, Failure> {
    let status: catalogue::Status = carry_out(app, key, CatalogueCommand::Status(edit)).await?;
    Ok(One { incident_status: (&status).into() })
}
