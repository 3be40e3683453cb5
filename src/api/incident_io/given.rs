//! Parts of bodies that several resources have: each is read by itself, so that a failure names the very
//! field that is wrong.

use serde::Deserialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::query::unknown_word;
use crate::clock::Timestamp;
use crate::oncall::hours::{Interval, TimeOfDay, Weekday};

/// The longest idempotency key, in bytes: a database finds things by it.
const KEY_LIMIT: usize = 255;

/// Some hours of one day of the week.
#[derive(Debug, Deserialize)]
pub struct WeekdayInterval {
    weekday: String,
    start_time: String,
    end_time: String,
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The hours of the week in a field.
pub fn intervals(field: &str, given: &[WeekdayInterval]) -> Result<Vec<Interval>, Failure> {
    let read = |(nth, interval): (usize, &WeekdayInterval)| {
        let name = |part: &str| format!("{field}.{nth}.{part}");
        let time = |part: &str, text: &str| {
            let wrong = |_| Failure::invalid(&name(part), "It is a time of day, such as 09:00.");
            text.parse::<TimeOfDay>().map_err(wrong)
        };
        Ok(Interval {
            weekday: word(&name("weekday"), &interval.weekday, &WEEKDAYS)?,
            start_time: time("start_time", &interval.start_time)?,
            end_time: time("end_time", &interval.end_time)?,
        })
    };
    given.iter().enumerate().map(read).collect()
}

/// What the word in a field means.
pub fn word<T: Copy>(field: &str, given: &str, known: &[(&str, T)]) -> Result<T, Failure> {
    let found = known.iter().find(|(word, _)| *word == given);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        unknown_word(field, given, &words)
    })
}

/// The instant in a field.
pub fn instant(field: &str, text: &str) -> Result<Timestamp, Failure> {
    let at: Result<jiff::Timestamp, _> = text.trim().parse();
    let wrong = |_| Failure::invalid(field, "It is an instant, such as 2026-11-21T03:00:00Z.");
    Ok(at.map_err(wrong)?.into())
}

/// The number in a field. How large it can be is said by what it is for.
pub fn number(field: &str, number: i64) -> Result<u32, Failure> {
    let wrong = |_| Failure::invalid(field, format!("It is from 0 to {}.", u32::MAX));
    u32::try_from(number).map_err(wrong)
}

/// The caller's name for a request, which has some length.
pub fn idempotency_key(key: &str) -> Result<&str, Failure> {
    if (1..=KEY_LIMIT).contains(&key.len()) {
        return Ok(key);
    }
    let message = format!("It has from 1 to {KEY_LIMIT} bytes.");
    Err(Failure::invalid("idempotency_key", message))
}

/// Refuses what is sent, where something is, because there is no such thing here: what is asked for and
/// not done must not look as if it were.
pub fn refuse_if(is_sent: bool, field: &str, why: &str) -> Result<(), Failure> {
    if is_sent { Err(Failure::invalid(field, why)) } else { Ok(()) }
}
