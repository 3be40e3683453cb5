//! How an attempt went, and what follows from it. Pure.

use std::time::Duration;

use axum::http::StatusCode;

use crate::clock::Timestamp;
use crate::incident::text::{clean_line, shorten};
use crate::rules::act::retry_after;
use crate::rules::http::{Answer, NotAnswered};
use crate::rules::inner::Inner;

/// How long it is tried to deliver a message.
pub(super) const TRIED_FOR: Duration = Duration::from_secs(24 * 3600);
/// After how long without any success a webhook is switched off.
pub(super) const BROKEN_AFTER: Duration = Duration::from_secs(5 * 24 * 3600);
/// After how many refusals a message waits aside, and those behind it go on: it may be this one alone
/// that the receiver can't take.
const REFUSALS_IN_LINE: i64 = 5;
/// The shortest and longest waits of a message that waits aside.
const ASIDE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(2 * 3600));
/// The longest wait where nobody is at home: so soon is a receiver told that is back.
const LONGEST_AWAY: Duration = Duration::from_secs(15 * 60);
/// As much of an answer is written down, in characters.
const ANSWER_SHOWN: usize = 500;

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Went {
    pub how: How,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub error: Option<String>,
    /// The beginning of what was answered.
    pub answer: Option<String>,
    pub took: Duration,
}

/// How it went, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The receiver has it.
    Taken,
    /// The receiver is there and did not take it.
    Refused,
    /// Nothing would be taken now; the receiver may have said for how long.
    Away(Option<Duration>),
    /// Nobody knows whether it was taken.
    InDoubt,
}

/// What follows from an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The message is given up.
    GiveUp,
    /// It waits aside until then, and the others go on.
    Aside(Timestamp),
    /// It stays where it is, until then at least.
    Later(Timestamp),
}

impl Went {
    /// What an exchange has come to.
    pub fn of(result: Result<Answer, NotAnswered>, took: Duration) -> Went {
        let nothing = |how, error: String| Went {
            how,
            status: None,
            error: Some(shorten(&clean_line(&error), ANSWER_SHOWN)),
            answer: None,
            took,
        };
        match result {
            Ok(answer) => Went::answered(&answer, took),
            Err(NotAnswered::Inner) => nothing(How::Refused, Inner.to_string()),
            Err(NotAnswered::Unreachable(why)) => nothing(How::Away(None), why),
            Err(NotAnswered::InDoubt(why)) => nothing(How::InDoubt, why),
        }
    }

    fn answered(answer: &Answer, took: Duration) -> Went {
        let status = answer.status;
        let how = match status {
            _ if status.is_success() => How::Taken,
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::BAD_GATEWAY
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::REQUEST_TIMEOUT => How::Away(retry_after(&answer.headers)),
            _ => How::Refused,
        };
        let is_taken = how == How::Taken;
        let said = shorten(&clean_line(&String::from_utf8_lossy(&answer.body)), ANSWER_SHOWN);
        Went {
            how,
            status: Some(status.as_u16()),
            error: (!is_taken).then(|| format!("it answered with status {}", status.as_u16())),
            answer: Some(said).filter(|said| !said.is_empty()),
            took,
        }
    }

    /// What is to be done with a message that was not taken.
    pub fn next(
        &self,
        now: Timestamp,
        asked_at: Timestamp,
        attempts: i64,
        is_aside: bool,
        is_broken: bool,
    ) -> Next {
        let age = now.since(asked_at);
        let (shortest, longest) = ASIDE;
        let aside = now.plus((age / 2).clamp(shortest, longest));
        match self.how {
            _ if is_broken || age >= TRIED_FOR => Next::GiveUp,
            How::Away(Some(wait)) => Next::Later(now.plus(wait)),
            _ if is_aside => Next::Later(aside),
            How::Refused if attempts >= REFUSALS_IN_LINE => Next::Aside(aside),
            // The shortest waits are the outbox's own.
            _ => Next::Later(now.plus((age / 4).min(LONGEST_AWAY))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderMap;

    fn answered(status: u16) -> Went {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: HeaderMap::new(), body: "no\u{0}pe".into() };
        Went::of(Ok(answer), Duration::ZERO)
    }

    #[test]
    fn only_two_hundreds_count_as_taken() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(answered(status).how, How::Taken, "{status}");
        }
        for status in [301, 302, 307, 400, 401, 404, 410, 500, 501] {
            assert_eq!(answered(status).how, How::Refused, "{status}");
        }
        for status in [408, 425, 429, 502, 503, 504] {
            assert_eq!(answered(status).how, How::Away(None), "{status}");
        }
        let went = answered(500);
        assert_eq!(went.error.as_deref(), Some("it answered with status 500"));
        assert_eq!(went.answer.as_deref(), Some("no pe"));
    }

    #[test]
    fn what_is_refused_alone_waits_aside_and_what_is_old_is_given_up() {
        let asked = Timestamp::from_micros(0);
        let at = |seconds| asked.plus(Duration::from_secs(seconds));
        let refused = answered(400);
        assert_eq!(
            refused.next(at(5), asked, 4, false, false),
            Next::Later(at(5).plus(Duration::from_millis(1_250)))
        );
        assert_eq!(refused.next(at(5), asked, 5, false, false), Next::Aside(at(35)));
        assert_eq!(refused.next(at(1_000), asked, 1, true, false), Next::Later(at(1_500)));
        assert_eq!(refused.next(at(80_000), asked, 1, true, false), Next::Later(at(87_200)));
        assert_eq!(refused.next(at(86_400), asked, 1, true, false), Next::GiveUp);
        assert_eq!(refused.next(at(5), asked, 1, false, true), Next::GiveUp);
        // Where nobody is at home, the order is kept.
        let next = answered(503).next(at(4_000), asked, 99, false, false);
        assert_eq!(next, Next::Later(at(4_900)));
        let busy = Went { how: How::Away(Some(Duration::from_secs(60))), ..answered(503) };
        assert_eq!(busy.next(at(5), asked, 1, false, false), Next::Later(at(65)));
    }
}
