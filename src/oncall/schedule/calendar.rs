//! When turns begin and end.
//!
//! A turn's beginning is found without walking there: so many days of the wall after the first
//! handover, and so many hours after that. Turns go on before the first handover as after it.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::oncall::schedule::definition::{Handover, IntervalType, Rotation};

/// How far from the first handover days are counted; beyond, nobody is on call.
const DAYS_LIMIT: i64 = 200 * 366;

/// The turns of a rotation.
pub struct Turns<'a> {
    first: Timestamp,
    handovers: &'a [Handover],
    zone: &'a TimeZone,
    /// Days and hours of all handovers together.
    cycle: (i64, i64),
}

/// The days and hours of a handover.
fn length(handover: &Handover) -> (i64, i64) {
    let count = i64::from(handover.interval);
    match handover.interval_type {
        IntervalType::Hourly => (0, count),
        IntervalType::Daily => (count, 0),
        IntervalType::Weekly => (count * 7, 0),
    }
}

impl<'a> Turns<'a> {
    /// The turns of a rotation whose handovers take some time; nothing if they take none.
    pub fn of(rotation: &'a Rotation, zone: &'a TimeZone) -> Option<Turns<'a>> {
        let add = |sum: (i64, i64), one: (i64, i64)| (sum.0 + one.0, sum.1 + one.1);
        let cycle = rotation.handovers.iter().map(length).fold((0, 0), add);
        let takes_none = rotation.handovers.iter().any(|handover| handover.interval == 0);
        if cycle == (0, 0) || takes_none {
            return None;
        }
        let (first, handovers) = (rotation.handover_start_at, &rotation.handovers[..]);
        Some(Turns { first, handovers, zone, cycle })
    }

    /// When the turn of this number begins; the first has the number 0.
    pub fn begins(&self, turn: i64) -> Timestamp {
        let count = i64::try_from(self.handovers.len()).unwrap_or(1);
        let (cycles, rest) = (turn.div_euclid(count), turn.rem_euclid(count));
        let rest = usize::try_from(rest).unwrap_or(0);
        let part = self.handovers[..rest].iter().map(length);
        let (days, hours) =
            part.fold((0, 0), |(days, hours), (more, late)| (days + more, hours + late));
        let days = cycles.saturating_mul(self.cycle.0).saturating_add(days);
        let hours = cycles.saturating_mul(self.cycle.1).saturating_add(hours);
        let days = days.clamp(-DAYS_LIMIT, DAYS_LIMIT);
        let zoned = self.first.to_jiff().to_zoned(self.zone.clone());
        let zoned = zoned.checked_add(days.days()).unwrap_or(zoned);
        // What the first handover has beyond a microsecond, there is none.
        let start: Timestamp = zoned.timestamp().into();
        Timestamp::from_micros(start.as_micros().saturating_add(hours.saturating_mul(HOUR)))
    }

    /// The number of the turn that an instant is in.
    pub fn at(&self, instant: Timestamp) -> i64 {
        let seconds = (self.cycle.0 * 24 + self.cycle.1) * 3_600;
        let passed = instant.as_micros().saturating_sub(self.first.as_micros()) / 1_000_000;
        let count = i64::try_from(self.handovers.len()).unwrap_or(1);
        let mut turn = passed.div_euclid(seconds).saturating_mul(count);
        // The clocks may have gone forward or back meanwhile.
        while self.begins(turn) > instant && self.begins(turn - 1) < self.begins(turn) {
            turn -= 1;
        }
        while self.begins(turn + 1) <= instant && self.begins(turn) < self.begins(turn + 1) {
            turn += 1;
        }
        turn
    }
}

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RotationId;
    use crate::oncall::hours;

    fn rotation(start: &str, handovers: &[(u32, IntervalType)]) -> Rotation {
        let handovers = handovers.iter().map(|(interval, interval_type)| Handover {
            interval: *interval,
            interval_type: *interval_type,
        });
        Rotation {
            id: RotationId::from("r"),
            name: "r".to_owned(),
            people: Vec::new(),
            handover_start_at: start.parse::<jiff::Timestamp>().unwrap().into(),
            handovers: handovers.collect(),
            layers: Vec::new(),
            working_intervals: Vec::new(),
            scheduling_mode: None,
            effective_from: None,
        }
    }

    #[test]
    fn weeks_change_hands_at_the_same_hour_of_the_wall() {
        let berlin = hours::zone("Europe/Berlin").unwrap();
        let rotation = rotation("2026-10-19T07:00:00Z", &[(1, IntervalType::Weekly)]);
        let turns = Turns::of(&rotation, &berlin).unwrap();
        let begins: Vec<String> = (-1..3).map(|turn| turns.begins(turn).to_string()).collect();
        assert_eq!(
            begins,
            [
                "2026-10-12T07:00:00Z",
                "2026-10-19T07:00:00Z",
                "2026-10-26T08:00:00Z",
                "2026-11-02T08:00:00Z"
            ]
        );
    }

    #[test]
    fn handovers_of_different_lengths_apply_in_turn() {
        let utc = TimeZone::UTC;
        let handovers = [(1, IntervalType::Daily), (3, IntervalType::Daily)];
        let rotation = rotation("2026-11-23T09:00:00Z", &handovers);
        let turns = Turns::of(&rotation, &utc).unwrap();
        let begins: Vec<String> = (-2..3).map(|turn| turns.begins(turn).to_string()).collect();
        assert_eq!(
            begins,
            [
                "2026-11-19T09:00:00Z",
                "2026-11-20T09:00:00Z",
                "2026-11-23T09:00:00Z",
                "2026-11-24T09:00:00Z",
                "2026-11-27T09:00:00Z"
            ]
        );
        for turn in -50..50 {
            assert_eq!(turns.at(turns.begins(turn)), turn);
            let before = Timestamp::from_micros(turns.begins(turn).as_micros() - 1);
            assert_eq!(turns.at(before), turn - 1);
        }
    }

    #[test]
    fn a_turn_that_takes_no_time_is_none() {
        let utc = TimeZone::UTC;
        assert!(Turns::of(&rotation("2026-11-23T09:00:00Z", &[]), &utc).is_none());
        let stands = rotation("2026-11-23T09:00:00Z", &[(0, IntervalType::Daily)]);
        assert!(Turns::of(&stands, &utc).is_none());
    }
}
