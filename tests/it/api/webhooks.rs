//! Webhooks, as a program looks after them.

use axum::http::Method;
use serde_json::json;

use super::{Program, expect_problem};
use crate::databases::on_each_database;

const PATH: &str = "/api/v1/webhooks";
const CREATED: &str = "public_incident.incident_created_v2";

on_each_database! {
    async fn webhooks_are_made_shown_once_with_their_secret_and_looked_after(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let wish = json!({"url": "https://example.com/hook", "event_types": [CREATED], "description": "for the wall"});
        let key = [("idempotency-key", "one")];
        let made = program.post(PATH, &key, &wish).await;
        let body = made.expect(201);
        assert!(body["secret"].as_str().unwrap().starts_with("whsec_"));
        assert_eq!((body["state"].as_str(), body["failing_since"].as_str()), (Some("enabled"), None));
        let one = made.header("location").to_owned();
        // The same wish again makes no other one, and shows no secret.
        let again = program.post(PATH, &key, &wish).await.expect(201);
        assert_eq!((&again["id"], again["secret"].is_null()), (&body["id"], true));
        let list = program.get(PATH).await.expect(200);
        assert_eq!(list["webhooks"].as_array().unwrap().len(), 1);
        assert!(!list.to_string().contains("whsec_"));
        assert_eq!(program.get(&one).await.expect(200)["description"], "for the wall");

        let change = json!({"enabled": false, "event_types": [CREATED, "schedule.created_v1", CREATED]});
        let changed = program.send(Method::PATCH, &one, &change).await.expect(200);
        assert_eq!(changed["state"], "disabled");
        assert_eq!(changed["event_types"], json!([CREATED, "schedule.created_v1"]));
        assert_eq!(changed["format"], "incident_io");
        // BigPanda has no word for schedules.
        let answer = program.send(Method::PATCH, &one, &json!({"format": "bigpanda"})).await;
        expect_problem(&answer, 422, "invalid-body", Some("event_types"));
        let change = json!({"format": "bigpanda", "event_types": [CREATED]});
        assert_eq!(program.send(Method::PATCH, &one, &change).await.expect(200)["format"], "bigpanda");
        let rotated = program.post(&format!("{one}/rotate"), &[("idempotency-key", "two")], &json!({})).await.expect(200);
        assert_ne!(rotated["secret"], body["secret"]);
        assert!(rotated["old_secret_until"].is_string());
        let attempts = program.get(&format!("{one}/attempts")).await.expect(200);
        assert_eq!(attempts, json!({"attempts": [], "next_cursor": null}));
        let answer = program.post(&format!("{one}/redeliver"), &[], &json!({"message": "msg_none"})).await;
        expect_problem(&answer, 404, "no-such-message", None);
        assert_eq!(program.send(Method::DELETE, &one, &json!({})).await.status, 204);
        for (method, path) in [(Method::GET, one.clone()), (Method::DELETE, one.clone()), (Method::GET, format!("{one}/attempts")), (Method::POST, format!("{one}/rotate"))] {
            expect_problem(&program.send(method, &path, &json!({})).await, 404, "no-such-webhook", None);
        }
        expect_problem(&program.post(PATH, &key, &wish).await, 410, "gone", None);
    }

    async fn what_can_be_no_webhook_is_refused_by_name(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let good = json!({"url": "https://example.com/hook", "event_types": [CREATED]});
        for (change, field) in [
            (json!({"url": "http://127.0.0.1/"}), "url"),
            (json!({"url": "http://[::1]/"}), "url"),
            (json!({"url": "ftp://example.com"}), "url"),
            (json!({"url": format!("https://example.com/{}", "x".repeat(2_000))}), "url"),
            (json!({"event_types": []}), "event_types"),
            (json!({"event_types": ["incident.of_tomorrow"]}), "event_types"),
            (json!({"description": "x".repeat(1_001)}), "description"),
            (json!({"secret": "mine"}), "secret"),
            (json!({"format": "telegram"}), "format"),
            (json!({"format": "bigpanda", "event_types": ["public_alert.alert_created_v1"]}), "event_types"),
        ] {
            let mut wish = good.clone();
            wish.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            expect_problem(&program.post(PATH, &[], &wish).await, 422, "invalid-body", Some(field));
        }
        for _ in 0..50 {
            program.post(PATH, &[], &good).await.expect(201);
        }
        expect_problem(&program.post(PATH, &[], &good).await, 409, "too-many", None);
    }
}
