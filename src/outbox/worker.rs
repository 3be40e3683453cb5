//! Takes work from the queue, has it performed, and writes down how it went.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::clock::{Clock, Timestamp};
use crate::engine::Engine;
use crate::engine::order::{NotDone, Order};
use crate::ids::{IdSource, random_bytes};
use crate::incident::command::Command;
use crate::incident::event::Via;
use crate::outbox::work::Work;
use crate::slack::outbound::{Performer, Trouble};
use crate::store::db::Db;
use crate::store::outbox::{self, Claimed, Ended};

/// Lanes worked on at once. Slack is what is slow, and it allows some hundred calls a minute.
const LANES_AT_ONCE: usize = 16;
/// How long work may take before another worker may take it over: a piece of work makes a handful
/// of calls of at most 10 s each. The margin is for clocks that differ between replicas.
const LEASE: Duration = Duration::from_secs(120);
/// How often to look for work that nobody announced: another replica's, or a dead one's.
const POLL: Duration = Duration::from_secs(1);
/// The shortest wait between two looks that find nothing: what is due may be in another replica's
/// hands.
const LEAST_WAIT: Duration = Duration::from_millis(10);
/// How often it is tried to write down how an attempt went, before the lease is left to end.
const WRITE_TRIES: usize = 5;
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// An outage of Slack that lasts longer than this is for people to deal with.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);

/// Takes work and has it performed.
#[derive(Clone)]
pub struct Worker {
    /// Where the queue is.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Names leases.
    pub ids: IdSource,
    /// Writes down in the incident what could not be done.
    pub engine: Engine,
    /// Does the work.
    pub performer: Performer,
    /// Says that there is work.
    pub work_waits: Arc<Notify>,
}

impl Worker {
    /// Works until `shutdown` is told, then finishes what is in hand.
    pub async fn run(self, shutdown: Arc<Notify>) {
        let mut in_hand = JoinSet::new();
        let stop = shutdown.notified();
        tokio::pin!(stop);
        loop {
            // Interest first, then the look: what comes in between is not missed.
            let work_waits = self.work_waits.notified();
            let wait = match self.take(LANES_AT_ONCE.saturating_sub(in_hand.len())).await {
                Ok(claimed) => {
                    let found = !claimed.is_empty();
                    for work in claimed {
                        let worker = self.clone();
                        in_hand.spawn(async move { worker.perform(work).await });
                    }
                    if found { Duration::ZERO } else { self.until_next_due().await }
                }
                Err(error) => {
                    tracing::warn!(error = %error, "Could not look for work");
                    POLL
                }
            };
            let full = in_hand.len() >= LANES_AT_ONCE;
            tokio::select! {
                () = &mut stop => break,
                () = work_waits, if !full => {}
                () = tokio::time::sleep(wait), if !full => {}
                // A lane has moved on: what stands behind can be taken now.
                Some(_) = in_hand.join_next() => {}
            }
        }
        while in_hand.join_next().await.is_some() {}
    }

    /// Performs everything that is due now, once, and says how much that was.
    pub async fn step(&self) -> Result<usize, sqlx::Error> {
        let mut in_hand = JoinSet::new();
        for work in self.take(LANES_AT_ONCE).await? {
            let worker = self.clone();
            in_hand.spawn(async move { worker.perform(work).await });
        }
        Ok(in_hand.join_all().await.len())
    }

    /// At most one poll: other replicas add work too.
    async fn until_next_due(&self) -> Duration {
        match self.next_due().await {
            Ok(Some(due)) => due.since(self.clock.now()).clamp(LEAST_WAIT, POLL),
            Ok(None) | Err(_) => POLL,
        }
    }

    async fn take(&self, limit: usize) -> Result<Vec<Claimed>, sqlx::Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        if self.next_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let lease = self.ids.ulid(now);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.db.begin().await?;
        let claimed = outbox::claim(&mut tx, &lease, now, LEASE, limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// When there is something to do next. Leases count: a lane is due again when one ends.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, sqlx::Error> {
        let mut tx = self.db.read().await?;
        outbox::next_due(&mut tx).await
    }

