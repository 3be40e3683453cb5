//! Until when a Slack method or channel must be left alone. In the database, so that a restart
//! and other replicas keep to it too.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::store::db::{Result, Tx};

/// When all of these are free.
pub async fn free_at(tx: &mut Tx, workspace: &WorkspaceId, keys: &[String]) -> Result<Timestamp> {
    let rows: Vec<(Timestamp,)> =
        tx.all_among("SELECT free_at FROM pace", "key", workspace, keys).await?;
    Ok(rows.into_iter().map(|(free_at,)| free_at).max().unwrap_or_default())
}

/// Takes the next turn, if it is free now; else says when it will be.
pub async fn take_turn(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    key: &str,
    now: Timestamp,
    every: Duration,
) -> Result<Result<(), Timestamp>> {
    let taken = tx
        .query(
            "INSERT INTO pace (workspace, key, free_at) VALUES ($1, $2, $3)
             ON CONFLICT (workspace, key) DO UPDATE SET free_at = excluded.free_at WHERE pace.free_at <= $4",
        )
        .bind(workspace.clone())
        .bind(key.to_owned())
        .bind(now.plus(every))
        .bind(now)
        .execute()
        .await?;
    if taken == 1 {
        return Ok(Ok(()));
    }
    let (free_at,): (Timestamp,) = tx
        .query("SELECT free_at FROM pace WHERE workspace = $1 AND key = $2")
        .bind(workspace.clone())
        .bind(key.to_owned())
        .one()
        .await?;
    Ok(Err(free_at))
}

/// Leaves it alone until then, and never for shorter than was asked before.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId, key: &str, until: Timestamp) -> Result<()> {
    tx.query(
        "INSERT INTO pace (workspace, key, free_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace, key) DO UPDATE SET free_at = excluded.free_at WHERE pace.free_at < excluded.free_at",
    )
    .bind(workspace.clone())
    .bind(key.to_owned())
    .bind(until)
    .execute()
    .await?;
    Ok(())
}
