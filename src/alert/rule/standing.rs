//! How a rule stands in one project, and how a new number changes that.
//!
//! It fires after so many numbers in a row beyond a threshold, and is over after as many that are
//! clear of it; any other number begins the count anew. That is what Sentry's metric alerts do.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::rule::definition::{Definition, RESOLUTION, Trigger};
use crate::clock::Timestamp;

/// After so long without a number, what was counted in a row counts no more.
const FORGETS_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// How bad a rule finds it. The order is that of badness.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = AlertRuleLevel)]
pub enum Level {
    /// Nothing is wrong.
    #[default]
    Resolved,
    /// It is worth a warning.
    Warning,
    /// It is critical.
    Critical,
}

impl Level {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Resolved => "resolved",
            Level::Warning => "warning",
            Level::Critical => "critical",
        }
    }
}

/// How a rule stands in one project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The latest minute that was evaluated.
    #[serde(default)]
    pub evaluated_at: Option<Timestamp>,
    /// The number then.
    #[serde(default)]
    pub value: Option<f64>,
    #[serde(default)]
    critical: Count,
    #[serde(default)]
    warning: Count,
    /// Since when it is bad, as long as it is.
    #[serde(default)]
    pub began_at: Option<Timestamp>,
    /// Whether it was critical since then.
    #[serde(default)]
    was_critical: bool,
}

/// How one trigger stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    fires: bool,
    /// So many in a row lay beyond the threshold, while it did not fire.
    breaches: u32,
    /// So many in a row were clear of it, while it fired.
    clears: u32,
}

/// Which actions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Those of both triggers.
    All,
    /// Those of the warning alone.
    Warning,
}

/// Something has changed that others have to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// How it was.
    pub from: Level,
    /// How it is.
    pub to: Level,
    /// When it was evaluated.
    pub at: Timestamp,
    /// Since when it is so: the beginning of the first window that said so.
    pub since: Timestamp,
    /// When the trouble began: before its first window, if it has gone through several levels.
    pub began_at: Timestamp,
    /// Which actions run.
    pub runs: Runs,
}

impl Standing {
    /// How bad it is.
    pub fn level(&self) -> Level {
        if self.critical.fires {
            Level::Critical
        } else if self.warning.fires {
            Level::Warning
        } else {
            Level::Resolved
        }
    }

    /// Whether there is nothing to remember: it is as if it had never been evaluated.
    pub fn is_idle(&self) -> bool {
        self.critical == Count::default()
            && self.warning == Count::default()
            && self.value.unwrap_or_default() == 0.0
    }

    /// Takes the number of a minute. Without one nothing can be said: everything stays as it is.
    pub fn take(&mut self, rule: &Definition, at: Timestamp, value: Option<f64>) -> Option<Turn> {
        if self.evaluated_at.is_some_and(|known| at <= known) {
            return None;
        }
        let is_long_ago = self.evaluated_at.is_some_and(|known| at.since(known) > FORGETS_AFTER);
        self.evaluated_at = Some(at);
        let value = value?;
        self.value = Some(value);
        if is_long_ago {
            self.critical.begin_anew();
            self.warning.begin_anew();
        }
        let from = self.level();
        let lowest = if rule.warning.is_some() { None } else { rule.resolve_threshold };
        self.critical.take(rule, &rule.critical, lowest, value);
        if let Some(trigger) = &rule.warning {
            self.warning.take(rule, trigger, rule.resolve_threshold, value);
        }
        let periods = RESOLUTION * rule.periods.saturating_sub(1);
        self.turn(from, at, at.minus(rule.window() + periods))
    }

    /// Ends it, because nobody asks this question any more.
    pub fn end(&mut self, at: Timestamp) -> Option<Turn> {
        let from = self.level();
        self.critical = Count::default();
        self.warning = Count::default();
        self.turn(from, at, at)
    }

