//! What a workspace lays down about its alerts: patterns, routes, silences, inhibitions, maintenance
//! windows. They differ in what they say, and are listed, made, shown, replaced and removed alike.

pub(super) mod document;
mod laid;

use axum::Json;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::alert::prepared::check;
use crate::alert::settings::{
    Inhibition, Kept, MaintenanceWindow, Pattern, Route, Setting, Silence,
};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey, Params, fit};
use crate::api::v1::cursor;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{SettingId, SourceId, WorkspaceId};
use crate::intake::order::Errand;
use crate::store::db::Tx;
use crate::store::{alert_settings, escalation_paths, sources};

pub use document::Settings;
use laid::Laid;

/// The most of one kind: each is looked at with every alert that is new.
const MOST: i64 = 1_000;
/// What an answer has that a body may repeat: nobody can change it.
const GIVEN: [&str; 3] = ["id", "created_at", "updated_at"];

/// Every path, with its methods.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    [of::<Pattern>(), of::<Route>(), of::<Silence>(), of::<Inhibition>(), of::<MaintenanceWindow>()]
        .concat()
}

fn of<S: Laid>() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        (S::WORDS.path, get(list::<S>).post(create::<S>)),
        (S::WORDS.item, get(show::<S>).put(replace::<S>).delete(remove::<S>)),
    ]
}

/// One of them, as programs see it.
#[derive(Debug, Serialize)]
struct View<S> {
    id: SettingId,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(flatten)]
    says: S,
}

#[derive(Debug, Serialize)]
struct Page<S> {
    items: Vec<View<S>>,
    next_cursor: Option<String>,
}

fn view<S: Laid>(kept: Kept) -> Option<View<S>> {
    let Kept { id, setting, created_at, updated_at, .. } = kept;
    Some(View { id, created_at, updated_at, says: S::of(setting)? })
}

