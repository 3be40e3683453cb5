//! How often one token may ask: a bucket that fills at an even pace, and from which each request takes
//! one drop. It is this process's own: several replicas allow a token as many times as much.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Timestamp;

/// Buckets that are remembered. A full one need not be; beyond that the oldest ones are forgotten.
const MOST: usize = 10_000;

/// How fast a bucket fills, and how much is in a full one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a minute.
    pub per_minute: u32,
    /// Requests at once, after a rest.
    pub burst: u32,
}

impl Rate {
    /// The time in which one drop comes.
    fn every(self) -> Duration {
        Duration::from_secs(60) / self.per_minute.max(1)
    }
}

/// The buckets of all tokens.
#[derive(Clone, Default)]
pub struct Limits(Arc<Mutex<HashMap<String, Timestamp>>>);

impl Limits {
    /// Takes a drop out of a bucket; if it is empty, says in which time the next one comes.
    ///
    /// A bucket is kept as the time at which it is full again: each drop moves that on.
    pub fn take(&self, bucket: &str, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.0.lock().expect("nothing panics with it");
        let full_at = buckets.get(bucket).copied().unwrap_or(now).max(now);
        let full_at = full_at.plus(rate.every());
        let most = rate.every() * rate.burst.max(1);
        let ahead = full_at.since(now);
        if ahead > most {
            return Err(ahead - most);
        }
        if buckets.len() >= MOST && !buckets.contains_key(bucket) {
            forget(&mut buckets, now);
        }
        buckets.insert(bucket.to_owned(), full_at);
        Ok(())
    }
}

fn forget(buckets: &mut HashMap<String, Timestamp>, now: Timestamp) {
    buckets.retain(|_, full_at| *full_at > now);
    if buckets.len() >= MOST {
        // Who asks so often that even so no room is left is let off once.
        buckets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_minute: 60, burst: 3 };

    #[test]
    fn a_bucket_is_emptied_and_fills_again() {
        let (limits, now) = (Limits::default(), Timestamp::from_micros(1_000_000_000));
        let later = |millis| now.plus(Duration::from_millis(millis));
        for _ in 0..3 {
            assert_eq!(limits.take("a", RATE, now), Ok(()));
        }
        assert_eq!(limits.take("a", RATE, now), Err(Duration::from_secs(1)));
        assert_eq!(limits.take("b", RATE, now), Ok(()));
        assert_eq!(limits.take("a", RATE, later(400)), Err(Duration::from_millis(600)));
        assert_eq!(limits.take("a", RATE, later(1_000)), Ok(()));
        assert!(limits.take("a", RATE, later(1_000)).is_err());
        for _ in 0..3 {
            assert_eq!(limits.take("a", RATE, later(60_000)), Ok(()));
        }
        assert!(limits.take("a", RATE, later(60_000)).is_err());
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let (limits, now) = (Limits::default(), Timestamp::from_micros(0));
        for token in 0..3 * MOST {
            limits.take(&token.to_string(), RATE, now).unwrap();
        }
        assert!(limits.0.lock().unwrap().len() <= MOST);
    }
}
