//! PagerDuty's Events API.

use serde_json::{Value, json};
use stentor::alert::history::What;
use stentor::clock::Timestamp;
use stentor::ingest::kind::Kind;
use stentor::store::alerts;

use super::gate::{Gate, sample};
use crate::databases::on_each_database;

impl Gate {
    /// Sends an event with the routing key; what was answered.
    async fn enqueues(&self, mut event: Value) -> Value {
        event["routing_key"] = json!(self.monitor.secret);
        self.server.post("/v2/enqueue", &[], &event).await.expect(202)
    }
}

fn trigger(key: Option<&str>) -> Value {
    let mut event = json!({"event_action": "trigger",
        "payload": {"summary": "Disk full", "source": "db-1", "severity": "critical"}});
    if let Some(key) = key {
        event["dedup_key"] = json!(key);
    }
    event
}

fn about(key: &str, action: &str) -> Value {
    json!({"event_action": action, "dedup_key": key})
}

on_each_database! {
    async fn an_alert_is_triggered_acknowledged_and_resolved_once(fresh: Fresh) {
        let gate = Gate::of(Kind::Pagerduty, &fresh).await;
        let answer = gate.enqueues(sample("pagerduty_trigger")).await;
        let expected = json!({"status": "success", "message": "Event processed", "dedup_key": "db-1/disk"});
        assert_eq!(answer, expected);
        gate.enqueues(sample("pagerduty_trigger")).await;
        assert_eq!(gate.alert().await.version, 1);
        for _ in 0..2 {
            gate.enqueues(sample("pagerduty_acknowledge")).await;
        }
        assert!(gate.alert().await.acknowledged.is_some());
        for _ in 0..2 {
            gate.enqueues(sample("pagerduty_resolve")).await;
        }
        let alert = gate.alert().await;
        assert!(matches!(gate.history(&alert).await[..], [What::Seen, What::Acknowledged, What::Resolved { .. }]));
        // What is over is not touched any more, and a trigger is about another one, at once.
        assert_eq!(gate.enqueues(about("db-1/disk", "acknowledge")).await["status"], "success");
        assert_eq!(gate.enqueues(about("nobody knows", "resolve")).await["status"], "success");
        assert_eq!(gate.alert().await, alert);
        gate.enqueues(sample("pagerduty_trigger")).await;
        let keys = gate.alerts().await;
        assert_eq!(keys, [("db-1/disk".to_owned(), false), ("db-1/disk".to_owned(), true)]);
        gate.ends().await;
    }

    async fn without_a_key_each_trigger_is_another_alert(fresh: Fresh) {
        let gate = Gate::of(Kind::Pagerduty, &fresh).await;
        let one = gate.enqueues(trigger(None)).await["dedup_key"].as_str().unwrap().to_owned();
        let other = gate.enqueues(trigger(None)).await["dedup_key"].as_str().unwrap().to_owned();
        assert_ne!(one, other);
        gate.enqueues(about(&other, "resolve")).await;
        assert_eq!(gate.alerts().await, [(one, true), (other, false)]);
        gate.ends().await;
    }

    async fn an_alertmanagers_own_receiver_is_understood(fresh: Fresh) {
        let gate = Gate::of(Kind::Pagerduty, &fresh).await;
        gate.enqueues(sample("pagerduty_trigger_from_alertmanager")).await;
        gate.bot.watches(std::time::Duration::from_secs(60)).await;
        assert_eq!(gate.bot.incident(1).await.name, "[FIRING:2] HighLatency eu-1 (checkout critical)");
        gate.enqueues(sample("pagerduty_resolve_from_alertmanager")).await;
        assert!(gate.alerts().await.iter().all(|(_, fires)| !fires));
        gate.bot.watches(std::time::Duration::from_secs(60)).await;
        gate.ends().await;
    }

    async fn the_key_says_who_it_is_on_every_path(fresh: Fresh) {
        let gate = Gate::of(Kind::Pagerduty, &fresh).await;
        let other = gate.bot.monitor(Kind::Pagerduty).await;
        let elsewhere = gate.bot.monitor(Kind::Opsgenie).await;
        let paths = [gate.path(""), gate.path("/v2/enqueue"), "/v2/enqueue".to_owned(), "/v2/enqueue/".to_owned()];
        for path in &paths {
            for key in [json!("R0UTINGKEY000000000000000000000001"), json!(null), json!(elsewhere.secret)] {
                let mut event = trigger(Some("k"));
                event["routing_key"] = key;
                let answer = gate.server.post(path, &[], &event).await.expect(401);
                assert_eq!(answer["status"], "invalid event", "{path}");
            }
            let mut event = trigger(Some("k"));
            event["routing_key"] = json!(gate.monitor.secret);
            gate.server.post(path, &[], &event).await.expect(202);
        }
        assert_eq!(gate.alert().await.key, "k");
        // Another key has alerts of its own, and can't touch these.
        let mut event = about("k", "resolve");
        event["routing_key"] = json!(other.secret);
        gate.server.post("/v2/enqueue", &[], &event).await.expect(202);
        gate.server.post(&gate.path("/v2/enqueue"), &[], &event).await.expect(401);
        assert_eq!(gate.alerts().await, [("k".to_owned(), true)]);
        gate.ends().await;
    }

    async fn what_is_wrong_with_an_event_is_listed(fresh: Fresh) {
        let gate = Gate::of(Kind::Pagerduty, &fresh).await;
        let event = json!({"routing_key": gate.monitor.secret, "event_action": "trigger",
            "payload": {"summary": "x", "severity": "purple"}});
        let answer = gate.server.post("/v2/enqueue", &[], &event).await.expect(400);
        assert_eq!(answer["status"], "invalid event");
        assert_eq!(answer["errors"].as_array().unwrap().len(), 2, "{answer}");
        assert_eq!(gate.server.get("/v2/enqueue", &[]).await.status.as_u16(), 400);
        assert_eq!(gate.alerts().await, []);
        gate.ends().await;
    }

    async fn changes_are_kept(fresh: Fresh) {
        let gate = Gate::of(Kind::Pagerduty, &fresh).await;
        for path in ["/v2/change/enqueue".to_owned(), gate.path("/v2/change/enqueue/")] {
            let mut event = sample("pagerduty_change");
            event["routing_key"] = json!(gate.monitor.secret);
            gate.server.post(&path, &[], &event).await.expect(202);
            event["payload"] = json!({});
            gate.server.post(&path, &[], &event).await.expect(400);
        }
        let app = &gate.bot.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let changes = alerts::recent_changes(&mut tx, &app.workspace, Timestamp::default(), 10).await.unwrap();
        drop(tx);
        // Nothing says that two of them are the same one.
        assert_eq!(changes.len(), 2);
        assert_eq!(changes[0].1.summary, "deploy checkout 1.2.3");
        assert_eq!(gate.alerts().await, []);
        gate.ends().await;
    }
}
