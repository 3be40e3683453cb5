//! What a worker holds while it works: a lease that it keeps alive, and must not outlive.
//!
//! A process can be stopped in the middle of anything and wake much later. So everything that shows
//! outside, a call to Slack or a write, asks first whether the lease is still good: by the clock that
//! other replicas see it end by, and by one that can't be set back.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::{Clock, Timestamp};
use crate::slack::outbound::Trouble;
use crate::store::db::Db;
use crate::store::outbox::{self, Claimed};

/// How long a lease lasts in the database after it was last renewed: so soon does another replica
/// go on with the work of a dead one.
pub const LEASE: Duration = Duration::from_secs(10);
/// How long its holder trusts it. What is left is for clocks that differ between replicas, and for
/// the way of a call that is made at the last moment.
pub const TRUSTED: Duration = Duration::from_secs(6);
/// How often it is renewed: two renewals may fail before it is given up.
pub const RENEW_EVERY: Duration = Duration::from_secs(2);

/// A piece of work in the hands of this process.
#[derive(Debug)]
pub struct Held {
    /// The work.
    pub work: Claimed,
    trusted: Mutex<Trusted>,
    turn: Mutex<Option<String>>,
}

#[derive(Clone, Copy, Debug)]
struct Trusted {
    since: Instant,
    until: Timestamp,
}

impl Held {
    /// Work that was claimed at this time, which was read before the lease was written.
    pub fn new(work: Claimed, claimed_at: Timestamp, since: Instant) -> Held {
        let trusted = Trusted { since, until: claimed_at.plus(TRUSTED) };
        let turn = Mutex::new(work.turn.clone());
        Held { work, trusted: Mutex::new(trusted), turn }
    }

    /// Whether it is certain that nobody else has the lane.
    pub fn is_good(&self, now: Timestamp) -> bool {
        let trusted = *self.trusted.lock().expect("nothing panics with it");
        now < trusted.until && trusted.since.elapsed() < TRUSTED
    }

    /// The lease was renewed at this time, which was read before it was written.
    pub fn renewed(&self, at: Timestamp, since: Instant) {
        let mut trusted = self.trusted.lock().expect("nothing panics with it");
        *trusted = Trusted { since, until: at.plus(TRUSTED) };
    }

    /// Renews the lease before something is sent, and goes on only if the lane is still ours.
    pub async fn make_sure(&self, db: &Db, clock: &Clock) -> Result<(), Trouble> {
        let (now, since) = (clock.now(), Instant::now());
        let mut tx = db.begin().await?;
        if !outbox::renew(&mut tx, &self.work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        tx.commit().await?;
        self.renewed(now, since);
        if self.is_good(clock.now()) { Ok(()) } else { Err(Trouble::NotOurs) }
    }

    /// Uses the turn that this work has waited for, if it is this one.
    pub fn use_turn(&self, turn: &str) -> bool {
        let mut mine = self.turn.lock().expect("nothing panics with it");
        let is_mine = mine.as_deref() == Some(turn);
        if is_mine {
            *mine = None;
        }
        is_mine
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{IncidentId, WorkId, WorkspaceId};
    use crate::incident::reactions::Surface;
    use crate::outbox::work::Work;

    fn held(turn: Option<&str>) -> Held {
        let work = Claimed {
            workspace: WorkspaceId::from("W"),
            lane: "lane".to_owned(),
            lease: "lease".to_owned(),
            id: WorkId::from("work"),
            incident: IncidentId::from("incident"),
            work: Work::Refresh { surface: Surface::Topic },
            attempts: 1,
            refused: 0,
            generation: 0,
            created_at: Timestamp::default(),
            turn: turn.map(str::to_owned),
            step: None,
        };
        Held::new(work, Timestamp::from_micros(0), Instant::now())
    }

    #[test]
    fn a_lease_is_trusted_for_less_long_than_it_lasts() {
        assert!(RENEW_EVERY * 2 < TRUSTED && TRUSTED < LEASE);
        let held = held(None);
        let early = Timestamp::default().plus(TRUSTED - Duration::from_millis(1));
        let late = Timestamp::default().plus(TRUSTED);
        assert!(held.is_good(early) && !held.is_good(late));
        held.renewed(late, Instant::now());
        assert!(held.is_good(late.plus(TRUSTED - Duration::from_millis(1))));
        assert!(!held.is_good(late.plus(TRUSTED)));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_make_a_lease_last() {
        let held = held(None);
        let long_ago = Instant::now().checked_sub(TRUSTED).expect("the machine is up for longer");
        held.renewed(Timestamp::default(), long_ago);
        assert!(!held.is_good(Timestamp::default()));
    }

    #[test]
    fn a_turn_is_used_once() {
        let held = held(Some("chat.update"));
        assert!(!held.use_turn("pins.add"));
        assert!(held.use_turn("chat.update"));
        assert!(!held.use_turn("chat.update"));
    }
}
