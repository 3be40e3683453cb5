//! CloudEvents.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::history::Phase;
use stentor::ingest::kind::Kind;

use crate::bot::Bot;
use crate::databases::on_each_database;

const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json; charset=utf-8");
const BATCH: (&str, &str) = ("content-type", "application/cloudevents-batch+json");

fn event(id: &str, kind: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/mon/1", "type": format!("com.example.alert.{kind}"),
        "subject": "db-1", "data": {"severity": "critical", "title": "Replication lags"},
    })
}

on_each_database! {
    async fn an_event_begins_and_another_ends_an_alert(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Cloudevents, Value::Null).await;
        visitor.sends("", &[STRUCTURED], event("1", "fired").to_string()).await.expect(202);
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.title.as_str(), alert.labels["subject"].as_str()), ("Replication lags", "db-1"));
        let binary = [
            ("ce-specversion", "1.0"), ("ce-id", "2"), ("ce-source", "/mon/1"), ("ce-subject", "db%2D1"),
            ("ce-type", "com.example.alert.resolved"), ("content-type", "application/json"),
        ];
        visitor.sends("", &binary, "{}").await.expect(202);
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), alerts[0].phase), (1, Phase::Resolved));
        visitor.turns_strangers_away("", &event("3", "fired"), &[STRUCTURED]).await;
    }

    /// An event is known by its source and id, alone and in a batch.
    async fn the_same_event_changes_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Cloudevents, Value::Null).await;
        let batch = json!([event("1", "fired"), event("2", "resolved"), 7, event("1", "fired")]).to_string();
        let answer = visitor.sends("", &[BATCH], batch.clone()).await.expect(202);
        assert_eq!((&answer["events"], &answer["errors"]), (&json!(3), &json!(["Event 3: It is no JSON object."])));
        visitor.sends("", &[STRUCTURED], event("1", "fired").to_string()).await.expect(202);
        visitor.sends("", &[BATCH], batch).await.expect(202);
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), alerts[0].phase, alerts[0].version), (1, Phase::Resolved, 2));
        visitor.sends("", &[BATCH], "[7]").await.expect(400);
        visitor.sends("", &[BATCH], "[]").await.expect(202);
        visitor.sends("", &[BATCH], "{}").await.expect(400);
        // The same id of another source is another event.
        let mut other = event("1", "fired");
        other["source"] = json!("/mon/2");
        visitor.sends("", &[STRUCTURED], other.to_string()).await.expect(202);
        assert_eq!(bot.alerts().await.len(), 2);
    }

    async fn types_and_words_are_laid_down(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let door = json!({"firing_types": ["com.example.alert.bad"], "resolved_types": ["com.example.alert.good"],
            "key": "/subject", "title": "/type"});
        let visitor = bot.visitor(Kind::Cloudevents, door).await;
        for (id, kind, ignored) in [("1", "bad", 0), ("2", "seen", 1), ("3", "good", 0)] {
            let answer = visitor.sends("", &[STRUCTURED], event(id, kind).to_string()).await.expect(202);
            assert_eq!(answer["ignored"], ignored);
        }
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.key.as_str(), alert.title.as_str(), alert.phase), ("db-1", "com.example.alert.bad", Phase::Resolved));
    }

    async fn a_sender_asks_first_and_is_told_what_it_may_not_send(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Cloudevents, Value::Null).await;
        let path = visitor.path("");
        let asks = [
            ("webhook-request-origin", "events.example.com"), ("webhook-request-rate", "120"),
            ("webhook-request-callback", "http://127.0.0.1:1/"),
        ];
        let answer = visitor.server.send(Method::OPTIONS, &path, &asks, "").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("webhook-allowed-origin"), "events.example.com");
        assert_eq!(answer.header("webhook-allowed-rate"), "120");
        assert!(answer.header("allow").contains("POST"));
        let answer = visitor.server.send(Method::OPTIONS, &path, &asks[..1], "").await;
        assert_eq!(answer.header("webhook-allowed-rate"), "*");
        for kind in ["application/cloudevents+xml", "application/json", "text/plain", ""] {
            visitor.sends("", &[("content-type", kind)], event("1", "fired").to_string()).await.expect(415);
        }
        // A token may stand in the query.
        let path = format!("{path}?access_token={}", visitor.secret);
        let body = event("1", "fired").to_string();
        visitor.server.send(Method::POST, &path, &[STRUCTURED], body).await.expect(202);
        let mut broken = event("2", "fired");
        broken["specversion"] = json!("0.3");
        let answer = visitor.sends("", &[STRUCTURED], broken.to_string()).await.expect(400);
        assert!(answer["error"].as_str().unwrap().contains("specversion"));
    }
}
