//! What holds for every schedule.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use crate::clock::Timestamp;
use crate::ids::{LayerId, OverrideId, RotationId, ScheduleId, UserId};
use crate::oncall::hours::{self, Interval, Weekday};
use crate::oncall::schedule::definition::{
    Handover, IntervalType, Layer, Override, Rotation, Schedule, SchedulingMode,
};
use crate::oncall::schedule::entries::Entry;

const HOUR: i64 = 3_600;
/// The 20th of October 2026: clocks go back in Europe and in America within the next two weeks.
const AUTUMN: i64 = 1_792_454_400;
/// The 1st of March 2026: they go forward within the next four.
const SPRING: i64 = 1_772_323_200;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn any_zone() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ])
    .prop_map(str::to_owned)
}

fn any_start() -> impl Strategy<Value = i64> {
    prop_oneof![Just(AUTUMN), Just(SPRING)]
        .prop_flat_map(|base| (Just(base), -2_000 * HOUR..2_000 * HOUR))
        .prop_map(|(base, offset)| base + offset)
}

fn any_handovers() -> impl Strategy<Value = Vec<Handover>> {
    let kind = proptest::sample::select(vec![
        IntervalType::Hourly,
        IntervalType::Daily,
        IntervalType::Weekly,
    ]);
    let one =
        (1u32..5, kind).prop_map(|(interval, interval_type)| Handover { interval, interval_type });
    proptest::collection::vec(one, 1..4)
}

fn rotation(
    name: &str,
    people: usize,
    layers: usize,
    handovers: Vec<Handover>,
    start: i64,
) -> Rotation {
    let layer = |nth: usize| Layer { id: LayerId::new(format!("l{nth}")), name: String::new() };
    Rotation {
        id: RotationId::from(name),
        name: name.to_owned(),
        people: (0..people)
            .map(|nth| UserId::new(format!("U0{name}{nth}").to_uppercase()))
            .collect(),
        handover_start_at: at(start),
        handovers,
        layers: (0..layers).map(layer).collect(),
        working_intervals: Vec::new(),
        scheduling_mode: None,
        effective_from: None,
    }
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let one = (1usize..6, 1usize..4, any_handovers(), any_start());
    (any_zone(), proptest::collection::vec(one, 1..3)).prop_map(|(time_zone, rotations)| {
        let names = ["a", "b", "c"];
        let rotations =
            rotations.into_iter().zip(names).map(|((people, layers, handovers, start), name)| {
                rotation(name, people, layers, handovers, start)
            });
        Schedule {
            name: "Primary".to_owned(),
            time_zone,
            rotations: rotations.collect(),
            annotations: Default::default(),
        }
    })
}

fn any_window() -> impl Strategy<Value = (Timestamp, Timestamp)> {
    (any_start(), 1i64..400).prop_map(|(start, hours)| (at(start), at(start + hours * HOUR)))
}

fn any_overrides() -> impl Strategy<Value = Vec<Override>> {
    let one = (0i64..400, 1i64..100, 0usize..3, 0usize..3);
    (any_start(), proptest::collection::vec(one, 0..6)).prop_map(|(base, all)| {
        let overrides =
            all.into_iter().enumerate().map(|(nth, (offset, hours, rotation, layer))| {
                let start = base + offset * HOUR;
                Override {
                    id: OverrideId::new(format!("o{nth}")),
                    schedule: ScheduleId::from("s"),
                    rotation: RotationId::from(["a", "b", "c"][rotation]),
                    layer: LayerId::new(format!("l{layer}")),
                    person: UserId::new(format!("U0INSTEAD{nth}")),
                    start_at: at(start),
                    end_at: at(start + hours * HOUR),
                    created_at: at(i64::try_from(nth).unwrap()),
                    updated_at: at(0),
                }
            });
        overrides.collect()
    })
}

/// The entries of one layer, in order.
fn of<'e>(entries: &'e [Entry], rotation: &Rotation, layer: &Layer) -> Vec<&'e Entry> {
    let mut own: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.rotation == rotation.id && entry.layer == layer.id)
        .collect();
    own.sort();
    own
}

