//! Datadog's webhook, with the template that we publish ([`TEMPLATE`]).
//!
//! Datadog signs nothing: the secret goes into a custom header (`Authorization: Bearer …`), basic
//! credentials, or the address. The answer decides whether it comes again: only after 5xx it does.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::alert::observation::{Observation, Said, Status};
use crate::ingest::doorstep;
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::values::{self, first_text, spelled, text, time};

/// The payload to be pasted into Datadog's webhook. It may be sent as JSON or encoded as a form; what
/// is left out of it is missed, but for the first three lines, of which one key and the transition
/// have to be there.
pub const TEMPLATE: &str = r#"{
  "alert_cycle_key": "$ALERT_CYCLE_KEY",
  "alert_id": "$ALERT_ID",
  "transition": "$ALERT_TRANSITION",
  "title": "$EVENT_TITLE",
  "body": "$EVENT_MSG",
  "priority": "$ALERT_PRIORITY",
  "scope": "$ALERT_SCOPE",
  "tags": "$TAGS",
  "link": "$LINK",
  "date": "$DATE"
}"#;

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(response) => response,
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    let status = trouble.status_without_429();
    let body = json!({"error": trouble.message()});
    trouble.answer(status, body)
}

async fn take(knock: &Knock) -> Result<Response, Trouble> {
    if !knock.shows_secret() {
        return Err(Trouble::Unproven);
    }
    if !knock.is_at_the_door() {
        return Err(Trouble::NotThere);
    }
    if knock.method != Method::POST {
        return Err(Trouble::WrongMethod);
    }
    let body = if knock.is_form() { doorstep::form(&knock.body)? } else { knock.object()? };
    let observation = read(&body)?;
    knock.take(vec![observation], Vec::new(), None).await?;
    Ok(Json(json!({"status": "ok"})).into_response())
}

/// Reads what the template says.
pub fn read(body: &Value) -> Result<Observation, Trouble> {
    let body = &without_unset(body);
    let Some(key) = key(body) else {
        return Err(unreadable("`alert_cycle_key` is missing"));
    };
    let (said, status) = match transition(body).as_str() {
        "triggered" | "alert" => (Said::Firing, Status::Critical),
        "warn" | "warning" => (Said::Firing, Status::Warning),
        "no data" => (Said::Firing, Status::Unknown),
        "recovered" | "ok" => (Said::Resolved, Status::Ok),
        // It says that an alert goes on, and not how bad it is.
        "renotify" => (Said::Firing, worst(body)),
        "" => return Err(unreadable("`transition` is missing")),
        other => {
            let other = crate::incident::text::shorten(other, 50);
            return Err(unreadable(&format!(
                "`transition` is \u{201c}{other}\u{201d}, which is none of Datadog's"
            )));
        }
    };
    let mut labels = BTreeMap::new();
    for field in ["scope", "tags"] {
        tags(&mut labels, body.get(field));
    }
    values::put(&mut labels, "monitor", text(body, "alert_id"));
    values::put(&mut labels, "priority", text(body, "priority"));
    let title = first_text(body, &["title", "body"]);
    let mut observation = Observation {
        said,
        status,
        title: if title.is_empty() { format!("Monitor {key}") } else { title },
        description: text(body, "body"),
        labels,
        // Its deliveries are repeated and may overtake each other; all are dated by one clock.
        at: time(body.get("date")),
        starts_at: time(body.get("date")),
        ..Observation::firing(values::key(&key), "")
    };
    values::link(&mut observation.links, &text(body, "link"), "Datadog");
    Ok(observation.within_limits())
}

fn unreadable(what: &str) -> Trouble {
    Trouble::Unreadable(format!(
        "{what}. The webhook's payload has to be the one that Stentor gives."
    ))
}

/// A variable that Datadog knows nothing for is left standing as it is.
fn without_unset(body: &Value) -> Value {
    let is_unset = |value: &Value| {
        value.as_str().and_then(|text| text.strip_prefix('$')).is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        })
    };
    let fields = body.as_object().into_iter().flatten();
    let kept = fields.filter(|(_, value)| !is_unset(value));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// What links a trigger to its recovery. Without it, a monitor and its scope nearly do.
fn key(body: &Value) -> Option<String> {
    let cycle = first_text(body, &["alert_cycle_key", "cycle_key"]);
    if !cycle.is_empty() {
        return Some(cycle);
    }
    let monitor = text(body, "alert_id");
    (!monitor.is_empty()).then(|| format!("{monitor}/{}", text(body, "scope")))
}

/// The transition in one form: `Re-Triggered` is another trigger, `Re-No Data` is still no data.
fn transition(body: &Value) -> String {
    let word = first_text(body, &["transition", "alert_transition"]).to_ascii_lowercase();
    let word = word.replace('_', " ");
    word.strip_prefix("re-").unwrap_or(&word).to_owned()
}

