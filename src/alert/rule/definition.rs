//! What a rule watches, when it fires, and whom it tells.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::matcher::Matcher;
use crate::alert::rule::standing::Runs;
use crate::ids::{ChannelId, SourceId, UserId};

/// How often a rule is evaluated: also the width of what events are counted in.
pub const RESOLUTION: Duration = Duration::from_secs(60);

/// What a rule watches, when it fires, and whom it tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertRuleDefinition)]
pub struct Definition {
    /// What people call it, and the title of its alerts: from 1 to 64 characters.
    #[schema(example = "Too many errors")]
    pub name: String,
    /// What whoever is told should know, such as where the runbook is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whose rule it is; they are mentioned where it is told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// The team whose rule it is, by whatever word people know it: at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_team: Option<String>,
    /// What is measured.
    pub measure: Measure,
    /// Of how many minutes, from 1 to 1440.
    pub window_minutes: u32,
    /// With it, the number is the percentage of what it was so many minutes before: 150 is half as
    /// much again. At most 89 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_minutes_ago: Option<u32>,
    /// On which side of a threshold it is bad.
    pub fires: Side,
    /// When it is critical.
    pub critical: Trigger,
    /// When it is worth a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Trigger>,
    /// On which number it is over. Without one, it is over when a threshold is not crossed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_threshold: Option<f64>,
    /// For how many minutes in a row a threshold has to be crossed before anything happens, from 1 to
    /// 20.
    #[serde(default = "one")]
    pub periods: u32,
    /// Only what has this value of the label `environment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Only these values of the label `project`; without any, all. Each project is measured by
    /// itself, and has an alert of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<String>,
    /// Never these, where it is for all projects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_projects: Vec<String>,
    /// Whether it is evaluated.
    #[serde(default = "yes")]
    pub active: bool,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "dataset", rename_all = "snake_case", deny_unknown_fields)]
pub enum Measure {
    /// How many alert events come in. Whatever a sender says again counts again; that something is
    /// over does not count.
    Events {
        /// Not how many there are, but how many different values of this label they have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unique: Option<String>,
        /// Only events of this source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<SourceId>,
        /// Only events for which all of these hold.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        matchers: Vec<Matcher>,
        /// Only events for which this expression holds, such as `level = error AND host = web*`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<String>,
    },
    /// What the configured Prometheus answers.
    Prometheus {
        /// An instant query in PromQL. If it gives several series, the worst counts; if it gives
        /// none, that is a 0.
        query: String,
    },
}

/// On which side of a threshold it is bad. On the threshold it never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// More than the threshold is bad.
    Above,
    /// Less than the threshold is bad.
    Below,
}

impl Side {
    /// Whether a number lies beyond a threshold, on the bad side.
    pub fn is_beyond(self, value: f64, threshold: f64) -> bool {
        match self {
            Side::Above => value > threshold,
            Side::Below => value < threshold,
        }
    }

    /// The worse one of two numbers.
    pub fn worse(self, one: f64, other: f64) -> f64 {
        match self {
            Side::Above => one.max(other),
            Side::Below => one.min(other),
        }
    }
}

/// A threshold, and who is told when it is crossed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertRuleTrigger)]
pub struct Trigger {
    /// The number.
    pub threshold: f64,
    /// Who is told, and how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
}

/// Somebody or something that is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = AlertRuleAction)]
pub enum Action {
    /// A message in a channel of Slack.
    SlackChannel {
        /// Its id.
        channel: ChannelId,
    },
    /// A direct message to somebody in Slack.
    SlackPerson {
        /// Their id.
        user: UserId,
    },
    /// A POST of JSON.
    Webhook {
        /// Where to: `http` or `https`, in no inner network unless that was allowed.
        url: String,
    },
}

impl Definition {
    /// How long the window is.
    pub fn window(&self) -> Duration {
        minutes(self.window_minutes)
    }

    /// How far back the number is compared with, if it is.
    pub fn compares_with(&self) -> Option<Duration> {
        self.compare_minutes_ago.map(minutes)
    }

    /// Who is told, each once.
    pub fn actions(&self, runs: Runs) -> Vec<&Action> {
        let warning = self.warning.iter().flat_map(|trigger| &trigger.actions);
        let critical = self.critical.actions.iter().filter(|_| runs == Runs::All);
        let mut told = BTreeSet::new();
        warning.chain(critical).filter(|action| told.insert(*action)).collect()
    }

    /// Whether it asks the same question as another: what is known of the one then holds for the
    /// other, whatever they are called and whoever is told.
    pub fn asks_the_same(&self, other: &Definition) -> bool {
        let thresholds = |one: &Definition| {
            (
                one.critical.threshold,
                one.warning.as_ref().map(|t| t.threshold),
                one.resolve_threshold,
            )
        };
        self.counts_the_same(other)
            && self.window_minutes == other.window_minutes
            && self.compare_minutes_ago == other.compare_minutes_ago
            && self.fires == other.fires
            && self.periods == other.periods
            && self.active == other.active
            && thresholds(self) == thresholds(other)
    }

    /// Whether what was counted for the one was counted for the other, too.
    pub fn counts_the_same(&self, other: &Definition) -> bool {
        self.measure == other.measure
            && self.environment == other.environment
            && self.projects == other.projects
            && self.excluded_projects == other.excluded_projects
    }

    /// Whether it is about what belongs to this project.
    pub fn is_about(&self, project: &str) -> bool {
        let is_named = self.projects.is_empty() || self.projects.iter().any(|it| it == project);
        is_named && !self.excluded_projects.iter().any(|it| it == project)
    }

    /// For how long counted events are needed.
    pub fn remembers(&self) -> Duration {
        self.window() + self.compares_with().unwrap_or_default()
    }
}

fn minutes(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}
