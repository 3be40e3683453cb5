//! Incidents and alerts as BigPanda shows them. Plain functions: webhooks send the same objects.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::alert::filter::Filter;
use crate::alert::group::Matched;
use crate::alert::signal::Maintenance;
use crate::alert::state::Alert;
use crate::api::bigpanda::times::maybe;
use crate::clock::Timestamp;
use crate::ids::{SourceId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::environment::every;
use crate::incident::event::Actor;
use crate::incident::picture::{
    Folder, Picture, PictureFields, assignee, folders, is_active, severity, status,
};
use crate::incident::state::Incident;
use crate::incident::tags::definition::{TagDefinition, TagKind};
use crate::incident::tags::tagged;
use crate::oncall::person::Person;

/// What an alert may be about; the first label that is there.
const PRIMARY: [&str; 4] = ["host", "service", "application", "device"];
/// What else it may be about.
const SECONDARY: &str = "check";

/// What it takes to show incidents.
pub struct Glass<'a> {
    /// What things are called.
    pub catalogue: &'a Catalogue,
    /// What sources are called.
    pub systems: &'a BTreeMap<SourceId, String>,
    /// What is known of people.
    pub people: &'a BTreeMap<UserId, Person>,
    environments: Vec<(String, Filter)>,
}

/// How alerts of an incident are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alerts {
    /// By their ids alone.
    Ids,
    /// Whole.
    Expanded,
}

impl<'a> Glass<'a> {
    /// What it takes to show incidents of a workspace.
    pub fn new(
        catalogue: &'a Catalogue,
        systems: &'a BTreeMap<SourceId, String>,
        people: &'a BTreeMap<UserId, Person>,
    ) -> Glass<'a> {
        let environments = every(catalogue).into_iter();
        // Each was checked before it was kept.
        let environments = environments.filter_map(|environment| {
            Some((environment.id.to_string(), environment.filter().ok()?))
        });
        Glass { catalogue, systems, people, environments: environments.collect() }
    }

    /// The environments that an incident is in.
    pub fn environments(&self, picture: &Picture) -> Vec<&str> {
        let fields = PictureFields { picture, catalogue: self.catalogue, systems: self.systems };
        let holding = self.environments.iter().filter(|(_, filter)| filter.holds(&fields));
        holding.map(|(id, _)| id.as_str()).collect()
    }

    /// An incident.
    pub fn incident(&self, picture: &Picture, alerts: Alerts) -> Value {
        let mut shown = self.common(picture, alerts);
        let incident = &picture.incident;
        let snooze = incident.snooze.as_ref();
        shown.insert(
            "snooze".to_owned(),
            json!({
                "snoozed": snooze.is_some(),
                "end_time": maybe(snooze.map(|snooze| snooze.until)),
                "cancel_on_incident_updates": snooze.is_some_and(|snooze| snooze.cancel_on_news),
            }),
        );
        self.add_times(&mut shown, picture);
        Value::Object(shown)
    }

    /// An incident as a webhook sends it.
    pub fn webhook(&self, picture: &Picture) -> Value {
        let mut shown = self.common(picture, Alerts::Expanded);
        let snooze = picture.incident.snooze.as_ref();
        shown.insert(
            "snooze".to_owned(),
            json!({
                "snoozed": snooze.is_some(),
                "end_time": maybe(snooze.map(|snooze| snooze.until)),
                "autoCancel": snooze.is_some_and(|snooze| snooze.cancel_on_news),
            }),
        );
        self.add_times(&mut shown, picture);
        Value::Object(shown)
    }

    /// An incident as the first version of the API shows it.
    pub fn first(&self, picture: &Picture) -> Value {
        let mut shown = self.common(picture, Alerts::Expanded);
        let incident = &picture.incident;
        let snooze = incident.snooze.as_ref();
        shown.insert("resolved".to_owned(), (!is_active(incident)).into());
        shown.insert(
            "snooze".to_owned(),
            json!({
                "snoozed": snooze.is_some(),
                "wake": maybe(snooze.map(|snooze| snooze.until)),
                "autoCancel": snooze.is_some_and(|snooze| snooze.cancel_on_news),
            }),
        );
        let times = [
            ("startedOn", Some(picture.started_at())),
            ("changedOn", Some(changed_at(incident))),
            ("updatedOn", Some(incident.updated_at)),
            ("endedOn", picture.ended_at()),
        ];
        shown.extend(times.map(|(name, at)| (name.to_owned(), maybe(at))));
        Value::Object(shown)
    }

    fn add_times(&self, shown: &mut Map<String, Value>, picture: &Picture) {
        let incident = &picture.incident;
        let times = [
            ("start", Some(picture.started_at())),
            ("changed_at", Some(changed_at(incident))),
            ("updated_at", Some(incident.updated_at)),
            ("end", picture.ended_at()),
        ];
        shown.extend(times.map(|(name, at)| (name.to_owned(), maybe(at))));
    }

    fn common(&self, picture: &Picture, alerts: Alerts) -> Map<String, Value> {
        let incident = &picture.incident;
        let signal = incident.signal.unwrap_or_default();
        let folders = folders(incident, self.catalogue);
        let maintenance = match signal.maintenance {
            Maintenance::None => None,
            Maintenance::Partial => Some("partial"),
            Maintenance::Active => Some("active"),
        };
        let shown_alerts: Vec<Value> = match alerts {
            Alerts::Ids => {
                picture.alerts.iter().map(|alert| json!({"alert_id": alert.id})).collect()
            }
            Alerts::Expanded => picture.alerts.iter().map(|alert| self.alert(alert)).collect(),
        };
        let tags = tagged(incident, self.catalogue).map(|(tag, tagged)| {
            json!({
                "id": tag.id, "name": tag.name, "type": tag_type(tag.kind),
                "value": tag_value(tag, &tagged.values),
            })
        });
        let matched = picture.matched();
        let log: Vec<Value> = matched
            .iter()
            .map(|set| set.iter().map(|matched| self.matched(matched)).collect())
            .collect();
        let mut shown = json!({
            "id": incident.id,
            "status": status(incident).as_str(),
            "active": is_active(incident),
            "severity": severity(incident).as_str(),
            "flapping": signal.flapping,
            "shared": folders.contains(&Folder::Shared),
            "maintenance": maintenance,
            "alerts": shown_alerts,
            "environments": self.environments(picture),
            "folders": folders,
            "incident_tags": tags.collect::<Vec<_>>(),
            "correlation_matchers_log": log,
        });
        if let Some(assignee) = assignee(incident, self.catalogue) {
            shown["assignee"] = self.person(assignee);
            let assigner = incident.assigned_by.get(&self.catalogue.lead().id);
            if let Some(assigner) = assigner {
                shown["assigner"] = self.actor(assigner);
            }
        }
        match shown {
            Value::Object(shown) => shown,
            _ => Map::new(),
        }
    }

    /// Somebody. Of whom nothing is known, Slack's id is the name.
    pub fn person(&self, user: &UserId) -> Value {
        let known = self.people.get(user);
        let name = known.map_or(user.as_str(), |person| person.name.as_str());
        let mut shown = json!({"name": name, "user_id": user});
        if let Some(email) = known.and_then(|person| person.email.as_ref()) {
            shown["email"] = email.as_str().into();
        }
        shown
    }

    /// Whoever did something.
    pub fn actor(&self, actor: &Actor) -> Value {
        match actor {
            Actor::Person { user } => self.person(user),
            Actor::ApiToken { .. } | Actor::Stentor => json!({"name": actor_name(actor)}),
        }
    }

    fn matched(&self, matched: &Matched) -> Value {
        let tags = matched.labels.iter().map(|(name, value)| json!({"name": name, "value": value}));
        let usual = || {
            let names: Vec<&str> = matched.labels.iter().map(|(name, _)| name.as_str()).collect();
            format!("usual-{}", names.join("-"))
        };
        let mut shown = json!({
            "correlation_id": matched.pattern.as_ref().map_or_else(usual, ToString::to_string),
            // Minutes where patterns are made, seconds here.
            "time_window": u64::from(matched.window_minutes) * 60,
            "tags": tags.collect::<Vec<_>>(),
        });
        let system = matched.source.as_ref().and_then(|source| self.systems.get(source));
        if let Some(system) = system {
            shown["source_system"] = system.as_str().into();
        }
        shown
    }

    /// An alert.
    pub fn alert(&self, alert: &Alert) -> Value {
        let primary = PRIMARY.into_iter().find(|name| alert.labels.contains_key(*name));
        let secondary = Some(SECONDARY).filter(|name| alert.labels.contains_key(*name));
        let tags = alert.labels.iter().map(|(name, value)| json!({"name": name, "value": value}));
        json!({
            "id": alert.id,
            "status": alert.status.as_str(),
            "active": alert.phase.is_firing(),
            "startedOn": alert.starts_at.as_seconds(),
            "changedOn": alert.turns.last().copied().unwrap_or(alert.changed_at).as_seconds(),
            "updatedOn": alert.changed_at.as_seconds(),
            "endedOn": maybe(alert.resolved_at.filter(|_| !alert.phase.is_firing())),
            "primary_property": primary,
            "secondary_property": secondary,
            "source_system": self.systems.get(&alert.source),
            "description": if alert.description.is_empty() { &alert.title } else { &alert.description },
            "tags": tags.collect::<Vec<_>>(),
        })
    }
}

