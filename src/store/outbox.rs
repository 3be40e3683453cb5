//! What remains to be done outside: the queue itself.
//!
//! Workers lease lanes and do the first piece of work in them. Every write after that names the
//! lease, so a worker that slept through its own can't change anything any more.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{IncidentId, WorkId, WorkspaceId};
use crate::outbox::work::{NewWork, Work};
use crate::store::db::{Result, Sql, Table, Tx};
use crate::store::pace;

/// The first piece of work of a lane that this process holds the lease of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The lane.
    pub lane: String,
    /// The holder's word, which no other lease has.
    pub lease: String,
    /// The work's id: what Slack is told to recognise it by.
    pub id: WorkId,
    /// The incident it is about.
    pub incident: IncidentId,
    /// What to do.
    pub work: Work,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// How many of the earlier attempts ended with a clear answer.
    pub refused: i64,
    /// How often it had been asked for again when it was claimed.
    pub generation: i64,
    /// When it was asked for; after it was given up, when it was asked for again.
    pub created_at: Timestamp,
    /// The turn of Slack's that it has been given and has waited for.
    pub turn: Option<String>,
    /// How far it has come, if it takes several calls of which none may be repeated.
    pub step: Option<String>,
}

impl Claimed {
    /// Whether an earlier attempt may have succeeded without our knowing.
    pub fn is_in_doubt(&self) -> bool {
        self.attempts - 1 > self.refused
    }

    /// When it was asked for the very first time: no attempt is older.
    pub fn first_asked_at(&self) -> Timestamp {
        self.id.made_at().unwrap_or(self.created_at)
    }
}

const WORK: Table = Table {
    columns: "outbox (workspace, id, key, lane, seq, incident, work, state, due_at, attempts, refused, generation,
        created_at)",
    // Work that is there already is asked for once more: if it is in hand it will be done again, if
    // it waits it waits on, and if it was given up it gets another chance. It keeps its place: the
    // channel must come before what is said in it, also when all of it was given up.
    conflict: "ON CONFLICT (workspace, key) DO UPDATE SET generation = outbox.generation + 1,
        due_at = excluded.due_at,
        created_at = CASE WHEN outbox.state = 1 THEN excluded.created_at ELSE outbox.created_at END, state = 0",
};

const LANES: Table = Table {
    columns: "lane (workspace, name, due_at)",
    // It is due already, or leased, or waiting for Slack: none of these may be cut short. The write
    // is there for its lock: whoever finds the lane empty meanwhile waits, and looks again.
    conflict: "ON CONFLICT (workspace, name) DO UPDATE SET due_at = lane.due_at",
};

/// The lane of a timer has one piece of work, and is due when that is; a lease goes on.
const TIMER_LANES: Table = Table {
    columns: LANES.columns,
    conflict: "ON CONFLICT (workspace, name) DO UPDATE
        SET due_at = CASE WHEN lane.lease IS NULL THEN excluded.due_at ELSE lane.due_at END",
};

/// Forgets the work with these keys, and adds this work, in this order within its lanes.
///
/// Everybody locks a lane before the work in it: so a command and the worker that is in the lane
/// wait for each other in one direction only.
pub async fn change(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    canceled: &[String],
    work: &[NewWork],
    now: Timestamp,
) -> Result<()> {
    // One statement must not meet the same key twice; the earliest place and the latest time count.
    let mut by_key: BTreeMap<&str, NewWork> = BTreeMap::new();
    for one in work {
        let known = by_key.entry(&one.key);
        known.and_modify(|known| known.due_at = one.due_at).or_insert_with(|| one.clone());
    }
    let rows: Vec<NewWork> = by_key.into_values().collect();
    open_lanes(tx, workspace, &rows).await?;
    for key in canceled {
        tx.query("DELETE FROM outbox WHERE workspace = $1 AND key = $2")
            .bind(workspace.clone())
            .bind(key.clone())
            .execute()
            .await?;
    }
    tx.insert_rows(WORK, &rows, |query, work| {
        query
            .bind(workspace.clone())
            .bind(work.id.clone())
            .bind(work.key.clone())
            .bind(work.lane.clone())
            .bind(work.seq)
            .bind(work.incident.clone())
            .bind(Json(&work.work))
            .bind(0_i64)
            .bind(work.due_at)
            .bind(0_i64)
            .bind(0_i64)
            .bind(0_i64)
            .bind(now)
    })
    .await?;
    Ok(())
}

