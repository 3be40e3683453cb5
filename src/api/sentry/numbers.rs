//! Sentry's ids are numbers, written as text; ours are not.
//!
//! Each number follows from our id alone, so that it stays the same and needs no table:
//! - of a ULID, the millisecond in which it was made and twelve of its other bits, which fit into what
//!   JavaScript keeps exact; that millisecond says where to look for it;
//! - of somebody in Slack, their id read as a number to the base 36, which can be read back;
//! - of other words (projects, tokens), the beginning of their SHA-256.

use sha2::{Digest as _, Sha256};

use crate::ids::{RuleId, UserId};

/// The beginning of 2020, in milliseconds: before that, nothing was made.
const BEGINNING: u64 = 1_577_836_800_000;
/// Bits of a number that are not of the time.
const OTHER_BITS: u32 = 12;

/// The number of what has a ULID.
pub fn of_ulid(id: &str) -> u64 {
    let Ok(id) = ulid::Ulid::from_string(id) else { return of_text(id) };
    let others = id.random() & ((1 << OTHER_BITS) - 1);
    let millis = id.timestamp_ms().saturating_sub(BEGINNING);
    millis << OTHER_BITS | u64::try_from(others).unwrap_or_default()
}

/// Between which ULIDs that of this number lies: not before the first, and before the second.
pub fn ulids(number: u64) -> (RuleId, RuleId) {
    let at = (number >> OTHER_BITS) + BEGINNING;
    let first = |millis| RuleId::new(ulid::Ulid::from_parts(millis, 0).to_string());
    (first(at), first(at + 1))
}

/// The number of a word.
pub fn of_text(text: &str) -> u64 {
    let digest = Sha256::digest(text);
    let bytes: [u8; 8] = std::array::from_fn(|place| digest[place]);
    u64::from_be_bytes(bytes) >> 12
}

/// The number of somebody in Slack.
pub fn of_person(user: &UserId) -> String {
    let mut digits = user.as_str().bytes().map(|c| (c as char).to_digit(36));
    let number = digits
        .try_fold(0_u128, |number, digit| number.checked_mul(36)?.checked_add(u128::from(digit?)));
    match number.filter(|_| user.is_well_formed()) {
        Some(number) => number.to_string(),
        None => of_text(user.as_str()).to_string(),
    }
}

/// Whose number it is; their id itself is understood, too.
pub fn person(text: &str) -> Option<UserId> {
    if UserId::from(text).is_well_formed() {
        return Some(UserId::from(text));
    }
    let mut number: u128 = text.parse().ok()?;
    let mut digits = Vec::new();
    while number > 0 {
        let digit = u32::try_from(number % 36).ok()?;
        digits.push(char::from_digit(digit, 36)?.to_ascii_uppercase());
        number /= 36;
    }
    let user = UserId::new(digits.into_iter().rev().collect::<String>());
    Some(user).filter(UserId::is_well_formed)
}

/// Reads a number. Nothing but digits is one.
pub fn read(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::IdSource;

    #[test]
    fn what_is_made_in_the_same_millisecond_has_other_numbers_and_is_found() {
        let ids = IdSource::system();
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let made: Vec<String> = (0..1_000).map(|_| ids.ulid(now)).collect();
        let numbers: std::collections::BTreeSet<u64> = made.iter().map(|id| of_ulid(id)).collect();
        assert_eq!(numbers.len(), made.len());
        for id in &made {
            let (first, after) = ulids(of_ulid(id));
            assert!(first.as_str() <= id.as_str() && id.as_str() < after.as_str());
            assert!(of_ulid(id) < 1 << 53);
        }
        assert_eq!(of_ulid("01OURS"), of_text("01OURS"), "what is none has a number, too");
        ulids(u64::MAX);
    }

    #[test]
    fn people_are_found_again_by_their_number() {
        for id in ["U0ALICE", "W012AB3CD", "U9ZZZZZZZZZ", "U0000000000000000000"] {
            let user = UserId::from(id);
            assert_eq!(person(&of_person(&user)), Some(user.clone()));
            assert_eq!(person(id), Some(user));
        }
        for text in ["", "0", "7", "alice", "-1", "99999999999999999999999999999999999999999"] {
            assert_eq!(person(text), None, "{text}");
        }
    }
}
