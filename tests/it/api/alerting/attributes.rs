//! Attributes, the labels of sources, and what routes say of sources.

use axum::http::Method;
use serde_json::{Value, json};

use crate::api::{Program, expect_problem};
use crate::databases::on_each_database;

const PATH: &str = "/api/v1/alert-attributes";

on_each_database! {
    async fn attributes_are_made_once_shown_replaced_and_removed(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        assert_eq!(ci.get(PATH).await.expect(200), json!({"attributes": []}));
        let key = [("idempotency-key", "one")];
        let answer = ci.post(PATH, &key, &json!({"name": "Service"})).await;
        let made = answer.expect(201);
        let item = format!("{PATH}/{}", made["id"].as_str().unwrap());
        assert_eq!(answer.header("location"), item);
        assert_eq!((&made["label"], &made["kind"], &made["array"]), (&json!("Service"), &json!("String"), &json!(false)));
        // Sent again, it is the one that is there.
        assert_eq!(ci.post(PATH, &key, &json!({"name": "Service"})).await.expect(201), made);
        assert_eq!(ci.get(PATH).await.expect(200), json!({"attributes": [made]}));
        let body = json!({"name": "Component", "label": "service", "array": true, "required": true, "emoji": "gear"});
        let replaced = ci.put(&item, &body).await.expect(200);
        assert_eq!(ci.get(&item).await.expect(200), replaced);
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(replaced[name], *value, "{name}");
        }
        assert_eq!(ci.delete(&item).await.status.as_u16(), 204);
        for answer in [ci.get(&item).await, ci.delete(&item).await, ci.put(&item, &body).await] {
            expect_problem(&answer, 404, "no-such-alert-attribute", None);
        }
        expect_problem(&ci.post(PATH, &key, &json!({"name": "Service"})).await, 410, "gone", None);
    }

    async fn two_attributes_have_two_names(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.post(PATH, &[], &json!({"name": "Service"})).await.expect(201);
        expect_problem(&ci.post(PATH, &[], &json!({"name": "SERVICE"})).await, 409, "name-taken", Some("name"));
        let other = ci.post(PATH, &[], &json!({"name": "Team"})).await.expect(201);
        let item = format!("{PATH}/{}", other["id"].as_str().unwrap());
        expect_problem(&ci.put(&item, &json!({"name": "service"})).await, 409, "name-taken", Some("name"));
        for (body, field) in [
            (json!({"name": ""}), "name"),
            (json!({"name": "a", "label": "x".repeat(300)}), "label"),
            (json!({"name": "a", "kind": ""}), "kind"),
            (json!({"name": "a", "colour": "red"}), "colour"),
        ] {
            expect_problem(&ci.post(PATH, &[], &body).await, 422, "invalid-body", Some(field));
        }
    }

    async fn every_alert_of_a_source_gets_its_labels(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let body = json!({"kind": "generic", "name": "shop", "settings": {"labels": {"team": "shop", "env": "prod"}}});
        let made = ci.post("/api/v1/sources", &[], &body).await.expect(201);
        let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
        let path = format!("/hooks/{}", made["id"].as_str().unwrap());
        let event = json!({"title": "Slow", "labels": {"env": "test", "host": "a"}});
        ci.server.post(&path, &[("authorization", &bearer)], &event).await.expect(202);
        let alert = ci.alerts("").await.remove(0);
        assert_eq!(alert["labels"], json!({"env": "prod", "host": "a", "team": "shop"}));
        for labels in [json!({"": "x"}), json!({"a": ""}), json!({"a": "x".repeat(3_000)})] {
            let body = json!({"kind": "generic", "name": "other", "settings": {"labels": labels}});
            expect_problem(&ci.post("/api/v1/sources", &[], &body).await, 422, "invalid-body", Some("settings"));
        }
    }

    async fn what_a_route_names_is_there(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let source = ci.monitor("shop").await;
        let good = json!({"name": "Shop", "sources": [source.id], "active": false,
            "grouping": {"by": ["team"], "window_minutes": 5}});
        let made = ci.post("/api/v1/alert-routes", &[], &good).await.expect(201);
        assert_eq!((&made["sources"], &made["active"]), (&json!([source.id]), &json!(false)));
        let by_six = json!({"by": ["a", "b", "c", "d", "e", "f"], "window_minutes": 5});
        for (change, field) in [
            (json!({"sources": ["none"]}), "sources"),
            (json!({"page_paths": ["none"]}), "page_paths"),
            (json!({"grouping": by_six}), "grouping"),
            (json!({"grouping": {"by": [], "window_minutes": 99_999_999}}), "grouping"),
        ] {
            let mut body = good.clone();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let answer = ci.send(Method::POST, "/api/v1/alert-routes", &body).await;
            expect_problem(&answer, 422, "invalid-body", Some(field));
        }
        let routes = ci.get("/api/v1/alert-routes").await.expect(200)["items"].clone();
        assert_eq!(routes.as_array().map(Vec::len), Some(1), "{routes}");
        assert_eq!(routes[0]["private"], Value::Bool(false));
    }
}
