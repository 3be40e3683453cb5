//! The record of every incident: append-only.

use std::sync::Arc;

use sqlx::types::Json;

use crate::ids::{IncidentId, WorkspaceId};
use crate::incident::event::Entry;
use crate::store::db::{Result, Table, Tx};

type Row = (Json<Entry>,);

const TIMELINE: Table =
    Table { columns: "timeline (workspace, incident, version, at, entry)", conflict: "" };

/// Appends entries. Fails as a conflict if somebody else has written one of these versions.
pub async fn append(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    entries: &[(IncidentId, Arc<Entry>)],
) -> Result<()> {
    tx.insert_rows(TIMELINE, entries, |query, (incident, entry)| {
        query
            .bind(workspace.clone())
            .bind(incident.clone())
            .bind(entry.version)
            .bind(entry.at)
            .bind(Json(entry))
    })
    .await?;
    Ok(())
}

/// The entry that made this version.
pub async fn entry(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    version: i64,
) -> Result<Option<Entry>> {
    let row: Option<Row> = tx
        .query("SELECT entry FROM timeline WHERE workspace = $1 AND incident = $2 AND version = $3")
        .bind(workspace.clone())
        .bind(incident.clone())
        .bind(version)
        .optional()
        .await?;
    Ok(row.map(|(entry,)| entry.0))
}

/// Entries after this version, oldest first.
pub async fn after(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    version: i64,
    limit: i64,
) -> Result<Vec<Entry>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT entry FROM timeline WHERE workspace = $1 AND incident = $2 AND version > $3
             ORDER BY version LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(incident.clone())
        .bind(version)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(entry,)| entry.0).collect())
}

/// The latest entries, oldest of them first.
pub async fn latest(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    limit: i64,
) -> Result<Vec<Entry>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT entry FROM timeline WHERE workspace = $1 AND incident = $2
             ORDER BY version DESC LIMIT $3",
        )
        .bind(workspace.clone())
        .bind(incident.clone())
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().rev().map(|(entry,)| entry.0).collect())
}

/// Entries before this version, newest first.
pub async fn before(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    version: i64,
    limit: i64,
) -> Result<Vec<Entry>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT entry FROM timeline WHERE workspace = $1 AND incident = $2 AND version < $3
             ORDER BY version DESC LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(incident.clone())
        .bind(version)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(entry,)| entry.0).collect())
}
