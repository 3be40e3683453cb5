//! What holds for every rule, whatever numbers come.

use proptest::prelude::*;

use crate::alert::rule::definition::{Definition, Side, Trigger};
use crate::alert::rule::samples::{above, minute};
use crate::alert::rule::standing::{Level, Runs, Standing, Turn};

fn rules() -> impl Strategy<Value = Definition> {
    let side = prop_oneof![Just(Side::Above), Just(Side::Below)];
    let gap = proptest::option::of(0..4_i8);
    (side, gap.clone(), gap, 1..5_u32).prop_map(|(fires, warning, resolves, periods)| {
        let sign = if fires == Side::Above { 1.0 } else { -1.0 };
        let lowest = warning.map_or(0.0, |gap| -sign * f64::from(gap));
        let warning = warning.map(|_| Trigger { threshold: lowest, actions: Vec::new() });
        let resolve_threshold = resolves.map(|gap| lowest - sign * f64::from(gap));
        Definition { fires, warning, resolve_threshold, periods, ..above(0.0) }
    })
}

/// Numbers, of which some are missing, around the thresholds.
fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = (-10..10_i8).prop_map(|value| f64::from(value) / 2.0);
    proptest::collection::vec(prop_oneof![9 => value.prop_map(Some), 1 => Just(None)], 0..60)
}

proptest! {
    #[test]
    fn a_rule_turns_only_after_so_many_in_a_row(rule in rules(), values in values()) {
        prop_assert!(rule.clone().checked().is_ok());
        let mut standing = Standing::default();
        let mut given: Vec<f64> = Vec::new();
        let mut turns: Vec<Turn> = Vec::new();
        let periods = usize::try_from(rule.periods).unwrap();
        for (nth, value) in (1..).zip(values) {
            // What is kept is all that matters.
            let json = serde_json::to_string(&standing).unwrap();
            standing = serde_json::from_str(&json).unwrap();
            let before = standing.level();
            given.extend(value);
            let turn = standing.take(&rule, minute(nth), value);
            prop_assert_eq!(turn.is_some(), before != standing.level());
            let Some(turn) = turn else { continue };
            let Some(last) = given.len().checked_sub(periods).map(|from| &given[from..]) else {
                panic!("it turned after {} numbers", given.len());
            };
            let trigger = match turn.from.max(turn.to) {
                Level::Critical => &rule.critical,
                _ => rule.warning.as_ref().unwrap(),
            };
            for value in last {
                let is_beyond = rule.fires.is_beyond(*value, trigger.threshold);
                prop_assert_eq!(is_beyond, turn.to > turn.from, "{:?} {:?}", turn, last);
            }
            turns.push(turn);
        }
        for pair in turns.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
            prop_assert!(pair[0].at < pair[1].at);
        }
        // Whoever heard of the beginning hears of the end.
        let mut is_told_to_all = false;
        for turn in &turns {
            is_told_to_all |= turn.to == Level::Critical;
            prop_assert_eq!(turn.runs, if is_told_to_all { Runs::All } else { Runs::Warning });
            is_told_to_all &= turn.to != Level::Resolved;
        }
    }
}
