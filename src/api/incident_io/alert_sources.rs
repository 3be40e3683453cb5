//! Alert sources: who may send alerts, and how what they send is understood.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::echo;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::source_body::{Draft, SourceBody};
use crate::api::problem::Problem;
use crate::app::App;
use crate::config::Secret;
use crate::ids::{SourceId, WorkspaceId};
use crate::ingest::kind::Kind;
use crate::ingest::sources::{self, Changed, NotMade, Wanted};
use crate::store::alert_attributes::{self, Kept};
use crate::store::db::Tx;
use crate::store::sources::AlertSource;
use crate::store::{self, written_as};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/alert_sources", list),
        posts("/v2/alert_sources", create),
        posts("/v2/alert_sources/actions/validate", validate),
        reads("/v2/alert_sources/{id}", show),
        puts("/v2/alert_sources/{id}", replace),
        removes("/v2/alert_sources/{id}", remove),
    ]
}

#[derive(Serialize)]
struct Many {
    alert_sources: Vec<Value>,
}

#[derive(Serialize)]
struct One {
    alert_source: Value,
}

impl From<NotMade> for Failure {
    fn from(not_made: NotMade) -> Failure {
        Failure::from(Problem::from(not_made)).in_terms_of(&[("settings", "template")])
    }
}

/// A source as it was written, if that is still so; as it is, otherwise.
fn body_of(
    source: &AlertSource,
    written: Option<written_as::Written>,
    attributes: &[Kept],
) -> Result<SourceBody, Failure> {
    let body = echo::still(written, &says(source), attributes)?;
    Ok(body.unwrap_or_else(|| SourceBody::drawn(source, attributes)))
}

/// What of a source a document speaks of.
fn says(source: &AlertSource) -> Value {
    json!({"name": source.name, "kind": source.kind, "settings": source.settings})
}

fn draw(app: &App, source: &AlertSource, body: &SourceBody, secret: Option<&Secret>) -> Value {
    let base = app.public_url.as_deref().unwrap_or_default();
    let mut shown = body.shown(source, base, events_url(base, source, secret));
    if let Some(secret) = secret {
        shown["secret_token"] = json!(secret.reveal());
    }
    shown
}

/// Where a source sends to. The secret is part of some addresses, and is shown only once.
fn events_url(base: &str, source: &AlertSource, secret: Option<&Secret>) -> Option<String> {
    if matches!(source.kind, Kind::Heartbeat | Kind::Rules) {
        return None;
    }
    let path = source.kind.path(&source.id, secret.map_or("", Secret::reveal));
    let is_whole = secret.is_some() || !path.ends_with('/');
    is_whole.then(|| format!("{base}{path}"))
}

async fn list(State(app): State<App>, Key(caller): Key) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    let workspace = &caller.workspace;
    let attributes = alert_attributes::all(&mut tx, workspace).await?;
    let all = store::sources::all(&mut tx, workspace).await?;
    let mut written = written_as::all(&mut tx, workspace, ABOUT).await?;
    let mut alert_sources = Vec::with_capacity(all.len());
    for source in all {
        let place = written.iter().position(|one| one.id == source.id.as_str());
        let own = place.map(|place| written.swap_remove(place));
        let body = body_of(&source, own, &attributes)?;
        alert_sources.push(draw(&app, &source, &body, None));
    }
    Ok(Json(Many { alert_sources }))
}

const ABOUT: &str = <SourceBody as echo::Document>::ABOUT;

async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let workspace = &key.0.workspace;
    let source = find(&mut tx, workspace, &id).await?;
    let attributes = alert_attributes::all(&mut tx, workspace).await?;
    let written = written_as::of(&mut tx, workspace, ABOUT, source.id.as_str()).await?;
    let body = body_of(&source, written, &attributes)?;
    Ok(Json(One { alert_source: draw(&app, &source, &body, None) }))
}

async fn find(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<AlertSource, Failure> {
    let found = store::sources::of_workspace(tx, workspace, &SourceId::new(id)).await?;
    found.ok_or_else(|| Failure::not_found("alert source"))
}

async fn create(
    State(app): State<App>,
    Key(caller): Key,
    Body(body): Body<SourceBody>,
) -> Result<Json<One>, Failure> {
    let kind = body.kind()?;
    let mut tx = app.db.read().await?;
    let attributes = alert_attributes::all(&mut tx, &caller.workspace).await?;
    drop(tx);
    let settings = body.settings(kind, &attributes, None)?;
    let wanted = Wanted { kind, name: body.name.clone(), secret: None, settings };
    let App { db, clock, ids, .. } = &app;
    let vault = app.source_vault.as_deref();
    // This format has no keys here: a name that is taken says that it was done.
    let made = sources::create(db, clock, ids, vault, &caller.workspace, wanted).await?;
    let body = keep(&app, &made.source, body).await?;
    Ok(Json(One { alert_source: draw(&app, &made.source, &body, Some(&made.secret)) }))
}

/// Keeps what was written, in the name that the source was given.
async fn keep(
    app: &App,
    source: &AlertSource,
    mut body: SourceBody,
) -> Result<SourceBody, Failure> {
    body.name.clone_from(&source.name);
    let mut tx = app.db.begin().await?;
    let id = source.id.as_str();
    echo::keep(&mut tx, &source.workspace, id, &says(source), &body).await?;
    tx.commit().await?;
    Ok(body)
}

async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(body): Body<SourceBody>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let workspace = &key.0.workspace;
    let before = find(&mut tx, workspace, &id).await?;
    let attributes = alert_attributes::all(&mut tx, workspace).await?;
    let written = written_as::of(&mut tx, workspace, ABOUT, before.id.as_str()).await?;
    drop(tx);
    let body = body.after(body_of(&before, written, &attributes)?);
    let settings = body.settings(before.kind, &attributes, Some(&before.settings))?;
    let changed = Changed { name: Some(body.name.clone()), settings: Some(settings) };
    let source = sources::change(&app.db, workspace, &before.id, changed).await?;
    app.sources.forget();
    let source = source.ok_or_else(|| Failure::not_found("alert source"))?;
    let body = keep(&app, &source, body).await?;
    Ok(Json(One { alert_source: draw(&app, &source, &body, None) }))
}

async fn remove(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let mut tx = app.db.read().await?;
    let source = find(&mut tx, &caller.workspace, &id).await?;
    drop(tx);
    sources::remove(&app.db, &app.clock, &caller.workspace, &source.id).await?;
    app.sources.forget();
    Ok(StatusCode::NO_CONTENT)
}

async fn validate(
    State(app): State<App>,
    Key(caller): Key,
    Body(draft): Body<Draft>,
) -> Result<StatusCode, Failure> {
    let mut tx = app.db.read().await?;
    let attributes = alert_attributes::all(&mut tx, &caller.workspace).await?;
    draft.check(&attributes)?;
    Ok(StatusCode::NO_CONTENT)
}