async fn list<S: Laid>(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<S>>, Problem> {
    let params = Params::read(query.as_deref(), &["limit", "cursor"])?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let this = (S::WORDS.path, &caller.workspace);
    let after = cursor::of_query(&params, &this)?.and_then(|place| cursor::moment(&place));
    let after = after.map(|(at, id)| (at, SettingId::new(id)));
    let mut tx = app.db.read().await?;
    let kind = S::WORDS.kind;
    let mut kept =
        alert_settings::page(&mut tx, &caller.workspace, kind, after.as_ref(), limit + 1).await?;
    let is_more = kept.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if is_more {
        kept.pop();
    }
    let last = kept.last().filter(|_| is_more);
    let next_cursor =
        last.map(|last| cursor::issue_at(&cursor::place(last.created_at, last.id.as_str()), &this));
    Ok(Json(Page { items: kept.into_iter().filter_map(view).collect(), next_cursor }))
}

async fn create<S: Laid>(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let setting = read::<S>(&app, &caller.workspace, body).await?;
    refuse_if_enough(&app, &caller.workspace, S::WORDS.kind, S::WORDS.many).await?;
    let id = SettingId::new(app.ids.ulid(app.clock.now()));
    let receipt = Some(caller.receipt_for(S::WORDS.path, &key, &app.ids.ulid(app.clock.now())));
    let errand = Errand::Put { id, setting };
    let carried = app.intake.carry_once(&caller.workspace, receipt, errand).await?;
    let id = carried.setting.ok_or_else(Problem::internal)?;
    let view = found::<S>(&app, &caller, &id).await?;
    let location = format!("{}/{id}", S::WORDS.path);
    let location = HeaderValue::try_from(location).expect("an id of ours is a header value");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

async fn show<S: Laid>(
    State(app): State<App>,
    caller: Caller,
    Named(id, _): Named<S>,
) -> Result<Json<View<S>>, Problem> {
    found(&app, &caller, &id).await.map(Json)
}

async fn replace<S: Laid>(
    State(app): State<App>,
    caller: Caller,
    Named(id, _): Named<S>,
    Body(body): Body<Map<String, Value>>,
) -> Result<Json<View<S>>, Problem> {
    let setting = read::<S>(&app, &caller.workspace, body).await?;
    let errand = Errand::Replace { id: id.clone(), setting, version: None };
    if !app.intake.carry(&caller.workspace, errand).await?.was_there {
        return Err(Problem::no_such(S::WORDS.one));
    }
    found(&app, &caller, &id).await.map(Json)
}

async fn remove<S: Laid>(
    State(app): State<App>,
    caller: Caller,
    Named(id, _): Named<S>,
) -> Result<StatusCode, Problem> {
    let errand = Errand::Delete { kind: S::WORDS.kind, id };
    match app.intake.carry(&caller.workspace, errand).await?.was_there {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::no_such(S::WORDS.one)),
    }
}

async fn found<S: Laid>(app: &App, caller: &Caller, id: &SettingId) -> Result<View<S>, Problem> {
    let mut tx = app.db.read().await?;
    let kept = alert_settings::by_id(&mut tx, &caller.workspace, S::WORDS.kind, id).await?;
    kept.and_then(view).ok_or_else(|| Problem::no_such(S::WORDS.one))
}

/// What a body says, if that can be used.
async fn read<S: Laid>(
    app: &App,
    workspace: &WorkspaceId,
    mut body: Map<String, Value>,
) -> Result<Setting, Problem> {
    for name in GIVEN {
        body.remove(name);
    }
    let setting = fit::<S>(&body)?.into_setting();
    check_setting(app, workspace, &setting).await?;
    Ok(setting)
}

/// Whether a setting can be used, and everything that it names is there.
pub(crate) async fn check_setting(
    app: &App,
    workspace: &WorkspaceId,
    setting: &Setting,
) -> Result<(), Problem> {
    check(setting).map_err(|bad| {
        let field = bad.field(setting).map(str::to_owned);
        Problem::does_not_fit(sentence(&bad.to_string()), field)
    })?;
    let mut tx = app.db.read().await?;
    check_names(app, &mut tx, workspace, setting).await
}

/// Refuses another one of a kind of which there are as many as there can be.
pub(crate) async fn refuse_if_enough(
    app: &App,
    workspace: &WorkspaceId,
    kind: &str,
    many: &str,
) -> Result<(), Problem> {
    let mut tx = app.db.read().await?;
    match alert_settings::count(&mut tx, workspace, kind).await? >= MOST {
        true => Err(Problem::enough(format!("There are {MOST} {many}, which is the most."))),
        false => Ok(()),
    }
}

/// Whether everything that it names is there.
async fn check_names(
    app: &App,
    tx: &mut Tx,
    workspace: &WorkspaceId,
    setting: &Setting,
) -> Result<(), Problem> {
    let source = match setting {
        Setting::Pattern(pattern) => pattern.source.as_ref(),
        Setting::Route(route) => route.source.as_ref(),
        Setting::Silence(_) | Setting::Inhibition(_) | Setting::Maintenance(_) => None,
    };
    if let Some(source) = source {
        check_source(tx, workspace, source, "source").await?;
    }
    let Setting::Route(route) = setting else { return Ok(()) };
    for source in &route.sources {
        check_source(tx, workspace, source, "sources").await?;
    }
    for path in &route.page_paths {
        if escalation_paths::by_id(tx, workspace, path).await?.is_none_or(|path| path.is_archived) {
            let detail = format!("There is no escalation path {path} here.");
            return Err(Problem::does_not_fit(detail, Some("page_paths".to_owned())));
        }
    }
    let catalogue = app.catalogues.of(tx, workspace).await?;
    for name in route.severity.values() {
        catalogue.find_severity(name).map_err(|refusal| {
            Problem::does_not_fit(refusal.to_string(), Some("severity".to_owned()))
        })?;
    }
    if let Some(name) = &route.incident_type {
        catalogue.find_type(name).map_err(|refusal| {
            Problem::does_not_fit(refusal.to_string(), Some("incident_type".to_owned()))
        })?;
    }
    Ok(())
}

async fn check_source(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source: &SourceId,
    field: &str,
) -> Result<(), Problem> {
    match sources::of_workspace(tx, workspace, source).await? {
        Some(_) => Ok(()),
        None => {
            let detail =
                "There is no such source here; `GET /api/v1/sources` lists those that are.";
            Err(Problem::does_not_fit(detail, Some(field.to_owned())))
        }
    }
}

/// The text of an error as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Which of them the path means.
struct Named<S>(SettingId, std::marker::PhantomData<S>);

impl<S: Laid> FromRequestParts<App> for Named<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let no_such = || Problem::no_such(S::WORDS.one);
        let Path(id): Path<String> =
            Path::from_request_parts(parts, app).await.map_err(|_| no_such())?;
        // A text that no database takes is no id.
        if id.contains('\0') {
            Err(no_such())
        } else {
            Ok(Named(SettingId::new(id), std::marker::PhantomData))
        }
    }
}
