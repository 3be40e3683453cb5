//! Until when the events of a workspace were heard.

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::store::db::{Result, Tx};

/// Until when this workspace's events were heard; nothing if none ever was.
pub async fn until(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Timestamp>> {
    let row: Option<(Timestamp,)> = tx
        .query("SELECT until FROM heard WHERE workspace = $1")
        .bind(workspace.clone())
        .optional()
        .await?;
    Ok(row.map(|(until,)| until))
}

/// Remembers that this workspace's events were heard until then. It never goes back: replicas hear
/// different events.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, until: Timestamp) -> Result<()> {
    tx.query(
        "INSERT INTO heard (workspace, until) VALUES ($1, $2)
         ON CONFLICT (workspace) DO UPDATE SET until = excluded.until WHERE heard.until < excluded.until",
    )
    .bind(workspace.clone())
    .bind(until)
    .execute()
    .await?;
    Ok(())
}
