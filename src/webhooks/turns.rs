//! Who is called now. A receiver that is slow must keep neither other receivers nor Slack waiting:
//! those that were slow last time share a few turns among themselves.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ids::WebhookId;

/// Receivers that are called at once, as long as they are quick.
const QUICK_AT_ONCE: usize = 5;
/// Slow receivers that are called at once.
const SLOW_AT_ONCE: usize = 2;
/// Who takes longer than this is slow.
const SLOW: Duration = Duration::from_secs(1);
/// So many slow receivers are remembered.
const REMEMBERED: usize = 4_096;

/// Gives out turns. Clones are the same one.
#[derive(Clone)]
pub(super) struct Turns {
    quick: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    slow_ones: Arc<Mutex<HashSet<WebhookId>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Turns {
            quick: Arc::new(Semaphore::new(QUICK_AT_ONCE)),
            slow: Arc::new(Semaphore::new(SLOW_AT_ONCE)),
            slow_ones: Arc::default(),
        }
    }
}

impl Turns {
    /// A turn, if one is free.
    pub fn take(&self, webhook: &WebhookId) -> Option<OwnedSemaphorePermit> {
        let is_slow =
            self.slow_ones.lock().expect("nobody panics while remembering").contains(webhook);
        let turns = if is_slow { &self.slow } else { &self.quick };
        Arc::clone(turns).try_acquire_owned().ok()
    }

    /// Remembers how long a receiver took.
    pub fn took(&self, webhook: &WebhookId, duration: Duration) {
        let mut slow_ones = self.slow_ones.lock().expect("nobody panics while remembering");
        if duration <= SLOW {
            slow_ones.remove(webhook);
            return;
        }
        if slow_ones.len() >= REMEMBERED {
            slow_ones.clear();
        }
        slow_ones.insert(webhook.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_slow_keeps_only_the_slow_waiting() {
        let turns = Turns::default();
        let slow: Vec<WebhookId> = (0..9).map(|n| WebhookId::new(format!("slow {n}"))).collect();
        for webhook in &slow {
            turns.took(webhook, Duration::from_secs(5));
        }
        let taken: Vec<_> = slow.iter().filter_map(|webhook| turns.take(webhook)).collect();
        assert_eq!(taken.len(), SLOW_AT_ONCE);
        assert!(turns.take(&WebhookId::from("quick")).is_some());
        turns.took(&slow[8], Duration::from_millis(10));
        assert!(turns.take(&slow[8]).is_some());
        drop(taken);
        assert!(turns.take(&slow[7]).is_some());
    }
}
