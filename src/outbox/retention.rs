//! Forgets what nobody will ask for again, so that the database does not grow with every request.
//!
//! Work that was done leaves no row; the record of incidents is kept for ever. What remains are
//! receipts, which only tell a repetition, and turns at Slack's methods and channels.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::store::db::{Db, Result};
use crate::store::{pace, receipts, workspaces};

/// How long a repetition is known as one. Slack repeats events for a day at most; a program that
/// comes back with the same idempotency key after a weekend is still told what it was told before.
pub const RECEIPTS_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a turn is kept after it was due.
pub const TURNS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How often old rows are looked for.
const EVERY: Duration = Duration::from_secs(3600);
/// Rows in one transaction: so that commands need not wait for the forgetting.
const AT_ONCE: i64 = 500;

/// Forgets what is old now and then, until `shutdown` is told.
pub async fn run(db: Db, clock: Clock, shutdown: Arc<Notify>) {
    loop {
        match forget(&db, &clock).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "Forgot old receipts and turns"),
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
    }
    Ok(forgotten)
}
