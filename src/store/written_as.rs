//! What programs of other formats wrote, word for word, for as long as it says what is so.

use serde_json::Value;
use sqlx::types::Json;

use crate::ids::WorkspaceId;
use crate::store::db::{Result, Tx};

/// A document as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The id of what it is about.
    pub id: String,
    /// A hash of that as it was then.
    pub says: String,
    /// What was written.
    pub document: Value,
}

type Row = (String, String, Json<Value>);

/// What was written about things of this kind.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId, about: &str) -> Result<Vec<Written>> {
    let rows: Vec<Row> = tx
        .query("SELECT id, says, document FROM written_as WHERE workspace = $1 AND about = $2 ORDER BY id")
        .bind(workspace.clone())
        .bind(about.to_owned())
        .all()
        .await?;
    let written = |(id, says, Json(document))| Written { id, says, document };
    Ok(rows.into_iter().map(written).collect())
}

/// What was written about one.
pub async fn of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    about: &str,
    id: &str,
) -> Result<Option<Written>> {
    let row: Option<Row> = tx
        .query("SELECT id, says, document FROM written_as WHERE workspace = $1 AND about = $2 AND id = $3")
        .bind(workspace.clone())
        .bind(about.to_owned())
        .bind(id.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(id, says, Json(document))| Written { id, says, document }))
}

/// Keeps what was written, in place of what was before.
pub async fn put(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    about: &str,
    written: &Written,
) -> Result<()> {
    tx.query(
        "INSERT INTO written_as (workspace, about, id, says, document) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace, about, id) DO UPDATE SET says = excluded.says, document = excluded.document",
    )
    .bind(workspace.clone())
    .bind(about.to_owned())
    .bind(written.id.clone())
    .bind(written.says.clone())
    .bind(Json(&written.document))
    .execute()
    .await?;
    Ok(())
}

/// Forgets everything that was written about one: it is gone.
pub async fn forget(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<()> {
    tx.query("DELETE FROM written_as WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.to_owned())
        .execute()
        .await?;
    Ok(())
}
