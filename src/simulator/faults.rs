//! What can be made to go wrong on purpose, in answers to the app and in requests to it.

use serde::{Deserialize, Serialize};

/// All faults that are switched on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Faults {
    /// In the order they were switched on; the first that fits happens.
    pub list: Vec<Fault>,
}

/// One fault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// A method of the Web API, "response_url", or "*" for all; for [`Failing::Delivery`] the
    /// type of the event, or "*".
    pub method: String,
    /// What happens.
    #[serde(flatten)]
    pub failing: Failing,
    /// How often it still happens; `None` means until it's switched off.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many calls pass unharmed first.
    #[serde(default)]
    pub after: u32,
}

/// The ways to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Failing {
    /// The connection is closed before anything is done.
    Refuse,
    /// Nothing is done and nothing answered; the connection is closed after a while.
    TimeoutBefore {
        /// How long until the connection is closed.
        hang_ms: u64,
    },
    /// The work is done, and the answer lost.
    LostAnswer {
        /// How long until the connection is closed.
        #[serde(default)]
        hang_ms: u64,
    },
    /// A bare HTTP status, such as 500; nothing is done.
    Status {
        /// The status.
        status: u16,
    },
    /// Something on the way answers instead, such as a proxy with a page of its own; nothing is
    /// done.
    Answer {
        /// The status.
        status: u16,
        /// `Content-Type`, if it says one.
        #[serde(default)]
        content_type: Option<String>,
        /// `Retry-After`, whatever that means.
        #[serde(default)]
        retry_after: Option<String>,
        /// The body.
        body: String,
    },
    /// 429.
    RateLimited {
        /// The `Retry-After`, in seconds.
        retry_after: u32,
    },
    /// The work is done, and the answer is cut off in the middle.
    MalformedJson,
    /// `ok: false` with this error; nothing is done.
    Error {
        /// "fatal_error", "missing_scope", …
        code: String,
    },
    /// `ok: false` with this error, although the work was done.
    ErrorAfter {
        /// "fatal_error", "internal_error".
        code: String,
    },
    /// All goes well, but slowly.
    Delay {
        /// How slowly.
        ms: u64,
    },
    /// An event is handled wrongly on its way to the app.
    Delivery {
        /// How.
        how: Misdelivery,
    },
}

/// What can happen to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misdelivery {
    /// It arrives twice.
    Duplicate,
    /// It arrives after the next one of the same channel.
    Reorder,
    /// It never arrives.
    Drop,
}

impl Fault {
    /// A fault that lasts.
    pub fn always(method: &str, failing: Failing) -> Self {
        Fault { method: method.to_owned(), failing, times: None, after: 0 }
    }

    /// A fault that happens that often.
    pub fn times(method: &str, failing: Failing, times: u32) -> Self {
        Fault { times: Some(times), ..Fault::always(method, failing) }
    }
}

impl Faults {
    /// What happens to this call.
    pub fn strike(&mut self, method: &str) -> Option<Failing> {
        self.take(method, |failing| !matches!(failing, Failing::Delivery { .. }))
    }

    /// What happens to this event.
    pub fn misdeliver(&mut self, event: &str) -> Option<Misdelivery> {
        match self.take(event, |failing| matches!(failing, Failing::Delivery { .. }))? {
            Failing::Delivery { how } => Some(how),
            _ => None,
        }
    }

    fn take(&mut self, method: &str, fits: impl Fn(&Failing) -> bool) -> Option<Failing> {
        let index = self.list.iter().position(|fault| {
            (fault.method == "*" || fault.method == method) && fits(&fault.failing)
        })?;
        let fault = &mut self.list[index];
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        let failing = fault.failing.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.list.remove(index);
            }
        }
        Some(failing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_asked() {
        let once_after_one = Fault { after: 1, ..Fault::times("pins.add", Failing::Refuse, 1) };
        let mut faults = Faults { list: vec![once_after_one] };
        assert_eq!(faults.strike("chat.update"), None);
        assert_eq!(faults.strike("pins.add"), None);
        assert_eq!(faults.strike("pins.add"), Some(Failing::Refuse));
        assert_eq!(faults.strike("pins.add"), None);
    }

    #[test]
    fn faults_of_calls_and_of_events_do_not_mix() {
        let drop = Failing::Delivery { how: Misdelivery::Drop };
        let mut faults = Faults { list: vec![Fault::always("*", drop)] };
        assert_eq!(faults.strike("chat.update"), None);
        assert_eq!(faults.misdeliver("message"), Some(Misdelivery::Drop));
    }
}
