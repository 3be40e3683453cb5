//! API tokens, of which only a hash is kept.

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::scope::Scopes;
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
    scopes: Option<Json<Vec<String>>>,
}

impl Token {
    /// What it may do.
    pub fn scopes(&self) -> Scopes {
        Scopes::kept(self.scopes.as_ref().map(|words| words.0.as_slice()))
    }
}

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// What its maker called it.
    pub name: String,
    scopes: Option<Json<Vec<String>>>,
    /// Since when it is there.
    pub created_at: Timestamp,
}

impl Kept {
    /// A token that was made just now.
    pub fn new(id: String, name: String, scopes: &Scopes, created_at: Timestamp) -> Kept {
        Kept { id, name, scopes: Some(Json(scopes.words())), created_at }
    }

    /// What it may do.
    pub fn scopes(&self) -> Scopes {
        Scopes::kept(self.scopes.as_ref().map(|words| words.0.as_slice()))
    }
}

/// Keeps a new token. Fails as a conflict if one of that name is there.
pub async fn create(tx: &mut Tx, workspace: &WorkspaceId, token: &Kept, hash: &str) -> Result<()> {
    tx.query(
        "INSERT INTO token (workspace, id, name, hash, created_at, scopes) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(workspace.clone())
    .bind(token.id.clone())
    .bind(token.name.clone())
    .bind(hash.to_owned())
    .bind(token.created_at)
    .bind(token.scopes.clone())
    .execute()
    .await?;
    Ok(())
}

/// The token with this hash.
pub async fn by_hash(tx: &mut Tx, hash: &str) -> Result<Option<Token>> {
    tx.query("SELECT workspace, id, name, scopes FROM token WHERE hash = $1")
        .bind(hash.to_owned())
        .optional()
        .await
}

/// The tokens of a workspace, by name.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Kept>> {
    tx.query("SELECT id, name, scopes, created_at FROM token WHERE workspace = $1 ORDER BY name")
        .bind(workspace.clone())
        .all()
        .await
}

/// Removes a token. Says whether it was there.
pub async fn delete(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<bool> {
    let deleted = tx
        .query("DELETE FROM token WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.to_owned())
        .execute()
        .await?;
    Ok(deleted == 1)
}
