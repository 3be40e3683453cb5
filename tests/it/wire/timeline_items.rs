//! The curated timeline in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, failure};
use crate::databases::on_each_database;

const PATH: &str = "/v2/incident_timeline_items";

fn titles(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["title"].as_str().unwrap()).collect()
}

fn item(key: &str, incident: &Value, title: &str, at: &str) -> Value {
    json!({"idempotency_key": key, "incident_id": incident, "title": title, "timestamp": at})
}

on_each_database! {
    async fn what_happened_is_told_in_its_order(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        client.program.commands("INC-1", json!({"type": "update", "message": "Looking"})).await.expect(200);
        client.program.commands("INC-1", json!({"type": "note", "text": "The queue is full"})).await.expect(200);
        client.program.commands("INC-1", json!({"type": "rename", "name": "Uno"})).await.expect(200);
        let mut body = item("a", &one, "The release", "2026-09-21T14:00:00Z");
        body["description"] = json!("Of **payments**");
        let made = client.posts(PATH, &body).await.expect(201);
        assert_eq!(client.posts(PATH, &body).await.expect(201), made, "once");
        let made = &made["incident_timeline_item"];
        assert_eq!((&made["timestamp"], &made["description"]), (&body["timestamp"], &body["description"]));
        assert_eq!((&made["creator"]["api_key"]["name"], made.get("activity_log_id")), (&json!("ci"), None));
        let list = format!("{PATH}?incident_id={}", one.as_str().unwrap());
        let items = client.pages(&list, "incident_timeline_items", 2).await;
        assert_eq!(titles(&items), ["The release", "Declared: One", "Update", "Note"]);
        assert_eq!(items[1]["activity_log_id"], items[1]["id"]);
        let native = client.program.get("/api/v1/incidents/1/timeline-items").await.expect(200);
        assert_eq!(titles(native["items"].as_array().unwrap()), titles(&items));
    }

    async fn items_are_corrected(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        let mut body = item("a", &one, "The release", "2026-09-21T14:00:00Z");
        body["description"] = json!("x");
        let made = client.posts(PATH, &body).await.expect(201)["incident_timeline_item"].clone();
        let id = made["id"].as_str().unwrap().to_owned();
        let (written, declared) = (format!("{PATH}/{id}"), format!("{PATH}/{}-1", one.as_str().unwrap()));
        let change = json!({"title": "The first release", "description": "", "timestamp": "2026-09-21T13:00:00Z"});
        let changed = client.asks(Method::PATCH, &written, Some(&change)).await.expect(200);
        let changed = &changed["incident_timeline_item"];
        assert_eq!((&changed["title"], changed.get("description")), (&change["title"], None));
        assert_eq!((&changed["timestamp"], &changed["id"]), (&change["timestamp"], &made["id"]));
        let same = client.asks(Method::PATCH, &written, Some(&json!({}))).await.expect(200);
        assert_eq!(same["incident_timeline_item"], *changed);
        // What tells of something else has the time of that.
        let told = client.asks(Method::PATCH, &declared, Some(&json!({"title": "It began"}))).await.expect(200);
        assert_eq!(told["incident_timeline_item"]["title"], "It began");
        for (path, body, code, field) in [
            (&declared, json!({"timestamp": "2026-09-21T13:00:00Z"}), "time_is_fixed", "timestamp"),
            (&written, json!({"title": " "}), "is_required", "title"),
            (&written, json!({"title": "x".repeat(201)}), "text_too_long", "title"),
            (&written, json!({"description": "x".repeat(2_001)}), "text_too_long", "description"),
            (&written, json!({"timestamp": "soon"}), "invalid_body", "timestamp"),
        ] {
            let answer = client.asks(Method::PATCH, path, Some(&body)).await;
            let found = failure(&answer, 422, "validation_error");
            assert_eq!(found, (code.to_owned(), Some(field.to_owned())), "{body}");
        }
        // Nothing that the timeline does not tell becomes part of it by this.
        client.program.commands("INC-1", json!({"type": "rename", "name": "Uno"})).await.expect(200);
        let version = client.program.get("/api/v1/incidents/1").await.expect(200)["version"].clone();
        for missing in [format!("{}-{version}", one.as_str().unwrap()), format!("{}-99", one.as_str().unwrap()), "x".to_owned()] {
            let answer = client.asks(Method::PATCH, &format!("{PATH}/{missing}"), Some(&json!({"title": "x"}))).await;
            failure(&answer, 404, "not_found");
        }
    }

    async fn what_is_no_item_is_refused(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        let good = item("a", &one, "x", "2026-09-21T13:00:00Z");
        let with = |field: &str, value: Value| {
            let mut body = good.clone();
            body[field] = value;
            body
        };
        for (body, code, field) in [
            (with("idempotency_key", json!("")), "is_required", "idempotency_key"),
            (with("title", json!(" ")), "is_required", "title"),
            (with("title", json!("x".repeat(201))), "text_too_long", "title"),
            (with("timestamp", json!("soon")), "invalid_body", "timestamp"),
            (with("incident_id", json!("none")), "invalid_value", "incident_id"),
            (json!({"idempotency_key": "a", "incident_id": one, "title": "x"}), "is_required", "timestamp"),
        ] {
            let found = failure(&client.posts(PATH, &body).await, 422, "validation_error");
            assert_eq!(found, (code.to_owned(), Some(field.to_owned())), "{body}");
        }
        failure(&client.posts(PATH, &with("incident_id", json!("99"))).await, 404, "not_found");
        let of = |rest: &str| format!("incident_id={}{rest}", one.as_str().unwrap());
        client.refuses(PATH, &[("", "incident_id"), (&of("&after=x"), "after"), (&of("&page_size=x"), "page_size")]).await;
    }

    async fn a_private_timeline_is_for_those_who_may_see_it(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let hidden = client.declares("Keys", "private").await["id"].clone();
        let mut blind = client.another("blind").await;
        let list = format!("{PATH}?incident_id={}", hidden.as_str().unwrap());
        assert_eq!(client.pages(&list, "incident_timeline_items", 2).await.len(), 1);
        failure(&blind.asks(Method::GET, &list, None).await, 404, "not_found");
        let body = item("a", &hidden, "x", "2026-09-21T13:00:00Z");
        failure(&blind.posts(PATH, &body).await, 404, "not_found");
        let first = format!("{PATH}/{}-1", hidden.as_str().unwrap());
        failure(&blind.asks(Method::PATCH, &first, Some(&json!({"title": "x"}))).await, 404, "not_found");
    }
}
