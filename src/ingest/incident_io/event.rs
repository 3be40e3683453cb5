//! What an alert event says.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::alert::observation::{Observation, Said, Status};
use crate::ingest::values;

/// Words that people put into metadata to say how bad it is.
const SEVERITIES: &[&str] = &["severity", "priority", "urgency"];

/// Why an event can't be taken, as its sender is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The word for it.
    pub code: &'static str,
    /// The field that is wrong.
    pub field: &'static str,
    /// A sentence.
    pub message: String,
}

impl Invalid {
    fn required(field: &'static str) -> Invalid {
        Invalid { code: "is_required", field, message: format!("{field} is a required field") }
    }
}

/// Reads an event. `new_key` is what it is known by if its sender has no name for it.
pub fn read(
    event: &Value,
    new_key: impl FnOnce() -> String,
) -> Result<(Observation, String), Invalid> {
    let status = values::member(event, "status").ok_or_else(|| Invalid::required("status"))?;
    let said = match status.to_ascii_lowercase().as_str() {
        "firing" => Said::Firing,
        "resolved" => Said::Resolved,
        _ => {
            let message = "status must be one of firing, resolved".to_owned();
            return Err(Invalid { code: "invalid_value", field: "status", message });
        }
    };
    let title = values::member(event, "title").ok_or_else(|| Invalid::required("title"))?;
    let given = values::member(event, "deduplication_key");
    // What nobody has a name for can't be over: an end with a new name would be lost.
    if given.is_none() && said == Said::Resolved {
        return Err(Invalid::required("deduplication_key"));
    }
    let shown = given.unwrap_or_else(new_key);
    let key = values::key(&shown);
    if said == Said::Resolved {
        return Ok((Observation::resolved(key).within_limits(), shown));
    }
    let metadata = &event["metadata"];
    if !metadata.is_null() && !metadata.is_object() {
        let message = "metadata must be an object".to_owned();
        return Err(Invalid { code: "invalid_value", field: "metadata", message });
    }
    let mut observation = Observation::firing(key, title);
    observation.description = values::member(event, "description").unwrap_or_default();
    observation.labels = values::labels(metadata);
    observation.annotations = nested(metadata);
    observation.links = values::only_link(values::member(event, "source_url"), "Source");
    observation.status = severity(metadata);
    Ok((observation.within_limits(), shown))
}

fn severity(metadata: &Value) -> Status {
    let word = values::first(metadata, SEVERITIES);
    match word.and_then(|word| Status::from_word(&word)) {
        // It fires, so something is wrong.
        Some(Status::Ok) => Status::Warning,
        Some(status) => status,
        None => Status::Critical,
    }
}

/// What is more than a plain value or a list of them, as JSON: it identifies nothing.
fn nested(metadata: &Value) -> BTreeMap<String, String> {
    let members = metadata.as_object().into_iter().flatten();
    let nested = members.filter(|(_, value)| match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(list) => list.iter().any(|one| one.is_object() || one.is_array()),
        _ => false,
    });
    nested.map(|(name, value)| (name.clone(), value.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_one(event: &Value) -> Result<(Observation, String), Invalid> {
        read(event, || "new".to_owned())
    }

    #[test]
    fn an_event_is_an_alert() {
        let event = json!({
            "title": "*errors.withMessage: PG::Error failed to connect", "description": "We've *failed*",
            "deduplication_key": "4293868629", "status": "firing", "source_url": "https://www.example.com/alerts/4293868629",
            "metadata": {"team": ["my-team"], "service": "some-service", "severity": "warning", "deep": {"a": 1}, "n": null},
        });
        let (observation, key) = read_one(&event).unwrap();
        assert_eq!((key.as_str(), observation.key.as_str()), ("4293868629", "4293868629"));
        assert_eq!((observation.said, observation.status), (Said::Firing, Status::Warning));
        assert_eq!(observation.labels["team"], "my-team");
        assert_eq!(observation.labels["service"], "some-service");
        assert_eq!(observation.annotations["deep"], "{\"a\":1}");
        assert_eq!(observation.links.len(), 1);
        let (over, key) =
            read_one(&json!({"title": "x", "status": "resolved", "deduplication_key": 7})).unwrap();
        assert_eq!((over.said, key.as_str()), (Said::Resolved, "7"));
        let (observation, key) = read_one(&json!({"title": "x", "status": "FIRING"})).unwrap();
        assert_eq!((observation.key.as_str(), key.as_str()), ("new", "new"));
    }

    #[test]
    fn a_long_key_is_shown_as_it_was_sent() {
        let long = "k".repeat(2_000);
        let (observation, key) =
            read_one(&json!({"title": "x", "status": "firing", "deduplication_key": long}))
                .unwrap();
        assert_eq!(key, long);
        assert_eq!(observation.key, values::key(&long));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (event, field) in [
            (json!(null), "status"),
            (json!([]), "status"),
            (json!({"status": "firing"}), "title"),
            (json!({"status": "firing", "title": " "}), "title"),
            (json!({"title": "x", "status": "broken"}), "status"),
            (json!({"title": "x", "status": {}}), "status"),
            (json!({"title": "x", "status": "resolved"}), "deduplication_key"),
            (json!({"title": "x", "status": "firing", "metadata": [1]}), "metadata"),
        ] {
            assert_eq!(read_one(&event).unwrap_err().field, field, "{event}");
        }
    }
}
