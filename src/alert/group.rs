//! Alerts that belong together.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::filter::{AlertFields, Fields as _};
use crate::alert::fingerprint::{self, Key};
use crate::alert::settings::{Grouping, Pattern};
use crate::alert::state::Alert;
use crate::clock::Timestamp;
use crate::ids::{GroupId, IncidentId, SettingId, SourceId, UserId};
use crate::incident::event::Actor;

/// The most sets of matched patterns that a group remembers.
const LOG_LIMIT: usize = 50;

/// Alerts that belong together: they open one incident, or feed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// How often it has changed.
    pub version: i64,
    /// The incident it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The route that says what becomes of it; the default one, if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<SettingId>,
    /// What its first alert is about.
    pub title: String,
    /// When its first alert was received.
    pub opened_at: Timestamp,
    /// When the latest of its alerts began.
    pub last_start: Timestamp,
    /// When there was last something new: an alert that began or came back.
    pub news_at: Timestamp,
    /// Since when none of its alerts fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_since: Option<Timestamp>,
    /// How many alerts it has.
    pub size: u32,
    /// How many of them fire.
    pub firing: u32,
    /// Which patterns all of its alerts have matched: another set whenever that changed, the last
    /// one is the present one.
    #[serde(default)]
    pub matched: Vec<Vec<Matched>>,
    /// The group that was full when this one began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<GroupId>,
    /// The group that takes what does not fit into this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued_in: Option<GroupId>,
    /// Somebody has said that it is no part of an incident.
    #[serde(default)]
    pub unrelated: bool,
    /// Somebody wants an incident for it at once.
    #[serde(default)]
    pub at_once: bool,
    /// Who has put its alerts where they are, if it is no incident where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Actor>,
    /// Who had a part in the private incident that its alerts come from: nobody else sees them before they
    /// are part of another one, and the one that they open is private too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insiders: Option<Vec<UserId>>,
}

/// A pattern with the values that it was matched with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Matched {
    /// The pattern, or the route that says which of its alerts belong together; one of the built-in
    /// patterns, if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<SettingId>,
    /// Minutes between the beginnings of alerts that belong together.
    pub window_minutes: u32,
    /// Labels and values.
    pub labels: Vec<(String, String)>,
    /// The source that all alerts are of, where the pattern wants that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
}

impl Matched {
    /// How a pattern matches an alert of this source with these labels; nothing if it does not.
    pub fn of(
        id: Option<&SettingId>,
        pattern: &Pattern,
        source: &SourceId,
        labels: &std::collections::BTreeMap<String, String>,
    ) -> Option<Matched> {
        if !pattern.active || pattern.source.as_ref().is_some_and(|wanted| wanted != source) {
            return None;
        }
        let values = pattern.labels.iter().map(|name| {
            let value = labels.get(name).filter(|value| !value.is_empty())?;
            Some((name.clone(), value.clone()))
        });
        Some(Matched {
            pattern: id.cloned(),
            window_minutes: pattern.window_minutes,
            labels: values.collect::<Option<_>>()?,
            source: (!pattern.cross_source).then(|| source.clone()),
        })
    }

    /// How a route puts an alert together with others of its; nothing, if the alert stands for itself.
    pub fn of_route(
        route: &SettingId,
        grouping: &Grouping,
        about: &AlertFields,
    ) -> Option<Matched> {
        if grouping.window_minutes == 0 {
            return None;
        }
        let values = grouping.by.iter().map(|name| {
            let value = about.values(name).into_iter().find(|value| !value.is_empty())?;
            Some((name.clone(), value.to_owned()))
        });
        Some(Matched {
            pattern: Some(route.clone()),
            window_minutes: grouping.window_minutes,
            labels: values.collect::<Option<_>>()?,
            source: None,
        })
    }

    /// By what the group of these values is found.
    pub fn key(&self) -> Key {
        let pattern = self.pattern.as_ref().map_or("", SettingId::as_str);
        let source = self.source.as_ref().map_or("", SourceId::as_str);
        let mut parts = vec![pattern, source];
        for (name, value) in &self.labels {
            parts.extend([name.as_str(), value.as_str()]);
        }
        fingerprint::of_parts(&parts)
    }

    fn window(&self) -> Duration {
        Duration::from_secs(u64::from(self.window_minutes) * 60)
    }

    /// Whether two are about the same: a pattern's window may have been changed since.
    fn is_same(&self, other: &Matched) -> bool {
        self.pattern == other.pattern && self.labels == other.labels && self.source == other.source
    }
}

