//! Environments: incidents that some people look at together.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::alert::filter::Filter;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey, Params};
use crate::api::v1::openapi::{Authorized, OneEnvironment, Queried, Written};
use crate::api::v1::view::IncidentView;
use crate::api::v1::write::KEY;
use crate::app::App;
use crate::engine::naming;
use crate::ids::EnvironmentId;
use crate::incident::catalogue::Catalogue;
use crate::incident::environment::{self, BadEnvironment, CONDITION_LIMIT, Environment, Wanted};
use crate::incident::picture::Folder;
use crate::incident::refusal::Refusal;
use crate::store::pictures::{self, Found, Search, Sort};

/// Where they are.
const PATH: &str = "/api/v1/environments";
/// Nothing is shown past this one.
pub(crate) const LAST: i64 = 10_000;

/// The environments of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvironmentList {
    /// The one that has every incident first, the others in the order in which they were made.
    pub environments: Vec<Environment>,
}

/// List environments
///
/// `all` is always there, and has every incident. There are at most 100 others.
#[utoipa::path(
    get,
    path = "/api/v1/environments",
    operation_id = "listEnvironments",
    tag = "incidents",
    security(("token" = [])),
    responses((status = 200, description = "The environments", body = EnvironmentList), Authorized),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<EnvironmentList>, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(EnvironmentList { environments: environment::every(&catalogue) }))
}