    async fn perform(&self, work: Claimed) {
        let started = self.clock.now();
        let result = match &work.work {
            Work::Ring { timer } => self.ring(&work, Command::Ring { timer: *timer }).await,
            _ => self.performer.perform(&work).await,
        };
        let mut tries = 0;
        let written = loop {
            tries += 1;
            match self.write_down(&work, &result).await {
                Err(error) if tries < WRITE_TRIES => {
                    tracing::debug!(work.id = %work.id, error = %error, "Writes down again how it went");
                }
                written => break written,
            }
        };
        match written {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(work.id = %work.id, "The lease had ended; somebody else goes on")
            }
            // The lease ends by itself, and the next attempt looks before it repeats anything.
            Err(error) => {
                tracing::warn!(work.id = %work.id, error = %error, "Could not write down how it went")
            }
        }
        let outcome = match &result {
            Ok(()) => "done",
            Err(Trouble::NotYet { .. }) => "not_yet",
            Err(Trouble::Again { .. } | Trouble::Store(_)) => "again",
            Err(Trouble::GiveUp { .. }) => "given_up",
        };
        metrics::counter!("stentor_outbox_attempts_total", "outcome" => outcome).increment(1);
        let now = self.clock.now();
        tracing::debug!(work.id = %work.id, incident.id = %work.incident, outcome,
            duration_ms = now.since(started).as_millis(), "{}", work.work.describe());
    }

    /// Writes down how an attempt went, and says whether the lease was still ours.
    async fn write_down(
        &self,
        work: &Claimed,
        result: &Result<(), Trouble>,
    ) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        match result {
            Ok(()) => self.finish(work).await,
            Err(Trouble::NotYet { until }) => {
                self.put_off(work, *until, Ended::Untried, None).await
            }
            Err(Trouble::Again { error, in_doubt }) => {
                let ended = if *in_doubt { Ended::InDoubt } else { Ended::Refused };
                if now.since(work.created_at) > GIVE_UP_AFTER {
                    return self.give_up(work, ended, error).await;
                }
                let until = now.plus(backoff(work.attempts));
                tracing::info!(work.id = %work.id, attempts = work.attempts, error, "Later: {}", work.work.describe());
                self.put_off(work, until, ended, Some(error)).await
            }
            Err(Trouble::GiveUp { error }) => self.give_up(work, Ended::Refused, error).await,
            Err(Trouble::Store(error)) => {
                let until = now.plus(backoff(work.attempts));
                self.put_off(work, until, Ended::InDoubt, Some(&error.to_string())).await
            }
        }
    }

    async fn ring(&self, work: &Claimed, command: Command) -> Result<(), Trouble> {
        let receipt = format!("timer/{}/{}", work.id, work.generation);
        match self.engine.submit(order(work, receipt, Via::Timer, command)).await {
            // What the timer was for has been seen to.
            Ok(_) | Err(NotDone::Refused(_)) => Ok(()),
            Err(NotDone::Unavailable(error)) => Err(Trouble::again_store(&error)),
        }
    }

    async fn finish(&self, work: &Claimed) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let ours = outbox::finish(&mut tx, work, self.clock.now()).await?;
        tx.commit().await?;
        Ok(ours)
    }

    async fn put_off(
        &self,
        work: &Claimed,
        until: Timestamp,
        ended: Ended,
        error: Option<&str>,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let ours = outbox::put_off(&mut tx, work, until, ended, error).await?;
        tx.commit().await?;
        Ok(ours)
    }

    /// Giving up is loud: the incident's record says what did not happen, and the work stays.
    async fn give_up(
        &self,
        work: &Claimed,
        ended: Ended,
        error: &str,
    ) -> Result<bool, sqlx::Error> {
        tracing::error!(work.id = %work.id, incident.id = %work.incident, error,
            "Gave up: {}. It stays in the outbox", work.work.describe());
        let what = work.work.describe();
        let command = Command::RecordUndelivered { what, error: error.to_owned() };
        let receipt = format!("undelivered/{}/{}", work.id, work.lease);
        if let Err(NotDone::Unavailable(error)) =
            self.engine.submit(order(work, receipt, Via::Delivery, command)).await
        {
            tracing::warn!(error = %error, "Could not write into the incident what was not delivered");
        }
        let mut tx = self.db.begin().await?;
        let ours = outbox::bury(&mut tx, work, ended, error, self.clock.now()).await?;
        tx.commit().await?;
        Ok(ours)
    }
}

fn order(work: &Claimed, receipt: String, via: Via, command: Command) -> Order {
    Order::by_stentor(&work.workspace, &work.incident, receipt, via, command)
}

/// Twice as long each time, and never twice the same, so that what failed together does not come
/// back together.
fn backoff(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
    let whole = Duration::from_secs(1 << doublings).min(LONGEST_WAIT);
    let part = f64::from(u16::from_le_bytes(random_bytes())) / f64::from(u16::MAX);
    whole.mul_f64(0.5 + part / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        for attempts in [1, 2, 5, 9, 50, i64::MAX] {
            let wait = backoff(attempts);
            assert!(
                wait >= Duration::from_millis(500) && wait <= LONGEST_WAIT,
                "{attempts}: {wait:?}"
            );
        }
        assert!(backoff(8) > backoff(1));
    }
}
