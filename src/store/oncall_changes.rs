//! Who changed schedules and escalation paths, and who took over from whom.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{UserId, WorkspaceId};
use crate::incident::event::Actor;
use crate::oncall::path::definition::Path;
use crate::oncall::schedule::definition::{Override, Schedule};
use crate::store::db::{Result, Tx};

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OnCallChange)]
pub struct Change {
    /// Who did it.
    pub by: Actor,
    /// What they did.
    #[serde(flatten)]
    pub what: What,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
#[schema(as = OnCallChanged)]
pub enum What {
    /// A schedule was made, or says something else now.
    ScheduleSaved {
        /// What it says.
        schedule: Box<Schedule>,
    },
    /// A schedule was archived.
    ScheduleArchived,
    /// Somebody stands in, or stands in at another time.
    OverrideSaved {
        /// Who, and when.
        #[serde(rename = "override")]
        one: Box<Override>,
    },
    /// Nobody stands in any more.
    OverrideRemoved {
        /// Who did, and when.
        #[serde(rename = "override")]
        one: Box<Override>,
    },
    /// Others are on call now.
    ShiftChanged {
        /// Who was.
        before: Vec<UserId>,
        /// Who is.
        now: Vec<UserId>,
    },
    /// A path was made, or says something else now.
    PathSaved {
        /// What it says.
        path: Box<Path>,
    },
    /// A path was archived.
    PathArchived,
    /// What a newer version of Stentor has written.
    #[serde(other)]
    Unknown,
}

/// A change, as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: Change,
}

/// Waits until nobody else changes the workspace's schedules and paths, until the commit.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
    tx.query(
        "INSERT INTO counter (workspace, name, value) VALUES ($1, 'oncall', 1)
         ON CONFLICT (workspace, name) DO UPDATE SET value = counter.value + 1",
    )
    .bind(workspace.clone())
    .execute()
    .await?;
    Ok(())
}

/// Writes down a change of a schedule or path.
pub async fn append(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    subject: &str,
    written: &Written,
) -> Result<()> {
    tx.query(
        "INSERT INTO oncall_change (workspace, id, subject, at, change) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(workspace.clone())
    .bind(written.id.clone())
    .bind(subject.to_owned())
    .bind(written.at)
    .bind(Json(&written.change))
    .execute()
    .await?;
    Ok(())
}

/// The changes of a schedule or path that are older than this one, newest first.
pub async fn of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    subject: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Written>> {
    let rows: Vec<(String, Timestamp, Json<Change>)> = tx
        .query(
            "SELECT id, at, change FROM oncall_change WHERE workspace = $1 AND subject = $2
             AND (CAST($3 AS TEXT) IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(subject.to_owned())
        .bind(before.map(str::to_owned))
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id, at, change)| Written { id, at, change: change.0 }).collect())
}
