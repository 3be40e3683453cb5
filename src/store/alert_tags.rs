//! What people call alerts by, across a workspace.

use crate::clock::Timestamp;
use crate::ids::{IdSource, WorkspaceId};
use crate::store::db::{Result, Table, Tx};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AlertTag {
    /// Its id, a ULID.
    pub id: String,
    /// As it was written first.
    pub name: String,
}

const TAGS: Table = Table {
    columns: "alert_tag (workspace, folded, id, name, created_at)",
    conflict: "ON CONFLICT (workspace, folded) DO NOTHING",
};

/// Makes the tags of these names that are not there yet.
pub async fn ensure(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    names: &[String],
    ids: &IdSource,
    now: Timestamp,
) -> Result<()> {
    tx.insert_rows(TAGS, names, |query, name| {
        query
            .bind(workspace.clone())
            .bind(name.to_lowercase())
            .bind(ids.ulid(now))
            .bind(name.clone())
            .bind(now)
    })
    .await?;
    Ok(())
}

/// The tags of these names, whatever the case.
pub async fn named(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    names: &[String],
) -> Result<Vec<AlertTag>> {
    let folded: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    tx.all_among("SELECT id, name FROM alert_tag", "folded", workspace, &folded).await
}

/// Tags with this in their name, whatever the case, oldest first, after this id.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    part: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<AlertTag>> {
    let part = part.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    tx.query(
        "SELECT id, name FROM alert_tag
         WHERE workspace = $1 AND id > $2 AND folded LIKE $3 ESCAPE '!' ORDER BY id LIMIT $4",
    )
    .bind(workspace.clone())
    .bind(after.to_owned())
    .bind(format!("%{part}%"))
    .bind(limit)
    .all()
    .await
}
