//! Attributes of alerts. An attribute is a label of alerts that has a name for people: it keeps its
//! label when it is renamed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::alert::attribute;
use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::shape::alert::Attribute;
use crate::api::problem::Problem;
use crate::app::App;
use crate::ids::AttributeId;
use crate::ingest::attributes::{self, NotKept};
use crate::store::alert_attributes::{self, Kept};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/alert_attributes", list),
        posts("/v2/alert_attributes", create),
        reads("/v2/alert_attributes/{id}", show),
        puts("/v2/alert_attributes/{id}", replace),
        removes("/v2/alert_attributes/{id}", remove),
    ]
}

#[derive(Serialize)]
struct Many {
    alert_attributes: Vec<Attribute>,
}

#[derive(Serialize)]
struct One {
    alert_attribute: Attribute,
}

impl From<Kept> for One {
    fn from(kept: Kept) -> One {
        One { alert_attribute: Attribute::from(&kept) }
    }
}

#[derive(Debug, Deserialize)]
struct Says {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    array: bool,
    required: Option<bool>,
    emoji: Option<String>,
}

impl Says {
    /// The attribute that this makes of the one before.
    fn onto(self, before: Option<&attribute::Attribute>) -> attribute::Attribute {
        attribute::Attribute {
            name: self.name,
            label: before.map(|before| before.label.clone()).unwrap_or_default(),
            kind: self.kind,
            array: self.array,
            required: self.required.unwrap_or(before.is_some_and(|before| before.required)),
            emoji: self.emoji,
        }
    }
}

impl From<NotKept> for Failure {
    fn from(not_kept: NotKept) -> Failure {
        Failure::from(Problem::from(not_kept)).in_terms_of(&[("kind", "type"), ("label", "name")])
    }
}

fn no_such() -> Failure {
    Failure::not_found("alert attribute")
}

/// The attribute of this id.
async fn find(app: &App, Key(caller): &Key, id: &AttributeId) -> Result<Kept, Failure> {
    let mut tx = app.db.read().await?;
    let found = alert_attributes::by_id(&mut tx, &caller.workspace, id).await?;
    found.ok_or_else(no_such)
}

async fn list(State(app): State<App>, Key(caller): Key) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    let all = alert_attributes::all(&mut tx, &caller.workspace).await?;
    Ok(Json(Many { alert_attributes: all.iter().map(Attribute::from).collect() }))
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(says): Body<Says>,
) -> Result<(StatusCode, Json<One>), Failure> {
    // This format has no keys here: each request is another one.
    let receipt = key.receipt("alert-attribute", &app.ids.ulid(app.clock.now()));
    let App { db, clock, ids, .. } = &app;
    let attribute = says.onto(None);
    let made = attributes::create(db, clock, ids, &key.0.workspace, attribute, &receipt).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    Ok(Json(find(&app, &key, &read_id(id)?).await?.into()))
}

async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(says): Body<Says>,
) -> Result<Json<One>, Failure> {
    let id = read_id(id)?;
    let before = find(&app, &key, &id).await?.attribute;
    let attribute = says.onto(Some(&before));
    let kept = attributes::replace(&app.db, &app.clock, &key.0.workspace, &id, attribute).await?;
    Ok(Json(kept.ok_or_else(no_such)?.into()))
}

async fn remove(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    match attributes::remove(&app.db, &caller.workspace, &read_id(id)?).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(no_such()),
    }
}

/// A text that no database takes is no id.
fn read_id(id: String) -> Result<AttributeId, Failure> {
    if id.contains('\0') { Err(no_such()) } else { Ok(AttributeId::new(id)) }
}
