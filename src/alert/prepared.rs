//! The settings of a workspace, ready for use on thousands of alerts.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::alert::filter::{AlertFields, BadFilter, Filter};
use crate::alert::group::{Limits, Matched};
use crate::alert::matcher::{All, BadMatcher, Matcher};
use crate::alert::observation::{LABELS_LIMIT, NAME_LIMIT, VALUE_LIMIT};
use crate::alert::recurrence::{BadRecurrence, Openings};
use crate::alert::rule::counting::Counter;
use crate::alert::settings::{
    Inhibition, Kept, PATTERN_LABELS, Pattern, Route, Setting, Silence, WINDOW_LIMIT,
};
use crate::alert::state::Alert;
use crate::clock::Timestamp;
use crate::ids::{SettingId, SourceId, UserId};
use crate::incident::text::shorten;
use crate::json;

/// What holds where a workspace has laid down no patterns: alerts of one service belong together,
/// those of one host, and those of one name.
const USUAL_PATTERNS: &[(&str, u32)] = &[("service", 120), ("host", 60), ("alertname", 60)];

/// The most conditions in one list.
pub const CONDITIONS_LIMIT: usize = 32;
/// The most sources that a route is about.
const SOURCES_LIMIT: usize = 100;
/// The most escalation paths by which a route pages.
const PAGED_PATHS: usize = 10;
/// The most people whom a route pages by name.
const PAGED_PEOPLE: usize = 50;
/// The most people that a route invites.
pub const PEOPLE_LIMIT: usize = 100;
/// The longest comment, note or expression, in characters.
pub const TEXT_LIMIT: usize = 3_000;
/// The longest expression of a maintenance window, in characters: it may list every host there is.
pub const CONDITION_LIMIT: usize = 25_000;

/// Labels by name.
type Labels = BTreeMap<String, String>;

/// A route, ready for use.
type PreparedRoute = (SettingId, Route, All, Option<Filter>);

/// The settings of a workspace, ready for use.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    patterns: Vec<(Option<SettingId>, Pattern, Option<Filter>)>,
    routes: Vec<PreparedRoute>,
    /// Silences that have not ended when they were prepared.
    pub silences: Vec<(SettingId, Silence, All)>,
    /// Which alerts keep others quiet.
    pub inhibitions: Vec<(SettingId, Inhibition, All, All)>,
    windows: Vec<(SettingId, Openings, All, Option<Filter>)>,
    /// What alert rules count.
    pub counter: Counter,
}

