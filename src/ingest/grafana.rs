//! Grafana's webhook: an Alertmanager's, and more; or its formatted form.
//!
//! It may sign what it sends: HMAC-SHA-256 of the body in a header, or of `"{time}:{body}"` where a
//! header for the time is configured. A signature that is there has to be right; where there is
//! none, a secret has to be shown. Both headers can be called otherwise, there and here.

use std::time::Duration;

use axum::Json;
use axum::http::Method;
use axum::http::header::HeaderName;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::{alertmanager_webhook, formatted};

/// The header with the signature, unless it is called otherwise.
const SIGNATURE: &str = "x-grafana-alerting-signature";
/// How far the time of a signature may be from ours, so that nobody can send a request again later.
const SIGNATURE_AGE: Duration = Duration::from_secs(300);

/// What this door wants to know.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// What the header with the signature is called.
    signature_header: Option<String>,
    /// What the header with the time is called. Without it, no time is signed.
    timestamp_header: Option<String>,
}

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(response) => response,
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further. Grafana's own Alertmanager repeats what an Alertmanager does.
pub fn refuse(trouble: Trouble) -> Response {
    alertmanager_webhook::refuse(trouble)
}

/// Whether the settings are understood.
pub fn check_settings(door: &Value) -> Result<(), String> {
    settings(door).map(drop)
}

fn settings(door: &Value) -> Result<Settings, String> {
    if door.is_null() {
        return Ok(Settings::default());
    }
    let settings: Settings = serde_json::from_value(door.clone()).map_err(|error| {
        format!("a source of kind grafana takes `signature_header` and `timestamp_header`: {error}")
    })?;
    for (field, name) in [
        ("signature_header", &settings.signature_header),
        ("timestamp_header", &settings.timestamp_header),
    ] {
        let is_bad = |name: &String| HeaderName::from_bytes(name.as_bytes()).is_err();
        if name.as_ref().is_some_and(is_bad) {
            return Err(format!("`{field}` is no name that a header can have"));
        }
    }
    Ok(settings)
}

async fn take(knock: &Knock) -> Result<Response, Trouble> {
    if !is_proven(knock) {
        return Err(Trouble::Unproven);
    }
    if !knock.is_at_the_door() {
        return Err(Trouble::NotThere);
    }
    if knock.method != Method::POST && knock.method != Method::PUT {
        return Err(Trouble::WrongMethod);
    }
    let body = knock.object()?;
    if !formatted::is_formatted(&body) {
        return alertmanager_webhook::take_group(knock, &body).await;
    }
    let observation = formatted::read(&body, || knock.app.ids.ulid(knock.now))?;
    knock.take(observation.into_iter().collect(), Vec::new(), None).await?;
    Ok(Json(json!({"status": "success"})).into_response())
}

fn is_proven(knock: &Knock) -> bool {
    // They were checked when the source was made; of a newer version's settings the usual names hold.
    let settings = settings(&knock.source.settings.door).unwrap_or_default();
    let name = settings.signature_header.as_deref().unwrap_or(SIGNATURE);
    if !knock.headers.contains_key(name) {
        return knock.shows_secret();
    }
    let Some(signature) = knock.header(name) else { return false };
    let Some(name) = settings.timestamp_header else {
        return knock.is_signed(&[&knock.body], signature);
    };
    let Some(time) = knock.header(&name) else { return false };
    is_recent(time, knock.now) && knock.is_signed(&[time.as_bytes(), b":", &knock.body], signature)
}

fn is_recent(seconds: &str, now: Timestamp) -> bool {
    let seconds: Option<i64> = seconds.parse().ok();
    seconds.is_some_and(|seconds| now.as_seconds().abs_diff(seconds) <= SIGNATURE_AGE.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_name_headers_and_nothing_else() {
        assert_eq!(check_settings(&Value::Null), Ok(()));
        let named = json!({"signature_header": "X-Signed", "timestamp_header": "X-Time"});
        assert_eq!(check_settings(&named), Ok(()));
        for bad in [
            json!({"header": "X"}),
            json!({"signature_header": "no header"}),
            json!({"timestamp_header": ""}),
            json!({"signature_header": 5}),
            json!([]),
            json!("x"),
        ] {
            assert!(check_settings(&bad).is_err(), "{bad}");
        }
        assert!(check_settings(&json!({"header": "X"})).unwrap_err().contains("signature_header"));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes() {
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        for (time, is_good) in [
            ("1700000000", true),
            ("1699999700", true),
            ("1700000300", true),
            ("1699999699", false),
            ("1700000301", false),
            ("", false),
            ("now", false),
            ("-9223372036854775808", false),
        ] {
            assert_eq!(is_recent(time, now), is_good, "{time}");
        }
    }

    #[test]
    fn what_grafana_adds_is_read() {
        let body = json!({
            "receiver": "stentor", "status": "firing", "orgId": 1, "version": "1", "groupKey": "{}:{}",
            "truncatedAlerts": 0, "title": "[FIRING:1] Test", "state": "alerting", "message": "m",
            "externalURL": "https://grafana.example/",
            "alerts": [{
                "status": "firing", "labels": {"alertname": "Checkout is slow", "grafana_folder": "Shop"},
                "annotations": {"summary": "p99 over 2 s"}, "fingerprint": "c6eadffa33fcdf37",
                "startsAt": "2026-11-20T23:04:34.8Z", "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://grafana.example/alerting/1/edit",
                "silenceURL": "https://grafana.example/alerting/silence/new",
                "dashboardURL": "https://grafana.example/d/abcd", "panelURL": "https://grafana.example/d/abcd?viewPanel=1",
                "values": {"B": 44.23, "C": 1}, "valueString": "[ var='B' value=44.23 ]", "ruleUID": "r1",
            }],
        });
        assert!(!formatted::is_formatted(&body));
        let read = alertmanager_webhook::read(&body).unwrap();
        let [said] = read.observations.as_slice() else { panic!("{read:?}") };
        assert_eq!((said.key.as_str(), said.title.as_str()), ("c6eadffa33fcdf37", "p99 over 2 s"));
        assert_eq!(said.annotations["value B"], "44.23");
        assert_eq!(said.annotations["ruleUID"], "r1");
        let named: Vec<&str> = said.links.iter().map(|link| link.text.as_str()).collect();
        assert_eq!(named, ["Panel", "Dashboard", "Source", "Silence it there", "Grafana"]);
    }
}
