//! Sentry's integration platform: metric alerts, issue alerts and issues.
//!
//! Sentry repeats almost nothing, so what has its signature is refused only if it can never be read.
//! A metric alert is one alert whatever comes first: its `action` says how it is, not the status that
//! Sentry had stored when it sent.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::alert::observation::{Observation, Said, Status};
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::values;

/// Names that the signature has, and had.
const SIGNATURES: &[&str] =
    &["sentry-hook-signature", "sentry-app-signature", "x-sentry-hook-signature"];
/// What Sentry sends about today. Whatever it adds is taken, and means nothing here.
const RESOURCES: &[&str] =
    &["metric_alert", "event_alert", "issue", "comment", "error", "installation"];

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({"status": "accepted"}))).into_response(),
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    // It never comes again after any 4xx.
    trouble.answer(trouble.status_without_429(), json!({"detail": trouble.message()}))
}

async fn take(knock: &Knock) -> Result<(), Trouble> {
    let signature = SIGNATURES.iter().find_map(|name| knock.header(name));
    if !signature.is_some_and(|signature| knock.is_signed(&[&knock.body], signature)) {
        return Err(Trouble::Unproven);
    }
    if !knock.path().is_empty() {
        return Err(Trouble::NotThere);
    }
    // Some signed requests have no body: there is nothing to take.
    if knock.body.is_empty() {
        return Ok(());
    }
    if knock.method != Method::POST {
        return Err(Trouble::WrongMethod);
    }
    let resource = knock.header("sentry-hook-resource").unwrap_or_default().to_ascii_lowercase();
    let hook: Value = knock.json()?;
    let installation = values::member(&hook["installation"], "uuid");
    let observation = read(&resource, &hook).map_err(Trouble::Unreadable)?;
    let allowed = allowed(&knock.source.settings.door).unwrap_or_default();
    let is_known = installation.is_none_or(|given| allowed.is_empty() || allowed.contains(&given));
    if !is_known {
        return Err(Trouble::NotThere);
    }
    if let Some(observation) = observation {
        knock.take(vec![observation.within_limits()], Vec::new(), None).await?;
    }
    Ok(())
}

/// Whether the settings are understood.
pub fn check_settings(door: &Value) -> Result<(), String> {
    allowed(door).map(drop)
}

/// The installations that may send; with none named, any that has the secret.
fn allowed(door: &Value) -> Result<Vec<String>, String> {
    let Value::Object(settings) = door else {
        return if door.is_null() {
            Ok(Vec::new())
        } else {
            Err("the settings are no object".to_owned())
        };
    };
    let mut allowed = Vec::new();
    for (name, value) in settings {
        if name != "installation" {
            return Err(format!("`{name}` is no setting of Sentry's; there is: installation"));
        }
        let uuids = match value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        for uuid in uuids {
            match uuid.as_str().map(str::trim) {
                Some(uuid) if !uuid.is_empty() => allowed.push(uuid.to_owned()),
                _ => {
                    return Err("`installation` is the UUID of an installation, or a list of them"
                        .to_owned());
                }
            }
        }
    }
    Ok(allowed)
}

/// What a hook says of an alert; nothing if it is about something else.
fn read(resource: &str, hook: &Value) -> Result<Option<Observation>, String> {
    if resource.is_empty() {
        return Err("The header Sentry-Hook-Resource is missing.".to_owned());
    }
    if !RESOURCES.contains(&resource) {
        return Ok(None);
    }
    let action = values::member(hook, "action").ok_or("`action` is missing.")?.to_ascii_lowercase();
    values::member(&hook["installation"], "uuid").ok_or("`installation.uuid` is missing.")?;
    let data = &hook["data"];
    if !data.is_object() {
        return Err("`data` is missing.".to_owned());
    }
    match (resource, action.as_str()) {
        ("metric_alert", "critical" | "warning" | "resolved" | "open") => {
            metric_alert(&action, data).map(Some)
        }
        ("event_alert", "triggered") => event_alert(data).map(Some),
        ("issue", action) => issue(action, data),
        _ => Ok(None),
    }
}

