//! Alerts are looked after and ended, and it is written down who did it.

use serde_json::{Value, json};
use stentor::alert::observation::Observation;

use super::{fires, id};
use crate::api::{Program, expect_problem};
use crate::databases::on_each_database;

on_each_database! {
    async fn an_alert_is_acknowledged_and_resolved_by_a_program(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let source = ci.has_trouble().await;
        let path = format!("/api/v1/alerts/{}", id(&ci.alerts("").await[0]));
        let by = json!({"type": "api_token", "name": "ci"});
        let acknowledged = ci.asks(&format!("{path}/acknowledge")).await.expect(200);
        assert_eq!(acknowledged["acknowledged"]["by"], by);
        assert_eq!(acknowledged["firing"], true);
        expect_problem(&ci.asks(&format!("{path}/acknowledge")).await, 409, "already-so", None);
        let again = ci.asks(&format!("{path}/unacknowledge")).await.expect(200);
        assert_eq!(again["acknowledged"], Value::Null);
        expect_problem(&ci.asks(&format!("{path}/unacknowledge")).await, 409, "already-so", None);
        let resolved = ci.asks(&format!("{path}/resolve")).await.expect(200);
        assert_eq!(resolved["resolved"], json!({"by": "somebody", "actor": by}));
        assert_eq!((&resolved["status"], &resolved["peak"]), (&json!("ok"), &json!("critical")));
        expect_problem(&ci.asks(&format!("{path}/resolve")).await, 409, "already-so", None);
        expect_problem(&ci.asks(&format!("{path}/acknowledge")).await, 409, "already-so", None);
        let shown = ci.get(&path).await.expect(200);
        let history: Vec<(&str, &Value)> = shown["history"].as_array().unwrap().iter()
            .map(|entry| (entry["change"]["what"]["type"].as_str().unwrap(), &entry["change"]["by"]))
            .collect();
        assert_eq!(history[0], ("seen", &Value::Null));
        for (entry, what) in history[1..].iter().zip(["acknowledged", "unacknowledged", "resolved"]) {
            assert_eq!(*entry, (what, &by));
        }
        // It is over because somebody says so, and what is merely said again does not bring it back.
        let again = Observation { starts_at: Some(ci.app.clock.now().minus(std::time::Duration::from_secs(90))), ..fires("Latency", "checkout") };
        ci.hears(&source, vec![again]).await;
        assert_eq!(ci.get(&path).await.expect(200)["firing"], false);
    }

    async fn all_alerts_of_an_incident_are_seen_to_at_once(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.has_trouble().await;
        let all = ci.alerts("").await;
        let of_first = json!({"changed": [all[0]["id"], all[1]["id"]]});
        let changed = ci.asks("/api/v1/incidents/INC-1/alerts/acknowledge").await.expect(200);
        let sorted = |value: &Value| -> std::collections::BTreeSet<String> {
            value["changed"].as_array().unwrap().iter().map(Value::to_string).collect()
        };
        assert_eq!(sorted(&changed), sorted(&of_first));
        let changed = ci.asks("/api/v1/incidents/INC-1/alerts/acknowledge").await.expect(200);
        assert_eq!(changed, json!({"changed": []}));
        ci.asks("/api/v1/incidents/1/alerts/resolve").await.expect(200);
        ci.settles().await;
        let signal = |reference: &str| format!("/api/v1/incidents/{reference}");
        assert_eq!(ci.get(&signal("1")).await.expect(200)["signal"]["active"], false);
        assert_eq!(ci.get(&signal("2")).await.expect(200)["signal"]["active"], true);
        expect_problem(&ci.asks("/api/v1/incidents/3/alerts/resolve").await, 404, "no-such-incident", None);
        // An incident without alerts has none to change.
        ci.declares("By hand").await;
        let none = ci.asks("/api/v1/incidents/3/alerts/resolve").await.expect(200);
        assert_eq!(none, json!({"changed": []}));
    }

    async fn a_wish_sent_again_is_done_once(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.has_trouble().await;
        let alert = id(&ci.alerts("").await[0]);
        let path = format!("/api/v1/alerts/{alert}/acknowledge");
        let key = [("idempotency-key", "ack/1")];
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (ci, path) = (ci.clone(), path.clone());
            asked.spawn(async move { ci.post(&path, &key, &json!({})).await.expect(200) });
        }
        let answers = asked.join_all().await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        // It stays so, whatever happened since: the wish was done.
        ci.asks(&format!("/api/v1/alerts/{alert}/unacknowledge")).await.expect(200);
        let late = ci.post(&path, &key, &json!({})).await.expect(200);
        assert_eq!(late["acknowledged"], Value::Null);
        assert_eq!(ci.alert(&alert).await["version"], 3);
        // A wish that was refused has used up no key.
        let unacknowledge = format!("/api/v1/alerts/{alert}/unacknowledge");
        let key = [("idempotency-key", "unack/1")];
        expect_problem(&ci.post(&unacknowledge, &key, &json!({})).await, 409, "already-so", None);
        ci.asks(&path).await.expect(200);
        ci.post(&unacknowledge, &key, &json!({})).await.expect(200);
        // Another program's key is another one.
        let other = ci.another("other").await;
        other.post(&path, &[("idempotency-key", "ack/1")], &json!({})).await.expect(200);
        assert_eq!(ci.alert(&alert).await["acknowledged"]["by"]["name"], "other");
        let bad = ci.post(&path, &[("idempotency-key", "two words")], &json!({})).await;
        expect_problem(&bad, 400, "bad-parameter", Some("Idempotency-Key"));
    }
}
