//! Reading incidents: the list, and one.

use axum::Json;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::listing::{self, Listing};
use crate::api::v1::openapi::{Authorized, OneIncident, Queried};
use crate::api::v1::view::IncidentView;
use crate::app::App;
use crate::engine::order::Target;
use crate::ids::IncidentId;
use crate::incident::access::may_see;
use crate::incident::state::{Incident, parse_reference};
use crate::store::db::Tx;
use crate::store::{incident_lists, incidents};

/// The most that one page holds. Two hundred long summaries are under half a megabyte.
pub const PAGE_LIMIT: i64 = 200;
/// What a page holds if nobody says.
pub const PAGE: i64 = 25;

/// A page of incidents.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentPage {
    /// In the order that was asked for; newest first.
    pub incidents: Vec<IncidentView>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(example = "000000000000000a52d2b8ff8cb3d78f")]
    pub next_cursor: Option<String>,
}

/// List incidents
///
/// Page after page: ask again with `next_cursor` until it is null. Incidents that are declared meanwhile
/// neither repeat nor hide others; sorted by `updated`, one that changes meanwhile may come again. What is
/// given together has to hold together; of what is repeated, one has to hold. Private incidents are listed
/// for the token that declared them, and for tokens with the scope `incidents:private`.
#[utoipa::path(
    get,
    path = "/api/v1/incidents",
    operation_id = "listIncidents",
    tag = "incidents",
    security(("token" = [])),
    params(
        ("category" = Option<Vec<String>>, Query, explode,
            description = "Only incidents in these parts of life: `triage`, `live`, `paused`, `learning`, `closed`, `declined`, `merged`, `canceled`, or `open` for the first three. Repeated, or a list with commas",
            example = json!(["open"])),
        ("status" = Option<Vec<String>>, Query, explode,
            description = "Only incidents of these statuses: ids or names. Repeated"),
        ("severity" = Option<Vec<String>>, Query, explode, example = json!(["critical"]),
            description = "Only incidents of these severities: ids, names, `sev1` for the worst, or `none`. Repeated"),
        ("type" = Option<Vec<String>>, Query, explode,
            description = "Only incidents of these types: ids or names. Repeated"),
        ("mode" = Option<Vec<String>>, Query, explode,
            description = "Only incidents of these modes: `standard`, `retrospective`, `test`, `tutorial`. Repeated"),
        ("visibility" = Option<String>, Query, description = "Only `public` or only `private` ones"),
        ("lead" = Option<Vec<String>>, Query, explode, example = json!(["U012AB3CD"]),
            description = "Only incidents that one of these people leads: ids of users in Slack, or `none`. Repeated"),
        ("creator" = Option<String>, Query, example = json!("U012AB3CD"),
            description = "Only incidents that this person declared; `token:ci` for a token, `stentor` for alerts"),
        ("opened_by" = Option<String>, Query, description = "`alerts` for those that alerts opened, `people` for the others"),
        ("source" = Option<String>, Query, description = "Only incidents that alerts of this source opened: its id"),
        ("project" = Option<String>, Query, description = "Only incidents whose first alert names this project"),
        ("service" = Option<String>, Query, description = "Only incidents whose first alert names this service"),
        ("impact" = Option<String>, Query, description = "Only incidents whose first alert says this impact, whatever the case"),
        ("tag" = Option<Vec<String>>, Query, explode, description = "Only incidents whose first alert has one of these tags. Repeated"),
        ("incident_tag" = Option<Vec<String>>, Query, explode, example = json!(["priority=P1"]),
            description = "Only incidents with this tag: the tag's id or name, `=`, and a value; with nothing after `=`, those without the tag. Of several values that are given at once, as where the tag is set, one has to be there. Repeated: each has to hold"),
        ("field" = Option<Vec<String>>, Query, explode, example = json!(["Affected region=eu-west"]),
            description = "Only incidents in which this field says this: the field's id or name, `=`, and an option, a text, a number or an address; with nothing after `=`, those in which it says nothing. Repeated: each has to hold"),
        ("created_from" = Option<String>, Query, format = DateTime, description = "Only incidents that were declared then or later"),
        ("created_to" = Option<String>, Query, format = DateTime, description = "Only incidents that were declared before"),
        ("updated_from" = Option<String>, Query, format = DateTime, description = "Only incidents that have changed last then or later"),
        ("updated_to" = Option<String>, Query, format = DateTime, description = "Only incidents that have changed last before"),
        ("ended_from" = Option<String>, Query, format = DateTime, description = "Only incidents that have ended then or later"),
        ("ended_to" = Option<String>, Query, format = DateTime, description = "Only incidents that have ended before"),
        ("sort" = Option<String>, Query, description = "`newest` first (if left out), `oldest` first, or what has `updated` last first"),
        ("q" = Option<String>, Query, max_length = 200,
            description = "Only incidents with this text in the name or summary, whatever the case; at most 200 characters"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before, with the same filters"),
    ),
    responses(
        (status = 200, description = "A page of incidents", body = IncidentPage),
        Authorized,
        Queried,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<IncidentPage>, Problem> {
    let params = Params::read(query.as_deref(), &listing::KNOWN)?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let (workspace, eyes) = (&caller.workspace, caller.eyes());
    let listing = Listing::read(&params, &catalogue)?;
    let query = listing.query(&params, workspace, usize::try_from(limit).unwrap_or_default())?;
    let page = incident_lists::page(&mut tx, workspace, &eyes, &query).await?;
    let next_cursor = page.next.map(|place| listing.cursor(place, workspace));
    let seen = page.incidents.into_iter();
    let incidents = seen.map(|incident| IncidentView::new(incident, &catalogue)).collect();
    Ok(Json(IncidentPage { incidents, next_cursor }))
}

/// Show an incident
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}",
    operation_id = "showIncident",
    tag = "incidents",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses(
        (status = 200, description = "The incident", body = IncidentView,
            headers(("ETag" = String, description = "Its version, for `If-Match`"))),
        Authorized,
        OneIncident,
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Response, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(IncidentView::new(incident, &catalogue).answer(StatusCode::OK))
}

/// What `{ref}` can be.
pub const REFERENCE: &str = "Which incident: its reference (`INC-42`), its number (`42`) or its id";

/// The incident, if it is there and the caller may know of it.
pub async fn find(tx: &mut Tx, caller: &Caller, target: &Target) -> Result<Incident, Problem> {
    let found = match target {
        Target::Id(id) => incidents::by_id(tx, &caller.workspace, id).await?,
        Target::Number(number) => incidents::by_number(tx, &caller.workspace, *number).await?,
        Target::New | Target::Channel(_) => None,
    };
    let eyes = caller.eyes();
    found.filter(|incident| may_see(incident, &eyes)).ok_or_else(Problem::no_such_incident)
}

/// Which incident the path means.
pub struct Reference(pub Target);

impl<S: Send + Sync> FromRequestParts<S> for Reference {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // A path that does not decode is no incident's.
        let Path(text): Path<String> = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::no_such_incident())?;
        target(&text).map(Reference).ok_or_else(Problem::no_such_incident)
    }
}

/// The incident that a reference, number or id means.
pub fn target(text: &str) -> Option<Target> {
    match parse_reference(text) {
        Some(number) => Some(Target::Number(number)),
        None => {
            let id = ulid::Ulid::from_string(text).ok()?;
            Some(Target::Id(IncidentId::new(id.to_string())))
        }
    }
}
