//! How somebody's JSON is understood.
//!
//! Every setting is optional. Without one, the names that most software uses are tried:
//!
//! | setting | what it says | tried without it |
//! |---|---|---|
//! | `alerts` | pointer to a list of alerts | the body, if it is a list; else the body is one alert |
//! | `title` | what is wrong | `title`, `name`, `alert_name`, `alertname`, `summary`, `subject`, `message` |
//! | `key` | what the sender knows it by | `dedup_key`, `deduplication_key`, `alert_uid`, `fingerprint`, `key`, `alert_id`, `id`; then the title |
//! | `status` | whether it fires | `status`, `state` |
//! | `severity` | how bad it is | `severity`, `priority`, `level` |
//! | `description` | more about it | `description`, `text`, `body`, `message`, `summary` |
//! | `link` | where to look | `link`, `url`, `alert_url` |
//! | `labels` | pointer to an object, or an object of names and places | `labels` |
//! | `firing_values`, `resolved_values` | the words at `status` | the usual ones |
//! | `severities` | `{"word": "critical", "warning", "unknown" or "ok"}` | the usual ones |
//!
//! A place is a JSON pointer (RFC 6901), looked for in the alert and then in the whole body; text after
//! `=` stands for itself. What says nothing about its state fires; a severity that means `ok` is over.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::alert::observation::{NAME_LIMIT, Observation, Said, Status};
use crate::ingest::generic::place::{Place, list};
use crate::ingest::generic::states::{Meaning, States};
use crate::ingest::values;

const TITLES: &[&str] =
    &["title", "name", "alert_name", "alertname", "summary", "subject", "message"];
const KEYS: &[&str] =
    &["dedup_key", "deduplication_key", "alert_uid", "fingerprint", "key", "alert_id", "id"];
const STATES: &[&str] = &["status", "state"];
const SEVERITIES: &[&str] = &["severity", "priority", "level"];
const DESCRIPTIONS: &[&str] = &["description", "text", "body", "message", "summary"];
const LINKS: &[&str] = &["link", "url", "alert_url"];

/// The names of the settings.
const SETTINGS: &[&str] = &[
    "alerts",
    "title",
    "key",
    "status",
    "severity",
    "description",
    "link",
    "labels",
    "firing_values",
    "resolved_values",
    "severities",
];
/// The most labels, words or severities in a template.
const MOST: usize = 100;
/// The most reasons that are told of one body.
const MOST_REASONS: usize = 20;

/// How the JSON of a source is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    alerts: Option<Place>,
    title: Option<Place>,
    key: Option<Place>,
    status: Option<Place>,
    severity: Option<Place>,
    description: Option<Place>,
    link: Option<Place>,
    labels: Labels,
    states: States,
    severities: BTreeMap<String, Status>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Labels {
    #[default]
    Usual,
    At(Place),
    Each(BTreeMap<String, Place>),
}

/// What a body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// What it says of alerts.
    pub observations: Vec<Observation>,
    /// How many of its alerts are about something else than firing or being over.
    pub ignored: usize,
    /// Why something in it can't be read.
    pub errors: Vec<String>,
}

impl Template {
    /// Reads the settings; the reason names the field.
    pub fn read(door: &Value) -> Result<Template, String> {
        let mut template = Template::default();
        let settings = match door {
            Value::Null => return Ok(template),
            Value::Object(settings) => settings,
            _ => return Err("the settings are no object".to_owned()),
        };
        for (name, value) in settings {
            let place = || Place::read(name, value).map(Some);
            match name.as_str() {
                "alerts" => match Place::read(name, value)? {
                    Place::Literal(_) => {
                        return Err("`alerts` has to be a JSON pointer to a list".to_owned());
                    }
                    at => template.alerts = Some(at),
                },
                "title" => template.title = place()?,
                "key" => template.key = place()?,
                "status" => template.status = place()?,
                "severity" => template.severity = place()?,
                "description" => template.description = place()?,
                "link" => template.link = place()?,
                "labels" => template.labels = labels(value)?,
                "firing_values" => template.states.firing = list(name, value)?,
                "resolved_values" => template.states.resolved = list(name, value)?,
                "severities" => template.severities = severities(value)?,
                _ => {
                    return Err(format!(
                        "`{name}` is no setting; there are: {}",
                        SETTINGS.join(", ")
                    ));
                }
            }
        }
        Ok(template)
    }