/// Why a setting can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// A condition can't be used.
    #[error("{0}")]
    Matcher(#[from] BadMatcher),
    /// An expression can't be used.
    #[error("{0}")]
    Filter(#[from] BadFilter),
    /// A pattern names too few or too many labels, or one twice.
    #[error("a pattern has from 1 to {PATTERN_LABELS} different labels")]
    Labels,
    /// The window is too short or too long.
    #[error("a window has from 1 to {WINDOW_LIMIT} minutes")]
    Window,
    /// It ends before it begins.
    #[error("it ends before it begins")]
    Backwards,
    /// It has no condition at all, or one that holds for every alert.
    #[error("at least one condition has to be one that an empty label does not fulfil")]
    Everything,
    /// A number is none that makes sense.
    #[error("`{field}` is a number from {least} to {most}")]
    Number {
        /// Which.
        field: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// It has no name.
    #[error("it needs a name of 1 to 100 characters")]
    Name,
    /// There is too much of something.
    #[error("`{field}` has more than {most} {what}")]
    TooMuch {
        /// Where.
        field: &'static str,
        /// What there is too much of.
        what: &'static str,
        /// The most.
        most: usize,
    },
    /// Somebody is named who can't be in Slack.
    #[error("\u{201c}{given}\u{201d} is not the id of somebody in Slack, such as `U012AB3CD`")]
    Person {
        /// Where.
        field: &'static str,
        /// Who.
        given: String,
    },
    /// Nobody knows the time zone.
    #[error("a time zone has an IANA name such as `Europe/Berlin`")]
    TimeZone,
    /// There is a character in it that can't be kept.
    #[error("the character U+0000 can't be kept")]
    Nul,
}

impl From<BadRecurrence> for BadSetting {
    fn from(bad: BadRecurrence) -> BadSetting {
        match bad {
            BadRecurrence::Duration { least, most } => {
                BadSetting::Number { field: "repeats.duration_seconds", least, most }
            }
            BadRecurrence::TimeZone => BadSetting::TimeZone,
        }
    }
}

impl BadSetting {
    /// The field of this setting that has to be corrected, where it is one.
    pub fn field(&self, of: &Setting) -> Option<&'static str> {
        let conditions = match of {
            Setting::Inhibition(rule) if some(&rule.source).is_err() => "source",
            Setting::Inhibition(_) => "target",
            _ => "matchers",
        };
        Some(match self {
            BadSetting::Matcher(_) | BadSetting::Everything => conditions,
            BadSetting::Filter(_) => "filter",
            BadSetting::Labels => "labels",
            BadSetting::Window => "window_minutes",
            BadSetting::Backwards => "ends_at",
            BadSetting::Number { field, .. }
            | BadSetting::TooMuch { field, .. }
            | BadSetting::Person { field, .. } => field,
            BadSetting::Name => "name",
            BadSetting::TimeZone => "repeats.time_zone",
            BadSetting::Nul => return None,
        })
    }
}

impl Prepared {
    /// Makes these ready for use. One that can't be is left out and reported; all of them were
    /// checked when they were kept.
    pub fn new(kept: &[Kept], mut report: impl FnMut(&SettingId, &BadSetting)) -> Prepared {
        let mut prepared = Prepared::default();
        for one in kept {
            if let Err(error) = prepared.add(one) {
                report(&one.id, &error);
            }
        }
        if !kept.iter().any(|one| matches!(one.setting, Setting::Pattern(_))) {
            prepared.patterns = USUAL_PATTERNS
                .iter()
                .map(|(label, minutes)| (None, usual(label, *minutes), None))
                .collect();
        }
        prepared.patterns.sort_by_key(|(id, pattern, _)| {
            pattern.order(id.as_ref().unwrap_or(&SettingId::from("")))
        });
        prepared.routes.sort_by(|a, b| (a.1.position, &a.0).cmp(&(b.1.position, &b.0)));
        prepared
    }

    fn add(&mut self, kept: &Kept) -> Result<(), BadSetting> {
        let id = kept.id.clone();
        check(&kept.setting)?;
        match &kept.setting {
            Setting::Pattern(pattern) => {
                let filter = filter(pattern.filter.as_deref())?;
                self.patterns.push((Some(id), pattern.clone(), filter));
            }
            Setting::Route(route) => {
                let all = All::prepare(&route.matchers)?;
                let filter = filter(route.filter.as_deref())?;
                self.routes.push((id, route.clone(), all, filter));
            }
            Setting::Silence(silence) => {
                let all = All::prepare(&silence.matchers)?;
                self.silences.push((id, silence.clone(), all));
            }
            Setting::Inhibition(rule) => {
                let (source, target) = (All::prepare(&rule.source)?, All::prepare(&rule.target)?);
                self.inhibitions.push((id, rule.clone(), source, target));
            }
            Setting::Maintenance(window) => {
                let all = All::prepare(&window.matchers)?;
                let filter = filter(window.filter.as_deref())?;
                self.windows.push((id, Openings::of(window), all, filter));
            }
        }
        Ok(())
    }

    /// How the patterns match an alert: the longest window first. A route may say it in their place.
    pub fn matched(&self, source: &SourceId, about: &AlertFields) -> Vec<Matched> {
        // Most workspaces have no such route, and need not look for one twice.
        if self.routes.iter().any(|(_, route, ..)| route.grouping.is_some())
            && let Some((id, route, ..)) = self.find_route(source, about)
            && let Some(grouping) = &route.grouping
        {
            return Matched::of_route(id, grouping, about).into_iter().collect();
        }
        let holding = self.patterns.iter().filter(|(_, _, filter)| holds(filter.as_ref(), about));
        holding
            .filter_map(|(id, pattern, _)| Matched::of(id.as_ref(), pattern, source, about.labels))
            .collect()
    }

    /// The route of an alert, and its id; the default one has none.
    pub fn route(&self, source: &SourceId, about: &AlertFields) -> (Option<SettingId>, Route) {
        let found = self.find_route(source, about);
        found.map_or_else(
            || (None, Route::default()),
            |(id, route, ..)| (Some(id.clone()), route.clone()),
        )
    }

    fn find_route(&self, source: &SourceId, about: &AlertFields) -> Option<&PreparedRoute> {
        self.routes.iter().find(|(_, route, all, filter)| {
            route.active
                && route.is_about(source)
                && route.least.is_none_or(|least| about.status >= least)
                && all.hold(about.labels)
                && holds(filter.as_ref(), about)
        })
    }

    /// The route with this id; the default one, if it is gone.
    pub fn route_by_id(&self, id: Option<&SettingId>) -> Route {
        let found = self.routes.iter().find(|(known, ..)| Some(known) == id);
        found.map_or_else(Route::default, |(_, route, ..)| route.clone())
    }

    /// What limits the group of a route.
    pub fn limits(&self, route: Option<&SettingId>) -> Limits {
        let route = self.route_by_id(route);
        Limits { most_alerts: route.most_alerts, reopen_window: route.reopen_window() }
    }

    /// The maintenance window that an alert falls into now.
    pub fn window(&self, about: &AlertFields, now: Timestamp) -> Option<&SettingId> {
        let found = self.windows.iter().find(|(_, openings, all, filter)| {
            // What the calendar says takes longest, so it is asked last.
            openings.goes_on(now)
                && all.hold(about.labels)
                && holds(filter.as_ref(), about)
                && openings.is_open(now)
        });
        found.map(|(id, ..)| id)
    }

    /// Whether a maintenance window is open, whatever it is about.
    pub fn has_window(&self, now: Timestamp) -> bool {
        self.windows.iter().any(|(_, openings, ..)| openings.is_open(now))
    }

    /// The silences that an alert falls under now, and when the last of them ends.
    pub fn silenced(&self, labels: &Labels, now: Timestamp) -> (Vec<SettingId>, Option<Timestamp>) {
        let mut by = Vec::new();
        let mut until = None;
        for (id, silence, all) in &self.silences {
            if silence.starts_at <= now && now < silence.ends_at && all.hold(labels) {
                by.push(id.clone());
                until = until.max(Some(silence.ends_at));
            }
        }
        (by, until)
    }

    /// Whether one of these alerts keeps this one quiet.
    pub fn inhibiting<'a>(
        &self,
        labels: &Labels,
        firing: impl IntoIterator<Item = &'a Alert> + Clone,
    ) -> Option<&'a Alert> {
        self.inhibitions.iter().filter(|(_, _, _, target)| target.hold(labels)).find_map(
            |(_, rule, source, target)| {
                firing.clone().into_iter().find(|other| {
                    let value = |labels: &Labels, name: &String| {
                        labels.get(name).cloned().unwrap_or_default()
                    };
                    // An alert that is both does not keep itself quiet, nor others of its kind.
                    source.hold(&other.labels)
                        && !(target.hold(&other.labels) && source.hold(labels))
                        && rule
                            .equal
                            .iter()
                            .all(|name| value(labels, name) == value(&other.labels, name))
                })
            },
        )
    }
}

