//! Receipts: what was answered to what, so that a redelivery changes nothing.

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::engine::order::Done;
use crate::ids::WorkspaceId;
use crate::store::db::{Result, Table, Tx};

const RECEIPTS: Table = Table { columns: "receipt (workspace, key, answer, at)", conflict: "" };

/// The receipts that there are among these keys.
pub async fn with_keys(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[String],
) -> Result<Vec<(String, Done)>> {
    let before = "SELECT key, answer FROM receipt WHERE workspace = $1 AND key IN ";
    let rows: Vec<(String, Json<Done>)> = tx.all_among(before, workspace, keys).await?;
    Ok(rows.into_iter().map(|(key, answer)| (key, answer.0)).collect())
}

/// Writes receipts. Fails as a conflict if one of them is there.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    receipts: &[(String, Done)],
    now: Timestamp,
) -> Result<()> {
    tx.insert_rows(RECEIPTS, receipts, |query, (key, answer)| {
        query.bind(workspace.clone()).bind(key.clone()).bind(Json(answer.clone())).bind(now)
    })
    .await?;
    Ok(())
}
