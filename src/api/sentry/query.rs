//! What stands behind the `?`. Parameters that nobody knows are left alone, as Sentry leaves them.

use std::str::FromStr;

use crate::api::sentry::numbers;
use crate::api::sentry::refused::Refused;
use crate::clock::Timestamp;

/// The parameters of a query.
pub struct Query {
    given: Vec<(String, String)>,
    /// As they were written, without the cursor.
    others: String,
}

impl Query {
    /// Reads a query.
    pub fn read(text: Option<&str>) -> Result<Query, Refused> {
        let text = text.unwrap_or_default();
        let given = serde_urlencoded::from_str(text)
            .map_err(|_| Refused::parameter("Invalid query string."))?;
        let is_other = |part: &&str| !part.is_empty() && !part.starts_with("cursor=");
        let others = text.split('&').filter(is_other).collect::<Vec<_>>().join("&");
        Ok(Query { given, others })
    }

    /// The query as it was written, without the cursor.
    pub fn others(&self) -> &str {
        &self.others
    }

    /// Every value of a parameter that can be repeated.
    pub fn every<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.given.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The last value of a parameter, if it says anything.
    pub fn last(&self, name: &str) -> Option<&str> {
        let last = self.given.iter().rfind(|(given, _)| given == name);
        last.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether something is asked to be filled in.
    pub fn expands(&self, what: &str) -> bool {
        self.every("expand").any(|asked| asked == what)
    }

    /// A switch: `1` or `0`.
    pub fn is_on(&self, name: &str, default: bool) -> bool {
        match self.last(name) {
            Some("1" | "true") => true,
            Some(_) => false,
            None => default,
        }
    }

    /// Which projects are meant, as numbers; nothing for all of them.
    pub fn projects(&self) -> Result<Option<Vec<u64>>, Refused> {
        let mut wanted = Vec::new();
        for text in self.every("project") {
            let wrong = || Refused::parameter("Invalid project parameter. Values must be numbers.");
            match i64::from_str(text).map_err(|_| wrong())? {
                -1 => return Ok(None),
                number => wanted.push(u64::try_from(number).map_err(|_| wrong())?),
            }
        }
        Ok(Some(wanted).filter(|wanted| !wanted.is_empty()))
    }

    /// Whether one of these names is a project that is meant.
    pub fn means<'p>(
        wanted: Option<&[u64]>,
        mut projects: impl Iterator<Item = &'p String>,
    ) -> bool {
        wanted.is_none_or(|wanted| {
            projects.any(|project| wanted.contains(&numbers::of_text(project)))
        })
    }

    /// An instant: RFC 3339, or a time without an offset, which is UTC; or seconds since 1970.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, Refused> {
        let Some(text) = self.last(name) else { return Ok(None) };
        let wrong = || Refused::parameter(&format!("Invalid {name} parameter."));
        moment(text).ok_or_else(wrong).map(Some)
    }

    /// A number by which something is known.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Refused> {
        let Some(text) = self.last(name) else { return Ok(None) };
        let number = numbers::read(text);
        let detail = format!("Invalid {name} parameter. Values must be numbers.");
        number.ok_or_else(|| Refused::parameter(&detail)).map(Some)
    }
}

/// Reads an instant as Sentry's clients write them.
pub fn moment(text: &str) -> Option<Timestamp> {
    // A plus sign that nobody has encoded is a space by now.
    let text = text.trim().replace(' ', "+");
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.into());
    }
    let local = |text: &str| {
        let day: jiff::civil::DateTime = text.parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|it| Timestamp::from(it.timestamp()))
    };
    let seconds = || {
        let seconds = text.parse::<i64>().ok()?;
        Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?))
    };
    seconds().or_else(|| local(&text)).or_else(|| local(&text.replacen('+', "T", 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_clients_write_them() {
        let day = 1_790_000_000_000_000;
        for text in [
            "2026-09-21T14:13:20Z",
            "2026-09-21T14:13:20",
            "2026-09-21 14:13:20",
            "2026-09-21T16:13:20 02:00",
            "1790000000",
        ] {
            assert_eq!(moment(text), Some(Timestamp::from_micros(day)), "{text}");
        }
        assert_eq!(moment("2026-09-21").map(|it| it.as_seconds()), Some(1_789_948_800));
        for text in ["", "yesterday", "99999999999999999999", "2026-13-01T00:00:00Z"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        let query = Query::read(Some("a=1&cursor=25:1:0&b=%C3%BC&a=2&project=7")).ok().unwrap();
        assert_eq!(query.others(), "a=1&b=%C3%BC&a=2&project=7");
        assert_eq!(query.last("a"), Some("2"));
        assert_eq!(query.projects().ok().unwrap(), Some(vec![7]));
        for text in ["project=abc", "project=-2", "project="] {
            assert!(Query::read(Some(text)).ok().unwrap().projects().is_err(), "{text}");
        }
    }
}
