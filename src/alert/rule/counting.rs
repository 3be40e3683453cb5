//! Counting events for the rules that watch them, while they are taken in.
//!
//! This is done for everything that monitoring says, so only sums are kept: one number for each
//! rule, project and minute, however many events it stands for.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::filter::{AlertFields, Filter};
use crate::alert::fingerprint::{Key, of_parts};
use crate::alert::matcher::All;
use crate::alert::observation::{Observation, Said};
use crate::alert::rule::definition::{Definition, Measure};
use crate::alert::rule::minute;
use crate::alert::rule::validate::PROJECT_LIMIT;
use crate::clock::Timestamp;
use crate::ids::{RuleId, SourceId};
use crate::incident::text::shorten;

/// The label that says what an event is about.
pub const PROJECT: &str = "project";
/// The label that says where it runs.
pub const ENVIRONMENT: &str = "environment";
/// The most sums of one transaction for one rule and minute: so many projects are told apart, and so
/// many different values are. What is beyond does not count.
const SUMS_LIMIT: usize = 10_000;

/// What the rules of a workspace count. It is prepared once, and used for many events.
#[derive(Clone, Debug, Default)]
pub struct Counter(Vec<Counted>);

#[derive(Clone, Debug)]
struct Counted {
    rule: RuleId,
    unique: Option<String>,
    source: Option<SourceId>,
    conditions: All,
    filter: Option<Filter>,
    environment: Option<String>,
    projects: BTreeSet<String>,
    excluded: BTreeSet<String>,
}

/// Who says something.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'s> {
    /// The source.
    pub id: &'s SourceId,
    /// What expressions know it by.
    pub name: &'s str,
}

/// What was counted and is to be saved.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many events.
    pub counts: BTreeMap<Place, i64>,
    /// Which different values, as hashes.
    pub values: BTreeSet<(Place, Key)>,
}

/// What something is counted for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The rule.
    pub rule: RuleId,
    /// The minute.
    pub minute: i64,
    /// The project.
    pub project: String,
}

impl Counter {
    /// Makes the rules ready that count events. One that can't be is left out and reported; all of
    /// them were checked when they were made.
    pub fn prepare<'r>(
        rules: impl IntoIterator<Item = (&'r RuleId, &'r Definition)>,
        mut report: impl FnMut(&RuleId, &str),
    ) -> Counter {
        let mut counter = Counter::default();
        for (id, rule) in rules {
            match Counted::prepare(id, rule) {
                Ok(counted) => counter.0.extend(counted),
                Err(error) => report(id, &error),
            }
        }
        counter
    }

    /// Whether no rule counts anything: then there is nothing to do for any event.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts an event that was taken in at this time. That something is over, or looked after, is
    /// none.
    pub fn count(&self, sender: Sender<'_>, event: &Observation, at: Timestamp, tally: &mut Tally) {
        if event.said != Said::Firing {
            return;
        }
        for rule in self.0.iter().filter(|rule| rule.watches(sender, event)) {
            let project = shorten(label(event, PROJECT), PROJECT_LIMIT);
            let place = Place { rule: rule.rule.clone(), minute: minute::number(at), project };
            match &rule.unique {
                None => tally.add(place),
                Some(name) => tally.add_value(place, of_parts(&[label(event, name)])),
            }
        }
    }
}

impl Counted {
    fn prepare(id: &RuleId, rule: &Definition) -> Result<Option<Counted>, String> {
        let Measure::Events { unique, source, matchers, filter } = &rule.measure else {
            return Ok(None);
        };
        if !rule.active {
            return Ok(None);
        }
        let filter = filter.as_deref().map(Filter::parse).transpose();
        Ok(Some(Counted {
            rule: id.clone(),
            unique: unique.clone(),
            source: source.clone(),
            conditions: All::prepare(matchers).map_err(|error| error.to_string())?,
            filter: filter.map_err(|error| error.to_string())?,
            environment: rule.environment.clone(),
            projects: rule.projects.iter().cloned().collect(),
            excluded: rule.excluded_projects.iter().cloned().collect(),
        }))
    }

    fn watches(&self, sender: Sender<'_>, event: &Observation) -> bool {
        self.source.as_ref().is_none_or(|wanted| wanted == sender.id)
            && self.environment.as_ref().is_none_or(|wanted| wanted == label(event, ENVIRONMENT))
            && (self.projects.is_empty() || self.projects.contains(label(event, PROJECT)))
            && !self.excluded.contains(label(event, PROJECT))
            && self.conditions.hold(&event.labels)
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.holds(&AlertFields::of_observation(event, sender.name)))
    }
}

