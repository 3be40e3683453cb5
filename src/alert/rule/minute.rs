//! The minutes in which events are counted, and at whose ends rules are evaluated.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::RuleId;

const MICROS: i64 = 60_000_000;
/// How long after a minute's end it is evaluated: what came in its last moment is saved by then, by
/// whichever replica, whose clock may be somewhat behind.
const SETTLES_AFTER: Duration = Duration::from_secs(5);
/// Over how many seconds the evaluations of different rules are spread.
const SPREAD: u64 = 20;
/// How far an evaluation may lag behind: what should have been evaluated earlier than that is of no
/// use to anybody any more.
pub const CATCH_UP: Duration = Duration::from_secs(60 * 60);

/// The number of the minute that an instant lies in.
pub fn number(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(MICROS)
}

/// The beginning of the minute of this number.
pub fn beginning(number: i64) -> Timestamp {
    Timestamp::from_micros(number.saturating_mul(MICROS))
}

/// The end of the first whole minute after this instant: when a new rule is evaluated first.
pub fn first_end(now: Timestamp) -> Timestamp {
    beginning(number(now) + 1)
}

/// When the evaluation of the minutes before `at` takes place.
pub fn due(rule: &RuleId, at: Timestamp) -> Timestamp {
    let spread = rule
        .as_str()
        .bytes()
        .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    at.plus(SETTLES_AFTER + Duration::from_secs(spread % SPREAD))
}

/// Which instant to evaluate for, when it was to be this one.
pub fn not_too_late(at: Timestamp, now: Timestamp) -> Timestamp {
    at.max(beginning(number(now.minus(CATCH_UP))))
}

/// The evaluation after this one.
pub fn next(at: Timestamp) -> Timestamp {
    beginning(number(at) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn evaluations_lie_at_the_ends_of_minutes() {
        assert_eq!(first_end(seconds(119)), seconds(120));
        assert_eq!(first_end(seconds(120)), seconds(180));
        assert_eq!(next(seconds(120)), seconds(180));
        assert_eq!(number(seconds(-1)), -1);
        let rule = RuleId::from("01J");
        let due = due(&rule, seconds(120));
        assert!(due >= seconds(125) && due < seconds(145), "{due}");
    }

    #[test]
    fn what_is_late_is_made_up_for_within_an_hour() {
        assert_eq!(not_too_late(seconds(60), seconds(600)), seconds(60));
        assert_eq!(not_too_late(seconds(60), seconds(36_010)), seconds(32_400));
    }
}
