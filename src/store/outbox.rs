//! What remains to be done outside: the queue itself.

use std::time::Duration;

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{IncidentId, WorkId, WorkspaceId};
use crate::outbox::work::{NewWork, Work};
use crate::store::db::{Result, Sql, Table, Tx};

/// A piece of work that this process holds the lease of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The work's id: what Slack is told to recognise it by.
    pub id: WorkId,
    /// The incident it is about.
    pub incident: IncidentId,
    /// The lane it waits in.
    pub lane: String,
    /// What to do.
    pub work: Work,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// How many of the earlier attempts ended with a clear answer.
    pub refused: i64,
    /// The fencing token: no two leases have the same, so a worker that slept through its lease
    /// can't change anything any more.
    pub lease: i64,
    /// How often it was asked for when it was claimed.
    pub generation: i64,
    /// When it was first asked for.
    pub created_at: Timestamp,
}

impl Claimed {
    /// Whether an earlier attempt may have succeeded without our knowing.
    pub fn is_in_doubt(&self) -> bool {
        self.attempts - 1 > self.refused
    }
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    workspace: WorkspaceId,
    id: WorkId,
    incident: IncidentId,
    lane: String,
    work: Json<Work>,
    attempts: i64,
    refused: i64,
    lease: i64,
    generation: i64,
    created_at: Timestamp,
}

const WORK: Table = Table {
    columns: "outbox (workspace, id, key, lane, seq, incident, work, state, due_at, attempts, refused, generation,
        lease, lease_until, created_at)",
    // Work that is there already is asked for once more: if it is in hand it will be done again, if
    // it waits it keeps its place, and if it was given up it gets another chance.
    conflict: "ON CONFLICT (workspace, key) DO UPDATE SET generation = outbox.generation + 1,
        seq = CASE WHEN outbox.state = 2 THEN excluded.seq ELSE outbox.seq END,
        due_at = CASE WHEN outbox.state = 2 THEN excluded.due_at ELSE outbox.due_at END,
        state = CASE WHEN outbox.state = 2 THEN 0 ELSE outbox.state END",
};

/// A timer has one time: a new one takes the place of the old.
const TIMERS: Table = Table {
    columns: WORK.columns,
    conflict: "ON CONFLICT (workspace, key) DO UPDATE SET generation = outbox.generation + 1,
        due_at = excluded.due_at, state = CASE WHEN outbox.state = 1 THEN 1 ELSE 0 END",
};

/// Adds work, in this order within its lanes.
pub async fn add(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    work: &[NewWork],
    now: Timestamp,
) -> Result<()> {
    // One statement must not meet the same key twice.
    let mut latest: Vec<&NewWork> = Vec::with_capacity(work.len());
    let mut seen = std::collections::HashSet::new();
    for one in work {
        if seen.insert(&one.key) {
            latest.push(one);
        } else if one.is_timer() {
            latest.retain(|other| other.key != one.key);
            latest.push(one);
        }
    }
    let (timers, rest): (Vec<&NewWork>, Vec<&NewWork>) =
        latest.into_iter().partition(|one| one.is_timer());
    for (table, rows) in [(WORK, rest), (TIMERS, timers)] {
        tx.insert_rows(table, &rows, |query, work| {
            query
                .bind(workspace.clone())
                .bind(work.id.clone())
                .bind(work.key.clone())
                .bind(work.lane.clone())
                .bind(work.seq)
                .bind(work.incident.clone())
                .bind(Json(work.work.clone()))
                .bind(READY)
                .bind(work.due_at)
                .bind(0_i64)
                .bind(0_i64)
                .bind(0_i64)
                .bind(0_i64)
                .bind(0_i64)
                .bind(now)
        })
        .await?;
    }
    Ok(())
}

const READY: i64 = 0;

/// Forgets work that need not be done any more.
pub async fn cancel(tx: &mut Tx, workspace: &WorkspaceId, key: &str) -> Result<()> {
    tx.query("DELETE FROM outbox WHERE workspace = $1 AND key = $2")
        .bind(workspace.clone())
        .bind(key.to_owned())
        .execute()
        .await?;
    Ok(())
}

/// Takes work that is due and first in its lane, for as long as the lease lasts.
pub async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    lease: Duration,
    limit: i64,
) -> Result<Vec<Claimed>> {
    let rows: Vec<ClaimedRow> = tx
        .query(Sql {
            sqlite: "UPDATE outbox SET state = 1, attempts = attempts + 1, lease = lease + 1, lease_until = $1
                WHERE (workspace, id) IN (
                    SELECT o.workspace, o.id FROM outbox o WHERE o.state = 0 AND o.due_at <= $2
                    AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.workspace = o.workspace AND p.lane = o.lane
                        AND p.state <> 2 AND (p.seq < o.seq OR (p.seq = o.seq AND p.id < o.id)))
                    ORDER BY o.due_at LIMIT $3)
                RETURNING workspace, id, incident, lane, work, attempts, refused, lease, generation, created_at",
            postgres: "UPDATE outbox SET state = 1, attempts = attempts + 1, lease = lease + 1, lease_until = $1
                WHERE (workspace, id) IN (
                    SELECT o.workspace, o.id FROM outbox o WHERE o.state = 0 AND o.due_at <= $2
                    AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.workspace = o.workspace AND p.lane = o.lane
                        AND p.state <> 2 AND (p.seq < o.seq OR (p.seq = o.seq AND p.id < o.id)))
                    ORDER BY o.due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                RETURNING workspace, id, incident, lane, work, attempts, refused, lease, generation, created_at",
        })
        .bind(now.plus(lease))
        .bind(now)
        .bind(limit)
        .all()
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Claimed {
            workspace: row.workspace,
            id: row.id,
            incident: row.incident,
            lane: row.lane,
            work: row.work.0,
            attempts: row.attempts,
            refused: row.refused,
            lease: row.lease,
            generation: row.generation,
            created_at: row.created_at,
        })
        .collect())
}