impl Tally {
    /// Whether there is nothing to save.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.values.is_empty()
    }

    fn add(&mut self, place: Place) {
        if self.counts.len() < SUMS_LIMIT || self.counts.contains_key(&place) {
            *self.counts.entry(place).or_default() += 1;
        }
    }

    fn add_value(&mut self, place: Place, value: Key) {
        if self.values.len() < SUMS_LIMIT {
            self.values.insert((place, value));
        }
    }
}

fn label<'e>(event: &'e Observation, name: &str) -> &'e str {
    event.labels.get(name).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::matcher::Matcher;
    use crate::alert::rule::samples::{above, different, minute as nth_minute};

    fn event(labels: &[(&str, &str)]) -> Observation {
        let labels = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Observation { labels, ..Observation::firing("key", "Title") }
    }

    fn tally(rule: &Definition, events: &[Observation]) -> Tally {
        let counter = Counter::prepare([(&RuleId::from("R"), rule)], |_, error| panic!("{error}"));
        let mut tally = Tally::default();
        for event in events {
            let source = Sender { id: &SourceId::from("S"), name: "monitor" };
            counter.count(source, event, nth_minute(3), &mut tally);
        }
        tally
    }

    fn sums(tally: &Tally) -> Vec<(&str, i64)> {
        tally.counts.iter().map(|(place, sum)| (place.project.as_str(), *sum)).collect()
    }

    #[test]
    fn events_are_counted_for_each_project() {
        let events = [
            event(&[("project", "web")]),
            event(&[("project", "web"), ("x", "y")]),
            event(&[("project", "api")]),
            event(&[]),
            Observation { said: Said::Resolved, ..event(&[("project", "web")]) },
            Observation { said: Said::Acknowledged, ..event(&[("project", "web")]) },
        ];
        assert_eq!(sums(&tally(&above(1.0), &events)), [("", 1), ("api", 1), ("web", 2)]);
        let rule = Definition { projects: vec!["web".to_owned()], ..above(1.0) };
        assert_eq!(sums(&tally(&rule, &events)), [("web", 2)]);
        let others = Definition { excluded_projects: vec!["web".to_owned()], ..above(1.0) };
        assert_eq!(sums(&tally(&others, &events)), [("", 1), ("api", 1)]);
        let off = Definition { active: false, ..above(1.0) };
        assert!(tally(&off, &events).is_empty());
    }

    #[test]
    fn only_what_the_rule_asks_for_counts() {
        let events = [
            event(&[("environment", "prod"), ("level", "error")]),
            event(&[("environment", "dev"), ("level", "error")]),
            event(&[("environment", "prod"), ("level", "info")]),
        ];
        let measure = |source: Option<&str>| Measure::Events {
            unique: None,
            source: source.map(SourceId::from),
            matchers: vec![Matcher::parse("level=error").unwrap()],
            filter: None,
        };
        let environment = Some("prod".to_owned());
        let rule = Definition { environment, measure: measure(Some("S")), ..above(1.0) };
        assert_eq!(sums(&tally(&rule, &events)), [("", 1)]);
        let elsewhere = Definition { measure: measure(Some("T")), ..rule };
        assert!(tally(&elsewhere, &events).is_empty());
        let filtered = |filter: &str| {
            let mut measure = measure(None);
            if let Measure::Events { filter: wanted, .. } = &mut measure {
                *wanted = Some(filter.to_owned());
            }
            tally(&Definition { measure, ..above(1.0) }, &events)
        };
        assert_eq!(sums(&filtered("environment = d* AND source_system = monitor")), [("", 1)]);
        assert!(filtered("environment = test").is_empty());
    }

    #[test]
    fn different_values_are_told_apart() {
        let rule = Definition { measure: different("user"), ..above(1.0) };
        let events = ["a", "b", "a"].map(|user| event(&[("user", user)]));
        let tally = tally(&rule, &events);
        assert_eq!((tally.counts.len(), tally.values.len()), (0, 2));
    }

    #[test]
    fn hostile_names_fill_neither_memory_nor_keys() {
        let long = "ü".repeat(2_000);
        let events: Vec<_> = (0..SUMS_LIMIT + 10)
            .map(|nth| event(&[("project", &nth.to_string())]))
            .chain([event(&[("project", &long)]), event(&[("project", "0")])])
            .collect();
        let tally_of_many = tally(&above(1.0), &events);
        assert_eq!(tally_of_many.counts.len(), SUMS_LIMIT);
        assert_eq!(
            tally_of_many.counts.values().sum::<i64>(),
            i64::try_from(SUMS_LIMIT).unwrap() + 1
        );
        let cut = tally(&above(1.0), &[event(&[("project", &long)])]);
        assert!(cut.counts.keys().all(|place| place.project.chars().count() == PROJECT_LIMIT));
    }
}
