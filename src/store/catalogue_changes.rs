//! What was changed in the catalogues of workspaces, and by whom.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::incident::catalogue::Catalogue;
use crate::incident::catalogue::edit::Edited;
use crate::incident::event::Actor;
use crate::store::db::{Result, Tx};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CatalogueChange)]
pub struct Change {
    /// The version of the catalogue after it.
    pub version: i64,
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub actor: Actor,
    /// What was done.
    #[serde(flatten)]
    pub edited: Edited,
}

/// The catalogue as it is, with its version.
pub async fn current(tx: &mut Tx, workspace: &WorkspaceId) -> Result<(i64, Catalogue)> {
    let (version, catalogue): (i64, Json<Catalogue>) = tx
        .query("SELECT catalogue_version, catalogue FROM workspace WHERE id = $1")
        .bind(workspace.clone())
        .one()
        .await?;
    Ok((version, catalogue.0))
}

/// Keeps the catalogue that this change has made of the one before. Says no if somebody was faster:
/// then nothing was kept.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    catalogue: &Catalogue,
    change: &Change,
) -> Result<bool> {
    let kept = tx
        .query(
            "UPDATE workspace SET catalogue = $3, catalogue_version = $2
             WHERE id = $1 AND catalogue_version = $2 - 1",
        )
        .bind(workspace.clone())
        .bind(change.version)
        .bind(Json(catalogue))
        .execute()
        .await?;
    if kept == 0 {
        return Ok(false);
    }
    tx.query(
        "INSERT INTO catalogue_change (workspace, version, at, entry) VALUES ($1, $2, $3, $4)",
    )
    .bind(workspace.clone())
    .bind(change.version)
    .bind(change.at)
    .bind(Json(change))
    .execute()
    .await?;
    Ok(true)
}

/// The changes before this version, the newest first.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Change>> {
    let rows: Vec<(Json<Change>,)> = tx
        .query(
            "SELECT entry FROM catalogue_change WHERE workspace = $1 AND version < $2
             ORDER BY version DESC LIMIT $3",
        )
        .bind(workspace.clone())
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(change,)| change.0).collect())
}
