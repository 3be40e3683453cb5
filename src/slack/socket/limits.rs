//! How long to wait for what. Tests wait less.

use std::time::Duration;

use crate::ids::random_bytes;

/// How long to wait for what. All of it is measured on the clock that nobody can set.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How often Slack is asked for a sign of life.
    pub ping_every: Duration,
    /// How long without one until the socket counts as dead: the other end may be gone without
    /// anybody having said so.
    pub silence: Duration,
    /// How long it may take to open a socket and be greeted.
    pub hello_within: Duration,
    /// How long an old socket is still read after Slack has said that it ends.
    pub retire_after: Duration,
    /// How long what is in hand may take when a socket ends.
    pub drain: Duration,
    /// After how long a socket has proved that the way is good.
    pub lived: Duration,
    /// The first wait before another socket is opened; it doubles each time.
    pub first_wait: Duration,
    /// The longest of these waits.
    pub longest_wait: Duration,
    /// The least wait after Slack has said that there are too many sockets.
    pub crowded: Duration,
    /// How long until it is tried again after a refusal that only people can mend.
    pub refused: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            ping_every: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            hello_within: Duration::from_secs(15),
            retire_after: Duration::from_secs(30),
            drain: Duration::from_secs(8),
            lived: Duration::from_secs(60),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            crowded: Duration::from_secs(30),
            refused: Duration::from_secs(300),
        }
    }
}

impl Limits {
    /// Twice as long each time, and never the same for two replicas.
    pub(super) fn backoff(&self, failures: u32) -> Duration {
        let doublings = failures.clamp(1, 16) - 1;
        let whole = self.first_wait.saturating_mul(1 << doublings).min(self.longest_wait);
        jittered(whole)
    }

    /// The others must be given time to go away: what opens sockets in a storm is shut out.
    pub(super) fn crowded(&self, failures: u32) -> Duration {
        jittered(self.crowded) + self.backoff(failures)
    }

    pub(super) fn slowly(&self) -> Duration {
        jittered(self.refused)
    }
}

/// Half of it to all of it.
fn jittered(whole: Duration) -> Duration {
    let part = f64::from(u16::from_le_bytes(random_bytes())) / f64::from(u16::MAX);
    whole.mul_f64(0.5 + part / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        let limits = Limits::default();
        for failures in [0, 1, 2, 7, 100, u32::MAX] {
            let wait = limits.backoff(failures);
            assert!(wait >= limits.first_wait / 2 && wait <= limits.longest_wait, "{failures}");
            assert!(limits.crowded(failures) >= limits.crowded / 2, "{failures}");
        }
        assert!(limits.backoff(7) > limits.backoff(1));
    }
}