/// Makes an expression ready for use.
fn filter(text: Option<&str>) -> Result<Option<Filter>, BadSetting> {
    let parsed = text.filter(|text| !text.trim().is_empty()).map(Filter::parse).transpose();
    parsed.map_err(BadSetting::Filter)
}

/// Without an expression all alerts are meant.
fn holds(filter: Option<&Filter>, about: &AlertFields) -> bool {
    filter.is_none_or(|filter| filter.holds(about))
}

fn usual(label: &str, window_minutes: u32) -> Pattern {
    Pattern {
        labels: vec![label.to_owned()],
        window_minutes,
        source: None,
        filter: None,
        cross_source: true,
        active: true,
        note: String::new(),
        position: None,
    }
}

/// Whether a setting can be used; why not.
pub fn check(setting: &Setting) -> Result<(), BadSetting> {
    within_limits(setting)?;
    match setting {
        Setting::Pattern(pattern) => {
            filter(pattern.filter.as_deref())?;
            let mut names = pattern.labels.clone();
            names.sort();
            names.dedup();
            let is_good =
                (1..=PATTERN_LABELS).contains(&names.len()) && names.len() == pattern.labels.len();
            if !is_good || names.iter().any(String::is_empty) {
                return Err(BadSetting::Labels);
            }
            let is_good = (1..=WINDOW_LIMIT).contains(&pattern.window_minutes);
            if is_good { Ok(()) } else { Err(BadSetting::Window) }
        }
        Setting::Route(route) => {
            if !(1..=100).contains(&route.name.chars().count()) {
                return Err(BadSetting::Name);
            }
            let numbers = [
                ("after_alerts", route.after_alerts, 1, 10_000),
                ("after_minutes", route.after_minutes, 0, WINDOW_LIMIT),
                ("group_wait_seconds", route.group_wait_seconds, 0, 3_600),
                ("most_alerts", route.most_alerts, 1, 10_000),
                ("reopen_window_minutes", route.reopen_window_minutes, 0, 30 * 24 * 60),
            ];
            for (field, value, least, most) in numbers {
                if !(least..=most).contains(&value) {
                    return Err(BadSetting::Number { field, least, most });
                }
            }
            filter(route.filter.as_deref())?;
            All::prepare(&route.matchers)?;
            if let Some(grouping) = &route.grouping
                && grouping.window_minutes > WINDOW_LIMIT
            {
                return Err(BadSetting::Number { field: "grouping", least: 0, most: WINDOW_LIMIT });
            }
            Ok(())
        }
        Setting::Silence(silence) => {
            some(&silence.matchers)?;
            in_order(silence.starts_at, silence.ends_at)
        }
        Setting::Inhibition(rule) => {
            some(&rule.source)?;
            some(&rule.target)
        }
        Setting::Maintenance(window) => {
            if !(1..=100).contains(&window.name.chars().count()) {
                return Err(BadSetting::Name);
            }
            match filter(window.filter.as_deref())? {
                None => some(&window.matchers)?,
                Some(Filter::Everything) if window.matchers.is_empty() => {
                    return Err(BadSetting::Everything);
                }
                Some(_) => {
                    All::prepare(&window.matchers)?;
                }
            }
            if let Some(repeats) = &window.repeats {
                repeats.check()?;
            }
            in_order(window.starts_at, window.ends_at)
        }
    }
}

