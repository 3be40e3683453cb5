//! What people were told about the workspace as a whole, so that a trouble that every incident
//! meets is not told with every incident.

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::store::db::{Result, Tx};

/// Whether somebody was told this since then.
pub async fn is_told(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    key: &str,
    since: Timestamp,
) -> Result<bool> {
    let told: Option<(Timestamp,)> = tx
        .query("SELECT at FROM notice WHERE workspace = $1 AND key = $2 AND at >= $3")
        .bind(workspace.clone())
        .bind(key.to_owned())
        .bind(since)
        .optional()
        .await?;
    Ok(told.is_some())
}

/// Whether it is time to tell this: nobody was told since then. Whoever asks, tells.
pub async fn claim(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    key: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let claimed = tx
        .query(
            "INSERT INTO notice (workspace, key, at) VALUES ($1, $2, $3)
             ON CONFLICT (workspace, key) DO UPDATE SET at = excluded.at WHERE notice.at < $4",
        )
        .bind(workspace.clone())
        .bind(key.to_owned())
        .bind(now)
        .bind(since)
        .execute()
        .await?;
    Ok(claimed == 1)
}
