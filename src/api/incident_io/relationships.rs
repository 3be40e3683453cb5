//! Which other incidents one has to do with.
//!
//! A relationship is no record of its own: its id is made of the ids of both.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::v1::papers::around::relatives;
use crate::app::App;
use crate::ids::IncidentId;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads("/v1/incident_relationships", list)]
}

/// The most of them on a page.
const PAGE_LIMIT: usize = 250;

#[derive(Serialize)]
struct Many {
    incident_relationships: Vec<Relationship>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct Relationship {
    id: String,
    incident: Other,
}

/// The other incident.
#[derive(Serialize)]
struct Other {
    id: IncidentId,
    external_id: i64,
    name: String,
}

async fn list(State(app): State<App>, key: Key, query: Query) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let incident = query.required("incident_id")?;
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, &key, "incident_id", incident).await?;
    let others = relatives(&mut tx, &key.0, &incident).await?;
    let related = others.into_iter().map(|(other, _)| Relationship {
        id: format!("{}.{}", incident.id, other.id),
        incident: Other { id: other.id, external_id: other.number, name: other.name },
    });
    let (incident_relationships, pagination_meta) =
        PaginationMeta::cut(&page, related, |related| related.id.clone())?;
    Ok(Json(Many { incident_relationships, pagination_meta }))
}
