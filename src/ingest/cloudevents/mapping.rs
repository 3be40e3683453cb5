//! What an event means: how its type and data become an alert.
//!
//! | setting | what it says | without it |
//! |---|---|---|
//! | `firing_types`, `resolved_types` | types of events that begin or end an alert | the last word of the type |
//! | `state` | pointer to a word that tells | `/data/status`, `/data/state` |
//! | `firing_values`, `resolved_values` | the words there | the usual ones |
//! | `title` | what is wrong | `title`, `name`, `summary`, `message` of the data; then the type and subject |
//! | `key` | what the alert is known by | a key in the data; then source and subject; then source and id |
//! | `severity` | how bad it is | `severity`, `priority`, `level` of the data |
//!
//! Pointers are looked up in the event as the structured mode writes it (`/subject`, `/data/…`). If types
//! or words are laid down, an event with none of them is about something else. An event that says
//! nothing of its state fires.

use serde_json::Value;

use crate::alert::observation::{Observation, Said, Status};
use crate::ingest::cloudevents::event::Event;
use crate::ingest::generic::{Meaning, Place, States, list, usual};
use crate::ingest::values;

const SETTINGS: &[&str] = &[
    "firing_types",
    "resolved_types",
    "state",
    "firing_values",
    "resolved_values",
    "title",
    "key",
    "severity",
];
const TITLES: &[&str] = &["title", "name", "summary", "message"];
const KEYS: &[&str] = &["dedup_key", "deduplication_key", "fingerprint", "key", "alert_id"];

/// How the events of a source are understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    firing_types: Vec<String>,
    resolved_types: Vec<String>,
    state: Option<Place>,
    states: States,
    title: Option<Place>,
    key: Option<Place>,
    severity: Option<Place>,
}

impl Mapping {
    /// Reads the settings; the reason names the field.
    pub fn read(door: &Value) -> Result<Mapping, String> {
        let mut mapping = Mapping::default();
        let settings = match door {
            Value::Null => return Ok(mapping),
            Value::Object(settings) => settings,
            _ => return Err("the settings are no object".to_owned()),
        };
        for (name, value) in settings {
            let place = || Place::read(name, value).map(Some);
            match name.as_str() {
                "firing_types" => mapping.firing_types = list(name, value)?,
                "resolved_types" => mapping.resolved_types = list(name, value)?,
                "state" => mapping.state = place()?,
                "firing_values" => mapping.states.firing = list(name, value)?,
                "resolved_values" => mapping.states.resolved = list(name, value)?,
                "title" => mapping.title = place()?,
                "key" => mapping.key = place()?,
                "severity" => mapping.severity = place()?,
                _ => {
                    return Err(format!(
                        "`{name}` is no setting; there are: {}",
                        SETTINGS.join(", ")
                    ));
                }
            }
        }
        Ok(mapping)
    }

    /// What an event says of an alert; nothing if it is about something else.
    pub fn observe(&self, event: &Event) -> Option<Observation> {
        let (whole, data) = (&event.whole, &event.whole["data"]);
        let say = |place: &Option<Place>, usual: &[&str]| match place {
            Some(place) => place.words(whole, whole),
            None => values::first(data, usual),
        };
        let said = self.said(event, say(&self.state, &["status", "state"]).as_deref())?;
        let key = say(&self.key, KEYS).map(|key| values::key(&key)).unwrap_or_else(|| {
            let about = event.subject.as_deref().unwrap_or(&event.id);
            values::key_of(&[&event.source, about])
        });
        if said == Said::Resolved {
            let at = values::time(&whole["time"]);
            return Some(Observation { at, ..Observation::resolved(key) });
        }
        let title = say(&self.title, TITLES).unwrap_or_else(|| match &event.subject {
            Some(subject) => format!("{}: {subject}", event.kind),
            None => event.kind.clone(),
        });
        let description =
            values::first(data, &["description", "text", "message"]).filter(|text| *text != title);
        let mut observation = Observation::firing(key, title);
        observation.said = said;
        observation.description = description.unwrap_or_default();
        let severity = say(&self.severity, &["severity", "priority", "level"]);
        observation.status = match severity.and_then(|word| Status::from_word(&word)) {
            // It fires, so something is wrong.
            Some(Status::Ok) => Status::Warning,
            Some(status) => status,
            None => Status::Critical,
        };
        observation.labels = values::labels(&data["labels"]);
        for name in ["source", "type", "subject"] {
            values::put(&mut observation.labels, name, values::member(whole, name));
        }
        observation.links = values::only_link(values::first(data, &["link", "url"]), "Open");
        observation.at = values::time(&whole["time"]);
        Some(observation)
    }

