//! Sentry's integration platform.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::history::Phase;
use stentor::alert::observation::Status;
use stentor::ingest::kind::Kind;

use super::visitor::Visitor;
use crate::bot::Bot;
use crate::databases::on_each_database;
use crate::http::Answer;

const UUID: &str = "a8e5d37a-696c-4c54-adb5-b3f28d64c7de";
/// A body whose signature is known, for the secret `s3cr3t`.
const KNOWN: &str = r#"{"action":"critical","installation":{"uuid":"a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},"data":{"metric_alert":{"id":"4","identifier":"1","status":20},"description_title":"Critical: Too many errors"},"actor":{"type":"application","id":"sentry","name":"Sentry"}}"#;
const SIGNATURE_OF_KNOWN: &str = "0100800730c5bd8774581a2484f770515ac65eb50f0defcfe7f2f6e03899379e";
const SIGNATURE_OF_NOTHING: &str =
    "3c81cc9496e1c25250f6ccb85f697c1bb623e3480d6538ad8cb6a6648142777d";

impl Visitor {
    async fn hooks(&self, resource: &str, body: &str, signature: (&str, &str)) -> Answer {
        let headers =
            [("content-type", "application/json"), ("sentry-hook-resource", resource), signature];
        self.server.send(Method::POST, &self.path(""), &headers, body.to_owned()).await
    }

    async fn hooks_signed(&self, resource: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.hooks(resource, &body, ("sentry-hook-signature", &self.signature(&body))).await
    }
}

fn metric(action: &str) -> Value {
    json!({
        "action": action, "installation": {"uuid": UUID},
        "data": {"metric_alert": {"id": "4", "alert_rule": {"name": "Too many errors"}}},
        "actor": {"type": "application", "id": "sentry", "name": "Sentry"},
    })
}

on_each_database! {
    async fn only_what_sentry_has_signed_is_believed(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.signs_with(Kind::Sentry, Value::Null, "s3cr3t").await;
        for name in ["sentry-hook-signature", "sentry-app-signature", "x-sentry-hook-signature"] {
            visitor.hooks("metric_alert", KNOWN, (name, SIGNATURE_OF_KNOWN)).await.expect(202);
        }
        visitor.hooks("installation", "", ("sentry-hook-signature", SIGNATURE_OF_NOTHING)).await.expect(202);
        for (body, signature) in [
            (KNOWN, SIGNATURE_OF_NOTHING),
            ("", SIGNATURE_OF_KNOWN),
            (&KNOWN.replace('4', "5"), SIGNATURE_OF_KNOWN),
            (KNOWN, "x"),
            (KNOWN, ""),
        ] {
            visitor.hooks("metric_alert", body, ("sentry-hook-signature", signature)).await.expect(401);
        }
        visitor.hooks("metric_alert", KNOWN, ("x-other", SIGNATURE_OF_KNOWN)).await.expect(401);
        // A secret that is shown proves nothing here.
        visitor.sends("", &[("sentry-hook-resource", "metric_alert")], KNOWN).await.expect(401);
        assert_eq!(bot.alerts().await.len(), 1);
    }

    async fn a_metric_alert_is_one_alert_in_whatever_order_it_comes(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Sentry, Value::Null).await;
        for action in ["resolved", "warning", "critical", "critical"] {
            visitor.hooks_signed("metric_alert", &metric(action)).await.expect(202);
        }
        let [alert] = <[_; 1]>::try_from(bot.alerts().await).unwrap();
        assert_eq!((alert.title.as_str(), alert.status, alert.version), ("Too many errors", Status::Critical, 2));
        visitor.hooks_signed("metric_alert", &metric("resolved")).await.expect(202);
        assert_eq!(bot.alerts().await[0].phase, Phase::Resolved);
    }

    async fn issues_are_alerts_until_they_are_resolved(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Sentry, Value::Null).await;
        let hook = |action: &str, data: Value| json!({"action": action, "installation": {"uuid": UUID}, "data": data});
        let issue = json!({"issue": {"id": "12", "title": "TypeError", "level": "error", "assignedTo": {"id": "1"}}});
        visitor.hooks_signed("issue", &hook("created", issue.clone())).await.expect(202);
        visitor.hooks_signed("issue", &hook("assigned", issue.clone())).await.expect(202);
        let alert = bot.alerts().await.remove(0);
        assert!(alert.phase.is_firing() && alert.acknowledged.is_some());
        visitor.hooks_signed("issue", &hook("archived", issue)).await.expect(202);
        for (resource, action) in [("comment", "created"), ("installation", "deleted"), ("error", "created"), ("seer", "x")] {
            visitor.hooks_signed(resource, &hook(action, json!({}))).await.expect(202);
        }
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), alerts[0].phase), (1, Phase::Resolved));
    }

    async fn what_can_not_be_read_is_named(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Sentry, json!({"installation": UUID})).await;
        visitor.hooks_signed("metric_alert", &metric("critical")).await.expect(202);
        let mut stranger = metric("critical");
        stranger["installation"]["uuid"] = json!("other");
        visitor.hooks_signed("metric_alert", &stranger).await.expect(404);
        for member in ["action", "installation", "data"] {
            let mut broken = metric("critical");
            broken.as_object_mut().unwrap().remove(member);
            let answer = visitor.hooks_signed("metric_alert", &broken).await.expect(400);
            assert!(answer["detail"].as_str().unwrap().contains(member), "{answer}");
        }
        visitor.hooks_signed("", &metric("critical")).await.expect(400);
        for bad in ["{", "7", "null", "\u{0}"] {
            let signature = visitor.signature(bad);
            visitor.hooks("metric_alert", bad, ("sentry-hook-signature", &signature)).await.expect(400);
        }
        let large = "x".repeat(1024 * 1024 + 1);
        let signature = visitor.signature(&large);
        let headers = [("sentry-hook-resource", "metric_alert"), ("sentry-hook-signature", signature.as_str())];
        visitor.sends_in_process("", &headers, large).await.expect(413);
        let path = visitor.path("").replace(visitor.source.id.as_str(), "01ZZZZZZZZZZZZZZZZZZZZZZZZ");
        visitor.server.post(&path, &[("sentry-hook-resource", "issue")], &metric("critical")).await.expect(404);
    }
}
