//! Hours of the week, in somebody's time zone: working hours, and when a rotation is on call at all.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::oncall::refusal::{Unfit, unfit};

/// The most intervals in one list.
pub const INTERVALS_LIMIT: usize = 50;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    fn of(date: civil::Date) -> Weekday {
        match date.weekday() {
            civil::Weekday::Monday => Weekday::Monday,
            civil::Weekday::Tuesday => Weekday::Tuesday,
            civil::Weekday::Wednesday => Weekday::Wednesday,
            civil::Weekday::Thursday => Weekday::Thursday,
            civil::Weekday::Friday => Weekday::Friday,
            civil::Weekday::Saturday => Weekday::Saturday,
            civil::Weekday::Sunday => Weekday::Sunday,
        }
    }
}

/// A time of day on the wall, to the minute. `24:00` is the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, example = "09:00")]
pub struct TimeOfDay(u16);

impl FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a time of day is written like 09:00";
        let (hours, minutes) = text.split_once(':').ok_or(WRONG)?;
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|c| c.is_ascii_digit());
        if !digits(hours) || !digits(minutes) {
            return Err(WRONG);
        }
        let (hours, minutes): (u16, u16) =
            (hours.parse().map_err(|_| WRONG)?, minutes.parse().map_err(|_| WRONG)?);
        if hours > 24 || minutes > 59 || (hours == 24 && minutes > 0) {
            return Err(WRONG);
        }
        Ok(TimeOfDay(hours * 60 + minutes))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Some hours of one day of the week. If they end before they begin, they end on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WeeklyInterval)]
pub struct Interval {
    /// The day.
    pub weekday: Weekday,
    /// From when.
    pub start_time: TimeOfDay,
    /// Until when.
    pub end_time: TimeOfDay,
}

/// From an instant until another, which is no part of it.
pub type Span = (Timestamp, Timestamp);

/// The time zone of this IANA name, if the machine knows it.
pub fn zone(name: &str) -> Option<TimeZone> {
    // What POSIX allows besides names is not what people mean here.
    let is_name = name.bytes().all(|c| c.is_ascii_alphanumeric() || b"/_+-".contains(&c));
    if !is_name { None } else { TimeZone::get(name).ok() }
}

/// Refuses what is no time zone.
pub(super) fn check_zone(field: &str, name: &str) -> Result<(), Unfit> {
    if zone(name).is_some() {
        return Ok(());
    }
    unfit(field, "It is the IANA name of a time zone, such as `Europe/Berlin`.")
}

/// Refuses hours that can't be.
pub(super) fn check(field: &str, intervals: &[Interval]) -> Result<(), Unfit> {
    if intervals.len() > INTERVALS_LIMIT {
        return unfit(field, format!("{INTERVALS_LIMIT} intervals are the most."));
    }
    match intervals.iter().position(|it| it.start_time == it.end_time) {
        Some(nth) => unfit(
            format!("{field}.{nth}"),
            "It begins when it ends. A whole day is from `00:00` to `24:00`.",
        ),
        None => Ok(()),
    }
}

