//! Forgetting alerts that nobody will ask for again, and what belongs to them.
//!
//! Whoever forgets holds the desk of the workspace, so that no alert joins a group that is just being
//! forgotten.

use crate::clock::Timestamp;
use crate::ids::{AlertId, GroupId, WorkspaceId};
use crate::store::db::{Result, Sql, Tx};

/// Takes the workspace's desk for this transaction; says whether there is one. Without it there never
/// was an alert.
pub async fn hold_desk(tx: &mut Tx, workspace: &WorkspaceId) -> Result<bool> {
    let found: Option<(String,)> = tx
        .query(Sql {
            sqlite: "SELECT writer FROM alert_desk WHERE workspace = $1",
            postgres: "SELECT writer FROM alert_desk WHERE workspace = $1 FOR UPDATE",
        })
        .bind(workspace.clone())
        .optional()
        .await?;
    Ok(found.is_some())
}

/// The first moment's part of an id: what was made before then has a smaller id.
fn born(before: Timestamp) -> String {
    ulid::Ulid::from_parts(before.as_millis(), 0).to_string()
}

/// Forgets alerts that were over before then and have not changed since, with their sightings and
/// histories; some at a time, and says how many that was.
pub async fn forget_alerts(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    let rows: Vec<(AlertId,)> = tx
        .query(
            "SELECT id FROM alert WHERE workspace = $1 AND firing = 0 AND id < $2
               AND NOT EXISTS (SELECT 1 FROM alert_change WHERE alert_change.workspace = $1
                   AND alert_change.alert = alert.id AND alert_change.at >= $3)
             ORDER BY id LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(born(before))
        .bind(before)
        .bind(limit)
        .all()
        .await?;
    let ids: Vec<AlertId> = rows.into_iter().map(|(id,)| id).collect();
    tx.delete_among("alert_change", "alert", workspace, &ids).await?;
    tx.delete_among("alert_seen", "alert", workspace, &ids).await?;
    tx.delete_among("alert", "id", workspace, &ids).await
}

/// Forgets groups without alerts that were made before then, and by what new alerts found them; some
/// at a time, and says how many that was.
pub async fn forget_groups(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    let rows: Vec<(GroupId,)> = tx
        .query(
            "SELECT id FROM alert_group WHERE workspace = $1 AND id < $2
               AND NOT EXISTS (SELECT 1 FROM alert WHERE alert.workspace = $1 AND alert.grp = alert_group.id)
             ORDER BY id LIMIT $3",
        )
        .bind(workspace.clone())
        .bind(born(before))
        .bind(limit)
        .all()
        .await?;
    let ids: Vec<GroupId> = rows.into_iter().map(|(id,)| id).collect();
    tx.delete_among("alert_group_key", "grp", workspace, &ids).await?;
    tx.delete_among("alert_group", "id", workspace, &ids).await
}

/// Forgets what was laid down and ended before then; some at a time, and says how many that was. It
/// meant nothing any more, so nobody has to take note.
pub async fn forget_settings(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    tx.query(
        "DELETE FROM alert_setting WHERE workspace = $1 AND (kind, id) IN (
             SELECT kind, id FROM alert_setting WHERE workspace = $1 AND ends_at IS NOT NULL AND ends_at < $2
             ORDER BY ends_at LIMIT $3)",
    )
    .bind(workspace.clone())
    .bind(before)
    .bind(limit)
    .execute()
    .await
}

/// Forgets what was changed on purpose before then; some at a time, and says how many that was.
pub async fn forget_changes(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    tx.query(
        "DELETE FROM change_event WHERE workspace = $1 AND id IN (
             SELECT id FROM change_event WHERE workspace = $1 AND at < $2 ORDER BY at LIMIT $3)",
    )
    .bind(workspace.clone())
    .bind(before)
    .bind(limit)
    .execute()
    .await
}
