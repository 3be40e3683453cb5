//! The body of an Alertmanager's webhook, as its receiver for incident.io sends it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::alert::fingerprint;
use crate::alert::observation::{Link, Observation, Status};
use crate::ingest::values;

/// The most reasons that are told of one body.
const MOST_REASONS: usize = 20;

/// What a body says, and why some of its alerts can't be read.
pub fn read(body: &Value) -> (Vec<Observation>, Vec<String>) {
    let Some(alerts) = body["alerts"].as_array() else {
        return (Vec::new(), vec!["alerts is a required field".to_owned()]);
    };
    let (mut observations, mut errors) = (Vec::new(), Vec::new());
    for (index, alert) in alerts.iter().enumerate() {
        match observe(alert, body) {
            Ok(observation) => observations.push(observation.within_limits()),
            Err(_) if errors.len() >= MOST_REASONS => {}
            Err(reason) => errors.push(format!("alerts[{index}]: {reason}")),
        }
    }
    (observations, errors)
}

fn observe(alert: &Value, body: &Value) -> Result<Observation, &'static str> {
    let labels: BTreeMap<String, String> = values::labels(&alert["labels"]);
    let key = values::member(alert, "fingerprint").map(|key| values::key(&key));
    let key = match key {
        Some(key) => key,
        None if labels.is_empty() => return Err("it has neither a fingerprint nor labels"),
        None => fingerprint::of_labels(&labels),
    };
    // The group's own status says nothing about its members.
    let is_over = match values::member(alert, "status")
        .map(|status| status.to_ascii_lowercase())
        .as_deref()
    {
        Some("resolved") => true,
        Some("firing") => false,
        _ => return Err("its status is neither firing nor resolved"),
    };
    if is_over {
        return Ok(Observation::resolved(key));
    }
    let annotations = values::labels(&alert["annotations"]);
    let title = ["summary", "title"].iter().find_map(|name| annotations.get(*name));
    let title = title.or_else(|| labels.get("alertname")).cloned().unwrap_or_default();
    let mut observation = Observation::firing(key, title);
    observation.status = match labels.get("severity").and_then(|word| Status::from_word(word)) {
        // It fires, so something is wrong.
        Some(Status::Ok) => Status::Warning,
        Some(status) => status,
        None => Status::Critical,
    };
    observation.description = annotations.get("description").cloned().unwrap_or_default();
    let addresses = [
        (annotations.get("runbook_url").cloned(), "Runbook"),
        (
            annotations.get("dashboard").or_else(|| annotations.get("dashboard_url")).cloned(),
            "Dashboard",
        ),
        (values::member(alert, "generatorURL"), "Source"),
        (values::member(body, "externalURL"), "Alertmanager"),
    ];
    let links = addresses
        .into_iter()
        .filter_map(|(href, text)| Some(Link { href: href?, text: text.to_owned() }));
    observation.links = links.collect();
    observation.starts_at = values::instant(&alert["startsAt"]);
    observation.labels = labels;
    observation.annotations = annotations;
    Ok(observation)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::alert::observation::Said;

    #[test]
    fn each_alert_has_its_own_status() {
        let labels = json!({
            "alertname": "HighLatency", "cluster": "eu-1", "instance": "web-1:9100", "service": "checkout",
            "severity": "critical",
        });
        let body = json!({
            "version": "1", "status": "firing", "externalURL": "http://alertmanager.example:9093", "alerts": [
                {"status": "resolved", "labels": labels, "startsAt": "2026-11-20T23:04:34.812932Z"},
                {"status": "firing", "labels": {"alertname": "Slow", "severity": "warning"}, "fingerprint": "29743001",
                 "annotations": {"summary": "p99 high", "runbook_url": "https://runbooks.example/latency"},
                 "startsAt": "2026-11-20T23:04:34.812932Z", "endsAt": "0001-01-01T00:00:00Z",
                 "generatorURL": "http://prom.example/graph?g0.expr=x"},
                {"status": "odd", "labels": labels}, {"status": "firing"}, 7,
            ],
        });
        let (observations, errors) = read(&body);
        let said: Vec<_> = observations.iter().map(|one| (one.said, one.key.as_str())).collect();
        assert_eq!(said, [(Said::Resolved, "0c4bb787878b93ec"), (Said::Firing, "29743001")]);
        assert_eq!(
            (observations[1].title.as_str(), observations[1].status),
            ("p99 high", Status::Warning)
        );
        assert_eq!(observations[1].links.len(), 3);
        assert!(observations[1].starts_at.is_some());
        assert_eq!(errors.len(), 3);
        assert!(errors[0].starts_with("alerts[2]:"), "{errors:?}");
        for bad in [json!({}), json!([]), json!({"alerts": {}}), json!(null)] {
            assert_eq!(read(&bad).1.len(), 1, "{bad}");
        }
        assert_eq!(read(&json!({"alerts": []})), (Vec::new(), Vec::new()));
    }
}