async fn open_lanes(tx: &mut Tx, workspace: &WorkspaceId, work: &[NewWork]) -> Result<()> {
    let (timers, rest): (Vec<&NewWork>, Vec<&NewWork>) =
        work.iter().partition(|one| one.is_timer());
    for (table, work) in [(LANES, rest), (TIMER_LANES, timers)] {
        let lanes: BTreeMap<&str, Timestamp> =
            work.iter().map(|one| (one.lane.as_str(), one.due_at)).collect();
        let lanes: Vec<(&str, Timestamp)> = lanes.into_iter().collect();
        tx.insert_rows(table, &lanes, |query, (name, due_at)| {
            query.bind(workspace.clone()).bind((*name).to_owned()).bind(*due_at)
        })
        .await?;
    }
    Ok(())
}

/// Leases lanes that are due, and takes the first piece of work of each. Oldest incidents come
/// first: after an outage their channels are made in the order in which they were declared. While
/// Slack can't be reached, only timers are due.
pub async fn claim(
    tx: &mut Tx,
    lease: &str,
    now: Timestamp,
    lasts: Duration,
    limit: i64,
) -> Result<Vec<Claimed>> {
    let mut lanes: Vec<(WorkspaceId, String)> = tx
        .query(Sql {
            sqlite: "UPDATE lane SET lease = $1, due_at = $2 WHERE (workspace, name) IN (
                    SELECT workspace, name FROM lane WHERE due_at <= $3
                      AND (name LIKE '%/timer/%' OR NOT EXISTS (
                          SELECT 1 FROM pace p WHERE p.workspace = lane.workspace AND p.key = $5 AND p.failures > 0 AND p.free_at > $3))
                    ORDER BY name LIMIT $4)
                RETURNING workspace, name",
            postgres: "UPDATE lane SET lease = $1, due_at = $2 WHERE (workspace, name) IN (
                    SELECT workspace, name FROM lane WHERE due_at <= $3
                      AND (name LIKE '%/timer/%' OR NOT EXISTS (
                          SELECT 1 FROM pace p WHERE p.workspace = lane.workspace AND p.key = $5 AND p.failures > 0 AND p.free_at > $3))
                    ORDER BY name LIMIT $4
                    FOR UPDATE OF lane SKIP LOCKED)
                RETURNING workspace, name",
        })
        .bind(lease.to_owned())
        .bind(now.plus(lasts))
        .bind(now)
        .bind(limit)
        .bind(pace::SLACK.to_owned())
        .all()
        .await?;
    lanes.sort_by(|a, b| a.1.cmp(&b.1));
    let mut claimed = Vec::with_capacity(lanes.len());
    for (workspace, lane) in lanes {
        match take_first(tx, &workspace, &lane, lease).await? {
            Some(work) => claimed.push(work),
            // Its work was cancelled.
            None => {
                leave(tx, &workspace, &lane, now).await?;
            }
        }
    }
    Ok(claimed)
}

/// Takes the first piece of work of a lane. That it was tried is written before it is.
async fn take_first(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    lane: &str,
    lease: &str,
) -> Result<Option<Claimed>> {
    type Row =
        (WorkId, IncidentId, Json<Work>, i64, i64, i64, Timestamp, Option<String>, Option<String>);
    let row: Option<Row> = tx
        .query(
            "UPDATE outbox SET attempts = attempts + 1 WHERE workspace = $1 AND id = (
                 SELECT id FROM outbox WHERE workspace = $1 AND lane = $2 AND state = 0 ORDER BY seq, id LIMIT 1)
             RETURNING id, incident, work, attempts, refused, generation, created_at, turn, step",
        )
        .bind(workspace.clone())
        .bind(lane.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(id, incident, work, attempts, refused, generation, created_at, turn, step)| {
        Claimed {
            workspace: workspace.clone(),
            lane: lane.to_owned(),
            lease: lease.to_owned(),
            id,
            incident,
            work: work.0,
            attempts,
            refused,
            generation,
            created_at,
            turn,
            step,
        }
    }))
}

