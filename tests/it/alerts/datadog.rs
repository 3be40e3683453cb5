//! Datadog's webhook.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::observation::Status;
use stentor::ingest::kind::Kind;

use super::gate::Gate;
use crate::databases::on_each_database;
use crate::raw::FORM;

impl Gate {
    /// Our template, as Datadog fills it in.
    fn filled_in(&self, transition: &str) -> Value {
        let template = Kind::Datadog.template().unwrap();
        let now = self.bot.clock.now().as_millis().to_string();
        let values = [
            ("$ALERT_CYCLE_KEY", "4219884"),
            ("$ALERT_ID", "1234"),
            ("$ALERT_TRANSITION", transition),
            ("$EVENT_TITLE", "CPU is high on web-1"),
            ("$EVENT_MSG", "CPU over 90 %"),
            ("$ALERT_PRIORITY", "P2"),
            ("$ALERT_SCOPE", "host:web-1"),
            ("$TAGS", "env:prod,monitor"),
            ("$LINK", "https://dd.example/monitors/1234"),
            ("$DATE", now.as_str()),
        ];
        let filled = values
            .iter()
            .fold(template.to_owned(), |text, (name, value)| text.replace(name, value));
        serde_json::from_str(&filled).unwrap()
    }
}

on_each_database! {
    async fn a_monitor_triggers_warns_and_recovers(fresh: Fresh) {
        let gate = Gate::of(Kind::Datadog, &fresh).await;
        for (transition, status) in [
            ("Triggered", Status::Critical),
            ("Renotify", Status::Critical),
            ("Warn", Status::Warning),
            ("No Data", Status::Unknown),
            ("Re-Triggered", Status::Critical),
            ("Recovered", Status::Ok),
        ] {
            gate.bot.clock.advance(Duration::from_secs(60));
            gate.posts("", &gate.filled_in(transition)).await.expect(200);
            assert_eq!(gate.alert().await.status, status, "{transition}");
        }
        let alert = gate.alert().await;
        assert_eq!((alert.key.as_str(), alert.peak), ("4219884", Status::Critical));
        assert_eq!(alert.labels["env"], "prod");
        gate.ends().await;
    }

    async fn a_delivery_that_was_overtaken_changes_nothing(fresh: Fresh) {
        let gate = Gate::of(Kind::Datadog, &fresh).await;
        let triggered = gate.filled_in("Triggered");
        gate.posts("", &triggered).await.expect(200);
        gate.bot.clock.advance(Duration::from_secs(60));
        gate.posts("", &gate.filled_in("Recovered")).await.expect(200);
        gate.posts("", &triggered).await.expect(200);
        assert_eq!(gate.alerts().await, [("4219884".to_owned(), false)]);
        gate.ends().await;
    }

    async fn a_form_says_the_same(fresh: Fresh) {
        let gate = Gate::of(Kind::Datadog, &fresh).await;
        let form = serde_urlencoded::to_string(gate.filled_in("Triggered").as_object().unwrap()).unwrap();
        let path = gate.path(&format!("/key/{}", gate.monitor.secret));
        gate.server.send(Method::POST, &path, &[("content-type", FORM)], form).await.expect(200);
        gate.posts("", &gate.filled_in("Triggered")).await.expect(200);
        assert_eq!(gate.alert().await.version, 1);
        gate.ends().await;
    }

    async fn a_test_of_the_webhook_is_told_what_is_missing(fresh: Fresh) {
        let gate = Gate::of(Kind::Datadog, &fresh).await;
        let template: Value = serde_json::from_str(Kind::Datadog.template().unwrap()).unwrap();
        let answer = gate.posts("", &template).await.expect(400);
        assert!(answer["error"].as_str().unwrap().contains("alert_cycle_key"), "{answer}");
        let answer = gate.posts("", &json!({"alert_cycle_key": "1", "transition": "Exploded"})).await.expect(400);
        assert!(answer["error"].as_str().unwrap().contains("exploded"), "{answer}");
        gate.ends().await;
    }
}
