//! What a workspace has laid down about its alerts: patterns, routes, silences, inhibitions and
//! maintenance windows.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::matcher::Matcher;
use crate::alert::observation::Status;
use crate::alert::recurrence::Recurrence;
use crate::clock::Timestamp;
use crate::ids::{PathId, SettingId, SourceId, UserId};

/// The most labels of a pattern.
pub const PATTERN_LABELS: usize = 5;
/// The longest time window, in minutes: a week.
pub const WINDOW_LIMIT: u32 = 7 * 24 * 60;
/// The most alerts of a group, if a route does not say otherwise.
pub const GROUP_LIMIT: u32 = 300;

/// Which alerts belong together: those with equal values of all these labels that begin within the
/// time window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// From 1 to 5 names of labels.
    pub labels: Vec<String>,
    /// Minutes between the beginnings of the group's latest alert and a new one.
    pub window_minutes: u32,
    /// Only alerts of this source.
    #[serde(default)]
    pub source: Option<SourceId>,
    /// Only alerts for which this expression holds.
    #[serde(default)]
    pub filter: Option<String>,
    /// Alerts of different sources belong together too.
    #[serde(default = "yes")]
    pub cross_source: bool,
    /// Whether it is used.
    #[serde(default = "yes")]
    pub active: bool,
    /// What people want to remember about it.
    #[serde(default)]
    pub note: String,
    /// Its place among the others: the lowest first. Those without one come last, the longest window
    /// of them first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}

impl Pattern {
    /// Its place among the others: those that were given one first; then the longest window, and of
    /// equal ones the oldest.
    pub fn order(&self, id: &SettingId) -> (i64, Reverse<u32>, SettingId) {
        (self.position.unwrap_or(i64::MAX), Reverse(self.window_minutes), id.clone())
    }
}

fn yes() -> bool {
    true
}

fn is_yes(is_so: &bool) -> bool {
    *is_so
}

/// Which alerts of a route belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertRouteGrouping)]
pub struct Grouping {
    /// Those with equal values of all of these: at most 5 names of labels, `title` or `source_system`. An
    /// alert that lacks one stands for itself. With no name at all, all of them belong together.
    #[serde(default)]
    pub by: Vec<String>,
    /// Minutes between the beginnings of the group's latest alert and a new one; 0 lets each alert stand
    /// for itself.
    pub window_minutes: u32,
}

/// How a route opens an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// At once.
    #[default]
    AtOnce,
    /// In triage: somebody accepts or declines it.
    Triage,
    /// Not at all: the alerts are only kept.
    Never,
}

/// What follows when all alerts of an incident are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnResolve {
    /// People are asked, with a button.
    #[default]
    Propose,
    /// The incident is closed.
    Close,
    /// The incident moves to monitoring.
    Monitor,
    /// Nothing.
    Nothing,
}

/// What becomes of alerts: the first route whose conditions hold says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// What people call it.
    pub name: String,
    /// Its place: the lowest that holds counts.
    #[serde(default)]
    pub position: i64,
    /// Only alerts for which these conditions hold.
    #[serde(default)]
    pub matchers: Vec<Matcher>,
    /// Only alerts of this source.
    #[serde(default)]
    pub source: Option<SourceId>,
    /// Only alerts of one of these sources: at most 100. Without any, the source says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceId>,
    /// Whether it is used for alerts that begin.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub active: bool,
    /// Which of its alerts belong together, in place of what the patterns say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Box<Grouping>>,
    /// Only alerts for which this expression holds.
    #[serde(default)]
    pub filter: Option<String>,
    /// Only alerts at least this bad.
    #[serde(default)]
    pub least: Option<Status>,
    /// How it opens an incident.
    #[serde(default)]
    pub opens: Opens,
    /// Only once so many alerts of a group fire…
    #[serde(default = "one")]
    pub after_alerts: u32,
    /// …or one has fired for so many minutes; 0 means that only the number counts.
    #[serde(default)]
    pub after_minutes: u32,
    /// How many seconds to wait for more alerts before an incident opens.
    #[serde(default = "group_wait")]
    pub group_wait_seconds: u32,
    /// The severity of the incident, by how bad the alerts are: names or ids of the catalogue.
    #[serde(default)]
    pub severity: BTreeMap<Status, String>,
    /// The type of the incident: a name or id of the catalogue.
    #[serde(default)]
    pub incident_type: Option<String>,
    /// Only those invited may know of the incident.
    #[serde(default)]
    pub private: bool,
    /// Who is invited into its channel.
    #[serde(default)]
    pub invite: Vec<UserId>,
    /// Who leads it, and is told so.
    #[serde(default)]
    pub lead: Option<UserId>,
    /// What follows when all alerts are over.
    #[serde(default)]
    pub on_resolve: OnResolve,
    /// The most alerts of one group; what is beyond goes into another one.
    #[serde(default = "group_limit")]
    pub most_alerts: u32,
    /// For how many minutes after its end an incident is opened again by new alerts.
    #[serde(default = "reopen_window")]
    pub reopen_window_minutes: u32,
    /// The escalation paths by which people are paged when an incident opens, and when its alerts fire
    /// again after all were over: at most 10. It is over when the alerts are.
    #[serde(default)]
    pub page_paths: Vec<PathId>,
    /// Who is paged then, besides: at most 50.
    #[serde(default)]
    pub page_people: Vec<UserId>,
}

