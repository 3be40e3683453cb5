//! Work that is announced once and done again and again: when a maintenance window is open.
//!
//! Days, weeks and months are those of the wall, so that what is done at night is done at night also
//! when the clocks have gone forward or back; how long it is open each time is counted as time passes.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _, Zoned, civil};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::settings::MaintenanceWindow;
use crate::clock::Timestamp;
use crate::oncall::hours;

/// The shortest time for which a window is open.
const SHORTEST: u32 = 60;
const DAY: u32 = 24 * 3_600;
/// How many times after its beginning a window may still open: beyond, it stays closed.
const TIMES_LIMIT: i64 = 200 * 366;

/// How often a window opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MaintenanceInterval)]
pub enum Every {
    /// Each day.
    Day,
    /// Each week.
    Week,
    /// Each month on the same day of it: on its last one, where it is too short.
    Month,
    /// Each month on the same day of the week, as often as it was there before: on the third Friday,
    /// or on the last one, if the first time lies in the last seven days of its month.
    WeekdayOfMonth,
}

/// That a window opens again and again, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MaintenanceRecurrence)]
pub struct Recurrence {
    /// How often it opens.
    pub every: Every,
    /// For how many seconds it is open each time: from a minute to a day, a week or 28 days, so that it
    /// is over before the next time begins.
    #[schema(minimum = 60, example = 7200)]
    pub duration_seconds: u32,
    /// The IANA name of the time zone in which days, weeks and months are meant.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// Why a window can't open again like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRecurrence {
    /// It is open for too short a time, or for too long.
    Duration {
        /// The shortest time, in seconds.
        least: u32,
        /// The longest.
        most: u32,
    },
    /// Nobody knows the time zone.
    TimeZone,
}

impl Recurrence {
    /// Whether a window can open again like this.
    pub fn check(&self) -> Result<(), BadRecurrence> {
        let most = match self.every {
            Every::Day => DAY,
            Every::Week => 7 * DAY,
            Every::Month | Every::WeekdayOfMonth => 28 * DAY,
        };
        if !(SHORTEST..=most).contains(&self.duration_seconds) {
            return Err(BadRecurrence::Duration { least: SHORTEST, most });
        }
        match hours::zone(&self.time_zone) {
            Some(_) => Ok(()),
            None => Err(BadRecurrence::TimeZone),
        }
    }
}

/// Where a window is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It opens, or opens again, later.
    Planned,
    /// It is open.
    Running,
    /// It does not open any more.
    Done,
}

/// When a window is open, ready for use on thousands of alerts.
#[derive(Clone, Debug)]
pub struct Openings {
    starts_at: Timestamp,
    ends_at: Timestamp,
    again: Option<Again>,
}

#[derive(Clone, Debug)]
struct Again {
    every: Every,
    first: Zoned,
    duration: Duration,
}

impl Openings {
    /// When this window is open. In a time zone that nobody knows any more, it opens once: all of them
    /// were checked when they were kept.
    pub fn of(window: &MaintenanceWindow) -> Openings {
        let again = window.repeats.as_ref().and_then(|repeats| {
            let zone = hours::zone(&repeats.time_zone)?;
            let duration = Duration::from_secs(u64::from(repeats.duration_seconds));
            let first = window.starts_at.to_jiff().to_zoned(zone);
            Some(Again { every: repeats.every, first, duration })
        });
        Openings { starts_at: window.starts_at, ends_at: window.ends_at, again }
    }

    /// Whether it has begun and is not over: between two times it is open now and then.
    pub fn goes_on(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// Whether it is open.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.goes_on(now) && self.again.as_ref().is_none_or(|again| again.is_open(now))
    }

    /// Where it is in its life.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let opens_again = || match &self.again {
            Some(again) => again.next(now).is_some_and(|next| next < self.ends_at),
            None => false,
        };
        if self.is_open(now) {
            Standing::Running
        } else if now < self.starts_at || (now < self.ends_at && opens_again()) {
            Standing::Planned
        } else {
            Standing::Done
        }
    }
}

impl Again {
    fn is_open(&self, now: Timestamp) -> bool {
        let nth = self.about(now);
        // What began the time before may still go on.
        [nth, nth - 1].into_iter().filter(|nth| *nth >= 0).any(|nth| {
            self.begins(nth).is_some_and(|begin| begin <= now && now < begin.plus(self.duration))
        })
    }

