//! The record of every incident: append-only, but for the text of notes that are deleted.

use std::sync::Arc;

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{IncidentId, WorkspaceId};
use crate::incident::event::{Actor, Entry};
use crate::incident::papers::note::without_text;
use crate::incident::papers::place::Place;
use crate::incident::state::Incident;
use crate::store::db::{Result, Table, Tx};
use crate::store::visible::may_read;

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

/// The entries of these versions, oldest first.
pub async fn with_versions(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    versions: &[i64],
) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for version in versions {
        entries.extend(entry(tx, workspace, incident, *version).await?);
    }
    entries.sort_by_key(|entry| entry.version);
    entries.dedup_by_key(|entry| entry.version);
    Ok(entries)
}

/// The whole record, oldest first.
pub async fn whole(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
) -> Result<Vec<Entry>> {
    after(tx, workspace, incident, 0, i64::MAX).await
}

/// How each of these incidents began, and every entry that has changed where it stands: by incident,
/// oldest first.
pub async fn turns(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incidents: &[IncidentId],
) -> Result<Vec<(IncidentId, Entry)>> {
    let rows: Vec<(IncidentId, Json<Entry>)> = tx
        .all_among(
            "SELECT incident, entry FROM (
                 SELECT workspace, incident, entry FROM timeline
                 WHERE entry->'event'->>'type' IN
                     ('declared', 'update_posted', 'status_changed', 'severity_changed', 'merged_into')
             ) AS turn",
            "incident",
            workspace,
            incidents,
        )
        .await?;
    let mut turns: Vec<(IncidentId, Entry)> =
        rows.into_iter().map(|(incident, entry)| (incident, entry.0)).collect();
    turns.sort_by(|(one, a), (other, b)| (one, a.version).cmp(&(other, b.version)));
    Ok(turns)
}

/// An update: an entry that tells people what is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The incident.
    pub incident: IncidentId,
    /// The entry.
    pub entry: Entry,
}

/// A page of updates, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updates {
    /// Those that the actor may see.
    pub updates: Vec<Update>,
    /// The update before which the next page begins, by its time and its id; nothing on the last
    /// page.
    pub next_before: Option<(Timestamp, Place)>,
}

/// Rows that are looked at together at least, where many may be hidden.
const UPDATES_AT_ONCE: i64 = 50;

type UpdateRow = (IncidentId, Json<Entry>, Option<Json<Incident>>);

/// One page of the updates of all incidents that this actor may see, newest first: what was said, and
/// changes of status and severity.
pub async fn updates(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    before: Option<&(Timestamp, Place)>,
    limit: i64,
) -> Result<Updates> {
    let wanted = usize::try_from(limit).unwrap_or_default();
    let at_once = limit.max(UPDATES_AT_ONCE).saturating_add(1);
    let last_of_all =
        || (Timestamp::from_micros(i64::MAX), Place { incident: "~".into(), version: i64::MAX });
    let mut before = before.cloned().unwrap_or_else(last_of_all);
    let mut updates: Vec<Update> = Vec::new();
    loop {
        // The list of types is that of the index, letter by letter, or it would not be used.
        let rows: Vec<UpdateRow> = tx
            .query(
                "SELECT t.incident, t.entry, CASE WHEN n.visibility = 'public' THEN NULL ELSE n.state END
                 FROM timeline t JOIN incident n ON n.workspace = t.workspace AND n.id = t.incident
                 WHERE t.workspace = $1 AND (t.at, t.incident, t.version) < ($2, $3, $4)
                   AND t.entry->'event'->>'type' IN ('update_posted', 'status_changed', 'severity_changed', 'merged_into')
                 ORDER BY t.at DESC, t.incident DESC, t.version DESC LIMIT $5",
            )
            .bind(workspace.clone())
            .bind(before.0)
            .bind(before.1.incident.clone())
            .bind(before.1.version)
            .bind(at_once)
            .all()
            .await?;
        let is_end = i64::try_from(rows.len()).unwrap_or(i64::MAX) < at_once;
        let last = rows.last().map(|(incident, entry, _)| place_of(incident, &entry.0));
        let seen = rows.into_iter().filter(|(_, _, hidden)| may_read(hidden.as_ref(), actor));
        updates.extend(seen.map(|(incident, entry, _)| Update { incident, entry: entry.0 }));
        match last {
            Some(last) if !is_end && updates.len() <= wanted => before = last,
            _ => break,
        }
    }
    let is_more = updates.len() > wanted;
    updates.truncate(wanted);
    let last = updates.last().map(|update| place_of(&update.incident, &update.entry));
    Ok(Updates { updates, next_before: last.filter(|_| is_more) })
}

/// One page of the updates of one incident, newest first: those before this version.
pub async fn updates_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT entry FROM timeline WHERE workspace = $1 AND incident = $2 AND version < $3
               AND entry->'event'->>'type' IN ('update_posted', 'status_changed', 'severity_changed', 'merged_into')
             ORDER BY version DESC LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(incident.clone())
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(entry,)| entry.0).collect())
}

fn place_of(incident: &IncidentId, entry: &Entry) -> (Timestamp, Place) {
    (entry.at, Place { incident: incident.clone(), version: entry.version })
}

/// Takes the text of a note out of the record, and that of its corrections: the one thing in it that
/// is ever changed. That there was a note stays.
pub async fn forget_note(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    note: i64,
) -> Result<()> {
    for entry in after(tx, workspace, incident, note - 1, i64::MAX).await? {
        let Some(bare) = without_text(&entry, note) else { continue };
        tx.query(
            "UPDATE timeline SET entry = $4 WHERE workspace = $1 AND incident = $2 AND version = $3",
        )
        .bind(workspace.clone())
        .bind(incident.clone())
        .bind(entry.version)
        .bind(Json(bare))
        .execute()
        .await?;
    }
    Ok(())
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