fn one() -> u32 {
    1
}

fn group_wait() -> u32 {
    30
}

fn group_limit() -> u32 {
    GROUP_LIMIT
}

fn reopen_window() -> u32 {
    60
}

impl Default for Route {
    /// What becomes of alerts for which no route holds.
    fn default() -> Self {
        Route {
            name: "Default".to_owned(),
            position: i64::MAX,
            matchers: Vec::new(),
            source: None,
            sources: Vec::new(),
            active: true,
            grouping: None,
            filter: None,
            least: None,
            opens: Opens::AtOnce,
            after_alerts: one(),
            after_minutes: 0,
            group_wait_seconds: group_wait(),
            severity: BTreeMap::new(),
            incident_type: None,
            private: false,
            invite: Vec::new(),
            lead: None,
            on_resolve: OnResolve::Propose,
            most_alerts: group_limit(),
            reopen_window_minutes: reopen_window(),
            page_paths: Vec::new(),
            page_people: Vec::new(),
        }
    }
}

impl Route {
    /// Whether alerts of this source are meant.
    pub fn is_about(&self, source: &SourceId) -> bool {
        self.source.as_ref().is_none_or(|wanted| wanted == source)
            && (self.sources.is_empty() || self.sources.contains(source))
    }

    /// How long to wait for more alerts.
    pub fn group_wait(&self) -> Duration {
        Duration::from_secs(u64::from(self.group_wait_seconds))
    }

    /// For how long after its end an incident is opened again.
    pub fn reopen_window(&self) -> Duration {
        Duration::from_secs(u64::from(self.reopen_window_minutes) * 60)
    }
}

/// Alerts that nobody wants to hear of for a while. They are kept, and end as any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Which: all of these have to hold.
    pub matchers: Vec<Matcher>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who wants it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// What else its maker noted.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// Alerts that say nothing new while others fire: the host is down, so its services are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inhibition {
    /// The alerts that keep others quiet.
    pub source: Vec<Matcher>,
    /// The alerts that are kept quiet.
    pub target: Vec<Matcher>,
    /// The labels that have to be equal in both; one that is missing is like an empty one.
    #[serde(default)]
    pub equal: Vec<String>,
}

/// Work that was announced: alerts are expected meanwhile, and trouble nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceWindow {
    /// What is done.
    pub name: String,
    /// Which alerts are expected: all of these have to hold.
    #[serde(default)]
    pub matchers: Vec<Matcher>,
    /// From when. Of one that repeats, when it opens first.
    pub starts_at: Timestamp,
    /// Until when. One that repeats opens no more after that.
    pub ends_at: Timestamp,
    /// Only alerts for which this expression holds. There are conditions or an expression, or both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How often it opens again, and for how long each time. Without this it is open all the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Recurrence>,
}

/// One of them, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Setting {
    /// Which alerts belong together.
    Pattern(Pattern),
    /// What becomes of alerts.
    Route(Route),
    /// Alerts that nobody wants to hear of.
    Silence(Silence),
    /// Alerts that say nothing new while others fire.
    Inhibition(Inhibition),
    /// Alerts that are expected.
    Maintenance(MaintenanceWindow),
}

impl Setting {
    /// The word for its kind in the database.
    pub fn kind(&self) -> &'static str {
        match self {
            Setting::Pattern(_) => "pattern",
            Setting::Route(_) => "route",
            Setting::Silence(_) => "silence",
            Setting::Inhibition(_) => "inhibition",
            Setting::Maintenance(_) => "maintenance",
        }
    }

    /// When it means nothing any more.
    pub fn ends_at(&self) -> Option<Timestamp> {
        match self {
            Setting::Silence(silence) => Some(silence.ends_at),
            Setting::Maintenance(window) => Some(window.ends_at),
            Setting::Pattern(_) | Setting::Route(_) | Setting::Inhibition(_) => None,
        }
    }
}

/// A setting with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: SettingId,
    /// What it says.
    pub setting: Setting,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it was laid down.
    pub version: i64,
}