/// When these hours are, between two instants, each span apart from the next.
pub fn spans(intervals: &[Interval], zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Span> {
    let mut spans = Vec::new();
    // Hours that began yesterday may still go on.
    let mut day = from.to_jiff().to_zoned(zone.clone()).date().saturating_sub(1.day());
    let last = to.to_jiff().to_zoned(zone.clone()).date();
    while day <= last {
        let today = intervals.iter().filter(|it| it.weekday == Weekday::of(day));
        for interval in today {
            let ends_today = interval.end_time > interval.start_time;
            let end_day = if ends_today { day } else { day.saturating_add(1.day()) };
            let start = instant(day, interval.start_time, zone).max(from);
            let end = instant(end_day, interval.end_time, zone).min(to);
            if start < end {
                spans.push((start, end));
            }
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    merged(spans)
}

/// Whether an instant is within these hours.
pub fn holds(intervals: &[Interval], zone: &TimeZone, at: Timestamp) -> bool {
    let soon = at.plus(std::time::Duration::from_micros(1));
    !spans(intervals, zone, at, soon).is_empty()
}

/// When these hours begin or end next: the first instant from which they hold, or don't. It is now
/// if that is so already, and nothing if it is not so within two weeks.
pub fn next(
    intervals: &[Interval],
    zone: &TimeZone,
    at: Timestamp,
    active: bool,
) -> Option<Timestamp> {
    let end = at.plus(std::time::Duration::from_secs(14 * 24 * 3600));
    let spans = spans(intervals, zone, at, end);
    if active {
        return spans.first().map(|(start, _)| *start);
    }
    match spans.first() {
        Some((start, free)) if *start == at => Some(*free).filter(|free| *free < end),
        _ => Some(at),
    }
}

/// The instant at which the wall shows this; in a gap of the clocks, the one after it.
fn instant(day: civil::Date, time: TimeOfDay, zone: &TimeZone) -> Timestamp {
    let (day, minutes) = match time.0 {
        1_440 => (day.saturating_add(1.day()), 0),
        minutes => (day, minutes),
    };
    let time = civil::time((minutes / 60) as i8, (minutes % 60) as i8, 0, 0);
    let zoned = zone.to_ambiguous_zoned(day.to_datetime(time)).compatible();
    zoned.map_or(Timestamp::from_micros(i64::MAX), |zoned| zoned.timestamp().into())
}

/// Spans that touch or overlap become one.
pub fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut whole: Vec<Span> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match whole.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => whole.push((start, end)),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn interval(weekday: Weekday, start: &str, end: &str) -> Interval {
        Interval { weekday, start_time: start.parse().unwrap(), end_time: end.parse().unwrap() }
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        for good in ["00:00", "09:30", "23:59", "24:00"] {
            assert_eq!(good.parse::<TimeOfDay>().unwrap().to_string(), good);
        }
        for bad in ["", "9:00", "24:01", "25:00", "12:60", "12", "12:00:00", "+1:00", "１２:00"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn hours_are_those_of_the_wall() {
        let berlin = zone("Europe/Berlin").unwrap();
        let monday = [interval(Weekday::Monday, "09:00", "17:00")];
        // The clocks went back on the 25th of October 2026.
        assert!(!holds(&monday, &berlin, at("2026-10-19T06:59:59Z")));
        assert!(holds(&monday, &berlin, at("2026-10-19T07:00:00Z")));
        assert!(!holds(&monday, &berlin, at("2026-10-26T07:59:59Z")));
        assert!(holds(&monday, &berlin, at("2026-10-26T08:00:00Z")));
        assert!(!holds(&monday, &berlin, at("2026-10-26T16:00:00Z")));
    }

    #[test]
    fn a_night_ends_on_the_next_day() {
        let utc = TimeZone::UTC;
        let night = [interval(Weekday::Sunday, "22:00", "06:00")];
        // A Sunday.
        assert!(holds(&night, &utc, at("2026-11-22T23:00:00Z")));
        assert!(holds(&night, &utc, at("2026-11-23T05:59:00Z")));
        assert!(!holds(&night, &utc, at("2026-11-23T06:00:00Z")));
        assert!(!holds(&night, &utc, at("2026-11-22T05:00:00Z")));
    }

    #[test]
    fn what_touches_is_one_and_the_next_change_is_found() {
        let utc = TimeZone::UTC;
        let days = [Weekday::Monday, Weekday::Tuesday].map(|day| interval(day, "00:00", "24:00"));
        let (monday, wednesday) = (at("2026-11-23T00:00:00Z"), at("2026-11-25T00:00:00Z"));
        assert_eq!(spans(&days, &utc, monday, at("2026-11-29T00:00:00Z")), [(monday, wednesday)]);
        assert_eq!(next(&days, &utc, monday, true), Some(monday));
        assert_eq!(next(&days, &utc, monday, false), Some(wednesday));
        assert_eq!(next(&days, &utc, wednesday, true), Some(at("2026-11-30T00:00:00Z")));
        assert_eq!(next(&days, &utc, wednesday, false), Some(wednesday));
        assert_eq!(next(&[], &utc, monday, true), None);
    }

    #[test]
    fn only_names_are_time_zones() {
        assert!(zone("America/New_York").is_some() && zone("UTC").is_some());
        for bad in ["", "Mars/Olympus", "../../etc/passwd", "EST5EDT,M3.2.0,M11.1.0", "+02:00"] {
            assert!(zone(bad).is_none(), "{bad}");
        }
    }
}
