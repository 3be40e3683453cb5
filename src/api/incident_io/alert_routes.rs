//! Alert routes: what becomes of alerts. Here the first route that fits an alert says it, in the order
//! of their positions, where this format has every route look at it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::alert::settings::{Kept, Route, Setting};
use crate::api::incident_io::body::Body;
use crate::api::incident_io::echo;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::route_body::RouteBody;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::problem::Problem;
use crate::api::v1::settings::{check_setting, refuse_if_enough};
use crate::app::App;
use crate::ids::{SettingId, SourceId, WorkspaceId};
use crate::intake::order::Errand;
use crate::store::db::Tx;
use crate::store::{alert_attributes, alert_settings, sources, written_as};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/alert_routes", list),
        posts("/v2/alert_routes", create),
        reads("/v2/alert_routes/{id}", show),
        puts("/v2/alert_routes/{id}", replace),
        removes("/v2/alert_routes/{id}", remove),
    ]
}

/// The most routes on a page.
const PAGE_LIMIT: usize = 50;
/// The word for them in the database.
const KIND: &str = "route";
const ABOUT: &str = <RouteBody as echo::Document>::ABOUT;

/// What fields of ours are called here.
const NAMES: [(&str, &str); 10] = [
    ("filter", "condition_groups"),
    ("group_wait_seconds", "incident_config.defer_time_seconds"),
    ("grouping", "incident_config.grouping_keys"),
    ("incident_type", "incident_template.incident_type"),
    ("matchers", "condition_groups"),
    ("page_paths", "escalation_config.escalation_targets"),
    ("page_people", "escalation_config.escalation_targets"),
    ("severity", "incident_template.severity"),
    ("source", "alert_sources"),
    ("sources", "alert_sources"),
];

#[derive(Serialize)]
struct Many {
    alert_routes: Vec<Slim>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct Slim {
    id: SettingId,
    name: String,
    enabled: bool,
}

#[derive(Serialize)]
struct One {
    alert_route: Value,
}

fn no_such() -> Failure {
    Failure::not_found("alert route")
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let mut tx = app.db.read().await?;
    let workspace = &caller.workspace;
    let last = match page.after.as_deref() {
        None => None,
        Some(id) => match find(&mut tx, workspace, id).await? {
            Some((kept, _)) => Some((kept.created_at, kept.id)),
            None => return Err(Failure::invalid("after", "There is no such alert route.")),
        },
    };
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let mut found = alert_settings::page(&mut tx, workspace, KIND, last.as_ref(), limit).await?;
    let pagination_meta = PaginationMeta::close(&page, &mut found, |kept| kept.id.to_string());
    let slim = |kept: Kept| match kept.setting {
        Setting::Route(route) => {
            Some(Slim { id: kept.id, name: route.name, enabled: route.active })
        }
        _ => None,
    };
    Ok(Json(Many { alert_routes: found.into_iter().filter_map(slim).collect(), pagination_meta }))
}

/// The route of this id.
async fn find(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<Option<(Kept, Route)>, Failure> {
    // A text that no database takes is no id.
    if id.contains('\0') {
        return Ok(None);
    }
    let found = alert_settings::by_id(tx, workspace, KIND, &SettingId::new(id)).await?;
    let Some(kept) = found else { return Ok(None) };
    match kept.setting.clone() {
        Setting::Route(route) => Ok(Some((kept, route))),
        _ => Ok(None),
    }
}

/// The route of this id as answers show it: as it was written, if that is still so.
async fn one(app: &App, workspace: &WorkspaceId, id: &str) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let (kept, route) = find(&mut tx, workspace, id).await?.ok_or_else(no_such)?;
    let attributes = alert_attributes::all(&mut tx, workspace).await?;
    let written = written_as::of(&mut tx, workspace, ABOUT, id).await?;
    let body: RouteBody = match echo::still(written, &route, &attributes)? {
        Some(body) => body,
        None => {
            let all = sources::all(&mut tx, workspace).await?;
            let all: Vec<SourceId> = all.into_iter().map(|source| source.id).collect();
            RouteBody::drawn(&route, &attributes, &all)
        }
    };
    Ok(Json(One { alert_route: body.shown(&kept) }))
}

/// The route that a body says, if it can be used.
async fn read(
    app: &App,
    workspace: &WorkspaceId,
    body: &RouteBody,
    before: Option<Route>,
) -> Result<Route, Failure> {
    let mut tx = app.db.read().await?;
    let attributes = alert_attributes::all(&mut tx, workspace).await?;
    drop(tx);
    let setting = Setting::Route(body.route(&attributes, before)?);
    check_setting(app, workspace, &setting).await.map_err(in_our_terms)?;
    match setting {
        Setting::Route(route) => Ok(route),
        _ => unreachable!("it was made a route above"),
    }
}

fn in_our_terms(problem: Problem) -> Failure {
    Failure::from(problem).in_terms_of(&NAMES)
}

/// Keeps what was written about a route.
async fn keep(
    app: &App,
    workspace: &WorkspaceId,
    id: &SettingId,
    route: &Route,
    body: &RouteBody,
) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    echo::keep(&mut tx, workspace, id.as_str(), route, body).await?;
    Ok(tx.commit().await?)
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    one(&app, &caller.workspace, &id).await
}

async fn create(
    State(app): State<App>,
    Key(caller): Key,
    Body(body): Body<RouteBody>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let workspace = &caller.workspace;
    let route = read(&app, workspace, &body, None).await?;
    refuse_if_enough(&app, workspace, KIND, "alert routes").await?;
    // This format has no keys here: each request is another route.
    let id = SettingId::new(app.ids.ulid(app.clock.now()));
    let errand = Errand::Put { id: id.clone(), setting: Setting::Route(route.clone()) };
    app.intake.carry(workspace, errand).await?;
    keep(&app, workspace, &id, &route, &body).await?;
    Ok((StatusCode::CREATED, one(&app, workspace, id.as_str()).await?))
}

/// A change says which version it makes: the one after the version that its writer has seen.
async fn replace(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
    Body(body): Body<RouteBody>,
) -> Result<Json<One>, Failure> {
    let workspace = &caller.workspace;
    let version = body.version.ok_or_else(|| Failure::missing("version"))?;
    let mut tx = app.db.read().await?;
    let (kept, before) = find(&mut tx, workspace, &id).await?.ok_or_else(no_such)?;
    drop(tx);
    let stale = || {
        let message =
            format!("The route has version {}; a change makes the next one.", kept.version);
        Failure::conflict(message)
    };
    if version.checked_sub(1) != Some(kept.version) {
        return Err(stale());
    }
    let route = read(&app, workspace, &body, Some(before)).await?;
    let errand = Errand::Replace {
        id: kept.id.clone(),
        setting: Setting::Route(route.clone()),
        version: Some(kept.version),
    };
    let carried = app.intake.carry(workspace, errand).await?;
    if carried.was_stale {
        return Err(stale());
    }
    if !carried.was_there {
        return Err(no_such());
    }
    keep(&app, workspace, &kept.id, &route, &body).await?;
    one(&app, workspace, &id).await
}

async fn remove(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let (kept, _) = find(&mut tx, workspace, &id).await?.ok_or_else(no_such)?;
    drop(tx);
    let errand = Errand::Delete { kind: KIND, id: kept.id };
    if !app.intake.carry(workspace, errand).await?.was_there {
        return Err(no_such());
    }
    Ok(StatusCode::NO_CONTENT)
}
