//! What a source of alert events takes from elsewhere in the event than where it usually stands: the
//! title, the description, and labels besides those of the metadata.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::alert::observation::{LABELS_LIMIT, NAME_LIMIT, Observation, Said};
use crate::ingest::generic::Place;

/// The most labels of a template.
const MOST: usize = 100;

/// Where things stand in an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    title: Option<Place>,
    description: Option<Place>,
    labels: BTreeMap<String, Place>,
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
            match name.as_str() {
                "title" => template.title = Some(Place::read(name, value)?),
                "description" => template.description = Some(Place::read(name, value)?),
                "labels" => template.labels = labels(value)?,
                _ => {
                    return Err(format!(
                        "`{name}` is no setting; there are: title, description, labels"
                    ));
                }
            }
        }
        Ok(template)
    }

    /// Says of an alert what stands elsewhere in its event. Where nothing stands, it stays as it is.
    pub fn apply(&self, event: &Value, observation: &mut Observation) {
        if observation.said != Said::Firing {
            return;
        }
        let say = |place: &Option<Place>| place.as_ref().and_then(|it| it.words(event, event));
        if let Some(title) = say(&self.title) {
            observation.title = title;
        }
        if let Some(description) = say(&self.description) {
            observation.description = description;
        }
        for (name, place) in &self.labels {
            let is_room = observation.labels.len() < LABELS_LIMIT;
            if let Some(value) = place.words(event, event).filter(|_| is_room) {
                observation.labels.insert(name.clone(), value);
            }
        }
        let whole = std::mem::replace(observation, Observation::firing("", ""));
        *observation = whole.within_limits();
    }
}

fn labels(value: &Value) -> Result<BTreeMap<String, Place>, String> {
    let members = value.as_object().filter(|members| members.len() <= MOST);
    let members = members.ok_or_else(|| {
        format!("`labels` has to be an object of at most {MOST} names and places")
    })?;
    let mut places = BTreeMap::new();
    for (name, value) in members {
        if name.is_empty() || name.chars().count() > NAME_LIMIT {
            return Err(format!(
                "`labels` has a name that is empty or longer than {NAME_LIMIT} characters"
            ));
        }
        places.insert(name.clone(), Place::read(&format!("labels.{name}"), value)?);
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_elsewhere_is_found() {
        let door = json!({
            "title": "/metadata/summary", "description": "=Look at the runbook",
            "labels": {"team": "/metadata/owners", "gone": "/nowhere"},
        });
        let template = Template::read(&door).unwrap();
        let event = json!({"metadata": {"summary": "Disk full", "owners": ["db", "sre"]}});
        let mut observation = Observation::firing("k", "as sent");
        template.apply(&event, &mut observation);
        assert_eq!(observation.title, "Disk full");
        assert_eq!(observation.description, "Look at the runbook");
        assert_eq!(observation.labels.len(), 1);
        assert_eq!(observation.labels["team"], "db, sre");
        let mut observation = Observation::firing("k", "as sent");
        template.apply(&json!({}), &mut observation);
        assert_eq!(observation.title, "as sent");
        let mut over = Observation::resolved("k");
        template.apply(&event, &mut over);
        assert_eq!(over, Observation::resolved("k"));
    }

    #[test]
    fn what_is_no_template_is_named() {
        for (door, word) in [
            (json!([]), "no object"),
            (json!({"key": "/a"}), "`key`"),
            (json!({"title": "a"}), "`title`"),
            (json!({"labels": "/a"}), "`labels`"),
            (json!({"labels": {"": "/a"}}), "`labels`"),
            (json!({"labels": {"a": 1}}), "`labels.a`"),
        ] {
            assert!(Template::read(&door).unwrap_err().contains(word), "{door}");
        }
        assert_eq!(Template::read(&Value::Null), Ok(Template::default()));
    }
}
