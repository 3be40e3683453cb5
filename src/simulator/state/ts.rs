//! The time stamp that identifies a message in its channel: microseconds, written as Slack writes
//! them ("1790000000.000100").

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// When a message was posted, which is also its id within the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ts(pub i64);

impl Ts {
    /// The whole seconds.
    pub fn seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// As it appears in a permalink: "p1790000000000100".
    pub fn in_permalink(self) -> String {
        format!("p{}{:06}", self.seconds(), self.0 % 1_000_000)
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.seconds(), self.0 % 1_000_000)
    }
}

/// The text isn't a time stamp.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time stamp")]
pub struct NotATs;

impl FromStr for Ts {
    type Err = NotATs;

    fn from_str(text: &str) -> Result<Self, NotATs> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(seconds) || !digits(fraction) || seconds.len() > 12 || fraction.len() > 6 {
            return Err(NotATs);
        }
        let seconds: i64 = seconds.parse().map_err(|_| NotATs)?;
        let micros: i64 = format!("{fraction:0<6}").parse().map_err(|_| NotATs)?;
        Ok(Ts(seconds * 1_000_000 + micros))
    }
}

impl Serialize for Ts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stamp_reads_back_as_it_was_written() {
        let ts = Ts(1_790_000_000_000_100);
        assert_eq!(ts.to_string(), "1790000000.000100");
        assert_eq!("1790000000.000100".parse(), Ok(ts));
        assert_eq!("1790000000.0001".parse(), Ok(ts));
        assert_eq!(ts.in_permalink(), "p1790000000000100");
        for wrong in ["", ".", "1.", "x.000100", "-1.000000", "1.0000001"] {
            assert_eq!(wrong.parse::<Ts>(), Err(NotATs), "{wrong}");
        }
    }
}
