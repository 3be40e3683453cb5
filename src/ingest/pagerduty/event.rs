//! What is in an event.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::alert::observation::{ChangeEvent, Link, Observation, Said, Status, TITLE_LIMIT};
use crate::ingest::values::{self, list, named, spelled, text, time};

/// The longest deduplication key, in characters.
const KEY_LIMIT: usize = 255;

/// The key that says who sends.
pub fn routing_key(body: &Value) -> String {
    text(body, "routing_key")
}

/// Reads what is said of an alert, with the key that the sender knows it by from now on; what is
/// wrong with it, if it can't be.
pub fn alert(
    body: &Value,
    fresh: impl FnOnce() -> String,
) -> Result<(String, Observation), Vec<String>> {
    let mut errors = Vec::new();
    let key = body.get("dedup_key").map(spelled).unwrap_or_default();
    let has_key = !key.trim().is_empty();
    if key.chars().count() > KEY_LIMIT {
        errors.push(format!("'dedup_key' is too long (maximum {KEY_LIMIT} characters)"));
    }
    let said = match text(body, "event_action").to_ascii_lowercase().as_str() {
        "trigger" => Said::Firing,
        "acknowledge" => Said::Acknowledged,
        "resolve" => Said::Resolved,
        _ => {
            errors.push("'event_action' must be one of: trigger, acknowledge, resolve".to_owned());
            return Err(errors);
        }
    };
    if said != Said::Firing {
        if !has_key {
            errors.push("'dedup_key' is missing or blank".to_owned());
        }
        let observation = Observation::about(values::key(&key), said);
        return if errors.is_empty() { Ok((key, observation)) } else { Err(errors) };
    }
    let observation = trigger(body, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let key = if has_key { key } else { fresh() };
    Ok((key.clone(), Observation { key: values::key(&key), ..observation }.within_limits()))
}

fn trigger(body: &Value, errors: &mut Vec<String>) -> Observation {
    let payload = payload(body, errors);
    let severity = text(payload, "severity").to_ascii_lowercase();
    let status = match severity.as_str() {
        "critical" | "error" => Status::Critical,
        "warning" | "info" => Status::Warning,
        _ => {
            if payload.is_object() {
                let known = "critical, error, warning, info";
                errors.push(format!("'payload.severity' must be one of: {known}"));
            }
            Status::Critical
        }
    };
    let mut labels = BTreeMap::from([("severity".to_owned(), severity)]);
    for field in ["source", "component", "group", "class"] {
        values::put(&mut labels, field, text(payload, field));
    }
    if payload.is_object() && !labels.contains_key("source") {
        errors.push("'payload.source' is missing or blank".to_owned());
    }
    let client = text(body, "client");
    let mut links = links(body);
    let name = if client.is_empty() { "Client" } else { &client };
    values::link(&mut links, &text(body, "client_url"), name);
    values::put(&mut labels, "client", client.clone());
    let summary = text(payload, "summary");
    let details = payload.get("custom_details");
    Observation {
        status,
        labels,
        links,
        // What is cut from the title is not lost.
        description: match details {
            Some(Value::String(words)) => words.clone(),
            _ if summary.chars().count() > TITLE_LIMIT => summary.clone(),
            _ => String::new(),
        },
        annotations: named(details),
        starts_at: time(payload.get("timestamp")),
        ..Observation::firing("", summary)
    }
}

/// The part that says what is wrong; it needs a summary.
fn payload<'a>(body: &'a Value, errors: &mut Vec<String>) -> &'a Value {
    let payload = body.get("payload").unwrap_or(&Value::Null);
    if !payload.is_object() {
        errors.push("'payload' is missing or blank".to_owned());
    } else if text(payload, "summary").is_empty() {
        errors.push("'payload.summary' is missing or blank".to_owned());
    }
    payload
}

/// Links, and images, which are links too.
fn links(body: &Value) -> Vec<Link> {
    let mut links = Vec::new();
    for link in list(body.get("links")) {
        let (href, name) = (text(link, "href"), text(link, "text"));
        values::link(&mut links, &href, if name.is_empty() { "Link" } else { &name });
    }
    for image in list(body.get("images")) {
        let name = text(image, "alt");
        let name = if name.is_empty() { "Image" } else { &name };
        for field in ["href", "src"] {
            values::link(&mut links, &text(image, field), name);
        }
    }
    links
}

