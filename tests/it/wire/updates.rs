//! Updates in the incident.io format.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, failure};
use crate::databases::on_each_database;

/// The status of this name.
async fn status(client: &mut Client, name: &str) -> Value {
    let all = client.gets("/v1/incident_statuses").await;
    let mut all = all["incident_statuses"].as_array().unwrap().iter();
    all.find(|status| status["name"] == name).unwrap()["id"].clone()
}

/// What each update says: its message, the status and the severity then.
fn said(updates: &[Value]) -> Vec<(&str, &str, &str)> {
    updates
        .iter()
        .map(|update| {
            (
                update["message"].as_str().unwrap_or("-"),
                update["new_incident_status"]["name"].as_str().unwrap(),
                update.pointer("/new_severity/name").map_or("-", |name| name.as_str().unwrap()),
            )
        })
        .collect()
}

on_each_database! {
    async fn updates_tell_how_things_stood_then(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let (one, other) = (client.declares("One", "public").await, client.declares("Other", "public").await);
        let severities = client.gets("/v1/severities").await["severities"].clone();
        let fixing = status(&mut client, "Fixing").await;
        for (key, body) in [
            ("a", json!({"incident_id": one["id"], "message": "Looking"})),
            ("b", json!({"incident_id": other["id"], "message": "Looking too", "to_severity_id": severities[2]["id"]})),
            ("c", json!({"incident_id": one["id"], "to_incident_status_id": fixing})),
            ("d", json!({"incident_id": one["id"], "message": "Worse", "to_severity_id": severities[0]["id"]})),
        ] {
            client.program.app.clock.advance(Duration::from_secs(60));
            let mut body = body;
            body["idempotency_key"] = json!(key);
            let made = client.posts("/v2/incident_updates", &body).await.expect(201);
            // The same key brings the first one, and nothing is said twice.
            assert_eq!(client.posts("/v2/incident_updates", &body).await.expect(201), made);
            assert_eq!(made["incident_update"]["incident_id"], body["incident_id"]);
        }
        let all = client.pages("/v2/incident_updates", "incident_updates", 2).await;
        assert_eq!(said(&all), [
            ("Worse", "Fixing", "Minor"), ("-", "Fixing", "-"), ("Looking too", "Investigating", "Critical"),
            ("Looking", "Investigating", "-"),
        ]);
        let path = format!("/v2/incident_updates?incident_id={}", one["id"].as_str().unwrap());
        let of_one = client.pages(&path, "incident_updates", 2).await;
        assert_eq!(said(&of_one), [("Worse", "Fixing", "Minor"), ("-", "Fixing", "-"), ("Looking", "Investigating", "-")]);
        // What others say is an update too, and the native API says the same.
        client.program.app.clock.advance(Duration::from_secs(60));
        client.program.commands("INC-2", json!({"type": "merge", "into": "INC-1"})).await.expect(200);
        let latest = client.gets("/v2/incident_updates?page_size=1").await;
        let latest = &latest["incident_updates"][0];
        assert_eq!((&latest["merged_into_incident_id"], &latest["new_incident_status"]["category"]), (&one["id"], &json!("merged")));
        let native = client.program.get("/api/v1/updates?limit=5").await.expect(200);
        let ids: Vec<&Value> = native["updates"].as_array().unwrap().iter().map(|update| &update["id"]).collect();
        let mut expected = vec![&latest["id"]];
        expected.extend(all.iter().map(|update| &update["id"]));
        assert_eq!(ids, expected);
        assert_eq!(native["updates"][1]["event"]["message"], "Worse");
    }

    async fn what_is_no_update_is_refused(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        let long = "x".repeat(3_001);
        for (body, code, field) in [
            (json!({"incident_id": one, "message": "x"}), "is_required", "idempotency_key"),
            (json!({"idempotency_key": " ", "incident_id": one, "message": "x"}), "is_required", "idempotency_key"),
            (json!({"idempotency_key": "a", "message": "x"}), "is_required", "incident_id"),
            (json!({"idempotency_key": "a", "incident_id": "none", "message": "x"}), "invalid_value", "incident_id"),
            (json!({"idempotency_key": "a", "incident_id": one}), "is_required", "message"),
            (json!({"idempotency_key": "a", "incident_id": one, "message": long}), "text_too_long", "message"),
            (json!({"idempotency_key": "a", "incident_id": one, "to_severity_id": "none"}), "unknown_severity", "to_severity_id"),
            (json!({"idempotency_key": "a", "incident_id": one, "to_incident_status_id": "none"}), "unknown_status", "to_incident_status_id"),
        ] {
            let answer = client.posts("/v2/incident_updates", &body).await;
            let found = failure(&answer, 422, "validation_error");
            assert_eq!(found, (code.to_owned(), Some(field.to_owned())), "{body}");
        }
        let nowhere = json!({"idempotency_key": "a", "incident_id": "99", "message": "x"});
        failure(&client.posts("/v2/incident_updates", &nowhere).await, 404, "not_found");
        client.program.commands("INC-1", json!({"type": "close"})).await.expect(200);
        let late = json!({"idempotency_key": "a", "incident_id": one, "message": "x"});
        failure(&client.posts("/v2/incident_updates", &late).await, 409, "conflict");
        client.refuses("/v2/incident_updates", &[
            ("page_size=0", "page_size"), ("after=x", "after"), ("after=01FDAG4SAP5TYPT98WGR2N7W91-1", "after"),
            ("incident_id=none", "incident_id"), ("incident_id=%00", "incident_id"),
        ]).await;
        let two = client.declares("Two", "public").await["id"].clone();
        let after = format!("incident_id={}&after={}-1", one.as_str().unwrap(), two.as_str().unwrap());
        client.refuses("/v2/incident_updates", &[(&after, "after")]).await;
    }

    async fn a_key_of_any_kind_is_kept(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        for key in ["x".repeat(10_000), "ключ".to_owned(), "a key".to_owned()] {
            let body = json!({"idempotency_key": key, "incident_id": one, "message": "x"});
            let made = client.posts("/v2/incident_updates", &body).await.expect(201);
            assert_eq!(client.posts("/v2/incident_updates", &body).await.expect(201), made);
        }
        assert_eq!(client.pages("/v2/incident_updates", "incident_updates", 2).await.len(), 3);
    }

    async fn private_updates_are_for_those_who_may_see_them(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let hidden = client.declares("Keys", "private").await["id"].as_str().unwrap().to_owned();
        let body = json!({"idempotency_key": "a", "incident_id": hidden, "message": "Revoked"});
        let made = client.posts("/v2/incident_updates", &body).await.expect(201)["incident_update"].clone();
        assert_eq!(client.gets("/v2/incident_updates").await["incident_updates"], json!([made]));
        let mut blind = client.another("blind").await;
        assert_eq!(blind.gets("/v2/incident_updates").await["incident_updates"], json!([]));
        let path = format!("/v2/incident_updates?incident_id={hidden}");
        failure(&blind.asks(Method::GET, &path, None).await, 404, "not_found");
        failure(&blind.posts("/v2/incident_updates", &body).await, 404, "not_found");
        let after = format!("after={}", made["id"].as_str().unwrap());
        blind.refuses("/v2/incident_updates", &[(&after, "after")]).await;
    }
}
