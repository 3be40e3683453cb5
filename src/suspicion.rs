//! Who sends what is not genuine, and how much of it.
//!
//! A source that sends badly signed requests, or tokens that open nothing, fills a bucket that
//! leaks. What follows from a full bucket is decided where it is asked for, and must never be that
//! something genuine is refused: everything may come through one proxy, with Slack behind it.
//!
//! The buckets are a fixed number, and a source's is found by a hash that nobody outside can
//! foresee. Sources that share a bucket share a suspicion, which costs the innocent one nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Timestamp;

/// Buckets: more than there are attackers at once, and less than 100 KiB.
const BUCKETS: usize = 2_048;
/// Doubtful requests that a source has free. A proxy with a wrong clock, or a secret that is being
/// rotated, makes some.
const FREE: u32 = 30;
/// How long it takes for one to be forgotten.
const LEAK: Duration = Duration::from_secs(2);
/// Doubtful requests that are remembered at most: after this many more a source is free again.
const MOST: u32 = 2 * FREE;
/// How long something genuine speaks for its source.
const CREDIT: Duration = Duration::from_secs(600);

/// What is known of every source. Clones are the same one.
#[derive(Clone)]
pub struct Suspicion {
    buckets: Arc<[Mutex<Bucket>]>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    /// When the bucket will be empty.
    empty_at: Timestamp,
    /// Until when something genuine speaks for it.
    genuine_until: Timestamp,
    /// When something was tried last in spite of the suspicion.
    tried_at: Timestamp,
}

/// How a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is held against it.
    Good,
    /// It sent too much that was not genuine.
    Suspected {
        /// Something genuine came from there lately, too.
        genuine_lately: bool,
        /// How long it will be suspected if it sends no more of that.
        wait: Duration,
    },
}