/// Whether a group can take one more alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// It can.
    Here,
    /// It is full: what belongs to it goes into the group that continues it.
    Full,
    /// The alert does not belong to it, or began too far from its others.
    No,
    /// It is over: nothing will belong to it any more.
    Over,
}

/// What is known of the incident of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Since when it has ended, if it has.
    pub ended_at: Option<Timestamp>,
}

impl Group {
    /// The group that a first alert makes.
    pub fn first(
        id: GroupId,
        title: &str,
        route: Option<SettingId>,
        matched: Vec<Matched>,
        started: Timestamp,
        now: Timestamp,
    ) -> Group {
        Group {
            id,
            version: 1,
            incident: None,
            route,
            title: title.to_owned(),
            opened_at: now,
            last_start: started,
            news_at: now,
            quiet_since: None,
            size: 0,
            firing: 0,
            matched: vec![matched],
            continues: None,
            continued_in: None,
            unrelated: false,
            at_once: false,
            asked_by: None,
            insiders: None,
        }
    }

    /// The patterns that all of its alerts match.
    pub fn present(&self) -> &[Matched] {
        self.matched.last().map_or(&[], Vec::as_slice)
    }

    /// Whether its alerts exist as far as they are concerned, while these are part of no incident.
    pub fn may_be_seen_by(&self, actor: &Actor) -> bool {
        let Some(insiders) = &self.insiders else { return true };
        *actor == Actor::Stentor
            || self.asked_by.as_ref() == Some(actor)
            || actor.person().is_some_and(|person| insiders.contains(person))
    }

    /// Whether it may yet open an incident.
    pub fn waits(&self) -> bool {
        self.incident.is_none() && !self.unrelated && (self.firing > 0 || self.at_once)
    }

    /// Whether an alert that matched like this, and began then, belongs to this group.
    pub fn room(
        &self,
        matched: &Matched,
        started: Timestamp,
        now: Timestamp,
        limits: Limits,
        incident: Option<Standing>,
    ) -> Room {
        let window = matched.window();
        let is_near =
            started.since(self.last_start) <= window && self.last_start.since(started) <= window;
        let is_one = self.present().iter().any(|present| present.is_same(matched));
        let rests = self.quiet_since.is_some_and(|since| now.since(since) > limits.reopen_window);
        let ended = incident.and_then(|incident| incident.ended_at);
        let is_over = ended.is_some_and(|at| now.since(at) > limits.reopen_window);
        if self.firing == 0 && (rests || is_over) {
            Room::Over
        } else if self.unrelated || !is_one || !is_near || rests || is_over {
            Room::No
        } else if self.size >= limits.most_alerts {
            Room::Full
        } else {
            Room::Here
        }
    }

    /// Takes an alert in that matched like this.
    pub fn admit(&mut self, matched: &[Matched], started: Timestamp, now: Timestamp) {
        self.size += 1;
        self.last_start = self.last_start.max(started);
        let common: Vec<Matched> = self
            .present()
            .iter()
            .filter(|present| matched.iter().any(|one| one.is_same(present)))
            .cloned()
            .collect();
        if common != self.present() && self.matched.len() < LOG_LIMIT {
            self.matched.push(common);
        }
        self.begin(now);
    }

    /// One of its alerts fires now that did not.
    pub fn begin(&mut self, now: Timestamp) {
        self.firing += 1;
        self.quiet_since = None;
        self.news_at = now;
        if self.incident.is_none() && self.firing == 1 {
            // Nothing came of what fired before: the waiting begins anew.
            self.opened_at = now;
        }
    }

    /// One of its alerts fires no longer.
    pub fn end(&mut self, now: Timestamp) {
        self.firing = self.firing.saturating_sub(1);
        if self.firing == 0 {
            self.quiet_since = Some(now);
        }
    }

    /// One of its alerts is taken out.
    pub fn release(&mut self, alert: &Alert, now: Timestamp) {
        self.size = self.size.saturating_sub(1);
        if alert.phase.is_firing() {
            self.end(now);
        }
    }
}

