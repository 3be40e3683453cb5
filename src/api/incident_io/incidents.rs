//! Incidents.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, reads};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::incident::Incident;
use crate::api::v1::incidents::{find, target};
use crate::app::App;
use crate::engine::order::{Order, Target};
use crate::incident::command::{Command, Declare};
use crate::incident::event::Via;
use crate::incident::state;
use crate::store::db::Tx;
use crate::store::incidents::{self, Filter};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/incidents", list),
        posts("/v2/incidents", create),
        reads("/v2/incidents/{id}", show),
    ]
}

/// The most incidents on a page.
const PAGE_LIMIT: usize = 250;

/// Which incident a path means: by its id, or by its number.
pub struct Wanted(pub Target);

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Wanted, Failure> {
        let missing = || Failure::not_found("incident");
        let path = Path::from_request_parts(parts, state).await;
        let Path(text): Path<String> = path.map_err(|_| missing())?;
        target(&text).map(Wanted).ok_or_else(missing)
    }
}

/// The incident that a field or parameter names.
pub async fn find_field(
    tx: &mut Tx,
    key: &Key,
    field: &str,
    text: &str,
) -> Result<state::Incident, Failure> {
    let missing = || Failure::not_found("incident");
    let target =
        target(text).ok_or_else(|| Failure::invalid(field, "This is no incident's id."))?;
    find(tx, &key.0, &target).await.map_err(|problem| match problem.status() {
        StatusCode::NOT_FOUND => missing(),
        _ => problem.into(),
    })
}

#[derive(Serialize)]
struct Many {
    incidents: Vec<Incident>,
    pagination_meta: PaginationMeta,
}

/// One incident.
#[derive(Serialize)]
pub struct One {
    incident: Incident,
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let mut tx = app.db.read().await?;
    let before = match &page.after {
        None => None,
        Some(id) => {
            let last = target(id).ok_or_else(|| Failure::invalid("after", "No such cursor."))?;
            let last = find(&mut tx, &caller, &last).await;
            Some(last.map_err(|_| Failure::invalid("after", "No such cursor."))?.number)
        }
    };
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let (workspace, actor) = (&caller.workspace, &caller.actor);
    let filter = Filter::default();
    let mut found = incidents::list(&mut tx, workspace, actor, &filter, before, limit).await?;
    let reader = Reader::load(&app, &mut tx, workspace).await?;
    let meta = PaginationMeta::close(&page, &mut found, |incident| incident.id.to_string());
    let terms = reader.terms();
    let incidents = found.iter().map(|incident| Incident::show(incident, &terms)).collect();
    Ok(Json(Many { incidents, pagination_meta: meta }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Wanted(target): Wanted,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let reader = Reader::load(&app, &mut tx, &caller.workspace).await?;
    Ok(Json(One { incident: Incident::show(&incident, &reader.terms()) }))
}

/// What a new incident is made of.
#[derive(Debug, Deserialize)]
struct Create {
    idempotency_key: String,
    visibility: String,
    name: Option<String>,
    summary: Option<String>,
    severity_id: Option<String>,
    incident_type_id: Option<String>,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<Json<One>, Failure> {
    let private = match create.visibility.as_str() {
        "public" => false,
        "private" => true,
        _ => return Err(Failure::invalid("visibility", "visibility is public or private.")),
    };
    let receipt = key.receipt("incidents", &create.idempotency_key);
    let command = Command::Declare(Declare {
        name: create.name.unwrap_or_default(),
        summary: create.summary,
        severity: create.severity_id,
        incident_type: create.incident_type_id,
        private,
        ..Declare::default()
    });
    let Key(caller) = key;
    let order = Order {
        workspace: caller.workspace.clone(),
        receipt: Some(receipt),
        target: Target::New,
        actor: caller.actor.clone(),
        via: Via::Api,
        command,
        expected_version: None,
    };
    let done = app.engine.submit(order).await;
    let done = done.map_err(|not_done| Failure::from(not_done).in_terms_of(&NAMES))?;
    let mut tx = app.db.read().await?;
    let reader = Reader::load(&app, &mut tx, &caller.workspace).await?;
    Ok(Json(One { incident: Incident::show(&done.incident, &reader.terms()) }))
}

/// What this format calls fields of ours.
const NAMES: [(&str, &str); 3] = [
    ("severity", "severity_id"),
    ("status", "incident_status_id"),
    ("incident_type", "incident_type_id"),
];
