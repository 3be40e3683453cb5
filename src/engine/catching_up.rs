//! Puts into the index of incidents what was written without it: before there was one, under another
//! scheme, or by an older replica that still runs. Lists are right meanwhile, but have to look at each
//! such incident.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::store::db::{Db, Result, is_conflict};
use crate::store::{incident_index, workspaces};

/// How often it is looked for: an older replica may run beside this one for as long as an upgrade takes.
const EVERY: Duration = Duration::from_secs(60);
/// Incidents in one transaction, so that commands wait for some ten milliseconds at most.
const AT_ONCE: i64 = 500;

/// Lets the index catch up now and then, until `shutdown` is told.
pub async fn run(db: Db, shutdown: Arc<Notify>) {
    loop {
        tokio::select! {
            result = catch_up(&db) => match result {
                Ok(0) => {}
                Ok(incidents) => tracing::info!(incidents, "Put incidents into the index of lists"),
                Err(error) => tracing::warn!(error = %error, "Could not put incidents into the index of lists"),
            },
            () = shutdown.notified() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.notified() => return,
        }
    }
}

/// Lets the index catch up, and says how many incidents were missing in it. What was done stays done,
/// whenever it ends.
pub async fn catch_up(db: &Db) -> Result<usize> {
    let mut tx = db.read().await?;
    let workspaces = workspaces::ids(&mut tx).await?;
    drop(tx);
    let mut all = 0;
    for workspace in &workspaces {
        loop {
            let mut tx = db.begin().await?;
            match incident_index::catch_up(&mut tx, workspace, AT_ONCE).await {
                Ok(0) => break,
                Ok(done) => {
                    tx.commit().await?;
                    all += done;
                }
                // Somebody changes the very same incidents: the next look finds what is left.
                Err(error) if is_conflict(&error) => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(all)
}