    fn turn(&mut self, from: Level, at: Timestamp, since: Timestamp) -> Option<Turn> {
        let to = self.level();
        if from == Level::Resolved && to > from {
            self.began_at = Some(since);
            self.was_critical = false;
        }
        self.was_critical |= to == Level::Critical;
        let began_at = self.began_at.unwrap_or(since);
        // What became critical is told to all who heard of that, when it gets better, too.
        let runs = if self.was_critical { Runs::All } else { Runs::Warning };
        if to == Level::Resolved {
            self.began_at = None;
            self.was_critical = false;
        }
        (from != to).then_some(Turn { from, to, at, since, began_at, runs })
    }
}

impl Count {
    fn begin_anew(&mut self) {
        self.breaches = 0;
        self.clears = 0;
    }

    fn take(&mut self, rule: &Definition, trigger: &Trigger, resolves: Option<f64>, value: f64) {
        let is_breach = rule.fires.is_beyond(value, trigger.threshold);
        let is_clear = match resolves {
            Some(resolves) => rule.fires.is_beyond(resolves, value),
            // Back on the threshold is clear of it.
            None => !is_breach,
        };
        match (self.fires, is_breach, is_clear) {
            (false, true, _) => {
                self.breaches += 1;
                if self.breaches >= rule.periods {
                    *self = Count { fires: true, ..Count::default() };
                }
            }
            (true, _, true) => {
                self.clears += 1;
                if self.clears >= rule.periods {
                    *self = Count::default();
                }
            }
            _ => self.begin_anew(),
        }
    }
}

/// The number that is compared with thresholds: as it is, or as a percentage of what it was. Of
/// nothing there is no percentage.
pub fn compared(value: f64, past: Option<f64>) -> Option<f64> {
    let compared = match past {
        None => value,
        Some(0.0) => return None,
        Some(past) => value / past * 100.0,
    };
    Some(finite(compared))
}

