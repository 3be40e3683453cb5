//! BigPanda's alerts and deployment marks.

use serde_json::{Value, json};
use stentor::alert::history::Phase;
use stentor::ingest::kind::Kind;

use crate::bot::Bot;
use crate::databases::on_each_database;

const ALERTS: &str = "/data/v2/alerts";

fn alert(status: &str, timestamp: i64) -> Value {
    json!({
        "host": "db-1", "primary_property": "host", "status": status, "check": "cpu", "secondary_property": "check",
        "description": "CPU high", "cluster": "prod", "timestamp": timestamp, "region": "eu", "app_key": "APPKEY",
    })
}

on_each_database! {
    async fn an_alert_is_created_and_its_exact_repeat_is_not(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Bigpanda, Value::Null).await;
        let answer = visitor.posts(ALERTS, &alert("critical", 1_790_000_000)).await.expect(201);
        assert!(answer.is_string());
        let repeat = visitor.posts(ALERTS, &alert("critical", 1_790_000_000)).await;
        assert_eq!((repeat.status.as_u16(), repeat.text.as_str()), (204, ""));
        visitor.posts(ALERTS, &alert("acknowledged", 1_790_000_001)).await.expect(201);
        let seen = bot.alerts().await.remove(0);
        assert_eq!((seen.title.as_str(), seen.labels["cluster"].as_str()), ("db-1: cpu", "prod"));
        assert!(seen.acknowledged.is_some());
        visitor.posts(ALERTS, &alert("ok", 1_790_000_003)).await.expect(201);
        // Older news comes late, and changes nothing.
        visitor.posts(ALERTS, &alert("critical", 1_790_000_002)).await.expect(201);
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), alerts[0].phase), (1, Phase::Resolved));
        visitor.turns_strangers_away(ALERTS, &alert("critical", 1_790_000_000), &[]).await;
    }

    async fn a_batch_keeps_what_is_good_and_names_what_is_not(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Bigpanda, Value::Null).await;
        let good = json!({"app_key": "APPKEY", "alerts": [
            {"host": "db-1", "status": "critical"}, {"host": "db-2", "status": "warning"},
        ]});
        visitor.posts(ALERTS, &good).await.expect(201);
        assert_eq!(visitor.posts(ALERTS, &good).await.status, 204);
        let mixed = json!({"app_key": "APPKEY", "alerts": [
            {"host": "db-3", "status": "critical"}, {"host": "db-4", "status": "critical", "nested": {"a": 1}},
        ]});
        let answer = visitor.posts(ALERTS, &mixed).await.expect(400);
        assert_eq!(answer["status"], 400);
        assert!(answer["errors"][0].as_str().unwrap().starts_with("alerts[1]: the tag nested"), "{answer}");
        assert_eq!(bot.alerts().await.len(), 3);
        let answer = visitor.posts(ALERTS, &json!({"host": "db-1", "status": "ok"})).await.expect(400);
        assert_eq!(answer["errors"], json!(["app_key is required"]));
    }

    async fn the_source_is_found_by_its_secret_alone(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Bigpanda, Value::Null).await;
        let other = bot.visitor(Kind::Generic, Value::Null).await;
        let body = alert("critical", 1_790_000_000);
        let path = "/bigpanda/data/v2/alerts";
        for (secret, status) in [(&visitor.secret, 201), (&other.secret, 401), (&"0".repeat(32), 401)] {
            let bearer = format!("Bearer {secret}");
            let answer = visitor.server.post(path, &[("authorization", &bearer)], &body).await.expect(status);
            assert!(status == 201 || answer["errors"].is_array());
        }
        visitor.server.post(path, &[], &body).await.expect(401);
        let in_query = format!("{path}/?access_token={}", visitor.secret);
        assert_eq!(visitor.server.post(&in_query, &[], &body).await.status, 204);
        let elsewhere = format!("/bigpanda/data/v9/alerts?access_token={}", visitor.secret);
        visitor.server.post(&elsewhere, &[], &body).await.expect(404);
        let older = format!("/bigpanda/oim/api/alerts?access_token={}", visitor.secret);
        assert_eq!(visitor.server.post(&older, &[], &body).await.status, 204);
        assert_eq!(bot.alerts().await[0].source, visitor.source.id);
    }

    async fn deployments_are_changes(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Bigpanda, Value::Null).await;
        let start = json!({"component": "web", "version": "1.2.3", "hosts": ["h1"], "owner": "me", "env": "prod"});
        visitor.posts("/data/events/deployments/start", &start).await.expect(201);
        let end = json!({"component": "web", "version": "1.2.3", "hosts": ["h1"], "status": "success"});
        visitor.posts("/data/events/deployments/end", &end).await.expect(201);
        let changes = bot.changed_on_purpose().await;
        assert_eq!((changes.len(), changes[0].state.as_deref()), (1, Some("success")));
        visitor.posts("/data/events/deployments/end", &start).await.expect(400);
    }
}
