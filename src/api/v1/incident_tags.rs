//! The tags that a workspace has, and those of an incident.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey};
use crate::api::v1::incidents::{REFERENCE, Reference, find, target};
use crate::api::v1::openapi::{Authorized, Keyed, OneIncident, OneTag, Written};
use crate::api::v1::view::{IncidentView, TagView, tag_views};
use crate::api::v1::write::KEY;
use crate::app::App;
use crate::engine::naming;
use crate::engine::order::{Order, Target};
use crate::ids::TagId;
use crate::incident::catalogue::Catalogue;
use crate::incident::command::Command;
use crate::incident::event::Via;
use crate::incident::state::Incident;
use crate::incident::tags::definition::{self, NewTag, TagChange, TagDefinition};

/// Where they are.
const PATH: &str = "/api/v1/incident-tags";

/// The tags of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentTagList {
    /// In the order in which they were made.
    pub tags: Vec<TagDefinition>,
}

/// List the tags that incidents can have
///
/// All of them, those that are not used any more among them: there are at most 200.
#[utoipa::path(
    get,
    path = "/api/v1/incident-tags",
    operation_id = "listIncidentTags",
    tag = "catalogue",
    security(("token" = [])),
    responses((status = 200, description = "The tags", body = IncidentTagList), Authorized),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<IncidentTagList>, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(IncidentTagList { tags: catalogue.tags.clone() }))
}

/// Make a tag that incidents can have
#[utoipa::path(
    post,
    path = "/api/v1/incident-tags",
    operation_id = "createIncidentTag",
    tag = "catalogue",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255)),
    request_body = NewTag,
    responses(
        (status = 201, description = "The tag", body = TagDefinition,
            headers(("Location" = String, description = "Where the tag is"))),
        (status = 409, description = "There is a tag of that name, or there are 200 (`bad-tag`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(wanted): Body<NewTag>,
) -> Result<Response, Problem> {
    let receipt = caller.receipt_for(PATH, &key, &app.ids.ulid(app.clock.now()));
    let tag = make(&app, &caller, &receipt, &wanted).await?;
    let location = HeaderValue::try_from(format!("{PATH}/{}", tag.id));
    let location = location.expect("an id of ours is a header value");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(tag)).into_response())
}

/// Makes a tag, once for each receipt.
pub(crate) async fn make(
    app: &App,
    caller: &Caller,
    receipt: &str,
    wanted: &NewTag,
) -> Result<TagDefinition, Problem> {
    let id = TagId::new(app.ids.ulid(app.clock.now()));
    let made = naming::name(&app.db, &app.clock, &caller.workspace, receipt, |catalogue, now| {
        let made = definition::create(catalogue, id.clone(), wanted, &caller.actor, now)?;
        Ok(made.to_string())
    });
    let made = made.await?;
    one(&made.catalogue, &made.id).cloned()
}

/// Changes a tag.
pub(crate) async fn alter(
    app: &App,
    caller: &Caller,
    id: &str,
    wanted: &TagChange,
) -> Result<TagDefinition, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    drop(tx);
    let id = one(&catalogue, id)?.id.clone();
    let receipt = format!("incident-tag/{}", app.ids.ulid(app.clock.now()));
    let changed =
        naming::name(&app.db, &app.clock, &caller.workspace, &receipt, |catalogue, now| {
            Ok(definition::change(catalogue, &id, wanted, now)?.to_string())
        });
    let changed = changed.await?;
    one(&changed.catalogue, &changed.id).cloned()
}

/// The tag with this id.
pub(crate) fn one<'c>(catalogue: &'c Catalogue, id: &str) -> Result<&'c TagDefinition, Problem> {
    let found = catalogue.tags.iter().find(|tag| tag.id.as_str() == id);
    found.ok_or_else(|| Problem::no_such("tag"))
}

/// Show a tag that incidents can have
#[utoipa::path(
    get,
    path = "/api/v1/incident-tags/{id}",
    operation_id = "showIncidentTag",
    tag = "catalogue",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the tag")),
    responses((status = 200, description = "The tag", body = TagDefinition), Authorized, OneTag),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TagDefinition>, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    one(&catalogue, &id).cloned().map(Json)
}