/// A number that JSON can hold.
pub fn finite(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(f64::MIN, f64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rule::definition::Side;
    use crate::alert::rule::samples::{above, minute};

    /// Takes numbers, a minute each, and says how bad each of them made it.
    fn levels(rule: &Definition, values: &[f64]) -> Vec<Level> {
        let mut standing = Standing::default();
        let mut take = |(nth, value): (u64, &f64)| {
            standing.take(rule, minute(nth), Some(*value));
            standing.level()
        };
        (1..).zip(values).map(&mut take).collect()
    }

    use Level::{Critical as C, Resolved as R, Warning as W};

    #[test]
    fn a_threshold_has_to_be_crossed_and_not_just_reached() {
        assert_eq!(levels(&above(10.0), &[9.0, 10.0, 10.5, 10.0]), [R, R, C, R]);
        let below = Definition { fires: Side::Below, ..above(10.0) };
        assert_eq!(levels(&below, &[11.0, 10.0, 9.5, 10.0]), [R, R, C, R]);
    }

    #[test]
    fn only_breaches_in_a_row_fire_and_only_clears_in_a_row_resolve() {
        let rule = Definition { periods: 2, ..above(10.0) };
        assert_eq!(levels(&rule, &[11.0, 11.0]), [R, C]);
        assert_eq!(levels(&rule, &[11.0, 9.0, 11.0, 9.0, 11.0, 11.0]), [R, R, R, R, R, C]);
        assert_eq!(levels(&rule, &[11.0, 11.0, 9.0, 11.0, 9.0, 9.0]), [R, C, C, C, C, R]);
    }

    #[test]
    fn the_resolve_threshold_is_that_of_the_lowest_trigger() {
        let rule = Definition { resolve_threshold: Some(5.0), ..above(10.0) };
        assert_eq!(levels(&rule, &[11.0, 10.0, 5.0, 4.9]), [C, C, C, R]);
        let warning = Some(Trigger { threshold: 6.0, actions: Vec::new() });
        let both = Definition { warning, ..rule };
        assert_eq!(levels(&both, &[7.0, 11.0, 10.0, 6.0, 5.0, 4.0]), [W, C, W, W, W, R]);
        let zero = Definition { resolve_threshold: Some(0.0), fires: Side::Below, ..above(-1.0) };
        assert_eq!(levels(&zero, &[-2.0, 0.0, 0.1]), [C, C, R]);
    }

    #[test]
    fn a_value_on_the_threshold_resolves_when_there_is_no_resolve_threshold() {
        // Also where the smallest number that could be added would be lost.
        for threshold in [0.0, 10.0, 1e15] {
            assert_eq!(levels(&above(threshold), &[threshold + 1.0, threshold]), [C, R]);
        }
    }

    #[test]
    fn critical_at_once_is_one_turn_and_its_end_is_told_to_all() {
        let warning = Some(Trigger { threshold: 5.0, actions: Vec::new() });
        let rule = Definition { warning, ..above(10.0) };
        let mut standing = Standing::default();
        let mut turn = |nth, value| {
            let turn = standing.take(&rule, minute(nth), Some(value));
            turn.map(|turn| (turn.from, turn.to, turn.runs))
        };
        assert_eq!(turn(1, 11.0), Some((R, C, Runs::All)));
        assert_eq!(turn(2, 12.0), None);
        assert_eq!(turn(3, 7.0), Some((C, W, Runs::All)));
        assert_eq!(turn(4, 1.0), Some((W, R, Runs::All)));
        assert_eq!(turn(5, 7.0), Some((R, W, Runs::Warning)));
        assert_eq!(turn(6, 1.0), Some((W, R, Runs::Warning)));
    }

    #[test]
    fn it_began_before_the_first_window_that_said_so() {
        let rule = Definition { periods: 3, window_minutes: 10, ..above(10.0) };
        let mut standing = Standing::default();
        for nth in 20..22 {
            assert_eq!(standing.take(&rule, minute(nth), Some(11.0)), None);
        }
        let turn = standing.take(&rule, minute(22), Some(11.0)).unwrap();
        assert_eq!((turn.at, turn.since, turn.began_at), (minute(22), minute(10), minute(10)));
        for nth in 23..25 {
            assert_eq!(standing.take(&rule, minute(nth), Some(1.0)), None);
        }
        let turn = standing.take(&rule, minute(25), Some(1.0)).unwrap();
        assert_eq!((turn.to, turn.since, turn.began_at), (R, minute(13), minute(10)));
    }

    #[test]
    fn what_is_not_newer_or_says_nothing_changes_nothing() {
        let rule = Definition { periods: 2, ..above(10.0) };
        let mut standing = Standing::default();
        standing.take(&rule, minute(5), Some(11.0));
        let before = standing.clone();
        for late in [4, 5] {
            assert_eq!(standing.take(&rule, minute(late), Some(11.0)), None);
        }
        assert_eq!(standing, before);
        assert_eq!(standing.take(&rule, minute(6), None), None);
        assert!(standing.take(&rule, minute(7), Some(11.0)).is_some(), "the run was not broken");
    }

    #[test]
    fn a_run_is_forgotten_after_a_week() {
        let rule = Definition { periods: 2, ..above(10.0) };
        let mut standing = Standing::default();
        standing.take(&rule, minute(0), Some(11.0));
        assert_eq!(standing.take(&rule, minute(7 * 24 * 60 + 1), Some(11.0)), None);
    }

    #[test]
    fn what_nobody_asks_any_more_is_over() {
        let mut standing = Standing::default();
        assert_eq!(standing.end(minute(1)), None);
        standing.take(&above(10.0), minute(1), Some(11.0));
        let turn = standing.end(minute(2)).unwrap();
        assert_eq!((turn.from, turn.to, turn.runs), (C, R, Runs::All));
    }

    #[test]
    fn there_is_no_percentage_of_nothing() {
        assert_eq!(compared(7.0, None), Some(7.0));
        assert_eq!(compared(30.0, Some(20.0)), Some(150.0));
        assert_eq!(compared(30.0, Some(0.0)), None);
        assert_eq!(finite(f64::NAN), 0.0);
        assert_eq!(finite(f64::INFINITY), f64::MAX);
    }
}
