//! Times as Alertmanager reads and writes them.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Timestamp;

/// The first instant of the year 1, by which Go's programs say that there is no time.
pub const ZERO: Timestamp = Timestamp::from_micros(-62_135_596_800_000_000);

/// A time as it is sent. The zero time, an empty text and `null` all mean that it was left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent(pub Option<Timestamp>);

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SentVisitor)
    }
}

struct SentVisitor;

impl Visitor<'_> for SentVisitor {
    type Value = Sent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as 2026-11-21T03:00:00Z")
    }

    fn visit_unit<E: Error>(self) -> Result<Sent, E> {
        Ok(Sent(None))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Sent, E> {
        if text.is_empty() {
            return Ok(Sent(None));
        }
        let time = read(text).ok_or_else(|| {
            E::custom(format_args!("{:?} is no time", crate::incident::text::shorten(text, 60)))
        })?;
        Ok(Sent((time > ZERO).then_some(time)))
    }
}

/// RFC 3339; where it says no offset, the original takes it for UTC, and so does this.
fn read(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.into());
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    Some(jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()?.into())
}

/// A time as it is shown: with milliseconds, always in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown(pub Timestamp);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0.to_jiff()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_no_time_is_none() {
        for text in ["null", "\"\"", "\"0001-01-01T00:00:00.000Z\"", "\"0001-01-01T00:00:00Z\""] {
            assert_eq!(serde_json::from_str::<Sent>(text).unwrap(), Sent(None), "{text}");
        }
    }

    #[test]
    fn times_are_read_with_and_without_an_offset() {
        let expected = Sent(Some(Timestamp::from_micros(1_790_000_000_123_456)));
        for text in [
            "2026-09-21T14:13:20.123456Z",
            "2026-09-21T14:13:20.123456789Z",
            "2026-09-21T16:13:20.123456+02:00",
            "2026-09-21T14:13:20.123456",
        ] {
            assert_eq!(serde_json::from_str::<Sent>(&format!("{text:?}")).unwrap(), expected);
        }
        for text in ["\"soon\"", "7", "{}", "\"2026-13-01T00:00:00Z\""] {
            assert!(serde_json::from_str::<Sent>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_shown_with_milliseconds() {
        let shown = |time| serde_json::to_string(&Shown(time)).unwrap();
        assert_eq!(
            shown(Timestamp::from_micros(1_790_000_000_123_456)),
            "\"2026-09-21T14:13:20.123Z\""
        );
        assert_eq!(shown(ZERO), "\"0001-01-01T00:00:00.000Z\"");
    }
}
