//! The only writer of alerts: observations go in, and come back when they are durable.
//!
//! What waits together shares a commit, as with the [engine](crate::engine). Folding needs the whole
//! picture of a workspace (which groups are open, what is laid down), so its desk is locked for as
//! long as the transaction lasts; what was seen last is remembered as long as nobody else has
//! folded there, so that the thousands of repeats that monitoring sends cost one narrow row each.

mod cache;
mod desk;
mod errands;
mod moving;
pub mod order;
mod paging;
mod placing;
mod settings;
pub mod settle;
pub mod sweep;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};

use crate::clock::Clock;
use crate::ids::{IdSource, WorkspaceId};
use crate::intake::order::{Carried, Delivery, Effect, Errand, Job, NotTaken, Outcome, Taken};
use crate::intake::writer::Writer;
use crate::store::db::Db;

pub use settings::Settings;

/// Jobs that wait for the writer. Beyond that, callers wait before they queue.
const QUEUE: usize = 4_096;
/// Observations that wait at most. Beyond that, senders are told to come again: they wait better
/// where they are than in our memory.
const MOST_WAITING: usize = 100_000;
/// When they are told to come again.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// Hands what monitoring says to the writer.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::Sender<Waiting>,
    weight: Arc<AtomicUsize>,
    settings: Settings,
}

pub(crate) struct Waiting {
    job: Job,
    answer: oneshot::Sender<Result<Outcome, NotTaken>>,
}

impl Intake {
    /// Starts the writer, which runs until the last handle is dropped. It tells `work_waits` after
    /// each commit that left something to do.
    pub fn start(db: Db, clock: Clock, ids: IdSource, work_waits: Arc<Notify>) -> Intake {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let weight = Arc::new(AtomicUsize::new(0));
        let settings = Settings::default();
        let writer = Writer::new(db, clock, ids, work_waits, settings.clone());
        tokio::spawn(writer.run(waiting, Arc::clone(&weight)));
        Intake { queue, weight, settings }
    }

    /// Takes what a sender says. When this returns `Ok`, it is durable.
    pub async fn take(&self, delivery: Delivery) -> Result<Taken, NotTaken> {
        if self.weight.load(Ordering::Relaxed) >= MOST_WAITING {
            metrics::counter!("stentor_alerts_shed_total")
                .increment(delivery.observations.len() as u64);
            return Err(NotTaken::Busy { retry_after: COME_AGAIN });
        }
        match self.submit(Job::Take(delivery)).await? {
            Outcome::Taken(taken) => {
                count(&taken);
                Ok(taken)
            }
            Outcome::Carried(_) => unreachable!("a delivery is taken"),
        }
    }

    /// Does what somebody here wants of alerts. When this returns `Ok`, it is durable.
    pub async fn carry(
        &self,
        workspace: &WorkspaceId,
        errand: Errand,
    ) -> Result<Carried, NotTaken> {
        self.carry_once(workspace, None, errand).await
    }

    /// The same, once for each receipt: a second time changes nothing, and tells what became of it the
    /// first time. An errand that could not be done leaves no receipt.
    pub async fn carry_once(
        &self,
        workspace: &WorkspaceId,
        receipt: Option<String>,
        errand: Errand,
    ) -> Result<Carried, NotTaken> {
        let (workspace, errand) = (workspace.clone(), Box::new(errand));
        match self.submit(Job::Carry { workspace, receipt, errand }).await? {
            Outcome::Carried(carried) => Ok(carried),
            Outcome::Taken(_) => unreachable!("an errand is carried"),
        }
    }

    /// What workspaces have laid down, ready for use.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    async fn submit(&self, job: Job) -> Result<Outcome, NotTaken> {
        let weight = job.weight();
        let (answer, answered) = oneshot::channel();
        let closed = || NotTaken::Unavailable(Arc::new(sqlx::Error::PoolClosed));
        self.weight.fetch_add(weight, Ordering::Relaxed);
        if self.queue.send(Waiting { job, answer }).await.is_err() {
            return Err(closed());
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// Counts what was said by what it did. How many alerts there are is for the list to say: counting
/// them would be a scan with every scrape.
fn count(taken: &Taken) {
    for (effect, word) in [
        (Effect::New, "new"),
        (Effect::Changed, "changed"),
        (Effect::Repeated, "repeated"),
        (Effect::Ignored, "ignored"),
    ] {
        let times = taken.folded.iter().filter(|one| one.effect == effect).count();
        if times > 0 {
            metrics::counter!("stentor_alert_observations_total", "effect" => word)
                .increment(times as u64);
        }
    }
}
