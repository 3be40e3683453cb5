//! The only writer of alerts: observations go in, and come back when they are durable.
//!
//! What waits together shares a commit, as with the [engine](crate::engine). Folding needs the whole
//! picture of a workspace (which groups are open, what is laid down), so its desk is locked for as
//! long as the transaction lasts; what was seen last is remembered as long as nobody else has
//! folded there, so that the thousands of repeats that monitoring sends cost one narrow row each.

mod cache;
mod desk;
mod errands;
mod heartbeats;
mod limits;
mod moving;
pub mod order;
mod paging;
mod placing;
mod settings;
pub mod settle;
pub mod sweep;
pub mod tags;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};

use crate::clock::Clock;
use crate::ids::{IdSource, WorkspaceId};
use crate::intake::cache::Cache;
use crate::intake::limits::{Load, Share};
use crate::intake::order::{Carried, Delivery, Effect, Errand, Job, NotTaken, Outcome, Taken};
use crate::intake::writer::Writer;
use crate::store::db::Db;

pub use limits::Limits;
pub use settings::Settings;

/// When senders are told to come again.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// Hands what monitoring says to the writer.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::Sender<Waiting>,
    load: Load,
    /// How heavy what waits may be.
    most: usize,
    settings: Settings,
}

pub(crate) struct Waiting {
    job: Job,
    answer: Answer,
}

/// Who waits for the answer, and how heavy that is until it comes.
pub(crate) struct Answer {
    to: oneshot::Sender<Result<Outcome, NotTaken>>,
    share: Share,
}

impl Answer {
    fn give(self, result: Result<Outcome, NotTaken>) {
        // Who has the answer waits no more, and may say the next thing at once.
        drop(self.share);
        // Whoever asked may have gone; what was taken stays taken.
        self.to.send(result).ok();
    }
}

impl Intake {
    /// Starts the writer, which runs until the last handle is dropped. It tells `work_waits` after
    /// each commit that left something to do.
    pub fn start(
        db: Db,
        clock: Clock,
        ids: IdSource,
        work_waits: Arc<Notify>,
        limits: Limits,
    ) -> Intake {
        let (queue, waiting) = mpsc::channel(limits.jobs);
        let settings = Settings::default();
        let cache = Cache::new(limits.remembered);
        let writer = Writer::new(db, clock, ids, work_waits, settings.clone(), cache);
        tokio::spawn(writer.run(waiting));
        Intake { queue, load: Load::default(), most: limits.weight, settings }
    }

    /// How heavy it is what waits to be saved, where an observation of usual size weighs one.
    pub fn load(&self) -> usize {
        self.load.weight()
    }

    /// Takes what a sender says. When this returns `Ok`, it is durable.
    pub async fn take(&self, delivery: Delivery) -> Result<Taken, NotTaken> {
        if self.load.weight() >= self.most {
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
        self.carry_through(workspace, None, receipt, errand).await
    }

    /// The same for a program that wants it in somebody's name: records name its token beside them.
    pub async fn carry_through(
        &self,
        workspace: &WorkspaceId,
        through: Option<String>,
        receipt: Option<String>,
        errand: Errand,
    ) -> Result<Carried, NotTaken> {
        let (workspace, errand) = (workspace.clone(), Box::new(errand));
        match self.submit(Job::Carry { workspace, receipt, through, errand }).await? {
            Outcome::Carried(carried) => Ok(carried),
            Outcome::Taken(_) => unreachable!("an errand is carried"),
        }
    }

    /// What workspaces have laid down, ready for use.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    async fn submit(&self, job: Job) -> Result<Outcome, NotTaken> {
        let (to, answered) = oneshot::channel();
        let answer = Answer { to, share: self.load.add(job.weight()) };
        let closed = || NotTaken::Unavailable(Arc::new(sqlx::Error::PoolClosed));
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
