//! Groups of alerts, and by what new alerts find them.

use sqlx::types::Json;

use crate::alert::fingerprint::Key;
use crate::alert::group::Group;
use crate::ids::{GroupId, IncidentId, WorkspaceId};
use crate::store::db::{Result, Table, Tx};

const GROUPS: Table = Table {
    columns: "alert_group (workspace, id, incident, waits, version, state)",
    conflict: "ON CONFLICT (workspace, id) DO UPDATE SET incident = excluded.incident, waits = excluded.waits,
        version = excluded.version, state = excluded.state",
};

const KEYS: Table = Table {
    columns: "alert_group_key (workspace, key, grp)",
    conflict: "ON CONFLICT (workspace, key, grp) DO NOTHING",
};

/// Writes groups as they stand now, with what new alerts find them by.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, groups: &[Group]) -> Result<()> {
    tx.insert_rows(GROUPS, groups, |query, group| {
        query
            .bind(workspace.clone())
            .bind(group.id.clone())
            .bind(group.incident.clone())
            .bind(i64::from(group.waits()))
            .bind(group.version)
            .bind(Json(group))
    })
    .await?;
    Ok(())
}

/// Lets new alerts find these groups.
pub async fn save_keys(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[(Key, GroupId)],
) -> Result<()> {
    tx.insert_rows(KEYS, keys, |query, (key, group)| {
        query.bind(workspace.clone()).bind(key.to_text()).bind(group.clone())
    })
    .await?;
    Ok(())
}

/// The newest groups that are found by each of these keys.
pub async fn by_keys(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[Key],
) -> Result<Vec<(Key, GroupId)>> {
    let keys: Vec<String> = keys.iter().map(|key| key.to_text()).collect();
    let rows: Vec<(String, GroupId)> =
        tx.all_among("SELECT key, grp FROM alert_group_key", "key", workspace, &keys).await?;
    Ok(rows.into_iter().filter_map(|(key, group)| Some((Key::from_text(&key)?, group))).collect())
}

/// Forgets by what a group that is over was found.
pub async fn forget_keys(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[(Key, GroupId)],
) -> Result<()> {
    for (key, group) in keys {
        tx.query("DELETE FROM alert_group_key WHERE workspace = $1 AND key = $2 AND grp = $3")
            .bind(workspace.clone())
            .bind(key.to_text())
            .bind(group.clone())
            .execute()
            .await?;
    }
    Ok(())
}

/// The groups with these ids.
pub async fn with_ids(tx: &mut Tx, workspace: &WorkspaceId, ids: &[GroupId]) -> Result<Vec<Group>> {
    let rows: Vec<(Json<Group>,)> =
        tx.all_among("SELECT state FROM alert_group", "id", workspace, ids).await?;
    Ok(rows.into_iter().map(|(group,)| group.0).collect())
}

/// The groups of an incident, oldest first.
pub async fn of_incident(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
) -> Result<Vec<Group>> {
    // Sorted here: asked for an order by id, SQLite would go through all groups there are.
    let rows: Vec<(Json<Group>,)> = tx
        .query("SELECT state FROM alert_group WHERE workspace = $1 AND incident = $2")
        .bind(workspace.clone())
        .bind(incident.clone())
        .all()
        .await?;
    let mut groups: Vec<Group> = rows.into_iter().map(|(group,)| group.0).collect();
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(groups)
}

/// The ids of the groups of an incident.
pub async fn ids_of_incident(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
) -> Result<Vec<GroupId>> {
    let rows: Vec<(GroupId,)> = tx
        .query("SELECT id FROM alert_group WHERE workspace = $1 AND incident = $2")
        .bind(workspace.clone())
        .bind(incident.clone())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The groups of these incidents, oldest first.
pub async fn of_incidents(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incidents: &[IncidentId],
) -> Result<Vec<Group>> {
    let rows: Vec<(Json<Group>,)> =
        tx.all_among("SELECT state FROM alert_group", "incident", workspace, incidents).await?;
    let mut groups: Vec<Group> = rows.into_iter().map(|(group,)| group.0).collect();
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(groups)
}

/// The groups that may yet open an incident.
pub async fn waiting(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<Vec<Group>> {
    let rows: Vec<(Json<Group>,)> = tx
        .query(
            "SELECT state FROM alert_group WHERE workspace = $1 AND waits = 1 ORDER BY id LIMIT $2",
        )
        .bind(workspace.clone())
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group,)| group.0).collect())
}
