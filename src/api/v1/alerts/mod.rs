//! Reading alerts: lists, one with its history, the groups of an incident.

pub mod act;
pub mod view;

use axum::Json;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use crate::alert::matcher::{All, Matcher};
use crate::alert::observation::Status;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::alerts::view::{AlertView, AlertWithHistory, GroupView, HistoryEntry};
use crate::api::v1::cursor;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT, REFERENCE, Reference, find, target};
use crate::api::v1::openapi::{Authorized, OneAlert, OneIncident, Queried};
use crate::app::App;
use crate::ids::{AlertId, GroupId, SourceId};
use crate::incident::state::Incident;
use crate::store::alert_groups;
use crate::store::alert_lists::{self, Listed, Wanted};
use crate::store::db::Tx;

/// How much of an alert's history is shown with it.
const HISTORY: i64 = 100;
/// The most conditions on labels.
const LABELS: usize = 20;
/// The parameters of a list of alerts, but for `incident`.
const KNOWN: [&str; 7] = ["source", "state", "status", "group", "label", "limit", "cursor"];

/// A page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertPage {
    /// Newest first.
    pub alerts: Vec<AlertView>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// List alerts
///
/// Newest first, page after page: ask again with `next_cursor` until it is null. A page can be shorter
/// than `limit`, or empty, and not be the last one, where only few of very many alerts are meant.
/// Alerts of a private incident are listed for those who may see the incident.
#[utoipa::path(
    get,
    path = "/api/v1/alerts",
    operation_id = "listAlerts",
    tag = "alerts",
    security(("token" = [])),
    params(
        ("source" = Option<String>, Query, description = "Only alerts of this source"),
        ("state" = Option<String>, Query, description = "Only alerts that fire (`firing`), or that are over (`resolved`)"),
        ("status" = Option<Vec<String>>, Query, explode, example = json!(["critical"]),
            description = "Only alerts that are one of these now: `ok`, `unknown`, `warning`, `critical`. Repeated, or a list with commas"),
        ("incident" = Option<String>, Query, example = json!("INC-42"),
            description = "Only alerts of this incident: its reference, number or id"),
        ("group" = Option<String>, Query, description = "Only alerts of this group"),
        ("label" = Option<Vec<String>>, Query, explode, example = json!(["env=prod"]),
            description = "Only alerts for whose labels this holds: `name=value`, `name!=value`, `name=~expression` or `name!~expression`. Repeated, at most 20"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of alerts", body = AlertPage), Authorized, Queried),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<AlertPage>, Problem> {
    let known = [&KNOWN[..], &["incident"]].concat();
    let params = Params::read(query.as_deref(), &known)?;
    let mut tx = app.db.read().await?;
    let incident = match params.one("incident")? {
        None => None,
        Some(text) => {
            let missing = || {
                let detail = "There is no such incident here.";
                Problem::bad_parameter("incident", detail)
            };
            let target = target(text).ok_or_else(missing)?;
            Some(find(&mut tx, &caller, &target).await.map_err(
                |problem| match problem.status() {
                    axum::http::StatusCode::NOT_FOUND => missing(),
                    _ => problem,
                },
            )?)
        }
    };
    page(&app, &mut tx, &caller, &params, incident.as_ref()).await.map(Json)
}

/// List the alerts of an incident
///
/// Newest first, with the filters of the list of all alerts.
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/alerts",
    operation_id = "listIncidentAlerts",
    tag = "alerts",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("source" = Option<String>, Query, description = "Only alerts of this source"),
        ("state" = Option<String>, Query, description = "Only alerts that fire (`firing`), or that are over (`resolved`)"),
        ("status" = Option<Vec<String>>, Query, explode,
            description = "Only alerts that are one of these now: `ok`, `unknown`, `warning`, `critical`"),
        ("group" = Option<String>, Query, description = "Only alerts of this group"),
        ("label" = Option<Vec<String>>, Query, explode,
            description = "Only alerts for whose labels this holds: `name=value` and the like"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before, with the same filters"),
    ),
    responses(
        (status = 200, description = "A page of alerts", body = AlertPage),
        Authorized,
        OneIncident,
        Queried,
    ),
)]
pub async fn of_incident(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    RawQuery(query): RawQuery,
) -> Result<Json<AlertPage>, Problem> {
    let params = Params::read(query.as_deref(), &KNOWN)?;
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    page(&app, &mut tx, &caller, &params, Some(&incident)).await.map(Json)
}

async fn page(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
    incident: Option<&Incident>,
) -> Result<AlertPage, Problem> {
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let mut wanted = wanted(params)?;
    wanted.filter.incident = incident.map(|incident| incident.id.clone());
    let labels: Vec<&str> = params.every("label").collect();
    let filter = &wanted.filter;
    let this = (
        "alerts",
        &caller.workspace,
        (&filter.source, filter.firing, &filter.incident, &filter.group),
        wanted.statuses.clone(),
        labels,
    );
    let before = cursor::of_query(params, &this)?.map(AlertId::new);
    let mut wanted = wanted.clone();
    wanted.filter.before = before;
    let page = alert_lists::page(tx, &caller.workspace, &caller.eyes(), &wanted, limit).await?;
    let next_cursor = page.next_before.map(|before| cursor::issue_at(before.as_str(), &this));
    let now = app.clock.now();
    let alerts = page.alerts.into_iter().map(|listed| AlertView::new(listed, now)).collect();
    Ok(AlertPage { alerts, next_cursor })
}

