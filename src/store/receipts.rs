//! Receipts: what was answered to what, so that a redelivery changes nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::incident::event::Entry;
use crate::incident::state::Incident;
use crate::store::db::{Result, Table, Tx};

const RECEIPTS: Table = Table { columns: "receipt (workspace, key, answer, at)", conflict: "" };

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The incident as it was right after.
    pub incident: Arc<Incident>,
    /// What was written into its record.
    pub entries: Vec<Arc<Entry>>,
}

/// The receipts that there are among these keys.
pub async fn with_keys(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[String],
) -> Result<Vec<(String, Answer)>> {
    let rows: Vec<(String, Json<Answer>)> =
        tx.all_among("SELECT key, answer FROM receipt", "key", workspace, keys).await?;
    Ok(rows.into_iter().map(|(key, answer)| (key, answer.0)).collect())
}

/// Writes receipts. Fails as a conflict if one of them is there.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    receipts: &[(String, Answer)],
    now: Timestamp,
) -> Result<()> {
    tx.insert_rows(RECEIPTS, receipts, |query, (key, answer)| {
        query.bind(workspace.clone()).bind(key.clone()).bind(Json(answer)).bind(now)
    })
    .await?;
    Ok(())
}

/// Which of these keys are known, whatever was answered.
pub async fn known(tx: &mut Tx, workspace: &WorkspaceId, keys: &[String]) -> Result<Vec<String>> {
    let rows: Vec<(String,)> =
        tx.all_among("SELECT key FROM receipt", "key", workspace, keys).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Writes down that these were seen, and what became of each: an object. Fails as a conflict if one
/// of them is there.
pub async fn mark(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    receipts: &[(String, Value)],
    now: Timestamp,
) -> Result<()> {
    tx.insert_rows(RECEIPTS, receipts, |query, (key, outcome)| {
        query.bind(workspace.clone()).bind(key.clone()).bind(Json(outcome.clone())).bind(now)
    })
    .await?;
    Ok(())
}

/// What became of something that was seen.
pub async fn marked(tx: &mut Tx, workspace: &WorkspaceId, key: &str) -> Result<Option<Value>> {
    let row: Option<(Json<Value>,)> = tx
        .query("SELECT answer FROM receipt WHERE workspace = $1 AND key = $2")
        .bind(workspace.clone())
        .bind(key.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(outcome,)| outcome.0))
}

/// Forgets receipts that were written before then, some at a time, and says how many that was.
pub async fn forget(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    tx.query(
        "DELETE FROM receipt WHERE workspace = $1 AND key IN (
             SELECT key FROM receipt WHERE workspace = $1 AND at < $2 ORDER BY at LIMIT $3)",
    )
    .bind(workspace.clone())
    .bind(before)
    .bind(limit)
    .execute()
    .await
}
