//! Moments at which a replica is killed or stopped: by what it has just done, not by the clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use crate::process::Replica;

/// Something that a replica does. A method `"*"` is any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has acknowledged a command.
    Acknowledged,
    /// It calls this method; Slack has not heard of it yet.
    Calls(&'static str),
    /// Slack has done it, and the answer is on its way.
    Done(&'static str),
    /// It has been given the answer, and is about to write it down.
    Told(&'static str),
}

/// What happens to the replica then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Pause,
}

/// A trap that waits for its moment.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    pub moment: Moment,
    /// How many such moments pass first.
    pub skip: usize,
    /// How long after the moment it happens.
    pub delay: Duration,
    pub deed: Deed,
}

/// At most one trap, shared by all who see what replicas do.
pub struct Trap {
    set: Mutex<Option<Set>>,
    sprung: watch::Sender<Option<usize>>,
}

impl Trap {
    pub fn new() -> Arc<Trap> {
        Arc::new(Trap { set: Mutex::default(), sprung: watch::channel(None).0 })
    }

    /// Sets the trap, in place of an earlier one.
    pub fn set(&self, trap: Set) {
        self.sprung.send_replace(None);
        *self.set.lock().unwrap() = Some(trap);
    }

    /// Takes it away.
    pub fn clear(&self) {
        *self.set.lock().unwrap() = None;
    }

    /// Waits until it has sprung, and says for which replica; nothing if it does not.
    pub async fn sprung(&self, limit: Duration) -> Option<usize> {
        let mut sprung = self.sprung.subscribe();
        let waiting = sprung.wait_for(Option::is_some);
        let found = tokio::time::timeout(limit, waiting).await;
        found.ok()?.ok()?.as_ref().copied()
    }

    /// A replica does this now.
    pub fn notice(self: &Arc<Self>, moment: Moment, replica: &Arc<Replica>) {
        let Some(trap) = self.take(moment) else { return };
        if trap.delay.is_zero() {
            return self.spring(trap, replica);
        }
        let (this, replica) = (Arc::clone(self), Arc::clone(replica));
        tokio::spawn(async move {
            tokio::time::sleep(trap.delay).await;
            this.spring(trap, &replica);
        });
    }

    fn take(&self, moment: Moment) -> Option<Set> {
        let mut set = self.set.lock().unwrap();
        let trap = set.as_mut().filter(|trap| fits(trap.moment, moment))?;
        if trap.skip > 0 {
            trap.skip -= 1;
            return None;
        }
        set.take()
    }

    fn spring(&self, trap: Set, replica: &Replica) {
        match trap.deed {
            Deed::Kill => {
                replica.kill();
            }
            Deed::Pause => replica.pause(),
        }
        self.sprung.send_replace(Some(replica.number));
    }
}

fn fits(wanted: Moment, seen: Moment) -> bool {
    let method = |wanted: &str, seen: &str| wanted == "*" || wanted == seen;
    match (wanted, seen) {
        (Moment::Acknowledged, Moment::Acknowledged) => true,
        (Moment::Calls(a), Moment::Calls(b))
        | (Moment::Done(a), Moment::Done(b))
        | (Moment::Told(a), Moment::Told(b)) => method(a, b),
        _ => false,
    }
}
