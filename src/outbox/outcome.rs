//! How an attempt went, written down: done, later, or given up aloud. Every write names the lease.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::engine::order::{NotDone, Order};
use crate::incident::command::Command;
use crate::incident::event::Via;
use crate::outbox::hold::{Held, LEASE};
use crate::outbox::work::Work;
use crate::outbox::worker::Worker;
use crate::paging::NotDone as NotPaged;
use crate::slack::outbound::Trouble;
use crate::store::outbox::{self, Claimed, Ended};

/// How often it is tried to write down how an attempt went, before the lease is left to end.
const WRITE_TRIES: usize = 5;
/// How often to look whether a workspace has let Stentor in again. A new installation wakes its
/// work by itself; this is for a token that Slack takes again.
const LOOK_FOR_ACCESS: Duration = Duration::from_secs(300);
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// An outage of Slack that lasts longer than this is for people to deal with.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);

impl Worker {
    /// Writes down how an attempt went, and says it in a word.
    pub(super) async fn conclude(&self, held: &Held, result: &Result<(), Trouble>) -> &'static str {
        let work = &held.work;
        let mut tries = 0;
        let written = loop {
            tries += 1;
            match self.write_down(held, result).await {
                Err(error) if tries < WRITE_TRIES => {
                    tracing::debug!(work.id = %work.id, error = %error, "Writes down again how it went");
                }
                written => break written,
            }
        };
        match written {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(work.id = %work.id, "The lease had ended; somebody else goes on");
            }
            // The lease ends by itself, and the next attempt looks before it repeats anything.
            Err(error) => {
                tracing::warn!(work.id = %work.id, error = %error, "Could not write down how it went");
            }
        }
        match result {
            Ok(()) => "done",
            Err(Trouble::NotYet { .. }) => "not_yet",
            Err(Trouble::NotOurs) => "not_ours",
            Err(Trouble::NoAccess { .. }) => "no_access",
            Err(Trouble::Away { .. } | Trouble::Again { .. } | Trouble::Store(_)) => "again",
            Err(Trouble::GiveUp { .. }) => "given_up",
        }
    }

    /// Writes down how an attempt went, and says whether the lease was still ours.
    async fn write_down(
        &self,
        held: &Held,
        result: &Result<(), Trouble>,
    ) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let backoff = || now.plus(backoff(&held.work));
        match result {
            Ok(()) => self.finish(held).await,
            Err(Trouble::NotOurs) => Ok(false),
            Err(Trouble::NotYet { until, turn }) => {
                let ended = Ended::Untried { turn: turn.clone() };
                self.put_off(held, *until, ended, None).await
            }
            // However long it takes: it is nothing that this piece of work could be given up for.
            Err(Trouble::NoAccess { error }) => {
                let (until, ended) = (now.plus(LOOK_FOR_ACCESS), Ended::Untried { turn: None });
                self.put_off(held, until, ended, Some(error)).await
            }
            Err(Trouble::Again { error, in_doubt }) => {
                self.later(held, backoff(), *in_doubt, error).await
            }
            // While Slack is away for all, waits that grow would only mix up the order.
            Err(Trouble::Away { error, in_doubt, until, for_all }) => {
                let until = if *for_all { *until } else { backoff().max(*until) };
                self.later(held, until, *in_doubt, error).await
            }
            Err(Trouble::GiveUp { error }) => self.give_up(held, Ended::Refused, error).await,
            Err(Trouble::Store(error)) => {
                self.put_off(held, backoff(), Ended::InDoubt, Some(&error.to_string())).await
            }
        }
    }

    async fn later(
        &self,
        held: &Held,
        until: Timestamp,
        in_doubt: bool,
        error: &str,
    ) -> Result<bool, sqlx::Error> {
        let work = &held.work;
        let ended = if in_doubt { Ended::InDoubt } else { Ended::Refused };
        if self.clock.now().since(work.created_at) > GIVE_UP_AFTER {
            return self.give_up(held, ended, error).await;
        }
        tracing::info!(work.id = %work.id, attempts = work.attempts, error, "Later: {}", work.work.describe());
        self.put_off(held, until, ended, Some(error)).await
    }

    async fn finish(&self, held: &Held) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let ours = outbox::finish(&mut tx, &held.work, self.clock.now()).await?;
        tx.commit().await?;
        Ok(ours)
    }

    async fn put_off(
        &self,
        held: &Held,
        until: Timestamp,
        ended: Ended,
        error: Option<&str>,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let ours = outbox::put_off(&mut tx, &held.work, until, ended, error).await?;
        tx.commit().await?;
        Ok(ours)
    }

    /// Giving up is loud: the incident's record says what did not happen, and the work stays.
    async fn give_up(&self, held: &Held, ended: Ended, error: &str) -> Result<bool, sqlx::Error> {
        let work = &held.work;
        // Whoever lost the lane has nothing to say about it.
        let mut tx = self.db.begin().await?;
        let ours = outbox::renew(&mut tx, work, self.clock.now().plus(LEASE)).await?;
        tx.commit().await?;
        if !ours {
            return Ok(false);
        }
        if let Work::ShowPage { escalation, page } = &work.work {
            // Nobody is paged by a dead letter: the next ones are.
            match self.paging.failed(&work.workspace, escalation, *page, error).await {
                Ok(()) | Err(NotPaged::Refused(_)) => {}
                Err(NotPaged::NotSaved(away)) => return Err(away),
            }
        }
        tracing::error!(work.id = %work.id, incident.id = %work.incident, error,
            "Gave up: {}. It stays in the outbox", work.work.describe());
        let what = work.work.describe();
        let command = Command::RecordUndelivered { what, error: error.to_owned() };
        // The same words for the same failure, however often it is reached before the work is done:
        // with every change of the incident, a surface is tried and refused again.
        let receipt = format!("undelivered/{}/{error}", work.id);
        let (workspace, incident) = (&work.workspace, &work.incident);
        let order = Order::by_stentor(workspace, incident, receipt, Via::Delivery, command);
        if let Err(NotDone::Unavailable(away)) = self.engine.submit(order).await {
            // It is given up when the record can say so.
            tracing::warn!(error = %away, "Could not write into the incident what was not delivered");
            let until = self.clock.now().plus(backoff(work));
            return self.put_off(held, until, ended, Some(error)).await;
        }
        let mut tx = self.db.begin().await?;
        let ours = outbox::bury(&mut tx, work, ended, error, self.clock.now()).await?;
        tx.commit().await?;
        Ok(ours)
    }
}