/// Reads a change; what is wrong with it, if it can't be.
pub fn change(body: &Value, key: String) -> Result<ChangeEvent, Vec<String>> {
    let mut errors = Vec::new();
    let payload = payload(body, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut labels = named(payload.get("custom_details"));
    values::put(&mut labels, "source", text(payload, "source"));
    let change = ChangeEvent {
        key,
        summary: text(payload, "summary"),
        state: None,
        labels,
        links: links(body),
        at: time(payload.get("timestamp")),
    };
    Ok(change.within_limits())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(name: &str) -> Value {
        let path = format!("{}/tests/data/alerts/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        recorded["body"].clone()
    }

    fn fresh() -> String {
        "fresh".to_owned()
    }

    #[test]
    fn what_stock_libraries_send_is_read() {
        let (key, said) = alert(&sample("pagerduty_trigger"), fresh).unwrap();
        assert_eq!((key.as_str(), said.key.as_str()), ("db-1/disk", "db-1/disk"));
        assert_eq!((said.said, said.status), (Said::Firing, Status::Critical));
        assert_eq!(said.title, "disk full on db-1");
        assert_eq!(said.labels["source"], "db-1");
        assert_eq!(said.annotations["used_pct"], "98");
        for (name, expected) in
            [("pagerduty_acknowledge", Said::Acknowledged), ("pagerduty_resolve", Said::Resolved)]
        {
            let (key, said) = alert(&sample(name), fresh).unwrap();
            assert_eq!((key.as_str(), said.said), ("db-1/disk", expected));
        }
        let deployed = change(&sample("pagerduty_change"), "c".to_owned()).unwrap();
        assert_eq!(deployed.summary, "deploy checkout 1.2.3");
        assert_eq!(deployed.labels["sha"], "abc123");
        assert_eq!(deployed.links[0].text, "build");
        assert!(deployed.at.is_some());
    }

    #[test]
    fn what_an_alertmanager_sends_is_read_even_with_a_payload_in_a_resolve() {
        let (_, said) = alert(&sample("pagerduty_trigger_from_alertmanager"), fresh).unwrap();
        assert_eq!(
            (said.status, said.labels["client"].as_str()),
            (Status::Critical, "Alertmanager")
        );
        assert_eq!(said.annotations["num_firing"], "2");
        assert_eq!(said.links.len(), 1);
        let (key, over) = alert(&sample("pagerduty_resolve_from_alertmanager"), fresh).unwrap();
        assert_eq!((over.said, key), (Said::Resolved, said.key));
    }

    #[test]
    fn a_trigger_without_a_key_gets_one() {
        let body = json!({"event_action": "trigger", "dedup_key": " ",
            "payload": {"summary": "s".repeat(1_024), "source": "x", "severity": "INFO"}});
        let (key, said) = alert(&body, fresh).unwrap();
        assert_eq!((key.as_str(), said.status), ("fresh", Status::Warning));
        assert_eq!(said.title.chars().count(), TITLE_LIMIT);
        assert_eq!(said.description.chars().count(), 1_024);
    }

    #[test]
    fn all_that_is_wrong_is_named() {
        let errors = |body: Value| alert(&body, fresh).unwrap_err().join("; ");
        assert!(errors(json!({})).contains("event_action"));
        assert!(errors(json!({"event_action": "open"})).contains("trigger, acknowledge, resolve"));
        assert!(errors(json!({"event_action": "resolve"})).contains("dedup_key"));
        assert!(errors(json!({"event_action": "trigger"})).contains("'payload' is missing"));
        assert!(errors(json!({"event_action": "trigger", "payload": []})).contains("'payload'"));
        let wrong = errors(json!({"event_action": "trigger", "dedup_key": "x".repeat(256),
            "payload": {"summary": "", "severity": "purple"}}));
        for field in ["dedup_key", "payload.summary", "payload.source", "payload.severity"] {
            assert!(wrong.contains(field), "{wrong}");
        }
        assert!(change(&json!({"payload": {"source": "x"}}), String::new()).is_err());
        // A key of 255 long characters is right, and kept as a hash.
        let key = "\u{1f525}".repeat(255);
        let body = json!({"event_action": "resolve", "dedup_key": key});
        let (echoed, said) = alert(&body, fresh).unwrap();
        assert_eq!(echoed, key);
        assert!(said.key.starts_with("sha256:"));
    }
}
