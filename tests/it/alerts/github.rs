//! GitHub's webhooks.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::ingest::kind::Kind;

use super::visitor::Visitor;
use crate::bot::Bot;
use crate::databases::on_each_database;
use crate::http::Answer;

/// Of `{"zen":"ok"}`, for the secret `s3cr3t`.
const SIGNATURE: &str = "sha256=2ef16f4a345cb4b1e5cd07b5755f3a171abc817232a31326a835a069702de932";

impl Visitor {
    async fn delivers(
        &self,
        event: &str,
        delivery: &str,
        kind: &str,
        body: &str,
        signature: &str,
    ) -> Answer {
        let headers = [
            ("content-type", kind),
            ("x-github-event", event),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", signature),
        ];
        self.server.send(Method::POST, &self.path(""), &headers, body.to_owned()).await
    }

    async fn delivers_signed(&self, event: &str, delivery: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let signature = format!("sha256={}", self.signature(&body));
        self.delivers(event, delivery, "application/json", &body, &signature).await
    }
}

fn deployment(state: Option<&str>) -> Value {
    let mut body = json!({
        "action": "created", "repository": {"full_name": "o/r", "html_url": "https://github.example/o/r"},
        "deployment": {"id": 145_988_746, "ref": "main", "environment": "production", "created_at": "2026-09-21T14:00:00Z"},
    });
    if let Some(state) = state {
        body["deployment_status"] = json!({"state": state, "created_at": "2026-09-21T14:05:00Z"});
    }
    body
}

on_each_database! {
    async fn only_what_github_has_signed_is_believed(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.signs_with(Kind::Github, Value::Null, "s3cr3t").await;
        let body = r#"{"zen":"ok"}"#;
        let answer = visitor.delivers("ping", "1", "application/json", body, SIGNATURE).await.expect(200);
        assert_eq!(answer["message"], "pong");
        for (body, signature) in [
            (body, ""), (body, "sha256="), (body, SIGNATURE.trim_start_matches("sha256=")), (body, "sha256=00"),
            (r#"{"zen":"no"}"#, SIGNATURE),
        ] {
            visitor.delivers("ping", "1", "application/json", body, signature).await.expect(401);
        }
        visitor.sends("", &[("x-github-event", "ping")], body).await.expect(401);
    }

    async fn a_deployment_is_one_change_as_it_stands(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Github, Value::Null).await;
        visitor.delivers_signed("deployment", "1", &deployment(None)).await.expect(202);
        visitor.delivers_signed("deployment_status", "2", &deployment(Some("success"))).await.expect(202);
        // The first one again: it was taken, and is not what is true now.
        visitor.delivers_signed("deployment", "1", &deployment(None)).await.expect(202);
        let changes = bot.changed_on_purpose().await;
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].summary.as_str(), changes[0].state.as_deref()), ("o/r: main deployed to production", Some("success")));
        assert!(bot.alerts().await.is_empty());
    }

    async fn forms_are_read_and_what_is_no_change_is_let_be(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Github, Value::Null).await;
        let push = json!({"repository": {"full_name": "o/r"}, "ref": "refs/heads/main", "after": "abc"});
        let form = serde_urlencoded::to_string([("payload", push.to_string())]).unwrap();
        let signature = format!("sha256={}", visitor.signature(&form));
        let kind = "application/x-www-form-urlencoded";
        visitor.delivers("push", "1", kind, &form, &signature).await.expect(202);
        visitor.delivers_signed("star", "2", &json!({"action": "created"})).await.expect(202);
        assert_eq!(bot.changed_on_purpose().await.len(), 1);
        for (event, body) in [("deployment", json!({})), ("release", json!({"repository": {"full_name": "o/r"}}))] {
            visitor.delivers_signed(event, "3", &body).await.expect(400);
        }
        let large = "x".repeat(1024 * 1024 + 1);
        let signature = format!("sha256={}", visitor.signature(&large));
        let headers = [("x-github-event", "push"), ("x-hub-signature-256", signature.as_str())];
        visitor.sends_in_process("", &headers, large).await.expect(413);
        let signature = format!("sha256={}", visitor.signature("{"));
        visitor.delivers("push", "5", "application/json", "{", &signature).await.expect(400);
    }
}