/// Everybody may write as much as anybody needs, and no more: all of it is looked at with every alert.
fn within_limits(setting: &Setting) -> Result<(), BadSetting> {
    let text = |field, text: &str, most| at_most(field, "characters", text.chars().count(), most);
    let conditions = |field, matchers: &[Matcher]| {
        at_most(field, "conditions", matchers.len(), CONDITIONS_LIMIT)?;
        matchers.iter().try_for_each(|matcher| {
            text(field, &matcher.name, NAME_LIMIT)?;
            text(field, &matcher.value, VALUE_LIMIT)
        })
    };
    match setting {
        Setting::Pattern(pattern) => {
            pattern.labels.iter().try_for_each(|name| text("labels", name, NAME_LIMIT))?;
            text("filter", pattern.filter.as_deref().unwrap_or_default(), TEXT_LIMIT)?;
            filter(pattern.filter.as_deref())?;
            text("note", &pattern.note, TEXT_LIMIT)?;
        }
        Setting::Route(route) => {
            conditions("matchers", &route.matchers)?;
            text("filter", route.filter.as_deref().unwrap_or_default(), TEXT_LIMIT)?;
            filter(route.filter.as_deref())?;
            text("incident_type", route.incident_type.as_deref().unwrap_or_default(), NAME_LIMIT)?;
            route.severity.values().try_for_each(|name| text("severity", name, NAME_LIMIT))?;
            at_most("sources", "sources", route.sources.len(), SOURCES_LIMIT)?;
            route.sources.iter().try_for_each(|id| text("sources", id.as_str(), NAME_LIMIT))?;
            let by = route.grouping.iter().flat_map(|grouping| &grouping.by);
            at_most("grouping", "names", by.clone().count(), PATTERN_LABELS)?;
            by.clone().try_for_each(|name| text("grouping", name, NAME_LIMIT))?;
            at_most("invite", "people", route.invite.len(), PEOPLE_LIMIT)?;
            people("invite", &route.invite)?;
            people("lead", route.lead.as_slice())?;
            at_most("page_paths", "escalation paths", route.page_paths.len(), PAGED_PATHS)?;
            at_most("page_people", "people", route.page_people.len(), PAGED_PEOPLE)?;
            people("page_people", &route.page_people)?;
            let mut ids = route.page_paths.iter();
            ids.try_for_each(|id| text("page_paths", id.as_str(), NAME_LIMIT))?;
        }
        Setting::Silence(silence) => {
            conditions("matchers", &silence.matchers)?;
            text("created_by", &silence.created_by, NAME_LIMIT)?;
            text("comment", &silence.comment, TEXT_LIMIT)?;
            at_most("annotations", "entries", silence.annotations.len(), LABELS_LIMIT)?;
            silence.annotations.iter().try_for_each(|(name, value)| {
                text("annotations", name, NAME_LIMIT)?;
                text("annotations", value, VALUE_LIMIT)
            })?;
        }
        Setting::Inhibition(rule) => {
            conditions("source", &rule.source)?;
            conditions("target", &rule.target)?;
            at_most("equal", "labels", rule.equal.len(), CONDITIONS_LIMIT)?;
            rule.equal.iter().try_for_each(|name| text("equal", name, NAME_LIMIT))?;
        }
        Setting::Maintenance(window) => {
            conditions("matchers", &window.matchers)?;
            text("filter", window.filter.as_deref().unwrap_or_default(), CONDITION_LIMIT)?;
            let zone = window.repeats.as_ref().map_or("", |repeats| &repeats.time_zone);
            text("repeats.time_zone", zone, NAME_LIMIT)?;
        }
    }
    let value = serde_json::to_value(setting).expect("a setting has plain keys");
    if json::has_nul(&value) { Err(BadSetting::Nul) } else { Ok(()) }
}