proptest! {
    #[test]
    fn a_layer_has_neither_gaps_nor_overlaps(
        schedule in any_schedule(),
        overrides in any_overrides(),
        (from, to) in any_window(),
    ) {
        let entries = schedule.entries(&overrides, from, to);
        for rotation in &schedule.rotations {
            for layer in &rotation.layers {
                for list in [&entries.scheduled, &entries.all] {
                    let own = of(list, rotation, layer);
                    prop_assert_eq!(own.first().unwrap().start_at, from);
                    prop_assert_eq!(own.last().unwrap().end_at, to);
                    for pair in own.windows(2) {
                        prop_assert_eq!(pair[0].end_at, pair[1].start_at);
                    }
                    prop_assert!(own.iter().all(|entry| entry.start_at < entry.end_at));
                }
            }
        }
    }

    #[test]
    fn who_stands_in_is_on_call_unless_somebody_was_named_later(
        schedule in any_schedule(),
        overrides in any_overrides(),
    ) {
        for (nth, one) in overrides.iter().enumerate() {
            if !schedule.has_layer(&one.rotation, &one.layer) {
                continue;
            }
            let beats = |other: &&Override| {
                other.rotation == one.rotation && other.layer == one.layer
                    && other.start_at <= one.start_at && one.start_at < other.end_at
            };
            let on_call = schedule.on_call_in(&one.rotation, &overrides, one.start_at);
            let later = overrides[nth + 1..].iter().any(|other| beats(&other));
            prop_assert_eq!(on_call.contains(&one.person), !later);
        }
    }

    #[test]
    fn an_instant_and_a_window_agree_and_parts_make_up_the_whole(
        schedule in any_schedule(),
        overrides in any_overrides(),
        (from, to) in any_window(),
        part in 0.0f64..1.0,
    ) {
        let whole = schedule.entries(&overrides, from, to).all;
        let middle = from.plus(to.since(from).mul_f64(part));
        let then: Vec<UserId> = whole.iter()
            .filter(|entry| entry.start_at <= middle && middle < entry.end_at)
            .map(|entry| entry.person.clone())
            .collect();
        if middle < to {
            let on_call = schedule.on_call(&overrides, middle);
            prop_assert!(on_call.iter().all(|person| then.contains(person)));
            prop_assert!(then.iter().all(|person| on_call.contains(person)));
        }
        if from < middle && middle < to {
            let one = schedule.entries(&overrides, from, middle).all;
            let other = schedule.entries(&overrides, middle, to).all;
            for rotation in &schedule.rotations {
                for layer in &rotation.layers {
                    let span = |entries: &[Entry]| -> Vec<(UserId, Duration)> {
                        let mut spans: Vec<(UserId, Duration)> = Vec::new();
                        for entry in of(entries, rotation, layer) {
                            let length = entry.end_at.since(entry.start_at);
                            match spans.last_mut() {
                                Some((person, so_far)) if *person == entry.person => *so_far += length,
                                _ => spans.push((entry.person.clone(), length)),
                            }
                        }
                        spans
                    };
                    prop_assert_eq!(span(&[one.clone(), other.clone()].concat()), span(&whole));
                }
            }
        }
    }

    #[test]
    fn a_shift_is_the_same_from_wherever_it_is_looked_at(
        schedule in any_schedule(),
        overrides in any_overrides(),
        (from, to) in any_window(),
        part in 0.0f64..1.0,
    ) {
        let shifts = schedule.shifts(&overrides, from, to);
        // What lies within the window is what the window shows.
        let within: Vec<Entry> = shifts.all.iter().cloned()
            .map(|it| Entry { start_at: it.start_at.max(from), end_at: it.end_at.min(to), ..it })
            .collect();
        for entry in schedule.entries(&overrides, from, to).all {
            prop_assert!(within.contains(&entry), "{entry:?}");
        }
        let middle = from.plus(to.since(from).mul_f64(part));
        for shift in schedule.shifts(&overrides, middle, middle.plus(Duration::from_micros(1))).all {
            prop_assert!(shift.start_at <= middle && middle < shift.end_at);
            prop_assert!(middle >= to || shifts.all.contains(&shift), "{shift:?}");
        }
        for next in schedule.next(&overrides, from) {
            let then = next.start_at.plus(Duration::from_micros(1));
            let shifts = schedule.shifts(&overrides, next.start_at, then).all;
            prop_assert!(shifts.iter().any(|it| it.end_at == next.end_at && it.person == next.person));
        }
    }

    #[test]
    fn turns_go_round_in_the_order_of_the_people(
        zone in any_zone(),
        people in 2usize..6,
        handovers in any_handovers(),
        start in any_start(),
    ) {
        let rotation = rotation("a", people, 1, handovers, start);
        let order = rotation.people.clone();
        let schedule = Schedule {
            name: "x".to_owned(), time_zone: zone, rotations: vec![rotation], annotations: Default::default(),
        };
        let entries = schedule.entries(&[], at(start), at(start + 60 * 24 * HOUR)).scheduled;
        for (nth, entry) in entries.iter().enumerate() {
            prop_assert_eq!(&entry.person, &order[nth % people]);
        }
    }

    #[test]
    fn whoever_is_next_is_not_on_call_there_just_before(
        schedule in any_schedule(),
        overrides in any_overrides(),
        from in any_start(),
    ) {
        let now = at(from);
        for entry in schedule.next(&overrides, now) {
            prop_assert!(entry.start_at > now);
            let just_before = Timestamp::from_micros(entry.start_at.as_micros() - 1);
            let before = schedule.entries(&overrides, just_before, entry.start_at).all;
            let same = before.iter().find(|it| it.rotation == entry.rotation && it.layer == entry.layer);
            prop_assert!(same.is_none_or(|it| it.person != entry.person));
        }
    }
}

