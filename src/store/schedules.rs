//! Schedules, and those who stand in.

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{LayerId, OverrideId, RotationId, ScheduleId, UserId, WorkspaceId};
use crate::oncall::schedule::definition::{Override, Schedule};
use crate::store::db::{Result, Tx};

/// A schedule with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: ScheduleId,
    /// What it says.
    pub definition: Schedule,
    /// Whether nobody uses it any more.
    pub is_archived: bool,
    /// Who was on call when it was last looked at.
    pub on_call: Vec<UserId>,
    /// Another number with every change.
    pub version: i64,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

type Row = (ScheduleId, Json<Schedule>, i64, Json<Vec<UserId>>, i64, Timestamp, Timestamp);

fn kept((id, definition, archived, on_call, version, created_at, updated_at): Row) -> Kept {
    let (definition, on_call) = (definition.0, on_call.0);
    Kept { id, definition, is_archived: archived == 1, on_call, version, created_at, updated_at }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, definition, archived, on_call, version, created_at, updated_at \
             FROM schedule WHERE workspace = $1",
            $rest
        )
    };
}

/// Keeps a new schedule. Fails as a conflict if its request has made one.
pub async fn create(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    schedule: &Kept,
    request: Option<&str>,
) -> Result<()> {
    tx.query(
        "INSERT INTO schedule (workspace, id, definition, archived, on_call, version, request, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(workspace.clone())
    .bind(schedule.id.clone())
    .bind(Json(&schedule.definition))
    .bind(i64::from(schedule.is_archived))
    .bind(Json(&schedule.on_call))
    .bind(schedule.version)
    .bind(request.map(str::to_owned))
    .bind(schedule.created_at)
    .bind(schedule.updated_at)
    .execute()
    .await?;
    Ok(())
}

/// Writes down what a schedule is now.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, schedule: &Kept) -> Result<()> {
    tx.query(
        "UPDATE schedule SET definition = $3, archived = $4, on_call = $5, version = $6, updated_at = $7
         WHERE workspace = $1 AND id = $2",
    )
    .bind(workspace.clone())
    .bind(schedule.id.clone())
    .bind(Json(&schedule.definition))
    .bind(i64::from(schedule.is_archived))
    .bind(Json(&schedule.on_call))
    .bind(schedule.version)
    .bind(schedule.updated_at)
    .execute()
    .await?;
    Ok(())
}

/// The schedule, archived or not.
pub async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &ScheduleId) -> Result<Option<Kept>> {
    let row: Option<Row> = tx
        .query(select!(" AND id = $2"))
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(row.map(kept))
}

/// The schedule, which nobody else changes until the commit.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId, id: &ScheduleId) -> Result<Option<Kept>> {
    // A write that changes nothing locks the row on both databases.
    tx.query("UPDATE schedule SET version = version WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    by_id(tx, workspace, id).await
}

/// The schedule that this request has made.
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

/// Schedules that are in use, those that are older than this one first after it: newest first.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Option<&ScheduleId>,
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

/// Those of these that are in use.
pub async fn with_ids(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[ScheduleId],
) -> Result<Vec<Kept>> {
    let rows: Vec<Row> = tx
        .all_among(
            "SELECT id, definition, archived, on_call, version, created_at, updated_at FROM schedule",
            "id",
            workspace,
            ids,
        )
        .await?;
    Ok(rows.into_iter().map(kept).filter(|it| !it.is_archived).collect())
}

/// How many schedules are in use.
pub async fn count(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    let (count,): (i64,) = tx
        .query("SELECT COUNT(*) FROM schedule WHERE workspace = $1 AND archived = 0")
        .bind(workspace.clone())
        .one()
        .await?;
    Ok(count)
}

/// Keeps an override, or writes down what it is now.
pub async fn save_override(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    one: &Override,
    request: Option<&str>,
) -> Result<()> {
    tx.query(
        "INSERT INTO schedule_override (workspace, id, schedule, body, ends_at, request)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace, id) DO UPDATE SET body = excluded.body, ends_at = excluded.ends_at",
    )
    .bind(workspace.clone())
    .bind(one.id.clone())
    .bind(one.schedule.clone())
    .bind(Json(one))
    .bind(one.end_at)
    .bind(request.map(str::to_owned))
    .execute()
    .await?;
    Ok(())
}

/// The override that this request has made.
pub async fn override_by_request(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    request: &str,
) -> Result<Option<Override>> {
    let row: Option<(Json<Override>,)> = tx
        .query("SELECT body FROM schedule_override WHERE workspace = $1 AND request = $2")
        .bind(workspace.clone())
        .bind(request.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(body,)| body.0))
}

/// The override, if it is there.
pub async fn override_by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &OverrideId,
) -> Result<Option<Override>> {
    let row: Option<(Json<Override>,)> = tx
        .query("SELECT body FROM schedule_override WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(row.map(|(body,)| body.0))
}

/// The overrides of a schedule that end after an instant, oldest first.
pub async fn overrides(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
    after: Timestamp,
) -> Result<Vec<Override>> {
    let rows: Vec<(Json<Override>,)> = tx
        .query(
            "SELECT body FROM schedule_override WHERE workspace = $1 AND schedule = $2 AND ends_at > $3 ORDER BY id",
        )
        .bind(workspace.clone())
        .bind(schedule.clone())
        .bind(after)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(body,)| body.0).collect())
}

/// Where in a schedule overrides are looked for; what says nothing leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Where {
    /// In this rotation.
    pub rotation: Option<RotationId>,
    /// In a layer of this id.
    pub layer: Option<LayerId>,
}

/// The overrides of a schedule that are older than this one, newest first.
pub async fn override_page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
    place: &Where,
    before: Option<&OverrideId>,
    limit: i64,
) -> Result<Vec<Override>> {
    let rows: Vec<(Json<Override>,)> = tx
        .query(
            "SELECT body FROM schedule_override WHERE workspace = $1 AND schedule = $2
             AND (CAST($3 AS TEXT) IS NULL OR id < $3)
             AND (CAST($5 AS TEXT) IS NULL OR body ->> 'rotation' = $5)
             AND (CAST($6 AS TEXT) IS NULL OR body ->> 'layer' = $6)
             ORDER BY id DESC LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(schedule.clone())
        .bind(before.cloned())
        .bind(limit)
        .bind(place.rotation.clone())
        .bind(place.layer.clone())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(body,)| body.0).collect())
}

/// How many overrides of a schedule have not ended by then.
pub async fn override_count(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    schedule: &ScheduleId,
    after: Timestamp,
) -> Result<i64> {
    let (count,): (i64,) = tx
        .query(
            "SELECT COUNT(*) FROM schedule_override WHERE workspace = $1 AND schedule = $2 AND ends_at > $3",
        )
        .bind(workspace.clone())
        .bind(schedule.clone())
        .bind(after)
        .one()
        .await?;
    Ok(count)
}

/// Removes an override.
pub async fn remove_override(tx: &mut Tx, workspace: &WorkspaceId, id: &OverrideId) -> Result<()> {
    tx.query("DELETE FROM schedule_override WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    Ok(())
}
