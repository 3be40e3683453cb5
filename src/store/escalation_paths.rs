//! Escalation paths.

use std::collections::BTreeMap;

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{PathId, WorkspaceId};
use crate::oncall::path::PATHS_LIMIT;
use crate::oncall::path::definition::Path;
use crate::store::db::{Result, Tx};

/// A path with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: PathId,
    /// What it says.
    pub definition: Path,
    /// Whether nobody uses it any more.
    pub is_archived: bool,
    /// Another number with every change.
    pub version: i64,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

type Row = (PathId, Json<Path>, i64, i64, Timestamp, Timestamp);

fn kept((id, definition, archived, version, created_at, updated_at): Row) -> Kept {
    let definition = definition.0;
    Kept { id, definition, is_archived: archived == 1, version, created_at, updated_at }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, definition, archived, version, created_at, updated_at \
             FROM escalation_path WHERE workspace = $1",
            $rest
        )
    };
}

/// Keeps a new path. Fails as a conflict if its request has made one.
pub async fn create(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    path: &Kept,
    request: Option<&str>,
) -> Result<()> {
    tx.query(
        "INSERT INTO escalation_path (workspace, id, definition, archived, version, turns, request, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(workspace.clone())
    .bind(path.id.clone())
    .bind(Json(&path.definition))
    .bind(i64::from(path.is_archived))
    .bind(path.version)
    .bind(0_i64)
    .bind(request.map(str::to_owned))
    .bind(path.created_at)
    .bind(path.updated_at)
    .execute()
    .await?;
    Ok(())
}

/// Writes down what a path is now.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, path: &Kept) -> Result<()> {
    tx.query(
        "UPDATE escalation_path SET definition = $3, archived = $4, version = $5, updated_at = $6
         WHERE workspace = $1 AND id = $2",
    )
    .bind(workspace.clone())
    .bind(path.id.clone())
    .bind(Json(&path.definition))
    .bind(i64::from(path.is_archived))
    .bind(path.version)
    .bind(path.updated_at)
    .execute()
    .await?;
    Ok(())
}

/// The path, archived or not.
pub async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &PathId) -> Result<Option<Kept>> {
    let row: Option<Row> = tx
        .query(select!(" AND id = $2"))
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(row.map(kept))
}

/// The path, which nobody else changes until the commit.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId, id: &PathId) -> Result<Option<Kept>> {
    // A write that changes nothing locks the row on both databases.
    tx.query("UPDATE escalation_path SET version = version WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    by_id(tx, workspace, id).await
}

/// How often the path was used before; this time is counted.
pub async fn take_turn(tx: &mut Tx, workspace: &WorkspaceId, id: &PathId) -> Result<i64> {
    let row: Option<(i64,)> = tx
        .query(
            "UPDATE escalation_path SET turns = turns + 1 WHERE workspace = $1 AND id = $2 RETURNING turns",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(row.map_or(0, |(turns,)| turns - 1))
}

/// The path that this request has made.
pub async fn by_request(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    request: &str,
) -> Result<Option<Kept>> {
    let row: Option<Row> = tx
        .query(select!(" AND request = $2"))
        .bind(workspace.clone())
        .bind(request.to_owned())
        .optional()
        .await?;
    Ok(row.map(kept))
}

/// Paths that are in use and older than this one, newest first.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Option<&PathId>,
    limit: i64,
) -> Result<Vec<Kept>> {
    let rows: Vec<Row> = tx
        .query(select!(
            " AND archived = 0 AND (CAST($2 AS TEXT) IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
        ))
        .bind(workspace.clone())
        .bind(before.cloned())
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(kept).collect())
}

/// All paths in use, by their ids.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<BTreeMap<PathId, Path>> {
    let all = page(tx, workspace, None, PATHS_LIMIT).await?;
    Ok(all.into_iter().map(|path| (path.id, path.definition)).collect())
}

/// How many paths are in use.
pub async fn count(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    let (count,): (i64,) = tx
        .query("SELECT COUNT(*) FROM escalation_path WHERE workspace = $1 AND archived = 0")
        .bind(workspace.clone())
        .one()
        .await?;
    Ok(count)
}
