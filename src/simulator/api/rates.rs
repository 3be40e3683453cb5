//! How often a method may be called.

use std::collections::HashMap;

use super::methods::{Budget, Method};
use crate::simulator::clock::{MINUTE, Micros, SECOND};

/// Posts in a channel that pass at once; Slack doesn't publish the number.
const POST_BURST: u32 = 4;

/// All budgets, as far as they have been used.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    methods: HashMap<&'static str, Bucket>,
    channels: HashMap<String, Bucket>,
}

/// It leaks one call in each `per`, and holds `size` of them.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When it will be empty again.
    empty_at: Micros,
}

impl Bucket {
    /// Takes one call in, or says in how many seconds it could.
    fn take(&mut self, now: Micros, per: Micros, size: u32) -> Result<(), u32> {
        let begin = self.empty_at.max(now);
        let room = per * Micros::from(size);
        let wait = begin + per - room - now;
        if wait > 0 {
            let seconds = (wait + SECOND - 1) / SECOND;
            return Err(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
        self.empty_at = begin + per;
        Ok(())
    }
}

impl Rates {
    /// Counts a call, or says after how many seconds it may be made.
    pub fn take(&mut self, now: Micros, method: &Method, channel: Option<&str>) -> Result<(), u32> {
        let fresh = Bucket { empty_at: now };
        let budget = method.budget.per_minute();
        let bucket = self.methods.entry(method.name).or_insert(fresh);
        if let (Budget::Posting, Some(channel)) = (&method.budget, channel) {
            if self.channels.len() > 10_000 {
                self.channels.retain(|_, bucket| bucket.empty_at > now);
            }
            self.channels
                .entry(channel.to_owned())
                .or_insert(fresh)
                .take(now, SECOND, POST_BURST)?;
        }
        bucket.take(now, MINUTE / Micros::from(budget), budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::api::methods::find;

    #[test]
    fn a_channel_takes_a_short_burst_and_then_one_post_a_second() {
        let mut rates = Rates::default();
        let method = find("chat.postMessage").expect("it exists");
        for _ in 0..POST_BURST {
            assert_eq!(rates.take(0, method, Some("C1")), Ok(()));
        }
        assert_eq!(rates.take(0, method, Some("C1")), Err(1));
        assert_eq!(rates.take(0, method, Some("C2")), Ok(()));
        assert_eq!(rates.take(SECOND, method, Some("C1")), Ok(()));
        assert_eq!(rates.take(SECOND, method, Some("C1")), Err(1));
    }

    #[test]
    fn tier_two_allows_twenty_calls_a_minute() {
        let mut rates = Rates::default();
        let method = find("pins.add").expect("it exists");
        for _ in 0..20 {
            assert_eq!(rates.take(0, method, None), Ok(()));
        }
        assert_eq!(rates.take(0, method, None), Err(3));
        assert_eq!(rates.take(0, find("pins.list").expect("it exists"), None), Ok(()));
        assert_eq!(rates.take(MINUTE, method, None), Ok(()));
    }
}
