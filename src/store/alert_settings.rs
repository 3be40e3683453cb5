//! What workspaces have laid down about their alerts, and who folds alerts at the moment.

use sqlx::types::Json;

use crate::alert::settings::{Kept, Setting};
use crate::clock::Timestamp;
use crate::ids::{SettingId, WorkspaceId};
use crate::store::db::{Result, Sql, Tx};

/// What the row says that whoever folds alerts holds.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Desk {
    /// Who folded last.
    pub writer: String,
    /// Another number with every change of the settings.
    pub settings: i64,
}

/// Takes the workspace's desk, so that nobody else folds its alerts before the commit; and says
/// who had it before.
pub async fn take_desk(tx: &mut Tx, workspace: &WorkspaceId, writer: &str) -> Result<Desk> {
    let select = Sql {
        sqlite: "SELECT writer, settings FROM alert_desk WHERE workspace = $1",
        postgres: "SELECT writer, settings FROM alert_desk WHERE workspace = $1 FOR UPDATE",
    };
    let found: Option<Desk> = tx.query(select).bind(workspace.clone()).optional().await?;
    let desk = match found {
        Some(desk) => desk,
        None => {
            tx.query(
                "INSERT INTO alert_desk (workspace, writer, settings) VALUES ($1, '', 0)
                 ON CONFLICT (workspace) DO NOTHING",
            )
            .bind(workspace.clone())
            .execute()
            .await?;
            tx.query(select).bind(workspace.clone()).one().await?
        }
    };
    if desk.writer != writer {
        tx.query("UPDATE alert_desk SET writer = $2 WHERE workspace = $1")
            .bind(workspace.clone())
            .bind(writer.to_owned())
            .execute()
            .await?;
    }
    Ok(desk)
}

/// The number of the present settings; 0 if there never were any.
pub async fn version(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    let row: Option<(i64,)> = tx
        .query("SELECT settings FROM alert_desk WHERE workspace = $1")
        .bind(workspace.clone())
        .optional()
        .await?;
    Ok(row.map_or(0, |(version,)| version))
}

type Row = (SettingId, Json<Setting>, Timestamp, Timestamp, i64);

/// All settings of a workspace, in the order in which they were made.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Kept>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT id, body, created_at, updated_at, version FROM alert_setting WHERE workspace = $1 ORDER BY created_at, id",
        )
        .bind(workspace.clone())
        .all()
        .await?;
    Ok(rows.into_iter().map(kept).collect())
}

fn kept((id, Json(setting), created_at, updated_at, version): Row) -> Kept {
    Kept { id, setting, created_at, updated_at, version }
}

/// The settings of one kind, in the order in which they were made.
pub async fn of_kind(tx: &mut Tx, workspace: &WorkspaceId, kind: &str) -> Result<Vec<Kept>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT id, body, created_at, updated_at, version FROM alert_setting WHERE workspace = $1 AND kind = $2
             ORDER BY created_at, id",
        )
        .bind(workspace.clone())
        .bind(kind.to_owned())
        .all()
        .await?;
    Ok(rows.into_iter().map(kept).collect())
}

/// How many settings of one kind there are.
pub async fn count(tx: &mut Tx, workspace: &WorkspaceId, kind: &str) -> Result<i64> {
    let (count,): (i64,) = tx
        .query("SELECT COUNT(*) FROM alert_setting WHERE workspace = $1 AND kind = $2")
        .bind(workspace.clone())
        .bind(kind.to_owned())
        .one()
        .await?;
    Ok(count)
}

/// The settings of one kind that were made after this one, in the order in which they were made.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    kind: &str,
    after: Option<&(Timestamp, SettingId)>,
    limit: i64,
) -> Result<Vec<Kept>> {
    let beginning = (Timestamp::from_micros(i64::MIN), SettingId::from(""));
    let (at, id) = after.cloned().unwrap_or(beginning);
    let rows: Vec<Row> = tx
        .query(
            "SELECT id, body, created_at, updated_at, version FROM alert_setting WHERE workspace = $1 AND kind = $2
               AND (created_at > $3 OR (created_at = $3 AND id > $4))
             ORDER BY created_at, id LIMIT $5",
        )
        .bind(workspace.clone())
        .bind(kind.to_owned())
        .bind(at)
        .bind(id)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(kept).collect())
}

/// One setting.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    kind: &str,
    id: &SettingId,
) -> Result<Option<Kept>> {
    let row: Option<Row> = tx
        .query(
            "SELECT id, body, created_at, updated_at, version FROM alert_setting WHERE workspace = $1 AND kind = $2 AND id = $3",
        )
        .bind(workspace.clone())
        .bind(kind.to_owned())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(row.map(kept))
}

/// Keeps a setting, in place of what it said before. Whoever does this holds the desk.
pub async fn put(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &SettingId,
    setting: &Setting,
    now: Timestamp,
) -> Result<()> {
    tx.query(
        "INSERT INTO alert_setting (workspace, kind, id, body, ends_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (workspace, kind, id) DO UPDATE SET body = excluded.body, ends_at = excluded.ends_at,
             updated_at = excluded.updated_at, version = alert_setting.version + 1",
    )
    .bind(workspace.clone())
    .bind(setting.kind().to_owned())
    .bind(id.clone())
    .bind(Json(setting))
    .bind(setting.ends_at())
    .bind(now)
    .execute()
    .await?;
    changed(tx, workspace).await
}

/// Removes a setting; says whether it was there. Whoever does this holds the desk.
pub async fn delete(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    kind: &str,
    id: &SettingId,
) -> Result<bool> {
    let deleted = tx
        .query("DELETE FROM alert_setting WHERE workspace = $1 AND kind = $2 AND id = $3")
        .bind(workspace.clone())
        .bind(kind.to_owned())
        .bind(id.clone())
        .execute()
        .await?;
    changed(tx, workspace).await?;
    Ok(deleted == 1)
}

async fn changed(tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
    tx.query("UPDATE alert_desk SET settings = settings + 1 WHERE workspace = $1")
        .bind(workspace.clone())
        .execute()
        .await?;
    Ok(())
}