/// What limits a group.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most alerts.
    pub most_alerts: u32,
    /// For how long after the end of its incident it takes new ones.
    pub reopen_window: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::observation::Observation;

    fn minute(minutes: u64) -> Timestamp {
        Timestamp::from_micros(1_000_000_000_000).plus(Duration::from_secs(minutes * 60))
    }

    fn pattern(labels: &[&str], window_minutes: u32) -> Pattern {
        Pattern {
            labels: labels.iter().map(|&name| name.to_owned()).collect(),
            window_minutes,
            source: None,
            filter: None,
            cross_source: true,
            active: true,
            note: String::new(),
            position: None,
        }
    }

    fn matched(pattern_id: &str, labels: &[(&str, &str)]) -> Matched {
        let names: Vec<&str> = labels.iter().map(|(name, _)| *name).collect();
        let labels = labels.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
        let id = SettingId::from(pattern_id);
        Matched::of(Some(&id), &pattern(&names, 60), &"S".into(), &labels).unwrap()
    }

    const LIMITS: Limits = Limits { most_alerts: 3, reopen_window: Duration::from_secs(3_600) };

    #[test]
    fn a_pattern_wants_all_of_its_labels() {
        let labels = [("host".to_owned(), "web-1".to_owned()), ("empty".to_owned(), String::new())];
        let labels = labels.into();
        let of = |names: &[&str]| Matched::of(None, &pattern(names, 60), &"S".into(), &labels);
        assert!(of(&["host"]).is_some());
        assert!(of(&["host", "service"]).is_none());
        assert!(of(&["empty"]).is_none());
        let other = Pattern { source: Some("T".into()), ..pattern(&["host"], 60) };
        assert!(Matched::of(None, &other, &"S".into(), &labels).is_none());
    }

    #[test]
    fn a_route_says_which_of_its_alerts_belong_together() {
        let labels = [("team".to_owned(), "db".to_owned())].into();
        let said = Observation { labels, ..Observation::firing("k", "Disk full") };
        let about = AlertFields::of_observation(&said, "grafana.prod");
        let route = SettingId::from("R");
        let of = |by: &[&str], window_minutes| {
            let by = by.iter().map(|&name| name.to_owned()).collect();
            Matched::of_route(&route, &Grouping { by, window_minutes }, &about)
        };
        let both = of(&["team", "title"], 10).unwrap();
        assert_eq!(both.labels[1], ("title".to_owned(), "Disk full".to_owned()));
        assert_eq!(of(&[], 10).unwrap().labels, []);
        assert_ne!(of(&[], 10).unwrap().key(), both.key());
        assert!(of(&["service"], 10).is_none());
        assert!(of(&["team"], 0).is_none());
    }

    #[test]
    fn a_group_takes_what_matches_in_time_until_it_is_full() {
        let host = matched("P1", &[("host", "web-1")]);
        let env = matched("P2", &[("env", "prod")]);
        let mut group = Group::first(
            "G".into(),
            "t",
            None,
            vec![host.clone(), env.clone()],
            minute(0),
            minute(0),
        );
        group.admit(&[host.clone(), env.clone()], minute(0), minute(0));
        assert_eq!(group.room(&host, minute(59), minute(59), LIMITS, None), Room::Here);
        assert_eq!(group.room(&host, minute(61), minute(61), LIMITS, None), Room::No);
        let elsewhere = matched("P1", &[("host", "web-2")]);
        assert_eq!(group.room(&elsewhere, minute(1), minute(1), LIMITS, None), Room::No);
        // One that has only the environment in common: from then on only that counts.
        group.admit(&[env.clone(), elsewhere], minute(5), minute(5));
        assert_eq!(group.room(&host, minute(6), minute(6), LIMITS, None), Room::No);
        assert_eq!(group.matched.len(), 2);
        group.admit(std::slice::from_ref(&env), minute(6), minute(6));
        assert_eq!(group.matched.len(), 2);
        assert_eq!(group.room(&env, minute(7), minute(7), LIMITS, None), Room::Full);
    }

    #[test]
    fn a_group_whose_incident_ended_long_ago_is_over() {
        let host = matched("P1", &[("host", "web-1")]);
        let mut group =
            Group::first("G".into(), "t", None, vec![host.clone()], minute(0), minute(0));
        group.admit(std::slice::from_ref(&host), minute(0), minute(0));
        let ended = |minutes| Some(Standing { ended_at: Some(minute(minutes)) });
        assert_eq!(group.room(&host, minute(50), minute(50), LIMITS, ended(10)), Room::Here);
        assert_eq!(group.room(&host, minute(58), minute(90), LIMITS, ended(10)), Room::No);
        group.end(minute(20));
        assert_eq!(group.quiet_since, Some(minute(20)));
        assert_eq!(group.room(&host, minute(50), minute(50), LIMITS, None), Room::Here);
        // Too far from the others is not over: what is nearer still belongs to it.
        assert_eq!(group.room(&host, minute(61), minute(61), LIMITS, None), Room::No);
        assert_eq!(group.room(&host, minute(50), minute(62), LIMITS, None), Room::Here);
        assert_eq!(group.room(&host, minute(55), minute(81), LIMITS, None), Room::Over);
    }
}