/// When something last changed that people are told of.
fn changed_at(incident: &Incident) -> Timestamp {
    incident.changed_at.unwrap_or(incident.updated_at)
}

/// The word for whoever did something.
pub fn actor_name(actor: &Actor) -> &str {
    match actor {
        Actor::Person { user } => user.as_str(),
        Actor::ApiToken { name } => name,
        Actor::Stentor => "Stentor",
    }
}

/// The word for what the values of a tag can be.
pub fn tag_type(kind: TagKind) -> &'static str {
    match kind {
        TagKind::Text => "Text",
        TagKind::Priority => "Priority",
        TagKind::MultiValue => "MultiValue",
        TagKind::ClosedListMulti => "ClosedListValuesMulti",
        TagKind::ClosedListSingle => "ClosedListValuesSingle",
    }
}

/// What the values of a tag can be, by that word.
pub fn tag_kind(word: &str) -> Option<TagKind> {
    let all = [
        TagKind::Text,
        TagKind::Priority,
        TagKind::MultiValue,
        TagKind::ClosedListMulti,
        TagKind::ClosedListSingle,
    ];
    all.into_iter().find(|kind| tag_type(*kind) == word)
}

/// A tag's values: several travel as a JSON list in a string.
pub fn tag_value(tag: &TagDefinition, values: &[String]) -> String {
    match tag.kind.has_several() {
        true => json!(values).to_string(),
        false => values.first().cloned().unwrap_or_default(),
    }
}