/// Twice as long each time, and for each piece of work a little different, so that what failed
/// together does not come back together.
fn backoff(work: &Claimed) -> Duration {
    let doublings = u32::try_from(work.attempts.clamp(1, 10) - 1).unwrap_or(0);
    let whole = Duration::from_secs(1 << doublings).min(LONGEST_WAIT);
    let digest = Sha256::digest(format!("{}/{}", work.id, work.attempts));
    whole.mul_f64(0.5 + f64::from(digest[0]) / f64::from(u8::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{IncidentId, WorkId, WorkspaceId};
    use crate::incident::reactions::Surface;
    use crate::outbox::work::Work;

    fn tried(id: &str, attempts: i64) -> Claimed {
        Claimed {
            workspace: WorkspaceId::from("W"),
            lane: "lane".to_owned(),
            lease: "lease".to_owned(),
            id: WorkId::from(id),
            incident: IncidentId::from("incident"),
            work: Work::Refresh { surface: Surface::Topic },
            attempts,
            refused: 0,
            generation: 0,
            created_at: Timestamp::default(),
            turn: None,
            step: None,
        }
    }

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        for attempts in [1, 2, 5, 9, 50, i64::MAX] {
            let wait = backoff(&tried("work", attempts));
            assert!(
                wait >= Duration::from_millis(500) && wait <= LONGEST_WAIT,
                "{attempts}: {wait:?}"
            );
        }
        assert!(backoff(&tried("work", 8)) > backoff(&tried("work", 1)));
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let waits: std::collections::BTreeSet<Duration> =
            (0..100).map(|n| backoff(&tried(&n.to_string(), 9))).collect();
        assert!(waits.len() > 50, "{}", waits.len());
    }
}
