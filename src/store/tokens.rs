//! API tokens, of which only a hash is kept.

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::store::db::{Result, Tx};

/// A token that a request carried.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Token {
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: String,
    /// What its maker called it.
    pub name: String,
}

/// Keeps a new token. Fails as a conflict if one of that name is there.
pub async fn create(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
    name: &str,
    hash: &str,
    now: Timestamp,
) -> Result<()> {
    tx.query(
        "INSERT INTO token (workspace, id, name, hash, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(workspace.clone())
    .bind(id.to_owned())
    .bind(name.to_owned())
    .bind(hash.to_owned())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// The token with this hash.
pub async fn by_hash(tx: &mut Tx, hash: &str) -> Result<Option<Token>> {
    tx.query("SELECT workspace, id, name FROM token WHERE hash = $1")
        .bind(hash.to_owned())
        .optional()
        .await
}