/// Lets a lane be worked on now that waits for something else than Slack: what it waited for is
/// there. One that is being worked on is left alone.
pub async fn hurry(tx: &mut Tx, workspace: &WorkspaceId, lane: &str, now: Timestamp) -> Result<()> {
    tx.query(
        "UPDATE lane SET due_at = $3 WHERE workspace = $1 AND name = $2 AND lease IS NULL AND due_at > $3",
    )
    .bind(workspace.clone())
    .bind(lane.to_owned())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Makes a lease last until then, if it is still ours. Until the commit nobody else can take the
/// lane: what is written beside it is written by its holder, or not at all.
pub async fn renew(tx: &mut Tx, claimed: &Claimed, until: Timestamp) -> Result<bool> {
    let ours = tx
        .query("UPDATE lane SET due_at = $4 WHERE workspace = $1 AND name = $2 AND lease = $3")
        .bind(claimed.workspace.clone())
        .bind(claimed.lane.clone())
        .bind(claimed.lease.clone())
        .bind(until)
        .execute()
        .await?;
    Ok(ours == 1)
}

/// Remembers how far this work has come. Its holder makes sure of the lease in the same transaction.
pub async fn set_step(tx: &mut Tx, claimed: &Claimed, step: &str) -> Result<()> {
    tx.query("UPDATE outbox SET step = $3 WHERE workspace = $1 AND id = $2")
        .bind(claimed.workspace.clone())
        .bind(claimed.id.clone())
        .bind(step.to_owned())
        .execute()
        .await?;
    Ok(())
}

/// The leases that are there.
pub async fn leases(tx: &mut Tx) -> Result<Vec<String>> {
    let rows: Vec<(String,)> =
        tx.query("SELECT DISTINCT lease FROM lane WHERE lease IS NOT NULL").all().await?;
    Ok(rows.into_iter().map(|(lease,)| lease).collect())
}

/// Ends a lease whose holder is dead; its lanes are due then.
pub async fn end_lease(tx: &mut Tx, lease: &str, due_at: Timestamp) -> Result<u64> {
    tx.query("UPDATE lane SET lease = NULL, due_at = $2 WHERE lease = $1")
        .bind(lease.to_owned())
        .bind(due_at)
        .execute()
        .await
}

/// Ends a lease, if it is still ours, and keeps the lane's lock until the commit.
async fn give_back(tx: &mut Tx, claimed: &Claimed, due_at: Timestamp) -> Result<bool> {
    let ours = tx
        .query("UPDATE lane SET lease = NULL, due_at = $4 WHERE workspace = $1 AND name = $2 AND lease = $3")
        .bind(claimed.workspace.clone())
        .bind(claimed.lane.clone())
        .bind(claimed.lease.clone())
        .bind(due_at)
        .execute()
        .await?;
    Ok(ours == 1)
}

/// Leaves a lane whose lock we hold: to its next piece of work, or empty.
async fn leave(tx: &mut Tx, workspace: &WorkspaceId, lane: &str, now: Timestamp) -> Result<()> {
    let next: Option<(Timestamp,)> = tx
        .query(
            "SELECT due_at FROM outbox WHERE workspace = $1 AND lane = $2 AND state = 0 ORDER BY seq, id LIMIT 1",
        )
        .bind(workspace.clone())
        .bind(lane.to_owned())
        .optional()
        .await?;
    let query = match next {
        Some((due_at,)) => tx
            .query("UPDATE lane SET lease = NULL, due_at = $3 WHERE workspace = $1 AND name = $2")
            .bind(workspace.clone())
            .bind(lane.to_owned())
            .bind(due_at.max(now)),
        None => tx
            .query("DELETE FROM lane WHERE workspace = $1 AND name = $2")
            .bind(workspace.clone())
            .bind(lane.to_owned()),
    };
    query.execute().await?;
    Ok(())
}

/// Ends work that was done. Asked for again meanwhile, it is to be done again.
///
/// Says whether the lease was still ours; if not, nothing is written.
pub async fn finish(tx: &mut Tx, claimed: &Claimed, now: Timestamp) -> Result<bool> {
    if !give_back(tx, claimed, now).await? {
        return Ok(false);
    }
    let done = tx
        .query("DELETE FROM outbox WHERE workspace = $1 AND id = $2 AND generation = $3")
        .bind(claimed.workspace.clone())
        .bind(claimed.id.clone())
        .bind(claimed.generation)
        .execute()
        .await?;
    if done == 0 {
        tx.query("UPDATE outbox SET attempts = 0, refused = 0, last_error = NULL, turn = NULL, step = NULL WHERE workspace = $1 AND id = $2")
            .bind(claimed.workspace.clone())
            .bind(claimed.id.clone())
            .execute()
            .await?;
    }
    leave(tx, &claimed.workspace, &claimed.lane, now).await?;
    Ok(true)
}

/// How an attempt ended that did not do the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was not even tried: its turn comes later. If it has been given one, that is kept.
    Untried {
        /// The turn.
        turn: Option<String>,
    },
    /// With a clear answer: nothing was done.
    Refused,
    /// Without one: it may have been done.
    InDoubt,
}

