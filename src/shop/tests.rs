//! What the shop says is what its doors are told to expect, for any seed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use crate::shop::doors::{Door, Letter};
use crate::shop::scenario::Scenario;
use crate::shop::story::{Phase, STORM, Story};

fn story(scenario: Scenario, seed: u64) -> Story {
    Story::new(scenario, seed, began(), 1.0)
}

fn began() -> Timestamp {
    "2026-11-26T04:00:00Z".parse().unwrap()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// Alerts as a receiver keeps them: by what identifies them, whether they fire.
#[derive(Default)]
struct Receiver {
    watched: BTreeMap<String, (bool, Value)>,
    probed: BTreeMap<String, bool>,
    changes: Vec<String>,
}

impl Receiver {
    fn reads(&mut self, letter: &Letter, now: Timestamp) {
        let body = &letter.body;
        match letter.door {
            Door::Alerts => {
                let posts = body.as_array().unwrap();
                assert!((1..=64).contains(&posts.len()));
                posts.iter().for_each(|post| self.reads_post(post, now));
            }
            Door::Events => self.reads_event(body),
            Door::Changes => {
                assert!(time(&body["payload"]["timestamp"]) <= now);
                self.changes.push(body["payload"]["summary"].as_str().unwrap().to_owned());
            }
        }
    }

    fn reads_post(&mut self, post: &Value, now: Timestamp) {
        for named in [&post["labels"], &post["annotations"]] {
            for (name, value) in named.as_object().unwrap() {
                let mut bytes = name.bytes();
                assert!(bytes.all(|c| c.is_ascii_lowercase() || c == b'_'), "{name}");
                let value = value.as_str().unwrap();
                assert!(!value.is_empty() && !value.contains(['{', '}']), "{name}: {value}");
            }
        }
        for name in ["alertname", "severity", "cluster", "group"] {
            assert!(post["labels"][name].is_string(), "{name} in {post}");
        }
        let (starts, ends) = (time(&post["startsAt"]), time(&post["endsAt"]));
        assert!(starts <= ends && starts <= now, "{post}");
        let fires = ends > now;
        let key = post["labels"].to_string();
        match self.watched.get(&key) {
            None => assert!(fires, "it ends before it began: {post}"),
            // What is merely said again is about the same time.
            Some((true, before)) => assert_eq!(before["startsAt"], post["startsAt"], "{post}"),
            Some((false, before)) if fires => assert!(time(&before["endsAt"]) < starts, "{post}"),
            Some((false, before)) => assert_eq!(before, post),
        }
        self.watched.insert(key, (fires, post.clone()));
    }

    fn reads_event(&mut self, event: &Value) {
        let key = event["dedup_key"].as_str().unwrap().to_owned();
        assert!(key.len() <= 255);
        let fires = match event["event_action"].as_str().unwrap() {
            "trigger" => {
                let payload = &event["payload"];
                for field in ["summary", "source", "group"] {
                    assert!(!payload[field].as_str().unwrap().is_empty(), "{field} in {event}");
                }
                assert_eq!(payload["severity"], "critical");
                true
            }
            "resolve" => false,
            other => panic!("{other}"),
        };
        let before = self.probed.insert(key, fires).unwrap_or(false);
        assert_ne!(before, fires, "{event}");
    }

    fn firing(&self) -> usize {
        let watched = self.watched.values().filter(|(fires, _)| *fires).count();
        watched + self.probed.values().filter(|fires| **fires).count()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_story_can_be_received_and_is_over_at_its_end(seed: u64, which in 0..4_usize) {
        let scenario = Scenario::ALL[which];
        let story = story(scenario, seed);
        let mut receiver = Receiver::default();
        for second in 0..=Phase::Over.begins() {
            let now = began() + story.after(second);
            for letter in story.letters(second) {
                receiver.reads(&letter, now);
            }
            prop_assert_eq!(receiver.firing(), story.firing(second), "second {}", second);
            match Phase::at(second) {
                Phase::Change => prop_assert_eq!(receiver.firing(), 0),
                Phase::Signs => prop_assert!((1..=6).contains(&receiver.firing())),
                Phase::Height => prop_assert_eq!(receiver.firing(), STORM + 4),
                Phase::Recovered | Phase::Quiet | Phase::Over => prop_assert_eq!(receiver.firing(), 0),
                Phase::Flapping => prop_assert!((1..=3).contains(&receiver.firing())),
                Phase::Storm | Phase::Recovery | Phase::Back | Phase::Fading => {}
            }
        }
        prop_assert_eq!(receiver.watched.len(), STORM);
        prop_assert_eq!(receiver.changes, vec![scenario.plot().change.to_owned()]);
    }

    #[test]
    fn whoever_ends_it_ends_all_of_it(seed: u64, which in 0..4_usize, end in 0..170_u64) {
        let story = story(Scenario::ALL[which], seed);
        let mut receiver = Receiver::default();
        let sent = (0..=end).map(|second| (second, story.letters(second)));
        for (second, letters) in sent.chain([(end, story.end(end))]) {
            for letter in letters {
                receiver.reads(&letter, began() + story.after(second));
            }
        }
        prop_assert_eq!(receiver.firing(), 0);
    }
}

#[test]
fn a_story_follows_from_its_seed() {
    let all = |seed| {
        let story = story(Scenario::BadRelease, seed);
        (0..60).flat_map(|second| story.letters(second)).collect::<Vec<_>>()
    };
    assert_eq!(all(7), all(7));
    assert_ne!(all(7), all(8));
}

#[test]
fn the_first_that_matters_says_what_is_wrong() {
    for scenario in Scenario::ALL {
        let letters = story(scenario, 1).letters(Phase::Signs.begins());
        let first = &letters[0].body[0];
        assert_eq!(first["annotations"]["summary"], scenario.plot().headline);
        assert_eq!(first["labels"]["severity"], "critical");
    }
}

#[test]
fn some_go_on_and_off_often_enough_and_never_rest_all_at_once() {
    let story = story(Scenario::SlowProvider, 3);
    let flaps = Phase::Flapping.begins()..Phase::Quiet.begins();
    let mut turns: BTreeMap<String, u32> = BTreeMap::new();
    for second in flaps {
        assert!(story.firing(second) > 0, "second {second}");
        for letter in story.letters(second) {
            for post in letter.body.as_array().into_iter().flatten() {
                // What had ended before is said again, which is no turn.
                let is_turn = [&post["startsAt"], &post["endsAt"]]
                    .map(time)
                    .contains(&(began() + story.after(second)));
                *turns.entry(post["labels"].to_string()).or_default() += u32::from(is_turn);
            }
        }
    }
    assert_eq!(turns.values().filter(|turns| **turns >= 5).count(), 3, "{turns:?}");
}

#[test]
fn what_fires_is_said_again_before_it_runs_out_whatever_the_pace() {
    for pace in [0.01, 0.2, 1.0, 5.0] {
        let story = Story::new(Scenario::FullDatabase, 5, began(), pace);
        let mut ends: BTreeMap<String, Timestamp> = BTreeMap::new();
        for second in 0..Phase::Recovery.begins() {
            let now = began() + story.after(second);
            for letter in story.letters(second).iter().filter(|letter| letter.door == Door::Alerts)
            {
                for post in letter.body.as_array().unwrap() {
                    ends.insert(post["labels"].to_string(), time(&post["endsAt"]));
                }
            }
            assert!(ends.values().all(|end| *end > now), "pace {pace}, second {second}");
        }
        assert_eq!(ends.len(), STORM);
    }
}