fn metric_alert(action: &str, data: &Value) -> Result<Observation, String> {
    let alert = &data["metric_alert"];
    let id = values::member(alert, "id").ok_or("`data.metric_alert.id` is missing.")?;
    let key = values::key(&format!("metric_alert/{id}"));
    if action == "resolved" {
        return Ok(Observation::resolved(key));
    }
    let rule = values::member(&alert["alert_rule"], "name");
    let title = rule.clone().or_else(|| values::member(alert, "title"));
    let title = title.or_else(|| values::member(data, "description_title").map(without_severity));
    let mut said = Observation::firing(key, title.unwrap_or_else(|| format!("Sentry alert {id}")));
    said.status = match action {
        "warning" => Status::Warning,
        // Only here nothing else tells.
        "open" if alert["status"] == 10 => Status::Warning,
        _ => Status::Critical,
    };
    said.description = values::member(data, "description_text").unwrap_or_default();
    values::put(&mut said.labels, "rule", rule);
    values::put(&mut said.labels, "project", values::words(&alert["projects"]));
    values::put(
        &mut said.labels,
        "environment",
        values::member(&alert["alert_rule"], "environment"),
    );
    said.links = values::only_link(values::member(data, "web_url"), "Open in Sentry");
    said.starts_at = values::time(&alert["date_started"]);
    Ok(said)
}

/// "Critical: Too many errors" without the first word, which is not always the same.
fn without_severity(title: String) -> String {
    match title.split_once(": ") {
        Some(("Critical" | "Warning" | "Resolved", rest)) => rest.to_owned(),
        _ => title,
    }
}

/// A rule has found something about an issue: it is an alert of that issue.
fn event_alert(data: &Value) -> Result<Observation, String> {
    let event = &data["event"];
    let issue = values::member(event, "issue_id");
    let key = match &issue {
        Some(issue) => issue_key(issue),
        None => {
            let id = values::member(event, "event_id");
            let id = id.ok_or("`data.event.issue_id` and `data.event.event_id` are missing.")?;
            values::key(&format!("event/{id}"))
        }
    };
    let rule = values::member(data, "triggered_rule");
    let title = values::member(event, "title").or_else(|| rule.clone());
    let mut said = Observation::firing(key, title.unwrap_or_else(|| "Sentry issue".to_owned()));
    said.status = level(values::member(event, "level"));
    for tag in event["tags"].as_array().into_iter().flatten() {
        if let Some(name) = tag.get(0).and_then(values::plain) {
            values::put(&mut said.labels, &name, tag.get(1).and_then(values::plain));
        }
    }
    for name in ["level", "platform"] {
        values::put(&mut said.labels, name, values::member(event, name));
    }
    values::put(&mut said.labels, "rule", rule);
    values::put(&mut said.annotations, "culprit", values::member(event, "culprit"));
    said.links = values::only_link(values::member(event, "web_url"), "Open in Sentry");
    Ok(said)
}

fn issue(action: &str, data: &Value) -> Result<Option<Observation>, String> {
    let issue = &data["issue"];
    let id = values::member(issue, "id").ok_or("`data.issue.id` is missing.")?;
    let key = issue_key(&id);
    let said = match action {
        "created" | "unresolved" => Said::Firing,
        // Whoever archives an issue does not want to hear of it; Sentry says when that ends.
        "resolved" | "archived" | "ignored" => return Ok(Some(Observation::resolved(key))),
        "assigned" if issue["assignedTo"].is_object() || issue["assignedTo"].is_string() => {
            Said::Acknowledged
        }
        _ => return Ok(None),
    };
    let title = values::member(issue, "title");
    let mut observation =
        Observation::firing(key, title.unwrap_or_else(|| "Sentry issue".to_owned()));
    observation.said = said;
    observation.status = level(values::member(issue, "level"));
    let project = values::first(&issue["project"], &["slug", "name"]);
    values::put(&mut observation.labels, "project", project);
    for name in ["level", "platform"] {
        values::put(&mut observation.labels, name, values::member(issue, name));
    }
    values::put(&mut observation.annotations, "culprit", values::member(issue, "culprit"));
    values::put(&mut observation.annotations, "short_id", values::member(issue, "shortId"));
    let address = values::first(issue, &["permalink", "web_url"]);
    observation.links = values::only_link(address, "Open in Sentry");
    Ok(Some(observation))
}

fn issue_key(id: &str) -> String {
    values::key(&format!("issue/{id}"))
}

