//! How many requests a token may make of an endpoint.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Timestamp;

/// Endpoints and tokens that are remembered. Those that have been quiet are forgotten first.
const REMEMBERED: usize = 10_000;

/// So many requests at once, and so many in such a time.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// How many.
    pub most: u32,
    /// In which time.
    pub within: Duration,
}

/// Most endpoints.
pub const USUAL: Limit = Limit { most: 5, within: Duration::from_secs(1) };
/// The endpoint that resolves hundreds of alerts.
pub const BATCH: Limit = Limit { most: 1, within: Duration::from_secs(1) };
/// The first version of the API.
pub const FIRST: Limit = Limit { most: 150, within: Duration::from_secs(60) };

/// When each token would have used up what it has at each endpoint, had it come at an even pace.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<(String, String), Timestamp>>);

impl Pace {
    /// Takes a turn, or says after how long there is one.
    pub fn take(
        &self,
        token: &str,
        endpoint: &str,
        limit: Limit,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let each = limit.within / limit.most;
        let mut known = self.0.lock().expect("nothing panics while it counts");
        if known.len() >= REMEMBERED {
            known.retain(|_, used| *used > now);
        }
        let used = known.entry((token.to_owned(), endpoint.to_owned())).or_insert(now);
        let after = (*used).max(now).plus(each);
        let ahead = after.since(now);
        if ahead > limit.within {
            return Err(ahead - limit.within);
        }
        *used = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_turns_and_waits_then() {
        let (pace, now) = (Pace::default(), Timestamp::from_micros(1_000_000_000));
        for _ in 0..5 {
            assert_eq!(pace.take("a", "x", USUAL, now), Ok(()));
        }
        assert_eq!(pace.take("a", "x", USUAL, now), Err(Duration::from_millis(200)));
        assert_eq!(pace.take("a", "y", USUAL, now), Ok(()));
        assert_eq!(pace.take("b", "x", USUAL, now), Ok(()));
        let later = now.plus(Duration::from_millis(200));
        assert_eq!(pace.take("a", "x", USUAL, later), Ok(()));
        assert!(pace.take("a", "x", USUAL, later).is_err());
        assert_eq!(pace.take("a", "z", BATCH, now), Ok(()));
        assert_eq!(pace.take("a", "z", BATCH, now), Err(Duration::from_secs(1)));
    }
}
