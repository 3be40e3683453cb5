//! The time, as the simulator sees it. Every lifetime (three seconds of a trigger, thirty minutes
//! of a response_url, five minutes until a retry) is measured by this clock, so that a test can
//! travel through them.

use std::{fmt, sync::Arc};

/// Microseconds since 1970.
pub type Micros = i64;

/// One second.
pub const SECOND: Micros = 1_000_000;
/// One minute.
pub const MINUTE: Micros = 60 * SECOND;

/// Where the simulator reads the time.
#[derive(Clone)]
pub struct Clock {
    read: Arc<dyn Fn() -> Micros + Send + Sync>,
    real: bool,
}

impl Clock {
    /// The wall clock.
    #[expect(clippy::disallowed_methods, reason = "the one place where the simulator reads it")]
    pub fn system() -> Self {
        let read = || {
            let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            since_1970.map_or(0, |age| i64::try_from(age.as_micros()).unwrap_or(i64::MAX))
        };
        Clock { read: Arc::new(read), real: true }
    }

    /// A clock that somebody else moves.
    pub fn from_fn(read: Arc<dyn Fn() -> Micros + Send + Sync>) -> Self {
        Clock { read, real: false }
    }

    /// The time now.
    pub fn now(&self) -> Micros {
        (self.read)()
    }

    /// Whether time passes by itself: only then are due retries sent without being asked.
    pub fn is_real(&self) -> bool {
        self.real
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("real", &self.real).finish_non_exhaustive()
    }
}