impl Default for Suspicion {
    fn default() -> Self {
        Suspicion {
            buckets: (0..BUCKETS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Suspicion {
    fn change<T>(&self, source: &impl Hash, change: impl FnOnce(&mut Bucket) -> T) -> T {
        let hash = self.hasher.hash_one(source) % u64::try_from(BUCKETS).unwrap_or(1);
        let bucket = &self.buckets[usize::try_from(hash).unwrap_or_default()];
        change(&mut bucket.lock().expect("nothing panics while it is held"))
    }

    /// How this source stands.
    pub fn standing(&self, source: &impl Hash, now: Timestamp) -> Standing {
        self.change(source, |bucket| {
            let full = now.plus(LEAK * FREE);
            if bucket.empty_at < full {
                return Standing::Good;
            }
            let genuine_lately = now < bucket.genuine_until;
            let wait = bucket.empty_at.since(full) + LEAK;
            Standing::Suspected { genuine_lately, wait }
        })
    }

    /// Something came from there that is not genuine.
    pub fn doubt(&self, source: &impl Hash, now: Timestamp) {
        self.change(source, |bucket| {
            bucket.empty_at = bucket.empty_at.max(now).plus(LEAK).min(now.plus(LEAK * MOST));
        });
    }

    /// Something came from there that is genuine.
    pub fn credit(&self, source: &impl Hash, now: Timestamp) {
        self.change(source, |bucket| bucket.genuine_until = now.plus(CREDIT));
    }

    /// Whether it is time again to try something from a source that is suspected.
    pub fn may_try(&self, source: &impl Hash, now: Timestamp, every: Duration) -> bool {
        self.change(source, |bucket| {
            let may = now >= bucket.tried_at.plus(every) || now < bucket.tried_at;
            if may {
                bucket.tried_at = now;
            }
            may
        })
    }
}

/// Secrets that have opened something lately. Only what opens something gets in here, so there are as many
/// as there are secrets; each counts for itself, because what shares a bucket with one has opened nothing.
#[derive(Clone, Default)]
pub struct Genuine {
    until: Arc<Mutex<HashMap<u64, Timestamp>>>,
    hasher: RandomState,
}

/// Secrets that are remembered at most; beyond that those are forgotten that opened nothing lately.
const SECRETS: usize = 10_000;

impl Genuine {
    /// This one has opened something.
    pub fn credit(&self, secret: &impl Hash, now: Timestamp) {
        let mut until = self.until.lock().expect("nothing panics while it is held");
        if until.len() >= SECRETS {
            until.retain(|_, until| now < *until);
        }
        if until.len() < SECRETS {
            until.insert(self.hasher.hash_one(secret), now.plus(CREDIT));
        }
    }

    /// Whether it has opened something lately.
    pub fn is_credited(&self, secret: &impl Hash, now: Timestamp) -> bool {
        let until = self.until.lock().expect("nothing panics while it is held");
        until.get(&self.hasher.hash_one(secret)).is_some_and(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_opened_something_lately_is_credited() {
        let genuine = Genuine::default();
        for secret in 0..SECRETS {
            genuine.credit(&secret, at(0));
        }
        assert!((0..SECRETS).all(|secret| genuine.is_credited(&secret, at(599))));
        assert!((SECRETS..2 * SECRETS).all(|secret| !genuine.is_credited(&secret, at(599))));
        assert!(!genuine.is_credited(&0, at(600)));
        genuine.credit(&"another", at(600));
        assert!(genuine.is_credited(&"another", at(600)));
        assert_eq!(genuine.until.lock().unwrap().len(), 1);
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(1_790_000_000_000_000).plus(Duration::from_secs(seconds))
    }

    fn wait(suspicion: &Suspicion, source: &str, now: Timestamp) -> Option<Duration> {
        match suspicion.standing(&source, now) {
            Standing::Good => None,
            Standing::Suspected { wait, .. } => Some(wait),
        }
    }

    #[test]
    fn a_few_mistakes_are_free_and_all_are_forgotten() {
        let suspicion = Suspicion::default();
        for _ in 1..FREE {
            suspicion.doubt(&"mallory", at(0));
        }
        assert_eq!(wait(&suspicion, "mallory", at(0)), None);
        suspicion.doubt(&"mallory", at(0));
        assert_eq!(wait(&suspicion, "mallory", at(0)), Some(LEAK));
        assert_eq!(wait(&suspicion, "mallory", at(1)), None, "one leaks every two seconds");
    }

    #[test]
    fn who_goes_on_is_not_held_back_for_ever() {
        let suspicion = Suspicion::default();
        for _ in 0..1_000_000 {
            suspicion.doubt(&"mallory", at(0));
        }
        let wait = wait(&suspicion, "mallory", at(0)).unwrap();
        assert!(wait <= Duration::from_secs(62), "{wait:?}");
        assert_eq!(suspicion.standing(&"mallory", at(62)), Standing::Good);
    }

    #[test]
    fn what_is_genuine_speaks_for_its_source() {
        let suspicion = Suspicion::default();
        suspicion.credit(&"proxy", at(0));
        for _ in 0..FREE {
            suspicion.doubt(&"proxy", at(0));
        }
        let genuine = |now| match suspicion.standing(&"proxy", now) {
            Standing::Suspected { genuine_lately, .. } => Some(genuine_lately),
            Standing::Good => None,
        };
        assert_eq!(genuine(at(0)), Some(true));
        for _ in 0..FREE {
            suspicion.doubt(&"proxy", at(600));
        }
        assert_eq!(genuine(at(600)), Some(false));
    }

    #[test]
    fn a_million_sources_take_no_more_memory_than_one() {
        let suspicion = Suspicion::default();
        for source in 0..1_000_000 {
            suspicion.doubt(&source, at(0));
        }
        assert_eq!(suspicion.buckets.len(), BUCKETS);
        assert!(std::mem::size_of::<Mutex<Bucket>>() * BUCKETS < 100 * 1024);
    }

    #[test]
    fn now_and_then_something_is_tried() {
        let suspicion = Suspicion::default();
        let every = Duration::from_secs(1);
        assert!(suspicion.may_try(&"mallory", at(5), every));
        assert!(!suspicion.may_try(&"mallory", at(5), every));
        assert!(suspicion.may_try(&"mallory", at(6), every));
        assert!(suspicion.may_try(&"mallory", at(0), every), "a clock that was set back");
    }
}
