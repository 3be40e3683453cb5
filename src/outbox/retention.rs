//! Forgets what nobody will ask for again, so that the database does not grow with every request.
//!
//! Work that was done leaves no row; the record of incidents is kept for ever. What remains are
//! receipts, which only tell a repetition, turns at Slack's methods and channels, and alerts, which
//! come by the thousand: what they came to stands in the records.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::alert::prepared::KEPT_AFTER_END;
use crate::clock::{Clock, Timestamp};
use crate::ids::WorkspaceId;
use crate::store::db::{Db, Result};
use crate::store::{alert_retention, pace, receipts, webhooks, workspaces};

/// How long a repetition is known as one. Slack repeats events for a day at most; a program that
/// comes back with the same idempotency key after a weekend is still told what it was told before.
pub const RECEIPTS_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a turn is kept after it was due.
pub const TURNS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long an alert is kept after its end, and a change event after it happened.
pub const ALERTS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long it is known how an attempt to tell a webhook went.
pub const ATTEMPTS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many of a webhook's attempts are kept at most.
pub const ATTEMPTS_KEPT_AT_MOST: i64 = 10_000;
/// How often old rows are looked for.
const EVERY: Duration = Duration::from_secs(3600);
/// Rows in one transaction: so that commands need not wait for the forgetting.
const AT_ONCE: i64 = 500;

/// Forgets what is old now and then, until `shutdown` is told.
pub async fn run(db: Db, clock: Clock, shutdown: Arc<Notify>) {
    loop {
        match forget(&db, &clock).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "Forgot old receipts, turns and alerts"),
            Err(error) => tracing::warn!(error = %error, "Could not forget what is old"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.notified() => return,
        }
    }
}

/// Forgets everything that is old by now, and says how many rows that was.
pub async fn forget(db: &Db, clock: &Clock) -> Result<u64> {
    let now = clock.now();
    let mut tx = db.read().await?;
    let workspaces = workspaces::ids(&mut tx).await?;
    drop(tx);
    let mut forgotten = 0;
    for workspace in &workspaces {
        loop {
            let mut tx = db.begin().await?;
            let rows = receipts::forget(&mut tx, workspace, now.minus(RECEIPTS_KEPT), AT_ONCE)
                .await?
                + pace::forget(&mut tx, workspace, now.minus(TURNS_KEPT), AT_ONCE).await?;
            tx.commit().await?;
            forgotten += rows;
            if rows == 0 {
                break;
            }
        }
        forgotten += forget_alerts(db, workspace, now).await?;
        forgotten += forget_attempts(db, workspace, now).await?;
    }
    Ok(forgotten)
}

async fn forget_attempts(db: &Db, workspace: &WorkspaceId, now: Timestamp) -> Result<u64> {
    let old = now.minus(ATTEMPTS_KEPT);
    let mut forgotten = 0;
    loop {
        let mut tx = db.begin().await?;
        let rows = webhooks::forget_attempts(&mut tx, workspace, old, AT_ONCE).await?;
        tx.commit().await?;
        forgotten += rows;
        if rows == 0 {
            break;
        }
    }
    let mut tx = db.read().await?;
    let all = webhooks::all(&mut tx, workspace).await?;
    drop(tx);
    for webhook in all {
        let mut tx = db.begin().await?;
        let kept = ATTEMPTS_KEPT_AT_MOST;
        forgotten += webhooks::forget_surplus(&mut tx, workspace, &webhook.id, kept).await?;
        tx.commit().await?;
    }
    Ok(forgotten)
}

async fn forget_alerts(db: &Db, workspace: &WorkspaceId, now: Timestamp) -> Result<u64> {
    let old = now.minus(ALERTS_KEPT);
    let mut forgotten = 0;
    loop {
        let mut tx = db.begin().await?;
        if !alert_retention::hold_desk(&mut tx, workspace).await? {
            return Ok(forgotten);
        }
        let rows = alert_retention::forget_alerts(&mut tx, workspace, old, AT_ONCE).await?
            + alert_retention::forget_groups(&mut tx, workspace, old, AT_ONCE).await?
            + alert_retention::forget_settings(
                &mut tx,
                workspace,
                now.minus(KEPT_AFTER_END),
                AT_ONCE,
            )
            .await?
            + alert_retention::forget_changes(&mut tx, workspace, old, AT_ONCE).await?;
        tx.commit().await?;
        forgotten += rows;
        if rows == 0 {
            return Ok(forgotten);
        }
    }
}
