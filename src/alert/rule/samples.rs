//! Rules for the tests.

use std::time::Duration;

use crate::alert::rule::definition::{Definition, Measure, Side, Trigger};
use crate::clock::Timestamp;

/// A rule that is critical above this number of events in a minute.
pub(crate) fn above(threshold: f64) -> Definition {
    Definition {
        name: "Too many errors".to_owned(),
        note: String::new(),
        owner: None,
        owner_team: None,
        measure: events(),
        window_minutes: 1,
        compare_minutes_ago: None,
        fires: Side::Above,
        critical: Trigger { threshold, actions: Vec::new() },
        warning: None,
        resolve_threshold: None,
        periods: 1,
        environment: None,
        projects: Vec::new(),
        excluded_projects: Vec::new(),
        active: true,
    }
}

pub(crate) fn minute(nth: u64) -> Timestamp {
    Timestamp::from_micros(1_789_999_980_000_000).plus(Duration::from_secs(nth * 60))
}

/// All events, as they are.
pub(crate) fn events() -> Measure {
    Measure::Events { unique: None, source: None, matchers: Vec::new(), filter: None }
}

/// How many different values of this label there are.
pub(crate) fn different(label: &str) -> Measure {
    Measure::Events {
        unique: Some(label.to_owned()),
        source: None,
        matchers: Vec::new(),
        filter: None,
    }
}