/// Make an environment
#[utoipa::path(
    post,
    path = "/api/v1/environments",
    operation_id = "createEnvironment",
    tag = "incidents",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255)),
    request_body = Wanted,
    responses(
        (status = 201, description = "The environment", body = Environment,
            headers(("Location" = String, description = "Where the environment is"))),
        (status = 409, description = "There is one of that name, or there are 100 (`bad-environment`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    let receipt = caller.receipt_for(PATH, &key, &app.ids.ulid(app.clock.now()));
    let made = make(&app, &caller, &receipt, &wanted).await?;
    let location = HeaderValue::try_from(format!("{PATH}/{}", made.id));
    let location = location.expect("an id of ours is a header value");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

/// Makes an environment, once for each receipt.
pub(crate) async fn make(
    app: &App,
    caller: &Caller,
    receipt: &str,
    wanted: &Wanted,
) -> Result<Environment, Problem> {
    let id = EnvironmentId::new(app.ids.ulid(app.clock.now()));
    let made = naming::name(&app.db, &app.clock, &caller.workspace, receipt, |catalogue, now| {
        let made = environment::create(catalogue, id.clone(), wanted, &caller.actor, now)?;
        Ok(made.to_string())
    });
    let made = made.await?;
    one(&made.catalogue, &made.id)
}

/// Makes an environment say something else.
pub(crate) async fn alter(
    app: &App,
    caller: &Caller,
    id: &str,
    wanted: &Wanted,
) -> Result<Environment, Problem> {
    let changed = edit(app, caller, |catalogue, now| {
        Ok(environment::replace(catalogue, &EnvironmentId::from(id), wanted, now)?)
    });
    one(&changed.await?.catalogue, id)
}

/// Removes an environment.
pub(crate) async fn erase(app: &App, caller: &Caller, id: &str) -> Result<(), Problem> {
    edit(app, caller, |catalogue, _| Ok(environment::remove(catalogue, &EnvironmentId::from(id))?))
        .await?;
    Ok(())
}

async fn edit(
    app: &App,
    caller: &Caller,
    change: impl Fn(&mut Catalogue, crate::clock::Timestamp) -> Result<EnvironmentId, Refusal>,
) -> Result<naming::Named, Problem> {
    let receipt = format!("environment/{}", app.ids.ulid(app.clock.now()));
    let change = |catalogue: &mut Catalogue, now| Ok(change(catalogue, now)?.to_string());
    Ok(naming::name(&app.db, &app.clock, &caller.workspace, &receipt, change).await?)
}

pub(crate) fn one(catalogue: &Catalogue, id: &str) -> Result<Environment, Problem> {
    environment::find(catalogue, id).map_err(|bad| Refusal::from(bad).into())
}

/// Show an environment
#[utoipa::path(
    get,
    path = "/api/v1/environments/{id}",
    operation_id = "showEnvironment",
    tag = "incidents",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the environment")),
    responses(
        (status = 200, description = "The environment", body = Environment),
        Authorized,
        OneEnvironment,
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Environment>, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    one(&catalogue, &id).map(Json)
}

/// Replace an environment
#[utoipa::path(
    put,
    path = "/api/v1/environments/{id}",
    operation_id = "replaceEnvironment",
    tag = "incidents",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the environment")),
    request_body = Wanted,
    responses(
        (status = 200, description = "The environment", body = Environment),
        (status = 409, description = "There is one of that name, or it is `all` (`bad-environment`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneEnvironment,
        Written,
    ),
)]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Environment>, Problem> {
    alter(&app, &caller, &id, &wanted).await.map(Json)
}

/// Remove an environment
///
/// Its incidents stay.
#[utoipa::path(
    delete,
    path = "/api/v1/environments/{id}",
    operation_id = "deleteEnvironment",
    tag = "incidents",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the environment")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is `all` (`bad-environment`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneEnvironment,
    ),
)]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    erase(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Incidents of an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvironmentPage {
    /// How many there are on all pages.
    #[schema(example = 3)]
    pub total: usize,
    /// Those of this page.
    pub incidents: Vec<IncidentView>,
}

/// List the incidents of an environment
///
/// The 10,000 incidents that have changed last are looked at. Unlike other lists, this one has numbered pages: who
/// pages while incidents change can meet one twice.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{id}/incidents",
    operation_id = "listIncidentsOfEnvironment",
    tag = "incidents",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The id of the environment"),
        ("q" = Option<String>, Query, max_length = 2000,
            description = "Only incidents for which this expression holds too"),
        ("folder" = Option<String>, Query,
            description = "Only incidents in this folder: `active`, `shared`, `snoozed`, `resolved`, `unhandled` or `maintenance`"),
        ("sort" = Option<String>, Query,
            description = "`last_change` (if left out), `status`, `start` or `alerts`: the latest, worst or largest first"),
        ("page" = Option<i64>, Query, minimum = 1, description = "Which page; the first if left out"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
    ),
    responses(
        (status = 200, description = "A page of them", body = EnvironmentPage),
        Authorized,
        OneEnvironment,
        Queried,
    ),
)]
pub async fn incidents(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<EnvironmentPage>, Problem> {
    let params = Params::read(query.as_deref(), &["q", "folder", "sort", "page", "limit"])?;
    let limit = params.number("limit", 1..=200, 25)?;
    let page = params.number("page", 1..=LAST, 1)?;
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let wanted = one(&catalogue, &id)?;
    let eyes = caller.eyes();
    let search = Search {
        actor: &eyes,
        catalogue: &catalogue,
        filters: filters(&wanted, params.one("q")?, "q")?,
        folder: folder(&params)?,
        window: None,
        sort: sort(&params, "sort")?,
    };
    let found = look(&mut tx, &caller, &search, page, limit).await?;
    let seen = found.pictures.into_iter();
    let incidents = seen.map(|seen| IncidentView::new(seen.incident, &catalogue)).collect();
    Ok(Json(EnvironmentPage { total: found.total, incidents }))
}

/// A page of what is looked for; nothing is past the 10,000th.
pub(crate) async fn look(
    tx: &mut crate::store::db::Tx,
    caller: &Caller,
    search: &Search<'_>,
    page: i64,
    limit: i64,
) -> Result<Found, Problem> {
    let leave_out = (page - 1).saturating_mul(limit);
    let limit = limit.min(LAST.saturating_sub(leave_out)).max(0);
    let (leave_out, limit) =
        (usize::try_from(leave_out).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(0));
    Ok(pictures::search(tx, &caller.workspace, search, leave_out, limit).await?)
}

/// The expressions that hold for what is looked for in an environment.
pub(crate) fn filters(
    environment: &Environment,
    query: Option<&str>,
    name: &str,
) -> Result<Vec<Filter>, Problem> {
    let within = environment.filter().map_err(|bad| Refusal::from(BadEnvironment::from(bad)))?;
    let query = query.filter(|query| !query.trim().is_empty()).unwrap_or("*");
    if query.chars().count() > CONDITION_LIMIT {
        let detail = format!("`{name}` has at most {CONDITION_LIMIT} characters.");
        return Err(Problem::bad_parameter(name, detail));
    }
    let wanted = Filter::parse(query)
        .map_err(|bad| Problem::bad_parameter(name, format!("`{name}` can't be read: {bad}.")))?;
    Ok(vec![within, wanted])
}

/// The folder that a query asks for.
pub(crate) fn folder(params: &Params) -> Result<Option<Folder>, Problem> {
    let Some(word) = params.one("folder")? else { return Ok(None) };
    let folder = Folder::parse(word).ok_or_else(|| {
        let known = Folder::ALL.map(Folder::as_str).join(", ");
        Problem::bad_parameter("folder", format!("A folder is one of {known}."))
    });
    folder.map(Some)
}

/// The order that a query asks for.
pub(crate) fn sort(params: &Params, name: &str) -> Result<Sort, Problem> {
    Ok(match params.one(name)? {
        None | Some("last_change") => Sort::LastChange,
        Some("status") => Sort::Status,
        Some("start") => Sort::Start,
        Some("alerts") => Sort::Alerts,
        Some(_) => {
            let detail = format!("`{name}` is one of last_change, status, start, alerts.");
            return Err(Problem::bad_parameter(name, detail));
        }
    })
}
