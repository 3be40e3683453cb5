//! incident.io's alert events.

use base64::Engine as _;
use serde_json::{Value, json};
use stentor::alert::history::Phase;
use stentor::ingest::kind::Kind;

use crate::bot::Bot;
use crate::databases::on_each_database;

fn event(status: &str) -> Value {
    json!({
        "title": "Disk full", "description": "97 %", "deduplication_key": "disk", "status": status,
        "metadata": {"team": ["shop"], "severity": "warning"}, "source_url": "https://mon.example/7",
    })
}

on_each_database! {
    async fn an_event_is_answered_as_its_senders_expect(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::IncidentIo, Value::Null).await;
        let rest = format!("/v2/alert_events/http/{}", visitor.source.id);
        for _ in 0..2 {
            let answer = visitor.posts(&rest, &event("firing")).await.expect(202);
            let expected = json!({"status": "success", "message": "Event accepted for processing", "deduplication_key": "disk"});
            assert_eq!(answer, expected);
        }
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.key.as_str(), alert.labels["team"].as_str(), alert.version), ("disk", "shop", 1));
        visitor.posts(&rest, &event("resolved")).await.expect(202);
        assert_eq!(bot.alerts().await[0].phase, Phase::Resolved);
        // Without a key it is an alert of its own each time, and its sender learns the key.
        let mut nameless = event("firing");
        nameless.as_object_mut().unwrap().remove("deduplication_key");
        let key = visitor.posts(&rest, &nameless).await.expect(202)["deduplication_key"].clone();
        assert_eq!(key.as_str().unwrap().len(), 26);
        assert_ne!(visitor.posts(&rest, &nameless).await.expect(202)["deduplication_key"], key);
        assert_eq!(bot.alerts().await.len(), 3);
        visitor.turns_strangers_away(&rest, &event("firing"), &[]).await;
        let other = rest.replace(visitor.source.id.as_str(), "01ZZZZZZZZZZZZZZZZZZZZZZZZ");
        visitor.posts(&other, &event("firing")).await.expect(404);
    }

    async fn errors_name_the_field(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::IncidentIo, Value::Null).await;
        let rest = format!("/v2/alert_events/http/{}", visitor.source.id);
        for (body, field) in [
            (json!({"status": "firing"}), "title"),
            (json!({"title": "x"}), "status"),
            (json!({"title": "x", "status": "open"}), "status"),
            (json!({"title": "x", "status": "resolved"}), "deduplication_key"),
        ] {
            let answer = visitor.posts(&rest, &body).await.expect(422);
            assert_eq!((&answer["type"], &answer["status"]), (&json!("validation_error"), &json!(422)));
            assert_eq!(answer["errors"][0]["source"]["field"], field);
        }
        let answer = visitor.sends_in_process(&rest, &[], "x".repeat(512 * 1024 + 1)).await.expect(413);
        assert_eq!(answer["type"], "payload_too_large");
    }

    async fn the_secret_and_the_host_may_be_elsewhere(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::IncidentIo, Value::Null).await;
        let path = format!("/incident-io/v2/alert_events/http/{}", visitor.source.id);
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("any:{}", visitor.secret));
        for scheme in [format!("Bearer {}", visitor.secret), format!("Basic {}", visitor.secret), format!("Basic {basic}")] {
            visitor.server.post(&path, &[("authorization", &scheme)], &event("firing")).await.expect(202);
        }
        let with_token = format!("{path}?token={}", visitor.secret);
        visitor.server.post(&with_token, &[], &event("firing")).await.expect(202);
        let answer = visitor.server.post(&path, &[("authorization", "Basic 0000")], &event("firing")).await.expect(401);
        assert_eq!(answer["type"], "authentication_error");
        visitor.server.post(&path.replace("http/0", "http/1"), &[], &event("firing")).await.expect(404);
        // A source of another kind is not there.
        let other = bot.visitor(Kind::Generic, Value::Null).await;
        let path = format!("/incident-io/v2/alert_events/http/{}", other.source.id);
        let bearer = format!("Bearer {}", other.secret);
        other.server.post(&path, &[("authorization", &bearer)], &event("firing")).await.expect(404);
        assert_eq!(bot.alerts().await.len(), 1);
    }

    async fn an_alertmanager_is_told_in_words_it_reads(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::IncidentIo, Value::Null).await;
        let path = format!("/incident-io/v2/alert_events/alertmanager/{}", visitor.source.id);
        let bearer = format!("Bearer {}", visitor.secret);
        let headers = [("authorization", bearer.as_str())];
        let alert = |status: &str| json!({
            "status": status, "labels": {"alertname": "HighLatency", "service": "checkout"},
            "annotations": {"summary": "p99 high"}, "startsAt": "2026-09-21T14:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
        });
        let body = |alerts: Value| json!({"version": "1", "status": "firing", "alerts": alerts});
        visitor.server.post(&path, &headers, &body(json!([alert("firing")]))).await.expect(202);
        assert_eq!(bot.alerts().await[0].title, "p99 high");
        // What is good is kept although something beside it is not.
        let mixed = body(json!([alert("odd"), alert("resolved")]));
        let answer = visitor.server.post(&path, &headers, &mixed).await.expect(400);
        assert!(answer["errors"][0].as_str().unwrap().starts_with("alerts[0] "), "{answer}");
        assert_eq!(bot.alerts().await[0].phase, Phase::Resolved);
        for (headers, body, status) in [
            (&[][..], body(json!([])), 401), (&headers[..], json!({}), 400), (&headers[..], json!(7), 400),
        ] {
            let answer = visitor.server.post(&path, headers, &body).await.expect(status);
            assert!(answer["message"].is_string() && answer["error"].is_string(), "{answer}");
            assert!(answer["errors"].as_array().unwrap().iter().all(Value::is_string), "{answer}");
        }
        let large = "x".repeat(512 * 1024 + 1);
        let rest = format!("/v2/alert_events/alertmanager/{}", visitor.source.id);
        let answer = visitor.sends_in_process(&rest, &headers, large).await.expect(413);
        assert!(answer["errors"][0].is_string());
    }
}
