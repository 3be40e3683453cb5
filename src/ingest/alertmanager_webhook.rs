//! What an Alertmanager posts to its webhook receiver, version 4 of it.
//!
//! The group's own status says little: it fires while one of its alerts does. So each alert is taken
//! by its own word, and a delivery that mixes both is nothing special.
//!
//! An Alertmanager repeats what was answered with 5xx, and nothing else: what is refused with 4xx,
//! 429 too, is lost for good. So 4xx is for what can never be read, and what can't be taken now is
//! 503.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::alert::fingerprint;
use crate::alert::observation::{Link, Observation, Said, Status};
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::values::{self, first_text, named, text, time};

/// How many of the alerts that could not be read are named in an answer.
const NAMED: usize = 20;

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
    let body = json!({"status": "error", "error": trouble.message()});
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
    take_group(knock, &knock.object()?).await
}

/// Takes a group of alerts, and answers. What could be read is kept, whatever else was sent.
pub async fn take_group(knock: &Knock, body: &Value) -> Result<Response, Trouble> {
    let read = read(body)?;
    if read.truncated > 0 {
        let kind = knock.source.kind.as_str();
        metrics::counter!("stentor_alerts_truncated_total", "kind" => kind)
            .increment(read.truncated);
        tracing::info!(
            source.id = %knock.source.id,
            truncated = read.truncated,
            "A sender leaves alerts out of what it sends; its `max_alerts` is lower than what fires"
        );
    }
    knock.take(read.observations, Vec::new(), None).await?;
    if read.bad.is_empty() {
        return Ok(Json(json!({"status": "success"})).into_response());
    }
    let body = json!({
        "status": "error",
        "error": "Not every alert could be read; the others were taken.",
        "errors": read.bad,
    });
    Ok((StatusCode::BAD_REQUEST, Json(body)).into_response())
}

/// What is in a delivery.
#[derive(Debug, Default)]
pub struct Read {
    /// What it says of alerts.
    pub observations: Vec<Observation>,
    /// What is wrong with those that could not be read.
    pub bad: Vec<String>,
    /// How many the sender has left out.
    pub truncated: u64,
}

/// Reads a delivery.
pub fn read(body: &Value) -> Result<Read, Trouble> {
    let Some(alerts) = body.get("alerts").and_then(Value::as_array) else {
        return Err(Trouble::Unreadable("The body needs `alerts`, a list.".to_owned()));
    };
    let truncated = body.get("truncatedAlerts").and_then(Value::as_u64).unwrap_or(0);
    let mut read = Read { truncated, ..Read::default() };
    for (place, alert) in alerts.iter().enumerate() {
        match observation(body, alert) {
            Ok(observation) => read.observations.push(observation),
            Err(_) if read.bad.len() > NAMED => {}
            Err(_) if read.bad.len() == NAMED => {
                read.bad.push("There are more of them.".to_owned());
            }
            Err(why) => read.bad.push(format!("alerts[{place}] {why}")),
        }
    }
    Ok(read)
}

/// What the delivery says of one alert; what is wrong with it, if it can't be read.
fn observation(group: &Value, alert: &Value) -> Result<Observation, String> {
    if !alert.is_object() {
        return Err("is no object".to_owned());
    }
    if alert.get("labels").is_some_and(|labels| !labels.is_object() && !labels.is_null()) {
        return Err("has labels that are no object".to_owned());
    }
    let said = match text(alert, "status").to_ascii_lowercase().as_str() {
        "firing" => Said::Firing,
        "resolved" => Said::Resolved,
        _ => return Err("has a status that is neither `firing` nor `resolved`".to_owned()),
    };
    let labels = named(alert.get("labels"));
    let key = match text(alert, "fingerprint") {
        given if !given.is_empty() => values::key(&given),
        _ if labels.is_empty() => return Err("has neither labels nor a fingerprint".to_owned()),
        _ => fingerprint::of_labels(&labels),
    };
    let annotations = named(alert.get("annotations"));
    let named = |name: &str| labels.get(name).map(String::as_str);
    let status = match said {
        Said::Firing => named("severity").and_then(Status::from_word).unwrap_or(Status::Critical),
        _ => Status::Ok,
    };
    let title = annotation(&annotations, &["summary", "title"]);
    let title = if title.is_empty() { named("alertname").unwrap_or_default() } else { title };
    let observation = Observation {
        said,
        status,
        title: if title.is_empty() { key.clone() } else { title.to_owned() },
        description: annotation(&annotations, &["description", "message"]).to_owned(),
        links: links(group, alert, &annotations),
        starts_at: time(alert.get("startsAt")),
        labels,
        annotations: with_values(annotations, alert),
        // While it fires, its end is only when its own sender would stop believing it.
        ends: None,
        // A time of ours decides nothing here: an alert that comes back after its connection was lost
        // still has the time at which it began, and that is before the end that was assumed meanwhile.
        at: None,
        ..Observation::firing(key, "")
    };
    Ok(observation.within_limits())
}

fn annotation<'a>(annotations: &'a BTreeMap<String, String>, names: &[&str]) -> &'a str {
    let mut found = names.iter().filter_map(|name| annotations.get(*name));
    found.next().map_or("", String::as_str)
}