/// How bad an alert is that goes on. The title begins with it: `[Re-Warn on {host:a}] …`.
fn worst(body: &Value) -> Status {
    let title = text(body, "title").to_ascii_lowercase();
    let start = title.split(']').next().unwrap_or_default();
    if start.contains("no data") {
        Status::Unknown
    } else if start.contains("warn") {
        Status::Warning
    } else {
        Status::Critical
    }
}

/// Tags: `name:value`, by commas; one without a value is there, and that is all.
fn tags(labels: &mut BTreeMap<String, String>, value: Option<&Value>) {
    let texts = values::list(value).iter().map(spelled).collect::<Vec<_>>().join(",");
    for tag in texts.split(',').map(str::trim).filter(|tag| !tag.is_empty() && *tag != "*") {
        let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
        let (name, value) = (name.trim(), value.trim());
        if !name.is_empty() {
            let value = if value.is_empty() { "true" } else { value };
            labels.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn body() -> Value {
        json!({
            "alert_cycle_key": "4219884", "alert_id": "1234", "transition": "Triggered",
            "title": "[Triggered on {host:web-1}] CPU is high", "body": "CPU over 90 %", "priority": "P2",
            "scope": "host:web-1", "tags": "env:prod, team:shop,monitor,host:web-2", "link": "https://dd.example/m/1234",
            "date": "1790000000123",
        })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut body = body();
        body[field] = value;
        body
    }

    #[test]
    fn what_can_not_be_taken_now_comes_again() {
        for trouble in [Trouble::Busy(std::time::Duration::from_secs(5)), Trouble::Unavailable] {
            let response = refuse(trouble);
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(response.headers().contains_key("retry-after"));
        }
    }

    #[test]
    fn our_template_is_json_that_this_door_reads() {
        let template: Value = serde_json::from_str(TEMPLATE).unwrap();
        let ours = body();
        let fields: Vec<&String> = ours.as_object().unwrap().keys().collect();
        assert_eq!(template.as_object().unwrap().keys().collect::<Vec<_>>(), fields);
        // As Datadog sends it when somebody presses "test": nothing is known.
        assert!(matches!(read(&template), Err(Trouble::Unreadable(_))));
    }

    #[test]
    fn a_trigger_is_read_with_its_tags() {
        let said = read(&body()).unwrap();
        assert_eq!(
            (said.key.as_str(), said.said, said.status),
            ("4219884", Said::Firing, Status::Critical)
        );
        let labels: Vec<String> = said.labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
        // The monitor's id comes after the tags, and beats one of that name.
        let expected = ["env=prod", "host=web-1", "monitor=1234", "priority=P2", "team=shop"];
        assert_eq!(labels, expected);
        assert_eq!(said.at, Some(crate::clock::Timestamp::from_micros(1_790_000_000_123_000)));
        assert_eq!(said.links[0].href, "https://dd.example/m/1234");
    }

    #[test]
    fn every_transition_means_something() {
        for (transition, said, status) in [
            ("Triggered", Said::Firing, Status::Critical),
            ("Re-Triggered", Said::Firing, Status::Critical),
            ("Warn", Said::Firing, Status::Warning),
            ("Re-Warn", Said::Firing, Status::Warning),
            ("No Data", Said::Firing, Status::Unknown),
            ("re-no data", Said::Firing, Status::Unknown),
            ("Renotify", Said::Firing, Status::Critical),
            ("Recovered", Said::Resolved, Status::Ok),
            ("RECOVERED", Said::Resolved, Status::Ok),
        ] {
            let found = read(&with("transition", json!(transition))).unwrap();
            assert_eq!((found.said, found.status), (said, status), "{transition}");
        }
        let mut renotified = with("transition", json!("Renotify"));
        renotified["title"] = json!("[Re-Warn on {host:web-1}] no data is fine");
        assert_eq!(read(&renotified).unwrap().status, Status::Warning);
    }

    #[test]
    fn without_a_cycle_the_monitor_and_its_scope_are_the_key() {
        for unset in [json!("$ALERT_CYCLE_KEY"), json!(""), json!(null)] {
            assert_eq!(read(&with("alert_cycle_key", unset)).unwrap().key, "1234/host:web-1");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let why = |body: Value| match read(&body) {
            Err(Trouble::Unreadable(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(why(json!({})).contains("alert_cycle_key"));
        assert!(why(with("transition", json!("$ALERT_TRANSITION"))).contains("transition"));
        assert!(why(with("transition", json!("purple"))).contains("purple"));
        assert!(why(with("transition", json!({"a": 1}))).contains("transition"));
    }
}