fn level(level: Option<String>) -> Status {
    match level.as_deref() {
        Some("debug" | "sample") => Status::Warning,
        Some(word) => match Status::from_word(word) {
            Some(Status::Ok) | None => Status::Critical,
            Some(status) => status,
        },
        None => Status::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "a8e5d37a-696c-4c54-adb5-b3f28d64c7de";

    fn hook(action: &str, data: Value) -> Value {
        json!({
            "action": action, "installation": {"uuid": UUID}, "data": data,
            "actor": {"type": "application", "id": "sentry", "name": "Sentry"},
        })
    }

    fn metric(action: &str) -> Observation {
        let data = json!({
            "metric_alert": {
                "id": "4", "identifier": "1", "status": 20, "projects": ["shop"],
                "date_started": "2026-11-20T23:00:00Z", "alert_rule": {"name": "Too many errors", "environment": null},
            },
            "description_title": format!("{action}: Too many errors"),
            "description_text": "1000 events in the last 10 minutes",
            "web_url": "https://sentry.example/alerts/1",
        });
        read("metric_alert", &hook(action, data)).unwrap().unwrap()
    }

    #[test]
    fn a_metric_alert_is_one_alert_whatever_its_action() {
        let (resolved, warning, critical) =
            (metric("resolved"), metric("warning"), metric("Critical"));
        assert_eq!(resolved.said, Said::Resolved);
        assert_eq!((warning.said, warning.status), (Said::Firing, Status::Warning));
        assert_eq!((critical.said, critical.status), (Said::Firing, Status::Critical));
        assert_eq!((&resolved.key, &warning.key), (&critical.key, &critical.key));
        assert_eq!(warning.title, critical.title);
        assert_eq!(critical.labels["project"], "shop");
        assert_eq!(critical.links[0].href, "https://sentry.example/alerts/1");
        assert!(critical.starts_at.is_some());
    }

    #[test]
    fn little_is_enough() {
        let data =
            json!({"metric_alert": {"id": 4}, "description_title": "Critical: Too many errors"});
        let said = read("metric_alert", &hook("critical", data)).unwrap().unwrap();
        assert_eq!((said.key.as_str(), said.title.as_str()), ("metric_alert/4", "Too many errors"));
        let said = read("event_alert", &hook("triggered", json!({"event": {"issue_id": 7}})))
            .unwrap()
            .unwrap();
        assert_eq!((said.key.as_str(), said.status), ("issue/7", Status::Critical));
    }

    #[test]
    fn an_issue_and_the_alerts_about_it_are_one() {
        let issue =
            |action: &str, data: Value| read("issue", &hook(action, json!({"issue": data})));
        let created = json!({
            "id": "12", "shortId": "SHOP-1", "title": "TypeError", "level": "warning",
            "project": {"id": "1", "slug": "shop"}, "web_url": "https://sentry.example/issues/12",
        });
        let created = issue("created", created).unwrap().unwrap();
        assert_eq!((created.key.as_str(), created.status), ("issue/12", Status::Warning));
        let event = json!({"event": {
            "issue_id": "12", "title": "TypeError", "level": "error", "tags": [["environment", "prod"], ["odd"], 7],
        }, "triggered_rule": "Page us"});
        let event = read("event_alert", &hook("triggered", event)).unwrap().unwrap();
        assert_eq!(event.key, created.key);
        assert_eq!(
            (event.labels["environment"].as_str(), event.labels["rule"].as_str()),
            ("prod", "Page us")
        );
        for (action, said) in [
            ("unresolved", Said::Firing),
            ("resolved", Said::Resolved),
            ("archived", Said::Resolved),
            ("ignored", Said::Resolved),
        ] {
            assert_eq!(issue(action, json!({"id": 12})).unwrap().unwrap().said, said, "{action}");
        }
        let assigned = json!({"id": "12", "assignedTo": {"type": "user", "id": "1"}});
        assert_eq!(issue("assigned", assigned).unwrap().unwrap().said, Said::Acknowledged);
        assert_eq!(issue("assigned", json!({"id": "12", "assignedTo": null})), Ok(None));
        assert_eq!(issue("merged", json!({"id": "12"})), Ok(None));
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_new_is_let_be() {
        let whole = hook("critical", json!({"metric_alert": {"id": "4"}}));
        for (member, expected) in
            [("action", "`action`"), ("data", "`data`"), ("installation", "installation.uuid")]
        {
            let mut broken = whole.clone();
            broken.as_object_mut().unwrap().remove(member);
            let error = read("metric_alert", &broken).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(read("", &whole).unwrap_err().contains("Sentry-Hook-Resource"));
        assert!(
            read("metric_alert", &hook("critical", json!({})))
                .unwrap_err()
                .contains("metric_alert.id")
        );
        for resource in ["comment", "installation", "error"] {
            assert_eq!(read(resource, &hook("created", json!({}))), Ok(None));
        }
        assert_eq!(read("seer", &json!({"anything": 1})), Ok(None));
        assert_eq!(read("preprod_artifact", &json!([])), Ok(None));
    }

    #[test]
    fn installations_may_be_named() {
        assert_eq!(allowed(&Value::Null), Ok(Vec::new()));
        assert_eq!(allowed(&json!({"installation": UUID})), Ok(vec![UUID.to_owned()]));
        assert_eq!(allowed(&json!({"installation": [UUID]})), Ok(vec![UUID.to_owned()]));
        for bad in [
            json!({"installation": 7}),
            json!({"installation": ""}),
            json!({"other": UUID}),
            json!("x"),
        ] {
            assert!(check_settings(&bad).is_err(), "{bad}");
        }
    }
}
