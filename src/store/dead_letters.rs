//! Work that was given up: kept until somebody sends it again or lets it go.

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{IncidentId, WorkId, WorkspaceId};
use crate::outbox::work::Work;
use crate::store::db::{Result, Tx};

/// A piece of work for somebody to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its id.
    pub id: WorkId,
    /// The incident it is about.
    pub incident: IncidentId,
    /// The number that people know it by; nothing if it is about none.
    pub number: Option<i64>,
    /// What was to be done.
    pub work: Work,
    /// Whether it was given up; otherwise it is still to be done.
    pub is_dead: bool,
    /// How often it was tried.
    pub attempts: i64,
    /// How its last attempt ended.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Not before then.
    pub due_at: Timestamp,
}

type Row =
    (WorkId, IncidentId, Option<i64>, Json<Work>, i64, i64, Option<String>, Timestamp, Timestamp);

fn letter(
    (id, incident, number, work, state, attempts, last_error, created_at, due_at): Row,
) -> Letter {
    let is_dead = state == 1;
    Letter { id, incident, number, work: work.0, is_dead, attempts, last_error, created_at, due_at }
}

/// What was given up, oldest first.
pub async fn dead(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<Vec<Letter>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT o.id, o.incident, i.number, o.work, o.state, o.attempts, o.last_error, o.created_at, o.due_at
             FROM outbox o LEFT JOIN incident i ON i.workspace = o.workspace AND i.id = o.incident
             WHERE o.workspace = $1 AND o.state = 1 ORDER BY o.created_at, o.id LIMIT $2",
        )
        .bind(workspace.clone())
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(letter).collect())
}

/// What is still to be done, oldest first. Timers are not: they wait because they should.
pub async fn waiting(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<Vec<Letter>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT o.id, o.incident, i.number, o.work, o.state, o.attempts, o.last_error, o.created_at, o.due_at
             FROM outbox o LEFT JOIN incident i ON i.workspace = o.workspace AND i.id = o.incident
             WHERE o.workspace = $1 AND o.state = 0 AND o.lane NOT LIKE '%/timer/%'
             ORDER BY o.created_at, o.id LIMIT $2",
        )
        .bind(workspace.clone())
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(letter).collect())
}

/// Has it tried again, from now on. What is known of its earlier attempts stays: if one of them may
/// have succeeded, the next one looks first. Says whether it was there.
pub async fn retry(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &WorkId,
    now: Timestamp,
) -> Result<bool> {
    let lane: Option<(String,)> = tx
        .query("SELECT lane FROM outbox WHERE workspace = $1 AND id = $2 AND state = 1")
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    let Some((lane,)) = lane else { return Ok(false) };
    // The lane first, as everybody does: then nobody waits for anybody the other way round.
    tx.query(
        "INSERT INTO lane (workspace, name, due_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace, name) DO UPDATE
         SET due_at = CASE WHEN lane.lease IS NULL THEN excluded.due_at ELSE lane.due_at END",
    )
    .bind(workspace.clone())
    .bind(lane)
    .bind(now)
    .execute()
    .await?;
    let revived = tx
        .query(
            "UPDATE outbox SET state = 0, generation = generation + 1, due_at = $3, created_at = $3
             WHERE workspace = $1 AND id = $2 AND state = 1",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .bind(now)
        .execute()
        .await?;
    Ok(revived == 1)
}

/// Lets it go for good, and says whether it was there.
pub async fn let_go(tx: &mut Tx, workspace: &WorkspaceId, id: &WorkId) -> Result<bool> {
    let gone = tx
        .query("DELETE FROM outbox WHERE workspace = $1 AND id = $2 AND state = 1")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    Ok(gone == 1)
}