    /// What a body says.
    pub fn apply(&self, body: &Value) -> Read {
        let mut read = Read::default();
        let alerts = match &self.alerts {
            Some(place) => match place.look(body, body) {
                Some(std::borrow::Cow::Borrowed(Value::Array(alerts))) => alerts.as_slice(),
                _ => {
                    read.errors.push("There is no list where `alerts` says.".to_owned());
                    return read;
                }
            },
            None => match body {
                Value::Array(alerts) => alerts.as_slice(),
                one => std::slice::from_ref(one),
            },
        };
        for (index, alert) in alerts.iter().enumerate() {
            match self.observe(alert, body) {
                Ok(Some(observation)) => read.observations.push(observation.within_limits()),
                Ok(None) => read.ignored += 1,
                Err(_) if read.errors.len() >= MOST_REASONS => {}
                Err(reason) if alerts.len() == 1 => read.errors.push(reason),
                Err(reason) => read.errors.push(format!("Alert {}: {reason}", index + 1)),
            }
        }
        read
    }

    fn observe(&self, alert: &Value, whole: &Value) -> Result<Option<Observation>, String> {
        if !alert.is_object() {
            return Err("It is no JSON object.".to_owned());
        }
        let say = |place: &Option<Place>, usual: &[&str]| match place {
            Some(place) => place.words(alert, whole),
            None => values::first(alert, usual),
        };
        let severity = self.severity(say(&self.severity, SEVERITIES));
        let meaning = say(&self.status, STATES).map(|word| self.states.meaning(&word));
        let said = match meaning {
            Some(Meaning::Nothing) => return Ok(None),
            Some(Meaning::Said(said)) => said,
            // Nothing is said about it but that nothing is wrong.
            Some(Meaning::Unclear) | None if severity == Some(Status::Ok) => Said::Resolved,
            Some(Meaning::Unclear) | None => Said::Firing,
        };
        let title = say(&self.title, TITLES);
        let key = say(&self.key, KEYS).or_else(|| title.clone());
        let key = key.ok_or("It has neither a key nor a title by which it could be known.")?;
        let key = values::key(&key);
        if said == Said::Resolved {
            return Ok(Some(Observation::resolved(key)));
        }
        let title = title.unwrap_or_else(|| key.clone());
        let description = say(&self.description, DESCRIPTIONS).filter(|text| *text != title);
        let mut observation = Observation::firing(key, title);
        observation.said = said;
        observation.status = match severity {
            // It fires, so something is wrong.
            Some(Status::Ok) => Status::Warning,
            Some(status) => status,
            None => Status::Critical,
        };
        observation.description = description.unwrap_or_default();
        observation.links = values::only_link(say(&self.link, LINKS), "Open");
        observation.labels = match &self.labels {
            Labels::Usual => values::labels(&alert["labels"]),
            Labels::At(place) => {
                place.look(alert, whole).map(|found| values::labels(&found)).unwrap_or_default()
            }
            Labels::Each(places) => {
                let said = places
                    .iter()
                    .filter_map(|(name, place)| Some((name.clone(), place.words(alert, whole)?)));
                said.collect()
            }
        };
        Ok(Some(observation))
    }

    /// How bad it is; nothing if it is not said, or in no known word.
    fn severity(&self, word: Option<String>) -> Option<Status> {
        let word = word?;
        let laid_down =
            self.severities.iter().find(|(known, _)| known.eq_ignore_ascii_case(word.trim()));
        laid_down.map(|(_, status)| *status).or_else(|| Status::from_word(&word))
    }
}

fn labels(value: &Value) -> Result<Labels, String> {
    let Value::Object(members) = value else {
        return match Place::read("labels", value)? {
            Place::Literal(_) => {
                Err("`labels` has to be a JSON pointer, or an object of names and places"
                    .to_owned())
            }
            at => Ok(Labels::At(at)),
        };
    };
    if members.len() > MOST {
        return Err(format!("`labels` has more than {MOST} names"));
    }
    let mut places = BTreeMap::new();
    for (name, value) in members {
        if name.is_empty() || name.chars().count() > NAME_LIMIT {
            return Err(format!(
                "`labels` has a name that is empty or longer than {NAME_LIMIT} characters"
            ));
        }
        places.insert(name.clone(), Place::read(&format!("labels.{name}"), value)?);
    }
    Ok(Labels::Each(places))
}

fn severities(value: &Value) -> Result<BTreeMap<String, Status>, String> {
    let Value::Object(members) = value else {
        return Err("`severities` has to be an object of words and what they mean".to_owned());
    };
    if members.len() > MOST {
        return Err(format!("`severities` has more than {MOST} words"));
    }
    let status = |word: &String, value: &Value| {
        let status = serde_json::from_value(value.clone()).map_err(|_| {
            format!(
                "`severities.{word}` has to be \"critical\", \"warning\", \"unknown\" or \"ok\""
            )
        })?;
        Ok((word.trim().to_owned(), status))
    };
    members.iter().map(|(word, value)| status(word, value)).collect()
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
