//! Prometheus sends to Stentor as it would to an Alertmanager; or to an Alertmanager, which calls
//! Stentor's webhook.

use serde_json::{Value, json};
use stentor::ingest::kind::Kind;

use super::live::Live;
use super::programs::{Alertmanager, Metrics, Prometheus};
use crate::databases::on_each_database;

/// Two alerts about one service.
fn rules() -> Value {
    json!([
        {
            "alert": "HighLatency",
            "expr": "latency_seconds > 1",
            "labels": {"service": "checkout", "severity": "critical"},
            "annotations": {
                "summary": "Checkout takes {{ $value }} s",
                "description": "Customers wait",
                "runbook_url": "https://runbooks.example/latency",
            },
        },
        {
            "alert": "ManyErrors",
            "expr": "error_ratio > 0.5",
            "labels": {"service": "checkout", "severity": "warning"},
        },
    ])
}

/// What the rules look at, while all is well.
const WELL: [(&str, f64); 2] = [("latency_seconds", 0.1), ("error_ratio", 0.0)];

/// The two alerts come, go and come back, whichever way they take.
async fn tells_of_all(live: &Live, metrics: &Metrics) {
    metrics.set("latency_seconds", 5.0);
    live.until("an incident is open", async || !live.incidents().await.is_empty()).await;
    let incident = live.incidents().await.remove(0);
    // It is opened first, and its alerts are told right after that they are part of it.
    live.until("its alert is known", async || live.alerts_of(&incident).await.len() == 1).await;
    let alerts = live.alerts_of(&incident).await;
    assert_eq!(alerts[0].title, "Checkout takes 5 s");
    assert_eq!(alerts[0].description, "Customers wait");
    assert_eq!(alerts[0].labels["alertname"], "HighLatency");
    let runbook = alerts[0].links.iter().find(|link| link.text == "Runbook");
    assert_eq!(runbook.map(|link| link.href.as_str()), Some("https://runbooks.example/latency"));
    live.until("its channel is open", async || live.incidents().await[0].channel.is_some()).await;

    metrics.set("error_ratio", 0.9);
    live.until("a second alert has joined", async || {
        live.alerts_of(&incident).await.iter().filter(|alert| alert.phase.is_firing()).count() == 2
    })
    .await;

    metrics.set("latency_seconds", 0.1);
    live.until("one of them is over", async || live.firing().await.len() == 1).await;
    assert_eq!(live.incidents().await[0].ended_at, None, "the other one goes on");
    metrics.set("error_ratio", 0.0);
    live.until("the incident is over", async || live.incidents().await[0].ended_at.is_some()).await;

    metrics.set("latency_seconds", 7.0);
    live.until("it is open again", async || live.incidents().await[0].ended_at.is_none()).await;
    live.until("the alert has come back", async || {
        live.firing().await.iter().any(|alert| alert.title == "Checkout takes 7 s")
    })
    .await;
    assert_eq!(live.incidents().await.len(), 1, "all of it is about one incident");
    let channels = live.slack.read(|state| {
        state.channels.values().filter(|channel| channel.name.starts_with("inc-")).count()
    });
    assert_eq!(channels, 1);
}

on_each_database! {
    async fn prometheus_opens_feeds_ends_and_reopens_an_incident(fresh: Fresh) {
        let live = Live::start(&fresh).await;
        live.follows_alerts().await;
        let made = live.has_source(Kind::Alertmanager).await;
        let metrics = Metrics::serve(&WELL).await;
        let alertmanagers = json!({
            "path_prefix": "/alertmanager",
            "authorization": {"credentials": made.secret.reveal()},
            "static_configs": [{"targets": [live.address]}],
        });
        let _prometheus = Prometheus::start(&metrics, &rules(), &alertmanagers);
        tells_of_all(&live, &metrics).await;
        live.ends().await;
    }

    async fn an_alertmanager_between_calls_the_webhook_to_the_same_end(fresh: Fresh) {
        let live = Live::start(&fresh).await;
        live.follows_alerts().await;
        let made = live.has_source(Kind::AlertmanagerWebhook).await;
        let alertmanager = Alertmanager::start(&json!({
            "route": {
                "receiver": "stentor", "group_by": ["service"],
                "group_wait": "1s", "group_interval": "1s", "repeat_interval": "1h",
            },
            "receivers": [{"name": "stentor", "webhook_configs": [{
                "url": format!("http://{}/hooks/{}", live.address, made.source.id),
                "http_config": {"authorization": {"credentials": made.secret.reveal()}},
            }]}],
        }))
        .await;
        let metrics = Metrics::serve(&WELL).await;
        let alertmanagers = json!({"static_configs": [{"targets": [alertmanager.target()]}]});
        let _prometheus = Prometheus::start(&metrics, &rules(), &alertmanagers);
        tells_of_all(&live, &metrics).await;

        // Both know the alert by the same fingerprint.
        let known = alertmanager.server.get("/api/v2/alerts", &[]).await.expect(200);
        let known: Vec<&str> =
            known.as_array().unwrap().iter().map(|alert| alert["fingerprint"].as_str().unwrap()).collect();
        let firing = live.firing().await;
        assert!(!firing.is_empty() && firing.iter().all(|alert| known.contains(&alert.key.as_str())));
        live.ends().await;
    }
}
