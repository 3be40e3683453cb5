//! Looks for alerts whose time has run out: a sender that says no more than "until then" never
//! says that it is over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::intake::Intake;
use crate::intake::order::Errand;
use crate::store::db::Db;
use crate::store::{alerts, heartbeats};

/// How often to look.
const EVERY: Duration = Duration::from_secs(1);
/// How many are looked for at once.
pub(super) const AT_ONCE: i64 = 1_000;

/// Ends what has run out, again and again, until `enough` is told.
///
/// Every replica does this: whoever comes second finds nothing left.
pub async fn run(db: Db, clock: Clock, intake: Intake, enough: Arc<Notify>) {
    let stop = enough.notified();
    tokio::pin!(stop);
    loop {
        if let Err(error) = sweep(&db, &clock, &intake).await {
            tracing::warn!(%error, "Could not look for alerts whose time has run out");
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Ends what has run out, lets fire what has been silent for too long, and says in how many workspaces
/// there was something to look at.
pub async fn sweep(db: &Db, clock: &Clock, intake: &Intake) -> anyhow::Result<usize> {
    let mut seen = 0;
    loop {
        let mut tx = db.read().await?;
        let due = alerts::due(&mut tx, clock.now(), AT_ONCE).await?;
        let silent = heartbeats::due(&mut tx, clock.now(), AT_ONCE).await?;
        drop(tx);
        let is_more = [due.len(), silent.len()].iter().any(|number| *number as i64 >= AT_ONCE);
        let over: BTreeSet<_> = due.into_iter().map(|(workspace, _, _)| workspace).collect();
        let silent: BTreeSet<_> = silent.into_iter().collect();
        for workspace in &over {
            intake.carry(workspace, Errand::Expire).await?;
        }
        for workspace in &silent {
            intake.carry(workspace, Errand::Miss).await?;
        }
        seen += over.len() + silent.len();
        if !is_more {
            return Ok(seen);
        }
    }
}