#[test]
fn days_are_those_of_the_wall_when_the_clocks_change() {
    let mut daily =
        rotation("a", 2, 1, vec![Handover { interval: 1, interval_type: IntervalType::Daily }], 0);
    daily.handover_start_at = "2026-10-24T07:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
    let schedule = Schedule {
        name: "x".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        rotations: vec![daily],
        annotations: Default::default(),
    };
    let from: Timestamp = "2026-10-24T07:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
    let entries = schedule.entries(&[], from, from.plus(Duration::from_secs(50 * 3600))).all;
    let hours: Vec<u64> =
        entries.iter().map(|entry| entry.end_at.since(entry.start_at).as_secs() / 3600).collect();
    assert_eq!(hours, [25, 24, 1]);
}

#[test]
fn nobody_is_on_call_outside_the_working_hours_but_whoever_stands_in() {
    let mut weekly =
        rotation("a", 2, 1, vec![Handover { interval: 1, interval_type: IntervalType::Weekly }], 0);
    weekly.working_intervals = [Weekday::Monday, Weekday::Tuesday]
        .map(|weekday| Interval {
            weekday,
            start_time: "09:00".parse().unwrap(),
            end_time: "17:00".parse().unwrap(),
        })
        .into();
    let schedule = Schedule {
        name: "x".to_owned(),
        time_zone: "UTC".to_owned(),
        rotations: vec![weekly],
        annotations: Default::default(),
    };
    let monday: Timestamp = "2026-11-23T00:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
    let hour = |hours: u64| monday.plus(Duration::from_secs(hours * 3600));
    assert_eq!(schedule.on_call(&[], hour(8)).len(), 0);
    assert_eq!(schedule.on_call(&[], hour(9)).len(), 1);
    assert_eq!(schedule.on_call(&[], hour(17)).len(), 0);
    assert_eq!(schedule.changes_at(&[], hour(10)), hour(17));
    let entries = schedule.entries(&[], monday, hour(7 * 24)).all;
    assert_eq!(entries.len(), 2);
    let one = Override {
        id: "o".into(),
        schedule: "s".into(),
        rotation: "a".into(),
        layer: "l0".into(),
        person: "U0INSTEAD".into(),
        start_at: hour(16),
        end_at: hour(20),
        created_at: monday,
        updated_at: monday,
    };
    assert_eq!(schedule.on_call(&[one], hour(18)), [UserId::from("U0INSTEAD")]);
    assert!(hours::zone("UTC").is_some());
}