    fn said(&self, event: &Event, word: Option<&str>) -> Option<Said> {
        let types_tell = !self.firing_types.is_empty() || !self.resolved_types.is_empty();
        if self.resolved_types.contains(&event.kind) {
            return Some(Said::Resolved);
        }
        if self.firing_types.contains(&event.kind) {
            return Some(Said::Firing);
        }
        if types_tell && self.state.is_none() {
            // With only ends laid down, everything else begins something.
            return self.firing_types.is_empty().then_some(Said::Firing);
        }
        let last = event.kind.rsplit(['.', '/', ':']).next().unwrap_or_default();
        let meaning = match word {
            Some(word) => self.states.meaning(word),
            None if types_tell => Meaning::Nothing,
            None => Meaning::Unclear,
        };
        match meaning {
            Meaning::Said(said) => Some(said),
            Meaning::Nothing => None,
            Meaning::Unclear => match usual(last) {
                Meaning::Said(said) => Some(said),
                Meaning::Unclear | Meaning::Nothing => Some(Said::Firing),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, subject: Option<&str>, data: Value) -> Event {
        let event = json!({
            "specversion": "1.0", "id": "7", "source": "/mon/1", "type": kind, "subject": subject, "data": data,
            "time": "2026-11-20T23:10:33.385962+00:00",
        });
        Event::structured(event).unwrap()
    }

    fn said(settings: Value, event: &Event) -> Option<Said> {
        Mapping::read(&settings).unwrap().observe(event).map(|observation| observation.said)
    }

    #[test]
    fn without_settings_the_usual_words_tell() {
        let fired = event("com.example.alert.fired", Some("db-1"), json!({"severity": "warning"}));
        let observation = Mapping::default().observe(&fired).unwrap();
        assert_eq!((observation.said, observation.status), (Said::Firing, Status::Warning));
        assert_eq!(observation.title, "com.example.alert.fired: db-1");
        assert_eq!(observation.labels["subject"], "db-1");
        assert!(observation.at.is_some());
        let resolved = event("com.example.alert.resolved", Some("db-1"), json!(null));
        let resolved = Mapping::default().observe(&resolved).unwrap();
        assert_eq!((resolved.said, &resolved.key), (Said::Resolved, &observation.key));
        let by_state = event("alert", Some("db-1"), json!({"state": "OK"}));
        assert_eq!(said(Value::Null, &by_state), Some(Said::Resolved));
        assert_eq!(said(Value::Null, &event("x", None, json!("text"))), Some(Said::Firing));
    }

    #[test]
    fn what_is_laid_down_counts_alone() {
        let types = json!({"firing_types": ["a.bad"], "resolved_types": ["a.good"]});
        let of = |settings: &Value, kind: &str, data: Value| {
            said(settings.clone(), &event(kind, None, data))
        };
        assert_eq!(of(&types, "a.bad", json!({"state": "ok"})), Some(Said::Firing));
        assert_eq!(of(&types, "a.good", json!(null)), Some(Said::Resolved));
        assert_eq!(of(&types, "a.seen", json!(null)), None);
        let ends = json!({"resolved_types": ["a.good"]});
        assert_eq!(of(&ends, "anything", json!(null)), Some(Said::Firing));
        let values = json!({"state": "/data/s", "firing_values": ["1"], "resolved_values": ["0"]});
        assert_eq!(of(&values, "x", json!({"s": 1})), Some(Said::Firing));
        assert_eq!(of(&values, "x", json!({"s": 0})), Some(Said::Resolved));
        assert_eq!(of(&values, "x", json!({"s": 2})), None);
        let both = json!({"firing_types": ["a.bad"], "state": "/data/s", "resolved_values": ["0"]});
        assert_eq!(of(&both, "other", json!({"s": 0})), Some(Said::Resolved));
        assert_eq!(of(&both, "other", json!({})), None);
    }

    #[test]
    fn places_may_be_laid_down() {
        let settings = json!({"title": "/data/what", "key": "/data/which", "severity": "=warning"});
        let event = event("x", None, json!({"what": "Slow", "which": 9, "severity": "critical"}));
        let observation = Mapping::read(&settings).unwrap().observe(&event).unwrap();
        assert_eq!((observation.title.as_str(), observation.key.as_str()), ("Slow", "9"));
        assert_eq!(observation.status, Status::Warning);
    }

    #[test]
    fn settings_that_can_not_be_are_refused_by_name() {
        for (bad, field) in [
            (json!([]), "settings"),
            (json!({"firing_types": []}), "`firing_types`"),
            (json!({"state": "data"}), "`state`"),
            (json!({"description": "/d"}), "`description`"),
        ] {
            assert!(Mapping::read(&bad).unwrap_err().contains(field), "{bad}");
        }
    }
}