/// Change a tag that incidents can have
///
/// What is left out stays. Values that incidents have stay as they are. A tag is never removed: one
/// that is not `active` can't be given to incidents any more.
#[utoipa::path(
    patch,
    path = "/api/v1/incident-tags/{id}",
    operation_id = "changeIncidentTag",
    tag = "catalogue",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the tag")),
    request_body = TagChange,
    responses(
        (status = 200, description = "The tag", body = TagDefinition),
        (status = 409, description = "There is a tag of that name (`bad-tag`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneTag,
        Written,
    ),
)]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(wanted): Body<TagChange>,
) -> Result<Json<TagDefinition>, Problem> {
    alter(&app, &caller, &id, &wanted).await.map(Json)
}

/// The tags of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagsOfIncident {
    /// In the order of the catalogue.
    pub tags: Vec<TagView>,
}

/// List the tags of an incident
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/tags",
    operation_id = "listTagsOfIncident",
    tag = "incidents",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses(
        (status = 200, description = "The tags", body = TagsOfIncident),
        Authorized,
        OneIncident,
    ),
)]
pub async fn of_incident(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<TagsOfIncident>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(TagsOfIncident { tags: tag_views(&incident, &catalogue) }))
}

/// What a tag is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagValue {
    /// The value. Of a tag that has several, a JSON list of texts in a string, or texts with commas
    /// between.
    #[schema(example = "P1")]
    pub value: String,
}

/// Give an incident a tag
///
/// In place of what it has of it. The same as the command `tag`.
#[utoipa::path(
    put,
    path = "/api/v1/incidents/{ref}/tags/{id}",
    operation_id = "tagIncident",
    tag = "incidents",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("id" = String, Path, description = "The id or name of the tag"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body = TagValue,
    responses(
        (status = 200, description = "The incident", body = IncidentView,
            headers(("ETag" = String, description = "Its version, for `If-Match`"))),
        (status = 409, description = "It has that value already (`already-so`), or the tag is not used any more (`bad-tag`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneIncident,
        Written,
    ),
)]
pub async fn set(
    State(app): State<App>,
    caller: Caller,
    Path((reference, tag)): Path<(String, String)>,
    key: IdempotencyKey,
    Body(TagValue { value }): Body<TagValue>,
) -> Result<Response, Problem> {
    submit(&app, &caller, &reference, key, Command::Tag { tag, value }).await
}

/// Take a tag from an incident
///
/// The same as the command `untag`.
#[utoipa::path(
    delete,
    path = "/api/v1/incidents/{ref}/tags/{id}",
    operation_id = "untagIncident",
    tag = "incidents",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("id" = String, Path, description = "The id or name of the tag"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    responses(
        (status = 200, description = "The incident", body = IncidentView,
            headers(("ETag" = String, description = "Its version, for `If-Match`"))),
        (status = 409, description = "It has no such tag (`already-so`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "There is no such tag (`unknown-tag`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneIncident,
        Keyed,
    ),
)]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path((reference, tag)): Path<(String, String)>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    submit(&app, &caller, &reference, key, Command::Untag { tag }).await
}

async fn submit(
    app: &App,
    caller: &Caller,
    reference: &str,
    IdempotencyKey(key): IdempotencyKey,
    command: Command,
) -> Result<Response, Problem> {
    let target: Target = target(reference).ok_or_else(Problem::no_such_incident)?;
    let order = Order {
        workspace: caller.workspace.clone(),
        receipt: key.map(|key| caller.receipt(&key)),
        target,
        actor: caller.actor.clone(),
        through: Some(caller.program()),
        via: Via::Api,
        command,
        expected_version: None,
    };
    let done = app.engine.submit(order).await?;
    let view = IncidentView::new(Incident::clone(&done.incident), &done.catalogue);
    Ok(view.answer(StatusCode::OK))
}
