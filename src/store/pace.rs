//! When Slack may be called: turns at the pace it allows, waits that it asks for, and rest while it
//! can't be reached. In the database, so that replicas and restarts keep to it too.
//!
//! A turn is *given*, not fought for: who must wait is told when its turn comes, and the next one
//! queues behind it. So a thousand pieces of work that wait for one method are each looked at once,
//! and come in order.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::store::db::{Result, Tx};

/// The row that says whether Slack as a whole is to be left alone.
pub const SLACK: &str = "slack";
/// The first rest after Slack could not be reached, doubled with each failure in a row.
const FIRST_REST: Duration = Duration::from_secs(1);
/// The longest rest: so soon after an outage Stentor notices that it is over.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How long others wait while one tries whether Slack is back: longer than a call can take.
const TRIAL: Duration = Duration::from_secs(12);

/// A place that takes so many calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turnstile {
    /// What it is called.
    pub key: String,
    /// One call in this time.
    pub every: Duration,
    /// So many may come at once after a quiet while.
    pub burst: u32,
}

/// Takes the next turn at each of these, and says when the last of them is.
pub async fn take_turns(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    turnstiles: &[Turnstile],
    now: Timestamp,
) -> Result<Timestamp> {
    let mut turn = now;
    for turnstile in turnstiles {
        let every = i64::try_from(turnstile.every.as_micros()).unwrap_or(i64::MAX);
        // `free_at` is when the queue is empty: the generic cell rate algorithm's arrival time.
        let (free_at,): (Timestamp,) = tx
            .query(
                "INSERT INTO pace (workspace, key, free_at) VALUES ($1, $2, $3)
                 ON CONFLICT (workspace, key) DO UPDATE
                 SET free_at = CASE WHEN pace.free_at > $4 THEN pace.free_at ELSE $4 END + $5
                 RETURNING free_at",
            )
            .bind(workspace.clone())
            .bind(turnstile.key.clone())
            .bind(now.plus(turnstile.every))
            .bind(now)
            .bind(every)
            .one()
            .await?;
        turn = turn.max(free_at.minus(turnstile.every * turnstile.burst));
    }
    Ok(turn)
}

/// What is to be kept in mind before a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// This is left alone until then.
    pub until: Timestamp,
    /// Slack as a whole is left alone until then.
    pub rest_until: Timestamp,
    /// How often in a row Slack could not be reached.
    pub failures: i64,
}

/// Until when these must be left alone, and Slack as a whole.
pub async fn holds(tx: &mut Tx, workspace: &WorkspaceId, key: &str) -> Result<Holds> {
    let keys = [key.to_owned(), SLACK.to_owned()];
    let rows: Vec<(String, Timestamp, i64)> =
        tx.all_among("SELECT key, free_at, failures FROM pace", "key", workspace, &keys).await?;
    let mut holds = Holds::default();
    for (found, free_at, failures) in rows {
        if found == SLACK {
            (holds.rest_until, holds.failures) = (free_at, failures);
        } else {
            holds.until = free_at;
        }
    }
    Ok(holds)
}

/// Leaves it alone until then, and never for shorter than was asked before.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId, key: &str, until: Timestamp) -> Result<()> {
    tx.query(
        "INSERT INTO pace (workspace, key, free_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace, key) DO UPDATE SET free_at = excluded.free_at WHERE pace.free_at < excluded.free_at",
    )
    .bind(workspace.clone())
    .bind(key.to_owned())
    .bind(until)
    .execute()
    .await?;
    Ok(())
}

/// After failures one tries for all: says whether this is the one. The others go on resting.
pub async fn try_for_all(tx: &mut Tx, workspace: &WorkspaceId, now: Timestamp) -> Result<bool> {
    let ours = tx
        .query("UPDATE pace SET free_at = $3 WHERE workspace = $1 AND key = $2 AND failures > 0 AND free_at <= $4")
        .bind(workspace.clone())
        .bind(SLACK.to_owned())
        .bind(now.plus(TRIAL))
        .bind(now)
        .execute()
        .await?;
    Ok(ours == 1)
}

/// Leaves Slack as a whole alone for a while, and longer each time; at least until `not_before`.
/// Says until when, and how many failures in a row that were.
pub async fn rest(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    now: Timestamp,
    not_before: Timestamp,
) -> Result<(Timestamp, i64)> {
    let (failures,): (i64,) = tx
        .query(
            "INSERT INTO pace (workspace, key, free_at, failures) VALUES ($1, $2, $3, 1)
             ON CONFLICT (workspace, key) DO UPDATE SET failures = pace.failures + 1
             RETURNING failures",
        )
        .bind(workspace.clone())
        .bind(SLACK.to_owned())
        .bind(now)
        .one()
        .await?;
    let doublings = u32::try_from(failures.clamp(1, 6) - 1).unwrap_or(0);
    let until = now.plus((FIRST_REST * 2_u32.pow(doublings)).min(LONGEST_REST)).max(not_before);
    tx.query("UPDATE pace SET free_at = $3 WHERE workspace = $1 AND key = $2")
        .bind(workspace.clone())
        .bind(SLACK.to_owned())
        .bind(until)
        .execute()
        .await?;
    Ok((until, failures))
}

/// Slack has answered: nobody rests any more.
pub async fn wake(tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
    tx.query("UPDATE pace SET free_at = 0, failures = 0 WHERE workspace = $1 AND key = $2 AND failures > 0")
        .bind(workspace.clone())
        .bind(SLACK.to_owned())
        .execute()
        .await?;
    Ok(())
}

/// Forgets what was over before then, some rows at a time, and says how many that was.
pub async fn forget(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    tx.query(
        "DELETE FROM pace WHERE workspace = $1 AND key IN (
             SELECT key FROM pace WHERE workspace = $1 AND free_at < $2 AND failures = 0
             ORDER BY free_at LIMIT $3)",
    )
    .bind(workspace.clone())
    .bind(before)
    .bind(limit)
    .execute()
    .await
}