/// Gives back what a dead worker held. Its attempt stays counted as one without an answer.
pub async fn release_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.query("UPDATE outbox SET state = 0 WHERE state = 1 AND lease_until < $1")
        .bind(now)
        .execute()
        .await
}

/// Ends work that was done. Asked for again meanwhile, it is to be done again.
///
/// Says whether the lease was still ours: a worker that slept through its lease changes nothing.
pub async fn finish(tx: &mut Tx, claimed: &Claimed, now: Timestamp) -> Result<bool> {
    let done = tx
        .query("DELETE FROM outbox WHERE workspace = $1 AND id = $2 AND lease = $3 AND state = 1 AND generation = $4")
        .bind(claimed.workspace.clone())
        .bind(claimed.id.clone())
        .bind(claimed.lease)
        .bind(claimed.generation)
        .execute()
        .await?;
    if done == 1 {
        return Ok(true);
    }
    let again = tx
        .query(
            "UPDATE outbox SET state = 0, attempts = 0, refused = 0, last_error = NULL,
                due_at = CASE WHEN due_at > $4 THEN due_at ELSE $4 END
             WHERE workspace = $1 AND id = $2 AND lease = $3 AND state = 1",
        )
        .bind(claimed.workspace.clone())
        .bind(claimed.id.clone())
        .bind(claimed.lease)
        .bind(now)
        .execute()
        .await?;
    Ok(again == 1)
}

/// How an attempt ended that did not do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was not even tried: its turn comes later.
    Untried,
    /// With a clear answer: nothing was done.
    Refused,
    /// Without one: it may have been done.
    InDoubt,
}

/// Puts work off until then.
pub async fn put_off(
    tx: &mut Tx,
    claimed: &Claimed,
    until: Timestamp,
    ended: Ended,
    error: Option<&str>,
) -> Result<bool> {
    let (attempts, refused) = match ended {
        Ended::Untried => (claimed.attempts - 1, claimed.refused),
        Ended::Refused => (claimed.attempts, claimed.refused + 1),
        Ended::InDoubt => (claimed.attempts, claimed.refused),
    };
    let changed = tx
        .query(
            "UPDATE outbox SET state = 0, due_at = $4, attempts = $5, refused = $6, last_error = $7
             WHERE workspace = $1 AND id = $2 AND lease = $3 AND state = 1",
        )
        .bind(claimed.workspace.clone())
        .bind(claimed.id.clone())
        .bind(claimed.lease)
        .bind(until)
        .bind(attempts)
        .bind(refused)
        .bind(error.map(str::to_owned))
        .execute()
        .await?;
    Ok(changed == 1)
}

/// Gives work up, and keeps it for somebody to look at.
pub async fn bury(tx: &mut Tx, claimed: &Claimed, error: &str) -> Result<bool> {
    let changed = tx
        .query(
            "UPDATE outbox SET state = 2, last_error = $4
             WHERE workspace = $1 AND id = $2 AND lease = $3 AND state = 1",
        )
        .bind(claimed.workspace.clone())
        .bind(claimed.id.clone())
        .bind(claimed.lease)
        .bind(error.to_owned())
        .execute()
        .await?;
    Ok(changed == 1)
}

/// When the next piece of work is due that can be done then.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let (due,): (Option<Timestamp>,) =
        tx.query("SELECT MIN(due_at) FROM outbox WHERE state = 0").one().await?;
    Ok(due)
}

/// What is left, for metrics and for tests.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Left {
    /// What it is about.
    pub key: String,
    /// 0 ready, 1 leased, 2 given up.
    pub state: i64,
    /// How its last attempt ended.
    pub last_error: Option<String>,
    /// When it is to be tried.
    pub due_at: Timestamp,
}

/// Everything that is left, oldest first.
pub async fn left(tx: &mut Tx, limit: i64) -> Result<Vec<Left>> {
    tx.query("SELECT key, state, last_error, due_at FROM outbox ORDER BY created_at, seq LIMIT $1")
        .bind(limit)
        .all()
        .await
}

/// How much is ready or in hand, and how much was given up.
pub async fn depth(tx: &mut Tx) -> Result<(i64, i64)> {
    tx.query(
        "SELECT CAST(COALESCE(SUM(CASE WHEN state <> 2 THEN 1 ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM outbox",
    )
    .one()
    .await
}
