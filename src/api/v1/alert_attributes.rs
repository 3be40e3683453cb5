//! Attributes: what the labels of alerts mean to people.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::alert::attribute::Attribute;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey};
use crate::api::v1::openapi::{Authorized, OneAttribute, Written};
use crate::api::v1::settings::sentence;
use crate::api::v1::write::KEY;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::AttributeId;
use crate::ingest::attributes::{self, NotKept};
use crate::store::alert_attributes::{self, Kept};

const PATH: &str = "/api/v1/alert-attributes";

/// An attribute, as programs see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptAlertAttribute)]
pub struct View {
    /// Its id, a ULID.
    #[schema(value_type = String)]
    pub id: AttributeId,
    /// What it says.
    #[serde(flatten)]
    pub says: Attribute,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl From<Kept> for View {
    fn from(kept: Kept) -> View {
        let Kept { id, attribute, created_at, updated_at } = kept;
        View { id, says: attribute, created_at, updated_at }
    }
}

/// The attributes of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertAttributeList {
    /// In the order in which they were made.
    pub attributes: Vec<View>,
}

impl From<NotKept> for Problem {
    fn from(not_kept: NotKept) -> Problem {
        let detail = sentence(&not_kept.to_string());
        match not_kept {
            NotKept::Bad(bad) => Problem::does_not_fit(detail, Some(bad.field.to_owned())),
            NotKept::NameTaken { .. } => Problem::name_taken(detail),
            NotKept::Enough => Problem::enough(detail),
            NotKept::Gone => Problem::gone(detail),
            NotKept::NotSaved(error) => error.into(),
        }
    }
}

/// List alert attributes
///
/// All of them: there are at most 200.
#[utoipa::path(
    get,
    path = "/api/v1/alert-attributes",
    operation_id = "listAlertAttributes",
    tag = "alert settings",
    security(("token" = [])),
    responses((status = 200, description = "All of them", body = AlertAttributeList), Authorized),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<AlertAttributeList>, Problem> {
    let mut tx = app.db.read().await?;
    let all = alert_attributes::all(&mut tx, &caller.workspace).await?;
    Ok(Json(AlertAttributeList { attributes: all.into_iter().map(View::from).collect() }))
}

/// Make an alert attribute
///
/// It changes nothing about alerts: it says what one of their labels is called.
#[utoipa::path(
    post,
    path = "/api/v1/alert-attributes",
    operation_id = "createAlertAttribute",
    tag = "alert settings",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255)),
    request_body = Attribute,
    responses(
        (status = 201, description = "The attribute", body = View,
            headers(("Location" = String, description = "Where the attribute is"))),
        (status = 409, description = "There is an attribute of that name (`name-taken`), or there are 200 (`too-many`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "It was made by a request with this key, and removed since (`gone`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(attribute): Body<Attribute>,
) -> Result<Response, Problem> {
    let receipt = caller.receipt_for(PATH, &key, &app.ids.ulid(app.clock.now()));
    let App { db, clock, ids, .. } = &app;
    let made = attributes::create(db, clock, ids, &caller.workspace, attribute, &receipt).await?;
    let location = HeaderValue::try_from(format!("{PATH}/{}", made.id));
    let location = location.expect("an id of ours is a header value");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(View::from(made)))
        .into_response())
}

/// Show an alert attribute
#[utoipa::path(
    get,
    path = "/api/v1/alert-attributes/{id}",
    operation_id = "showAlertAttribute",
    tag = "alert settings",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the attribute")),
    responses((status = 200, description = "It", body = View), Authorized, OneAttribute),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<View>, Problem> {
    let mut tx = app.db.read().await?;
    let found = alert_attributes::by_id(&mut tx, &caller.workspace, &read_id(id)?).await?;
    found.map(|kept| Json(View::from(kept))).ok_or_else(no_such)
}

/// Replace an alert attribute
///
/// What is left out is as if it were new; `label` too, which then is the name.
#[utoipa::path(
    put,
    path = "/api/v1/alert-attributes/{id}",
    operation_id = "replaceAlertAttribute",
    tag = "alert settings",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the attribute")),
    request_body = Attribute,
    responses(
        (status = 200, description = "It, as it is from now on", body = View),
        (status = 409, description = "There is another attribute of that name (`name-taken`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneAttribute,
        Written,
    ),
)]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(attribute): Body<Attribute>,
) -> Result<Json<View>, Problem> {
    let id = read_id(id)?;
    let kept = attributes::replace(&app.db, &app.clock, &caller.workspace, &id, attribute).await?;
    kept.map(|kept| Json(View::from(kept))).ok_or_else(no_such)
}

/// Remove an alert attribute
///
/// The labels of alerts stay.
#[utoipa::path(
    delete,
    path = "/api/v1/alert-attributes/{id}",
    operation_id = "removeAlertAttribute",
    tag = "alert settings",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the attribute")),
    responses((status = 204, description = "It is gone"), Authorized, OneAttribute),
)]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    match attributes::remove(&app.db, &caller.workspace, &read_id(id)?).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(no_such()),
    }
}

fn no_such() -> Problem {
    Problem::no_such("alert attribute")
}

/// A text that no database takes is no id.
fn read_id(id: String) -> Result<AttributeId, Problem> {
    if id.contains('\0') { Err(no_such()) } else { Ok(AttributeId::new(id)) }
}
