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

    /// The time in which an empty bucket is full.
    fn whole(self) -> Duration {
        self.every() * self.burst.max(1)
    }
}

/// How a bucket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// How fast it fills.
    pub rate: Rate,
    /// How many requests there are left.
    pub left: u32,
    /// When it is full again.
    pub full_at: Timestamp,
}

impl Level {
    fn of(rate: Rate, full_at: Timestamp, now: Timestamp) -> Level {
        let drops = rate.whole().saturating_sub(full_at.since(now)).as_micros()
            / rate.every().as_micros().max(1);
        Level { rate, left: u32::try_from(drops).unwrap_or(u32::MAX), full_at }
    }
}

/// Nothing could be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// How the bucket stands.
    pub level: Level,
    /// In which time the next drop comes.
    pub wait: Duration,
}

/// The buckets of all tokens.
#[derive(Clone, Default)]
pub struct Limits(Arc<Mutex<HashMap<String, Timestamp>>>);

impl Limits {
    /// Takes a drop out of a bucket, if there is one.
    pub fn take(&self, bucket: &str, rate: Rate, now: Timestamp) -> Result<Level, Empty> {
        let [level] = self.take_from_each([(bucket, rate)], now)?;
        Ok(level)
    }

    /// Takes a drop out of each of these buckets, or out of none if one is empty.
    ///
    /// A bucket is kept as the time at which it is full again: each drop moves that on.
    pub fn take_from_each<const N: usize>(
        &self,
        buckets: [(&str, Rate); N],
        now: Timestamp,
    ) -> Result<[Level; N], Empty> {
        let mut known = self.0.lock().expect("nothing panics with it");
        let mut levels = buckets.map(|(bucket, rate)| {
            let full_at = known.get(bucket).copied().unwrap_or(now).max(now);
            Level::of(rate, full_at, now)
        });
        for level in &levels {
            let ahead = level.full_at.plus(level.rate.every()).since(now);
            if let Some(wait) = ahead.checked_sub(level.rate.whole())
                && !wait.is_zero()
            {
                return Err(Empty { level: *level, wait });
            }
        }
        for ((bucket, rate), level) in buckets.into_iter().zip(&mut levels) {
            if known.len() >= MOST && !known.contains_key(bucket) {
                forget(&mut known, now);
            }
            *level = Level::of(rate, level.full_at.plus(rate.every()), now);
            known.insert(bucket.to_owned(), level.full_at);
        }
        Ok(levels)
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

    fn left(taken: Result<Level, Empty>) -> Result<u32, Duration> {
        taken.map(|level| level.left).map_err(|empty| empty.wait)
    }

    #[test]
    fn a_bucket_is_emptied_and_fills_again() {
        let (limits, now) = (Limits::default(), Timestamp::from_micros(1_000_000_000));
        let later = |millis| now.plus(Duration::from_millis(millis));
        let take = |bucket: &str, at| left(limits.take(bucket, RATE, at));
        for expected in [2, 1, 0] {
            assert_eq!(take("a", now), Ok(expected));
        }
        assert_eq!(take("a", now), Err(Duration::from_secs(1)));
        assert_eq!(take("b", now), Ok(2));
        assert_eq!(take("a", later(400)), Err(Duration::from_millis(600)));
        assert_eq!(take("a", later(1_000)), Ok(0));
        assert!(take("a", later(1_000)).is_err());
        for expected in [2, 1, 0] {
            assert_eq!(take("a", later(60_000)), Ok(expected));
        }
        let empty = limits.take("a", RATE, later(60_000)).unwrap_err();
        assert_eq!((empty.level.left, empty.level.full_at), (0, later(63_000)));
    }

    #[test]
    fn nothing_is_taken_from_one_bucket_while_another_is_empty() {
        let (limits, now) = (Limits::default(), Timestamp::from_micros(0));
        let narrow = Rate { per_minute: 60, burst: 1 };
        let both = || limits.take_from_each([("wide", RATE), ("narrow", narrow)], now);
        assert_eq!(both().map(|levels| levels.map(|level| level.left)), Ok([2, 0]));
        assert_eq!(both().unwrap_err().level.rate, narrow);
        assert_eq!(left(limits.take("wide", RATE, now)), Ok(1));
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
