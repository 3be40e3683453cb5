//! Wiring: from settings to a running Stentor, and back down again.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use tokio::sync::Notify;

use crate::api;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::ids::{IdSource, WorkspaceId};
use crate::store::db::Db;
use crate::store::workspaces::{self, Workspace};

/// What every handler and worker holds: cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Where everything is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What new things are called.
    pub ids: IdSource,
    /// Carries out commands.
    pub engine: Engine,
    /// Told when there is work for the outbox.
    pub work_waits: Arc<Notify>,
    /// The workspace of the one bot token.
    pub workspace: WorkspaceId,
}

/// The slug of the only workspace.
pub const DEFAULT_SLUG: &str = "default";

impl App {
    /// Starts what needs no network but the database.
    pub async fn start(db: Db, clock: Clock, ids: IdSource) -> anyhow::Result<App> {
        let workspace =
            ensure_workspace(&db, &clock, &ids).await.context("set up the workspace")?;
        let work_waits = Arc::new(Notify::new());
        let engine = Engine::start(db.clone(), clock.clone(), ids.clone(), Arc::clone(&work_waits));
        Ok(App { db, clock, ids, engine, work_waits, workspace: workspace.id })
    }

    /// Everything that is served over HTTP.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(api::router())
            .layer(axum::middleware::from_fn(api::metrics::measure))
            .with_state(self.clone())
    }
}

async fn ensure_workspace(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
) -> Result<Workspace, sqlx::Error> {
    let now = clock.now();
    let mut tx = db.begin().await?;
    let id = WorkspaceId::new(ids.ulid(now));
    let workspace = workspaces::ensure(&mut tx, &id, DEFAULT_SLUG, now).await?;
    tx.commit().await?;
    Ok(workspace)
}
