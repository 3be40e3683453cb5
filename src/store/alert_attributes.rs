//! What labels of alerts mean, across a workspace.

use sqlx::types::Json;

use crate::alert::attribute::Attribute;
use crate::clock::Timestamp;
use crate::ids::{AttributeId, WorkspaceId};
use crate::store::db::{Result, Tx};

/// An attribute with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: AttributeId,
    /// What it says.
    pub attribute: Attribute,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

type Row = (AttributeId, Json<Attribute>, Timestamp, Timestamp);

fn kept((id, Json(attribute), created_at, updated_at): Row) -> Kept {
    Kept { id, attribute, created_at, updated_at }
}

/// The attributes of a workspace, in the order in which they were made.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Kept>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT id, body, created_at, updated_at FROM alert_attribute WHERE workspace = $1
             ORDER BY created_at, id",
        )
        .bind(workspace.clone())
        .all()
        .await?;
    Ok(rows.into_iter().map(kept).collect())
}

/// One attribute.
pub async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &AttributeId) -> Result<Option<Kept>> {
    let row: Option<Row> = tx
        .query(
            "SELECT id, body, created_at, updated_at FROM alert_attribute WHERE workspace = $1 AND id = $2",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(row.map(kept))
}

/// Keeps a new attribute. Fails as a conflict if one of that name is there.
pub async fn create(tx: &mut Tx, workspace: &WorkspaceId, new: &Kept) -> Result<()> {
    tx.query(
        "INSERT INTO alert_attribute (workspace, id, folded, body, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(workspace.clone())
    .bind(new.id.clone())
    .bind(new.attribute.name.to_lowercase())
    .bind(Json(&new.attribute))
    .bind(new.created_at)
    .bind(new.updated_at)
    .execute()
    .await?;
    Ok(())
}

/// Writes down what an attribute says now; says whether it is there. Fails as a conflict if another one
/// has that name.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &AttributeId,
    attribute: &Attribute,
    now: Timestamp,
) -> Result<bool> {
    let saved = tx
        .query(
            "UPDATE alert_attribute SET folded = $3, body = $4, updated_at = $5 WHERE workspace = $1 AND id = $2",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .bind(attribute.name.to_lowercase())
        .bind(Json(attribute))
        .bind(now)
        .execute()
        .await?;
    Ok(saved == 1)
}

/// Removes an attribute; the labels of alerts stay. Says whether it was there.
pub async fn delete(tx: &mut Tx, workspace: &WorkspaceId, id: &AttributeId) -> Result<bool> {
    let deleted = tx
        .query("DELETE FROM alert_attribute WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    Ok(deleted == 1)
}