    /// When it opens after this.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let nth = self.about(now).max(0);
        (nth..=nth + 1).filter_map(|nth| self.begins(nth)).find(|begin| *begin > now)
    }

    /// The number of the last time whose day is not after this one's; the first has the number 0.
    fn about(&self, now: Timestamp) -> i64 {
        let (first, day) = (self.first.date(), self.day_of(now));
        let days = || first.until(day).map_or(0, |span| i64::from(span.get_days()));
        match self.every {
            Every::Day => days(),
            Every::Week => days().div_euclid(7),
            Every::Month | Every::WeekdayOfMonth => {
                let months = |day: civil::Date| i64::from(day.year()) * 12 + i64::from(day.month());
                months(day) - months(first)
            }
        }
    }

    fn day_of(&self, now: Timestamp) -> civil::Date {
        now.to_jiff().to_zoned(self.first.time_zone().clone()).date()
    }

    /// When it opens for the time of this number. A time of the wall that the clocks leave out is the one
    /// after the gap.
    fn begins(&self, nth: i64) -> Option<Timestamp> {
        let nth = Some(nth).filter(|nth| (0..=TIMES_LIMIT).contains(nth))?;
        let later = |span: Span| self.first.checked_add(span).ok();
        let begin = match self.every {
            Every::Day => later(nth.days()),
            Every::Week => later(nth.weeks()),
            Every::Month => later(nth.months()),
            Every::WeekdayOfMonth => self.on_weekday(nth),
        };
        begin.map(|begin| begin.timestamp().into())
    }

    fn on_weekday(&self, months: i64) -> Option<Zoned> {
        let first = self.first.date();
        let week = match first.day() {
            day if day > first.days_in_month() - 7 => -1,
            day => (day - 1) / 7 + 1,
        };
        let month = first.first_of_month().checked_add(months.months()).ok()?;
        let day = month.nth_weekday_of_month(week, first.weekday()).ok()?;
        let zone: &TimeZone = self.first.time_zone();
        zone.to_ambiguous_zoned(day.to_datetime(self.first.time())).compatible().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn openings(
        every: Every,
        time_zone: &str,
        hours: u32,
        starts_at: &str,
        ends_at: &str,
    ) -> Openings {
        let time_zone = time_zone.to_owned();
        let repeats = Recurrence { every, duration_seconds: hours * 3_600, time_zone };
        assert_eq!(repeats.check(), Ok(()));
        Openings::of(&MaintenanceWindow {
            name: "Backups".to_owned(),
            matchers: Vec::new(),
            starts_at: at(starts_at),
            ends_at: at(ends_at),
            filter: None,
            repeats: Some(repeats),
        })
    }

    /// When it opens, as often as is asked for.
    fn begins(openings: &Openings, times: usize) -> Vec<String> {
        let mut now = Timestamp::from_micros(openings.starts_at.as_micros() - 1);
        let again = openings.again.as_ref().unwrap();
        let next = std::iter::from_fn(|| {
            now = again.next(now).filter(|next| *next < openings.ends_at)?;
            Some(now.to_string())
        });
        next.take(times).collect()
    }

    /// It is open from the one to the other, the first included, and closed right before and after.
    fn is_open_between(openings: &Openings, from: &str, to: &str) {
        let (from, to) = (at(from), at(to));
        let before = |at: Timestamp| Timestamp::from_micros(at.as_micros() - 1);
        let is_open = [before(from), from, before(to), to].map(|now| openings.is_open(now));
        assert_eq!(is_open, [false, true, true, false], "{from} to {to}");
    }

    #[test]
    fn a_night_is_a_night_on_both_sides_of_a_change_of_the_clocks() {
        // In Berlin the clocks went back on the 25th of October 2026, and forward on the 28th of March 2027.
        let daily = openings(
            Every::Day,
            "Europe/Berlin",
            3,
            "2026-10-23T20:00:00Z",
            "2027-04-01T00:00:00Z",
        );
        assert_eq!(
            begins(&daily, 4),
            [
                "2026-10-23T20:00:00Z",
                "2026-10-24T20:00:00Z",
                "2026-10-25T21:00:00Z",
                "2026-10-26T21:00:00Z"
            ]
        );
        // It is open as long as ever, also in the night in which an hour comes twice.
        is_open_between(&daily, "2026-10-24T20:00:00Z", "2026-10-24T23:00:00Z");
        is_open_between(&daily, "2026-10-25T21:00:00Z", "2026-10-26T00:00:00Z");
        is_open_between(&daily, "2027-03-27T21:00:00Z", "2027-03-28T00:00:00Z");
        is_open_between(&daily, "2027-03-28T20:00:00Z", "2027-03-28T23:00:00Z");
    }

    #[test]
    fn what_the_clocks_leave_out_or_repeat_is_there_once() {
        // Half past two is left out on the 28th of March 2027, and comes twice on the 31st of October.
        let daily = openings(
            Every::Day,
            "Europe/Berlin",
            1,
            "2027-03-26T01:30:00Z",
            "2028-01-01T00:00:00Z",
        );
        let spring = begins(&daily, 4);
        assert_eq!(
            spring[1..],
            ["2027-03-27T01:30:00Z", "2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z"]
        );
        is_open_between(&daily, "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z");
        assert!(!daily.is_open(at("2027-10-31T01:45:00Z")), "the second half past two");
    }

    #[test]
    fn weeks_are_counted_from_the_first_and_may_pass_midnight() {
        let weekly = openings(
            Every::Week,
            "America/New_York",
            48,
            "2026-11-20T22:00:00Z",
            "2026-12-08T00:00:00Z",
        );
        assert_eq!(
            begins(&weekly, 9),
            ["2026-11-20T22:00:00Z", "2026-11-27T22:00:00Z", "2026-12-04T22:00:00Z"]
        );
        is_open_between(&weekly, "2026-11-27T22:00:00Z", "2026-11-29T22:00:00Z");
        assert!(!weekly.is_open(at("2026-11-25T12:00:00Z")));
    }

    #[test]
    fn a_month_that_is_too_short_has_its_last_day() {
        let monthly =
            openings(Every::Month, "UTC", 2, "2027-01-31T03:00:00Z", "2027-06-01T00:00:00Z");
        assert_eq!(
            begins(&monthly, 9),
            [
                "2027-01-31T03:00:00Z",
                "2027-02-28T03:00:00Z",
                "2027-03-31T03:00:00Z",
                "2027-04-30T03:00:00Z",
                "2027-05-31T03:00:00Z"
            ]
        );
        is_open_between(&monthly, "2027-02-28T03:00:00Z", "2027-02-28T05:00:00Z");
    }

    #[test]
    fn a_day_of_the_week_keeps_its_place_in_the_month() {
        // The third Friday of November 2026, and the last Wednesday of December.
        for (start, expected) in [
            (
                "2026-11-20T09:00:00Z",
                ["2026-11-20T09:00:00Z", "2026-12-18T09:00:00Z", "2027-01-15T09:00:00Z"],
            ),
            (
                "2026-12-30T09:00:00Z",
                ["2026-12-30T09:00:00Z", "2027-01-27T09:00:00Z", "2027-02-24T09:00:00Z"],
            ),
        ] {
            let monthly = openings(Every::WeekdayOfMonth, "UTC", 2, start, "2030-01-01T00:00:00Z");
            assert_eq!(begins(&monthly, 3), expected);
        }
    }

    #[test]
    fn a_window_is_planned_between_two_times_and_done_after_the_last() {
        let daily = openings(Every::Day, "UTC", 1, "2026-11-20T09:00:00Z", "2026-11-21T09:30:00Z");
        for (now, standing) in [
            ("2026-11-20T08:59:59Z", Standing::Planned),
            ("2026-11-20T09:00:00Z", Standing::Running),
            ("2026-11-20T10:00:00Z", Standing::Planned),
            ("2026-11-21T09:00:00Z", Standing::Running),
            // It ends with the whole.
            ("2026-11-21T09:30:00Z", Standing::Done),
        ] {
            assert_eq!(daily.standing(at(now)), standing, "{now}");
        }
        let twice = openings(Every::Day, "UTC", 1, "2026-11-20T09:00:00Z", "2026-11-21T09:00:00Z");
        assert_eq!(twice.standing(at("2026-11-20T10:00:00Z")), Standing::Done);
    }

    #[test]
    fn what_overlaps_or_is_nowhere_is_refused() {
        let repeats = |every, duration_seconds, zone: &str| {
            let time_zone = zone.to_owned();
            Recurrence { every, duration_seconds, time_zone }.check()
        };
        assert_eq!(repeats(Every::Day, DAY, "UTC"), Ok(()));
        let too_long = BadRecurrence::Duration { least: 60, most: DAY };
        assert_eq!(repeats(Every::Day, DAY + 1, "UTC"), Err(too_long));
        assert_eq!(repeats(Every::Day, 59, "UTC"), Err(too_long));
        assert_eq!(repeats(Every::Week, 7 * DAY, "Asia/Tokyo"), Ok(()));
        assert!(repeats(Every::Month, 29 * DAY, "UTC").is_err());
        assert_eq!(repeats(Every::Day, 60, "Mars/Olympus"), Err(BadRecurrence::TimeZone));
    }
}