/// Puts the lane off until then, with this piece of work still first.
pub async fn put_off(
    tx: &mut Tx,
    claimed: &Claimed,
    until: Timestamp,
    ended: Ended,
    error: Option<&str>,
) -> Result<bool> {
    let (attempts, refused, turn) = match ended {
        Ended::Untried { turn } => (claimed.attempts - 1, claimed.refused, turn),
        Ended::Refused => (claimed.attempts, claimed.refused + 1, None),
        Ended::InDoubt => (claimed.attempts, claimed.refused, None),
    };
    if !give_back(tx, claimed, until).await? {
        return Ok(false);
    }
    tx.query(
        "UPDATE outbox SET attempts = $3, refused = $4, last_error = COALESCE($5, last_error), turn = $6
         WHERE workspace = $1 AND id = $2",
    )
    .bind(claimed.workspace.clone())
    .bind(claimed.id.clone())
    .bind(attempts)
    .bind(refused)
    .bind(error.map(str::to_owned))
    .bind(turn)
    .execute()
    .await?;
    if matches!(claimed.work, Work::Settle { .. }) {
        be_due_for_news(tx, claimed).await?;
    }
    Ok(true)
}

/// Lets this work wait in a lane of its own, so that what stands behind it goes on. Its holder makes
/// sure of the lease in the same transaction, and finishes: what was asked for again meanwhile stays.
pub async fn set_aside(
    tx: &mut Tx,
    claimed: &Claimed,
    lane: &str,
    due_at: Timestamp,
) -> Result<()> {
    tx.query(
        "INSERT INTO lane (workspace, name, due_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace, name) DO UPDATE SET due_at = excluded.due_at",
    )
    .bind(claimed.workspace.clone())
    .bind(lane.to_owned())
    .bind(due_at)
    .execute()
    .await?;
    tx.query(
        "UPDATE outbox SET lane = $3, due_at = $4, generation = generation + 1
         WHERE workspace = $1 AND id = $2",
    )
    .bind(claimed.workspace.clone())
    .bind(claimed.id.clone())
    .bind(lane.to_owned())
    .bind(due_at)
    .execute()
    .await?;
    Ok(())
}

/// A look at alerts that was put off is due at the time of the news that came while it went on.
/// Its lane is locked.
async fn be_due_for_news(tx: &mut Tx, claimed: &Claimed) -> Result<()> {
    tx.query(
        "UPDATE lane SET due_at = (SELECT due_at FROM outbox WHERE workspace = $1 AND id = $3)
         WHERE workspace = $1 AND name = $2 AND EXISTS (
             SELECT 1 FROM outbox WHERE workspace = $1 AND id = $3 AND generation <> $4)",
    )
    .bind(claimed.workspace.clone())
    .bind(claimed.lane.clone())
    .bind(claimed.id.clone())
    .bind(claimed.generation)
    .execute()
    .await?;
    Ok(())
}