/// Where to look: Grafana's own links among them.
fn links(group: &Value, alert: &Value, annotations: &BTreeMap<String, String>) -> Vec<Link> {
    let mut links = Vec::new();
    let is_runbook = ["runbook_url", "runbook"];
    values::link(&mut links, annotation(annotations, &is_runbook), "Runbook");
    let is_dashboard = ["dashboard_url", "dashboard"];
    values::link(&mut links, annotation(annotations, &is_dashboard), "Dashboard");
    for (field, name) in [
        ("panelURL", "Panel"),
        ("dashboardURL", "Dashboard"),
        ("generatorURL", "Source"),
        ("silenceURL", "Silence it there"),
        ("imageURL", "Image"),
    ] {
        values::link(&mut links, &text(alert, field), name);
    }
    let name = if first_text(group, &["orgId", "appVersion"]).is_empty() {
        "Alertmanager"
    } else {
        "Grafana"
    };
    values::link(&mut links, &text(group, "externalURL"), name);
    links
}

/// The values that Grafana has measured, beside what else it says.
fn with_values(
    mut annotations: BTreeMap<String, String>,
    alert: &Value,
) -> BTreeMap<String, String> {
    for (name, value) in named(alert.get("values")) {
        annotations.entry(format!("value {name}")).or_insert(value);
    }
    for field in ["valueString", "ruleUID"] {
        values::put(&mut annotations, field, text(alert, field));
    }
    annotations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Value {
        let path = format!("{}/tests/data/alerts/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        recorded["body"].clone()
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
    fn what_an_alertmanager_sends_is_read() {
        let read = read(&sample("alertmanager_webhook_v4_firing")).unwrap();
        assert_eq!((read.bad.len(), read.truncated), (0, 0));
        let [one, other] = read.observations.as_slice() else { panic!("{read:?}") };
        assert_eq!(one.key, "0c4bb787878b93ec");
        assert_eq!(one.key, fingerprint::of_labels(&one.labels));
        assert_eq!((one.said, one.status), (Said::Firing, Status::Critical));
        assert_eq!(other.title, "p99 high on web-2");
        assert_eq!(one.starts_at, time(Some(&json!("2026-11-20T23:04:34.812932Z"))));
        assert_eq!((one.ends, one.at), (None, None));
        let hrefs: Vec<&str> = one.links.iter().map(|link| link.href.as_str()).collect();
        let expected = [
            "https://runbooks.example/latency",
            "http://prom.example/graph?g0.expr=x",
            "http://alertmanager.example:9093",
        ];
        assert_eq!(hrefs, expected);
    }

    #[test]
    fn each_alert_counts_by_its_own_status() {
        let read = read(&sample("alertmanager_webhook_v4_partial")).unwrap();
        let said: Vec<Said> = read.observations.iter().map(|one| one.said).collect();
        assert_eq!(said, [Said::Resolved, Said::Firing, Said::Firing]);
        assert_eq!(read.observations[0].status, Status::Ok);
    }

    #[test]
    fn without_a_fingerprint_the_labels_make_one_and_empty_ones_do_not_count() {
        let mut body = sample("alertmanager_webhook_v4_firing");
        body["alerts"][0].as_object_mut().unwrap().remove("fingerprint");
        body["alerts"][0]["labels"]["empty"] = json!("");
        body["alerts"][1]["fingerprint"] = json!("");
        let read = read(&body).unwrap();
        let keys: Vec<&str> = read.observations.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["0c4bb787878b93ec", "2974300144d08507"]);
    }

    #[test]
    fn severities_and_titles_are_found_where_people_put_them() {
        let body = json!({"truncatedAlerts": 7, "alerts": [
            {"status": "firing", "labels": {"alertname": "A", "severity": "warning"}},
            {"status": "FIRING", "labels": {"alertname": "B", "severity": "purple"}, "annotations": {"title": "T"}},
            {"status": "firing", "labels": {"severity": "info", "n": 5}},
        ]});
        let read = read(&body).unwrap();
        let found: Vec<(Status, &str)> =
            read.observations.iter().map(|one| (one.status, one.title.as_str())).collect();
        let key = read.observations[2].key.as_str();
        assert_eq!(
            found,
            [(Status::Warning, "A"), (Status::Critical, "T"), (Status::Warning, key)]
        );
        assert_eq!(read.observations[2].labels["n"], "5");
        assert_eq!(read.truncated, 7);
    }

    #[test]
    fn the_bad_ones_are_named_and_the_good_ones_kept() {
        let good = json!({"status": "firing", "labels": {"alertname": "A"}});
        let bad = [
            json!(null),
            json!("x"),
            json!({"status": "firing"}),
            json!({"status": "firing", "labels": {"a": ""}}),
            json!({"status": "firing", "labels": ["a"]}),
            json!({"labels": {"alertname": "A"}}),
            json!({"status": {"a": 1}, "labels": {"alertname": "A"}}),
        ];
        let alerts: Vec<Value> = std::iter::once(good).chain(bad).collect();
        let found = read(&json!({"alerts": alerts})).unwrap();
        assert_eq!(found.observations.len(), 1);
        assert_eq!(found.bad.len(), 7, "{:?}", found.bad);
        assert!(found.bad[0].starts_with("alerts[1] "), "{:?}", found.bad);
        let many = read(&json!({"alerts": vec![json!(null); 500]})).unwrap();
        assert_eq!(many.bad.len(), NAMED + 1);
        for body in [json!({}), json!({"alerts": {}}), json!({"alerts": null})] {
            assert!(read(&body).is_err(), "{body}");
        }
    }
}
