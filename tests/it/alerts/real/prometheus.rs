//! Prometheus sends to Stentor as it would to an Alertmanager.

use serde_json::json;
use stentor::ingest::kind::Kind;

use super::live::Live;
use super::programs::{Metrics, Prometheus};
use crate::databases::on_each_database;

on_each_database! {
    async fn prometheus_opens_feeds_ends_and_reopens_an_incident(fresh: Fresh) {
        let live = Live::start(&fresh).await;
        live.follows_alerts().await;
        let made = live.has_source(Kind::Alertmanager).await;
        let metrics = Metrics::serve(&[("latency_seconds", 0.1), ("error_ratio", 0.0)]).await;
        let rules = json!([
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
        ]);
        let alertmanagers = json!({
            "path_prefix": "/alertmanager",
            "authorization": {"credentials": made.secret.reveal()},
            "static_configs": [{"targets": [live.address]}],
        });
        let _prometheus = Prometheus::start(&metrics, &rules, &alertmanagers);

        metrics.set("latency_seconds", 5.0);
        live.until("an incident is open", async || !live.incidents().await.is_empty()).await;
        let incident = live.incidents().await.remove(0);
        let alerts = live.alerts_of(&incident).await;
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0].title, "Checkout takes 5 s");
        assert_eq!(alerts[0].description, "Customers wait");
        assert_eq!(alerts[0].labels["alertname"], "HighLatency");
        let links: Vec<&str> = alerts[0].links.iter().map(|link| link.text.as_str()).collect();
        assert_eq!(links, ["Source", "Runbook"]);
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
        live.ends().await;
    }
}
