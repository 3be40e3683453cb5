//! Takes what waits, folds it in one transaction, and answers after the commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::ids::{IdSource, WorkspaceId};
use crate::intake::cache::Cache;
use crate::intake::desk::Desk;
use crate::intake::order::{Job, NotTaken, Outcome};
use crate::intake::settings::Settings;
use crate::intake::{Answer, Waiting};
use crate::store::db::{self, Db};

/// Jobs in one commit.
const JOBS_AT_ONCE: usize = 512;
/// How heavy one commit may be, where an observation of usual size weighs one: more would keep the first
/// waiting without saving anything.
const WEIGHT_AT_ONCE: usize = 4_000;
/// How often a commit is tried again when another replica was faster.
const TRIES: usize = 8;
/// How long it is tried to find out whether a commit happened.
const UNCLEAR_FOR: Duration = Duration::from_secs(30);
/// How often that is tried.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The writer.
pub struct Writer {
    db: Db,
    clock: Clock,
    ids: IdSource,
    work_waits: Arc<Notify>,
    settings: Settings,
    cache: Cache,
    /// What the desk says of us: another word for each start.
    name: String,
}

/// Why nothing came of it.
struct Failed {
    error: sqlx::Error,
    is_unclear: bool,
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Failed { error, is_unclear: false }
    }
}

impl Writer {
    /// A writer that has not written yet.
    pub fn new(
        db: Db,
        clock: Clock,
        ids: IdSource,
        work_waits: Arc<Notify>,
        settings: Settings,
        cache: Cache,
    ) -> Writer {
        // Its own word, whatever a test's ids are: no two processes may share it.
        let name = IdSource::system().ulid(clock.now());
        Writer { db, clock, ids, work_waits, settings, cache, name }
    }

    /// Writes until nobody is left who could hand anything over.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Waiting>) {
        let mut over: Option<Waiting> = None;
        loop {
            let first = match over.take() {
                Some(one) => one,
                None => {
                    let Some(one) = queue.recv().await else { return };
                    one
                }
            };
            let mut weight = first.answer.share.weight;
            let mut jobs = vec![first.job];
            let mut answers = vec![first.answer];
            while jobs.len() < JOBS_AT_ONCE && weight < WEIGHT_AT_ONCE {
                let Ok(one) = queue.try_recv() else { break };
                if weight + one.answer.share.weight > WEIGHT_AT_ONCE {
                    over = Some(one);
                    break;
                }
                weight += one.answer.share.weight;
                jobs.push(one.job);
                answers.push(one.answer);
            }
            self.carry_out(jobs, answers).await;
        }
    }

    async fn carry_out(&mut self, jobs: Vec<Job>, answers: Vec<Answer>) {
        let failed = match self.commit(&jobs).await {
            Ok(outcomes) => return tell(answers, outcomes),
            Err(failed) => failed,
        };
        let (error, count) = (&failed.error, jobs.len());
        if failed.is_unclear {
            tracing::warn!(error = %error, jobs = count, "The answer to a commit of alerts was lost");
            self.find_out(jobs, answers).await;
        } else if count == 1 || db::is_away(error) {
            tracing::warn!(error = %error, jobs = count, "Could not save alerts");
            refuse(answers, failed.error);
        } else {
            tracing::warn!(error = %error, jobs = count, "Alerts go on one by one");
            for (job, answer) in jobs.into_iter().zip(answers) {
                Box::pin(self.carry_out(vec![job], vec![answer])).await;
            }
        }
    }

    /// Folds again what may have been folded already: what was is a repeat then, and has its receipt.
    async fn find_out(&mut self, jobs: Vec<Job>, answers: Vec<Answer>) {
        let until = Instant::now() + UNCLEAR_FOR;
        loop {
            match self.commit(&jobs).await {
                Ok(outcomes) => return tell(answers, outcomes),
                Err(failed) if Instant::now() < until => {
                    tracing::debug!(error = %failed.error, "It is still unclear what was saved");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                Err(failed) => return refuse(answers, failed.error),
            }
        }
    }

    async fn commit(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Failed> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_commit(jobs).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(failed) => {
                    for job in jobs {
                        self.cache.forget(job.workspace());
                    }
                    if !db::is_conflict(&failed.error) || tries >= TRIES {
                        return Err(failed);
                    }
                    tracing::debug!(tries, "Another writer of alerts was faster");
                }
            }
        }
    }

    async fn try_commit(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Failed> {
        let now = self.clock.now();
        let mut outcomes: Vec<Option<Outcome>> = jobs.iter().map(|_| None).collect();
        let mut left_work = false;
        let mut tx = self.db.begin().await?;
        for (workspace, places) in by_workspace(jobs) {
            let mine: Vec<&Job> = places.iter().map(|place| &jobs[*place]).collect();
            let mut desk = Desk::take(
                &mut tx,
                workspace,
                &self.name,
                &self.settings,
                &mut self.cache,
                &self.ids,
                now,
            )
            .await?;
            let results = desk.carry_out(&mut tx, &mine).await?;
            for (place, result) in places.iter().zip(results) {
                outcomes[*place] = Some(result);
            }
            left_work |= desk.write(&mut tx).await?;
        }
        let committed = tx.commit().await;
        committed.map_err(|error| Failed { is_unclear: db::is_unclear(&error), error })?;
        if left_work {
            self.work_waits.notify_one();
        }
        Ok(outcomes.into_iter().map(|one| one.expect("every job is in one workspace")).collect())
    }
}

fn by_workspace(jobs: &[Job]) -> BTreeMap<&WorkspaceId, Vec<usize>> {
    let mut places: BTreeMap<&WorkspaceId, Vec<usize>> = BTreeMap::new();
    for (place, job) in jobs.iter().enumerate() {
        places.entry(job.workspace()).or_default().push(place);
    }
    places
}

fn tell(answers: Vec<Answer>, outcomes: Vec<Outcome>) {
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        answer.give(Ok(outcome));
    }
}

fn refuse(answers: Vec<Answer>, error: sqlx::Error) {
    let error = Arc::new(error);
    for answer in answers {
        answer.give(Err(NotTaken::Unavailable(Arc::clone(&error))));
    }
}
