//! When sources of heartbeats were heard of last, and when their silence is an alert.

use crate::clock::Timestamp;
use crate::ids::{SourceId, WorkspaceId};
use crate::store::db::{Result, Tx};

/// When a source was heard of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Beat {
    /// The source.
    pub source: SourceId,
    /// Its last ping.
    pub pinged_at: Timestamp,
}

/// Notes a ping, and when the silence after it is an alert; nothing, if it never is.
pub async fn ping(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source: &SourceId,
    now: Timestamp,
    due_at: Option<Timestamp>,
) -> Result<()> {
    tx.query(
        "INSERT INTO heartbeat (workspace, source, pinged_at, due_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace, source) DO UPDATE SET pinged_at = excluded.pinged_at, due_at = excluded.due_at",
    )
    .bind(workspace.clone())
    .bind(source.clone())
    .bind(now)
    .bind(due_at)
    .execute()
    .await?;
    Ok(())
}

/// Looks again then; never, if that is nothing.
pub async fn look(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source: &SourceId,
    due_at: Option<Timestamp>,
) -> Result<()> {
    tx.query("UPDATE heartbeat SET due_at = $3 WHERE workspace = $1 AND source = $2")
        .bind(workspace.clone())
        .bind(source.clone())
        .bind(due_at)
        .execute()
        .await?;
    Ok(())
}

/// The workspaces in which a source may have been silent for too long.
pub async fn due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<WorkspaceId>> {
    let rows: Vec<(WorkspaceId,)> = tx
        .query(
            "SELECT workspace FROM heartbeat WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2",
        )
        .bind(now)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(workspace,)| workspace).collect())
}

/// The sources of a workspace that may have been silent for too long.
pub async fn due_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Beat>> {
    tx.query(
        "SELECT source, pinged_at FROM heartbeat
         WHERE workspace = $1 AND due_at IS NOT NULL AND due_at <= $2 ORDER BY due_at, source LIMIT $3",
    )
    .bind(workspace.clone())
    .bind(now)
    .bind(limit)
    .all()
    .await
}

/// Forgets a source.
pub async fn forget(tx: &mut Tx, workspace: &WorkspaceId, source: &SourceId) -> Result<()> {
    tx.query("DELETE FROM heartbeat WHERE workspace = $1 AND source = $2")
        .bind(workspace.clone())
        .bind(source.clone())
        .execute()
        .await?;
    Ok(())
}