fn wanted(params: &Params) -> Result<Wanted, Problem> {
    let mut wanted = Wanted::default();
    wanted.filter.source = id(params, "source")?.map(SourceId::new);
    wanted.filter.group = id(params, "group")?.map(GroupId::new);
    wanted.filter.firing = match params.one("state")? {
        None => None,
        Some("firing") => Some(true),
        Some("resolved") => Some(false),
        Some(_) => {
            let detail = "A state is `firing` or `resolved`.";
            return Err(Problem::bad_parameter("state", detail));
        }
    };
    for word in params.every("status").flat_map(|list| list.split(',')).map(str::trim) {
        let all = [Status::Ok, Status::Unknown, Status::Warning, Status::Critical];
        let status = all.into_iter().find(|status| status.as_str() == word).ok_or_else(|| {
            let known = all.map(Status::as_str).join(", ");
            Problem::bad_parameter("status", format!("A status is one of {known}."))
        })?;
        wanted.statuses.push(status);
    }
    wanted.statuses.sort();
    wanted.statuses.dedup();
    let bad = |error: &dyn std::fmt::Display| {
        Problem::bad_parameter("label", super::settings::sentence(&error.to_string()))
    };
    let mut matchers = Vec::new();
    for text in params.every("label") {
        if matchers.len() == LABELS {
            return Err(bad(&format!("there are at most {LABELS} conditions on labels")));
        }
        matchers.push(Matcher::parse(text).map_err(|error| bad(&error))?);
    }
    wanted.labels = All::prepare(&matchers).map_err(|error| bad(&error))?;
    Ok(wanted)
}

/// The value of a parameter that is an id of ours.
pub(super) fn id(params: &Params, name: &str) -> Result<Option<String>, Problem> {
    let Some(text) = params.one(name)? else { return Ok(None) };
    let id = ulid::Ulid::from_string(text).map_err(|_| {
        Problem::bad_parameter(name, format!("`{name}` is an id of 26 letters and digits."))
    })?;
    Ok(Some(id.to_string()))
}

/// Show an alert
///
/// With the latest of its history; `GET /api/v1/alerts/{id}/history` has all of it.
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}",
    operation_id = "showAlert",
    tag = "alerts",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the alert")),
    responses(
        (status = 200, description = "The alert", body = AlertWithHistory),
        Authorized,
        OneAlert,
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<AlertWithHistory>, Problem> {
    let mut tx = app.db.read().await?;
    let listed = one(&mut tx, &caller, &id).await?;
    let after = listed.alert.version.saturating_sub(HISTORY).max(0);
    let history =
        alert_lists::history_after(&mut tx, &caller.workspace, &id, after, HISTORY).await?;
    let history = history.into_iter().map(HistoryEntry::from).collect();
    Ok(Json(AlertWithHistory { alert: AlertView::new(listed, app.clock.now()), history }))
}

/// A page of an alert's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertHistoryPage {
    /// Oldest first.
    pub entries: Vec<HistoryEntry>,
    /// The `after` of the next page; null if this one ends with the latest entry.
    #[schema(example = 25)]
    pub next_after: Option<i64>,
}

/// Show an alert's history
///
/// Every change there ever was. Mere repeats are none.
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}/history",
    operation_id = "showAlertHistory",
    tag = "alerts",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The id of the alert"),
        ("after" = Option<i64>, Query, minimum = 0,
            description = "Only entries after this version; 0, or nothing, for all"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
    ),
    responses(
        (status = 200, description = "A page of its history", body = AlertHistoryPage),
        Authorized,
        OneAlert,
        Queried,
    ),
)]
pub async fn history(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    RawQuery(query): RawQuery,
) -> Result<Json<AlertHistoryPage>, Problem> {
    let params = Params::read(query.as_deref(), &["after", "limit"])?;
    let after = params.number("after", 0..=i64::MAX, 0)?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let mut tx = app.db.read().await?;
    let listed = one(&mut tx, &caller, &id).await?;
    let entries = alert_lists::history_after(&mut tx, &caller.workspace, &id, after, limit).await?;
    let last = entries.last().map(|(version, _, _)| *version);
    let next_after = last.filter(|version| *version < listed.alert.version);
    let entries = entries.into_iter().map(HistoryEntry::from).collect();
    Ok(Json(AlertHistoryPage { entries, next_after }))
}

/// The groups of an incident's alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertGroups {
    /// Oldest first.
    pub groups: Vec<GroupView>,
}

/// List the groups of an incident's alerts
///
/// With the patterns that brought their alerts together.
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/alert-groups",
    operation_id = "listIncidentAlertGroups",
    tag = "alerts",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses(
        (status = 200, description = "The groups", body = AlertGroups),
        Authorized,
        OneIncident,
    ),
)]
pub async fn groups(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<AlertGroups>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let groups = alert_groups::of_incident(&mut tx, &caller.workspace, &incident.id).await?;
    Ok(Json(AlertGroups { groups: groups.into_iter().map(GroupView::from).collect() }))
}

/// The alert, if it is there and the caller may know of it.
pub(super) async fn one(tx: &mut Tx, caller: &Caller, id: &AlertId) -> Result<Listed, Problem> {
    let ids = std::slice::from_ref(id);
    let found = alert_lists::with_ids(tx, &caller.workspace, &caller.eyes(), ids).await?;
    found.into_iter().next().ok_or_else(|| Problem::no_such("alert"))
}

/// Which alert the path means.
pub struct Named(pub AlertId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let no_such = || Problem::no_such("alert");
        let Path(text): Path<String> =
            Path::from_request_parts(parts, state).await.map_err(|_| no_such())?;
        let id = ulid::Ulid::from_string(&text).map_err(|_| no_such())?;
        Ok(Named(AlertId::new(id.to_string())))
    }
}