fn at_most(
    field: &'static str,
    what: &'static str,
    count: usize,
    most: usize,
) -> Result<(), BadSetting> {
    if count <= most { Ok(()) } else { Err(BadSetting::TooMuch { field, what, most }) }
}

fn people(field: &'static str, people: &[UserId]) -> Result<(), BadSetting> {
    match people.iter().find(|person| !person.is_well_formed()) {
        Some(person) => {
            Err(BadSetting::Person { field, given: shorten(person.as_str(), NAME_LIMIT) })
        }
        None => Ok(()),
    }
}

fn in_order(starts_at: Timestamp, ends_at: Timestamp) -> Result<(), BadSetting> {
    if starts_at < ends_at { Ok(()) } else { Err(BadSetting::Backwards) }
}

/// At least one condition that an alert without any label does not fulfil: what holds for
/// everything is a mistake.
fn some(matchers: &[Matcher]) -> Result<(), BadSetting> {
    let nothing = Labels::new();
    let mut is_narrow = false;
    for matcher in matchers {
        is_narrow |= !matcher.prepare()?.matches(&nothing);
    }
    if is_narrow { Ok(()) } else { Err(BadSetting::Everything) }
}

/// How long after its end a setting is kept, so that people see what there was.
pub const KEPT_AFTER_END: Duration = Duration::from_secs(5 * 24 * 60 * 60);
