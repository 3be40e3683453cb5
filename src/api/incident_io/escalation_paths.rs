//! Escalation paths: whom to page, and whom then.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::path_body::PathBody;
use crate::api::incident_io::path_field::field_name;
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::people_of;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::path::EscalationPath;
use crate::app::App;
use crate::ids::{PathId, WorkspaceId};
use crate::oncall::path::definition;
use crate::paging::NotDone;
use crate::store::db::Tx;
use crate::store::escalation_paths::{self, Kept};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/escalation_paths", list),
        posts("/v2/escalation_paths", create),
        reads("/v2/escalation_paths/{id}", show),
        puts("/v2/escalation_paths/{id}", replace),
        removes("/v2/escalation_paths/{id}", archive),
    ]
}

/// The most paths on a page.
const PAGE_LIMIT: usize = 25;

#[derive(Serialize)]
struct Many {
    escalation_paths: Vec<EscalationPath>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    escalation_path: EscalationPath,
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let before = page.after.as_deref().map(PathId::new);
    if let Some(last) = &before
        && escalation_paths::by_id(&mut tx, workspace, last).await?.is_none()
    {
        return Err(Failure::no_such_cursor("escalation path"));
    }
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let mut found = escalation_paths::page(&mut tx, workspace, before.as_ref(), limit).await?;
    let pagination_meta = PaginationMeta::close(&page, &mut found, |kept| kept.id.to_string());
    let escalation_paths = drawn(&app, &mut tx, workspace, &found).await?;
    Ok(Json(Many { escalation_paths, pagination_meta }))
}

/// Draws paths, with those whom each would page first now.
async fn drawn(
    app: &App,
    tx: &mut Tx,
    workspace: &WorkspaceId,
    all: &[Kept],
) -> Result<Vec<EscalationPath>, Failure> {
    let now = app.clock.now();
    let mut responders = Vec::with_capacity(all.len());
    for kept in all {
        responders.push(app.paging.responders(tx, workspace, &kept.definition, now).await?);
    }
    let people = people_of(tx, workspace, responders.iter().flatten().cloned()).await?;
    let both = all.iter().zip(&responders);
    Ok(both.map(|(kept, responders)| EscalationPath::show(kept, responders, &people)).collect())
}

/// The answer that shows this path.
async fn one(app: &App, workspace: &WorkspaceId, kept: Kept) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let escalation_path = drawn(app, &mut tx, workspace, &[kept]).await?.remove(0);
    Ok(Json(One { escalation_path }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let found = escalation_paths::by_id(&mut tx, workspace, &PathId::new(id)).await?;
    drop(tx);
    let found = found.filter(|kept| !kept.is_archived);
    one(&app, workspace, found.ok_or_else(|| Failure::not_found("escalation path"))?).await
}

async fn create(
    State(app): State<App>,
    Key(caller): Key,
    Body(body): Body<PathBody>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let definition = body.read()?;
    let (workspace, by) = (&caller.workspace, &caller.actor);
    // This format has no keys here: each request is another one.
    let made = app.paging.create_path(workspace, definition.clone(), by, None).await;
    let made = made.map_err(|not_done| in_our_terms(not_done, &definition))?;
    Ok((StatusCode::CREATED, one(&app, workspace, made).await?))
}

async fn replace(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
    Body(body): Body<PathBody>,
) -> Result<Json<One>, Failure> {
    let definition = body.read()?;
    let (workspace, by) = (&caller.workspace, &caller.actor);
    let id = PathId::new(id);
    let changed = app.paging.replace_path(workspace, &id, definition.clone(), None, by).await;
    let changed = changed.map_err(|not_done| in_our_terms(not_done, &definition))?;
    one(&app, workspace, changed).await
}

async fn archive(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.paging.archive_path(&caller.workspace, &PathId::new(id), &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn in_our_terms(not_done: NotDone, path: &definition::Path) -> Failure {
    Failure::from(not_done).renamed(|field| field_name(path, field))
}