/// Gives work up, and keeps it for somebody to look at. What waits behind it goes on. Asked for
/// again meanwhile, it is tried once more: that was about a state that this attempt did not see.
pub async fn bury(
    tx: &mut Tx,
    claimed: &Claimed,
    ended: Ended,
    error: &str,
    now: Timestamp,
) -> Result<bool> {
    let refused = claimed.refused + i64::from(ended == Ended::Refused);
    if !give_back(tx, claimed, now).await? {
        return Ok(false);
    }
    tx.query(
        "UPDATE outbox SET state = CASE WHEN generation = $4 THEN 1 ELSE 0 END, last_error = $3, refused = $5, turn = NULL
         WHERE workspace = $1 AND id = $2",
    )
    .bind(claimed.workspace.clone())
    .bind(claimed.id.clone())
    .bind(error.to_owned())
    .bind(claimed.generation)
    .bind(refused)
    .execute()
    .await?;
    leave(tx, &claimed.workspace, &claimed.lane, now).await?;
    Ok(true)
}

/// Whether a lane has work, waiting or in hand.
pub async fn has_work(tx: &mut Tx, workspace: &WorkspaceId, lane: &str) -> Result<bool> {
    let row: Option<(String,)> = tx
        .query("SELECT name FROM lane WHERE workspace = $1 AND name = $2")
        .bind(workspace.clone())
        .bind(lane.to_owned())
        .optional()
        .await?;
    Ok(row.is_some())
}

/// Makes all work of a workspace due now that waits for Slack, as after a new installation. Timers
/// are not due before their time.
pub async fn wake(tx: &mut Tx, workspace: &WorkspaceId, now: Timestamp) -> Result<u64> {
    pace::wake(tx, workspace).await?;
    tx.query(
        "UPDATE lane SET due_at = $2 WHERE workspace = $1 AND lease IS NULL AND due_at > $2 AND EXISTS (
             SELECT 1 FROM outbox WHERE outbox.workspace = $1 AND outbox.lane = lane.name AND outbox.state = 0
             AND outbox.due_at <= $2)",
    )
    .bind(workspace.clone())
    .bind(now)
    .execute()
    .await
}

/// When a lane is due next, if one has work. What waits for Slack to come back is due when it is
/// tried next.
pub async fn next_due(tx: &mut Tx, now: Timestamp) -> Result<Option<Timestamp>> {
    let (rests,): (i64,) = tx
        .query("SELECT COUNT(*) FROM pace WHERE key = $1 AND failures > 0 AND free_at > $2")
        .bind(pace::SLACK.to_owned())
        .bind(now)
        .one()
        .await?;
    let query = if rests == 0 {
        tx.query("SELECT MIN(due_at) FROM lane")
    } else {
        tx.query(
            "SELECT MIN(CASE WHEN p.free_at > l.due_at AND l.name NOT LIKE '%/timer/%' THEN p.free_at ELSE l.due_at END)
             FROM lane l LEFT JOIN pace p ON p.workspace = l.workspace AND p.key = $1 AND p.failures > 0",
        )
        .bind(pace::SLACK.to_owned())
    };
    let (due,): (Option<Timestamp>,) = query.one().await?;
    Ok(due)
}

/// A piece of work that is left.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Left {
    /// What it is about.
    pub key: String,
    /// 0 to do, 1 given up.
    pub state: i64,
    /// How its last attempt ended.
    pub last_error: Option<String>,
    /// Not before then.
    pub due_at: Timestamp,
}

/// What is left, oldest first.
pub async fn left(tx: &mut Tx, limit: i64) -> Result<Vec<Left>> {
    tx.query("SELECT key, state, last_error, due_at FROM outbox ORDER BY created_at, seq LIMIT $1")
        .bind(limit)
        .all()
        .await
}

/// How much is to do, and how much was given up.
pub async fn depth(tx: &mut Tx) -> Result<(i64, i64)> {
    tx.query(
        "SELECT CAST(COALESCE(SUM(1 - state), 0) AS BIGINT), CAST(COALESCE(SUM(state), 0) AS BIGINT) FROM outbox",
    )
    .one()
    .await
}