#[test]
fn fair_turns_give_everybody_long_and_short_ones() {
    let handovers =
        [5, 2].map(|interval| Handover { interval, interval_type: IntervalType::Daily });
    for people in 1..5 {
        let mut fair = rotation("a", people, 1, handovers.into(), AUTUMN);
        fair.scheduling_mode = Some(SchedulingMode::Fair);
        let schedule = Schedule {
            name: "x".to_owned(),
            time_zone: "UTC".to_owned(),
            rotations: vec![fair],
            annotations: Default::default(),
        };
        let weeks = i64::try_from(people * people * 2).unwrap();
        let end = at(AUTUMN + weeks * 7 * 24 * HOUR);
        let mut days: BTreeMap<UserId, u64> = BTreeMap::new();
        for entry in schedule.entries(&[], at(AUTUMN), end).scheduled {
            let length = entry.end_at.since(entry.start_at).as_secs() / 86_400;
            *days.entry(entry.person).or_default() += length;
        }
        let each: Vec<u64> = days.into_values().collect();
        assert_eq!(each.len(), people);
        assert!(each.windows(2).all(|pair| pair[0] == pair[1]), "{people}: {each:?}");
    }
}

#[test]
fn a_version_of_a_rotation_holds_until_the_next_one() {
    let weekly = vec![Handover { interval: 1, interval_type: IntervalType::Weekly }];
    let first = rotation("a", 1, 1, weekly.clone(), AUTUMN);
    let mut second = rotation("a", 1, 1, weekly, AUTUMN);
    second.people = vec![UserId::from("U0NEW")];
    second.effective_from = Some(at(AUTUMN + 10 * HOUR));
    let schedule = Schedule {
        name: "x".to_owned(),
        time_zone: "UTC".to_owned(),
        rotations: vec![first, second],
        annotations: Default::default(),
    };
    assert_eq!(schedule.on_call(&[], at(AUTUMN + 9 * HOUR)), [UserId::from("U0A0")]);
    assert_eq!(schedule.on_call(&[], at(AUTUMN + 10 * HOUR)), [UserId::from("U0NEW")]);
}

#[test]
fn whoever_was_moved_last_stands_in() {
    let weekly = vec![Handover { interval: 1, interval_type: IntervalType::Weekly }];
    let schedule = Schedule {
        name: "x".to_owned(),
        time_zone: "UTC".to_owned(),
        rotations: vec![rotation("a", 1, 1, weekly, AUTUMN)],
        annotations: Default::default(),
    };
    let one = |id: &str, updated: i64| Override {
        id: id.into(),
        schedule: "s".into(),
        rotation: "a".into(),
        layer: "l0".into(),
        person: UserId::new(format!("U0{id}")),
        start_at: at(AUTUMN),
        end_at: at(AUTUMN + HOUR),
        created_at: at(0),
        updated_at: at(updated),
    };
    for (first, second, expected) in [(1, 2, "U0B"), (3, 2, "U0A"), (2, 2, "U0B")] {
        let overrides = [one("A", first), one("B", second)];
        assert_eq!(schedule.on_call(&overrides, at(AUTUMN)), [UserId::from(expected)]);
    }
}

#[test]
fn a_long_window_is_shown_in_parts() {
    let part = |kind: IntervalType, days: Option<i64>| {
        let handovers = vec![Handover { interval: 1, interval_type: kind }];
        let schedule = Schedule {
            name: "x".to_owned(),
            time_zone: "UTC".to_owned(),
            rotations: vec![rotation("a", 1, 1, handovers, AUTUMN)],
            annotations: Default::default(),
        };
        let part = schedule.part(at(0), days.map(|days| at(days * 24 * HOUR)))?;
        Some((part.to.as_seconds() / (24 * HOUR), part.next_from == Some(part.to)))
    };
    assert_eq!(part(IntervalType::Weekly, None), Some((31, false)));
    assert_eq!(part(IntervalType::Weekly, Some(31)), Some((31, false)));
    assert_eq!(part(IntervalType::Weekly, Some(32)), Some((31, true)));
    assert_eq!(part(IntervalType::Hourly, Some(32)), Some((7, true)));
    assert_eq!(part(IntervalType::Hourly, Some(0)), None);
}
