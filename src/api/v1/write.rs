//! Writing incidents: declaring one, and giving commands to one.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey, IfMatch};
use crate::api::v1::incidents::{REFERENCE, Reference};
use crate::api::v1::openapi::{Authorized, OneIncident, Written};
use crate::api::v1::view::IncidentView;
use crate::app::App;
use crate::engine::order::{Order, Target};
use crate::incident::command::{Command, Declare};
use crate::incident::edit::Edit;
use crate::incident::event::Via;
use crate::incident::state::Incident;

/// What `Idempotency-Key` is for.
pub(super) const KEY: &str = "Your name for this request, 1 to 255 visible ASCII characters, such as a random UUID. \
    A second request with the same key and token changes nothing and gets the first one's answer, \
    whatever its body. A request that was refused has used up no key";

/// Declare an incident
///
/// When this answers, the incident is durable, and its channel and announcement in Slack will
/// follow, even if Slack is away at the moment.
#[utoipa::path(
    post,
    path = "/api/v1/incidents",
    operation_id = "declareIncident",
    tag = "incidents",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255)),
    request_body(content = Declare, description = "What is known so far",
        example = json!({"name": "Checkout answers 500", "severity": "sev1"})),
    responses(
        (status = 201, description = "The incident, as it was declared", body = IncidentView, headers(
            ("Location" = String, description = "Where the incident is"),
            ("ETag" = String, description = "Its version, for `If-Match`"),
        )),
        Authorized,
        Written,
    ),
)]
pub async fn declare(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(declare): Body<Declare>,
) -> Result<Response, Problem> {
    let command = Command::Declare(declare);
    let incident = submit(&app, &caller, key, Target::New, command, None).await?;
    let location = format!("/api/v1/incidents/{}", incident.reference);
    let location = HeaderValue::try_from(location).expect("a reference is a header value");
    let mut response = incident.answer(StatusCode::CREATED);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Give an incident a command
///
/// `type` says which: `update`, `severity`, `status`, `resolve`, `close`, `reopen`, `role`,
/// `summary`, `rename`, `note`, `accept`, `decline`, `type`, `invite`, `snooze`, `unsnooze`,
/// `merge`, `field`, `timestamp`, `call`, `name_channel`, `visibility`, `pause`, `cancel`, `edit`, `remove`, `subscribe`,
/// `unsubscribe`, `relate`, `unrelate`, `tag`, `untag`, `snooze_until`, `resolve_all`, or `paperwork`, of which `do`
/// says more: actions, follow-ups, timeline items, attachments, documents and notes. The answer is the incident right after it. 409 says that the incident is that way
/// already, is over, or can't take that step.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{ref}/commands",
    operation_id = "commandIncident",
    tag = "incidents",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
        ("If-Match" = Option<String>, Header, example = json!("\"7\""),
            description = "The `ETag` of the incident as you saw it: if it has changed since, nothing is done (412). `*`, or nothing, for any version"),
    ),
    request_body(content = Command, description = "The command",
        example = json!({"type": "update", "message": "Rolled back to 1.4", "status": "monitoring", "next_update_in_minutes": 30})),
    responses(
        (status = 200, description = "The incident, right after the command", body = IncidentView,
            headers(("ETag" = String, description = "Its version, for `If-Match`"))),
        (status = 409, description = "The incident is that way already (`already-so`), is over (`incident-over`), can't take that step (`wrong-step`), or can't go on in that other incident (`bad-merge`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The incident has changed since the version in `If-Match` (`stale-version`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneIncident,
        Written,
    ),
)]
pub async fn command(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    key: IdempotencyKey,
    IfMatch(expected_version): IfMatch,
    Body(command): Body<Command>,
) -> Result<Response, Problem> {
    let incident = submit(&app, &caller, key, target, command, expected_version).await?;
    Ok(incident.answer(StatusCode::OK))
}

/// Edit an incident
///
/// Changes several things in one step: all of them, or, if one can't be, none. What is left out stays, what is so
/// already is no change, and if all of it is, nothing is written. The same as the command `edit`.
#[utoipa::path(
    patch,
    path = "/api/v1/incidents/{ref}",
    operation_id = "editIncident",
    tag = "incidents",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
        ("If-Match" = Option<String>, Header, example = json!("\"7\""),
            description = "The `ETag` of the incident as you saw it: if it has changed since, nothing is done (412). `*`, or nothing, for any version"),
    ),
    request_body(content = Edit, description = "What is to be otherwise",
        example = json!({"severity": "sev2", "fields": {"Affected team": ["Payments"]}, "roles": {"lead": "U012AB3CD"}, "notify": true})),
    responses(
        (status = 200, description = "The incident, right after it", body = IncidentView,
            headers(("ETag" = String, description = "Its version, for `If-Match`"))),
        (status = 409, description = "The incident is over (`incident-over`), or can't take that step (`wrong-step`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The incident has changed since the version in `If-Match` (`stale-version`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneIncident,
        Written,
    ),
)]
pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    key: IdempotencyKey,
    IfMatch(expected_version): IfMatch,
    Body(edit): Body<Edit>,
) -> Result<Response, Problem> {
    let command = Command::Edit(edit);
    let incident = submit(&app, &caller, key, target, command, expected_version).await?;
    Ok(incident.answer(StatusCode::OK))
}

/// Where an incident goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The other incident: its reference or number.
    #[schema(example = "INC-7")]
    pub into: String,
}

/// Merge an incident into another
///
/// The same as the command `merge`. Its alerts belong to the other one from then on, unless this one is
/// private and the other is not.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{ref}/merge",
    operation_id = "mergeIncident",
    tag = "incidents",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body = Merge,
    responses(
        (status = 200, description = "The incident, which goes on in the other", body = IncidentView,
            headers(("ETag" = String, description = "Its version, for `If-Match`"))),
        (status = 409, description = "The incident is merged already (`already-so`), is over (`incident-over`), or can't go on in that one (`bad-merge`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneIncident,
        Written,
    ),
)]
pub async fn merge(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    key: IdempotencyKey,
    Body(body): Body<Merge>,
) -> Result<Response, Problem> {
    let command = Command::Merge { into: body.into };
    let incident = submit(&app, &caller, key, target, command, None).await?;
    Ok(incident.answer(StatusCode::OK))
}

async fn submit(
    app: &App,
    caller: &Caller,
    IdempotencyKey(key): IdempotencyKey,
    target: Target,
    command: Command,
    expected_version: Option<i64>,
) -> Result<IncidentView, Problem> {
    let order = Order {
        workspace: caller.workspace.clone(),
        receipt: key.map(|key| caller.receipt(&key)),
        target,
        actor: caller.actor.clone(),
        through: Some(caller.program()),
        via: Via::Api,
        command,
        expected_version,
    };
    let done = app.engine.submit(order).await?;
    Ok(IncidentView::new(Incident::clone(&done.incident), &done.catalogue))
}
