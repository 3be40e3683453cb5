//! Those who stand in for others, in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};

use super::schedules::schedule;
use super::{Client, failure, with};
use crate::databases::on_each_database;

const OVERRIDES: &str = "/v2/schedule_overrides";

fn hours(from: &str, to: &str) -> Value {
    json!({"start_at": format!("2026-09-22T{from}:00:00Z"), "end_at": format!("2026-09-22T{to}:00:00Z")})
}

on_each_database! {
    async fn somebody_stands_in_is_moved_and_goes(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_bob().await;
        let made = client.posts("/v2/schedules", &schedule("Primary")).await.expect(201);
        let id = made["schedule"]["id"].as_str().unwrap().to_owned();
        let body = with(hours("10", "11"), json!({"schedule_id": id, "rotation_id": "weekly", "layer_id": "one", "user": {"slack_user_id": "U0CAROL"}}));
        let one = client.posts(OVERRIDES, &body).await.expect(201);
        for part in ["schedule_id", "rotation_id", "layer_id", "start_at", "end_at"] {
            assert_eq!(one["override"][part], body[part], "{part}");
        }
        let place = format!("{OVERRIDES}/{}", one["override"]["id"].as_str().unwrap());
        assert_eq!(client.gets(&place).await, one);
        // The neighbour comes later.
        let bob = with(with(body.clone(), hours("11", "12")), json!({"user": {"email": "bob@example.com"}}));
        client.posts(OVERRIDES, &bob).await.expect(201);
        let on_call = format!("/v2/schedule_entries?schedule_id={id}&entry_window_start=2026-09-22T11:30:00Z&entry_window_end=2026-09-22T11:40:00Z");
        let who = |entries: &Value| entries["schedule_entries"]["final"][0]["user"]["id"].as_str().unwrap().to_owned();
        assert_eq!(who(&client.gets(&on_call).await), "U0BOB");
        // Whoever is moved takes over what time they are given.
        client.program.app.clock.advance(std::time::Duration::from_secs(1));
        let longer = with(body.clone(), hours("10", "12"));
        let moved = client.puts(&place, &longer).await.expect(200)["override"].clone();
        assert_eq!((&moved["id"], &moved["end_at"]), (&one["override"]["id"], &longer["end_at"]));
        let entries = client.gets(&on_call).await;
        assert_eq!(who(&entries), "U0CAROL");
        assert_eq!(entries["schedule_entries"]["final"][0]["start_at"], "2026-09-22T10:00:00Z");
        let native = client.program.get(&format!("/api/v1/overrides/{}", moved["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(native["end_at"], longer["end_at"]);
        for (changes, field) in [
            (json!({"user": {"id": "U0BOB"}}), "user"),
            (json!({"user": {"id": "bob"}}), "user"),
            (json!({"user": {"email": "nobody@example.com"}}), "user"),
            (json!({"rotation_id": "daily"}), "rotation_id"),
            (json!({"layer_id": "two"}), "layer_id"),
            (json!({"start_at": "soon"}), "start_at"),
            (json!({"end_at": "2026-09-22T10:00:00Z"}), "end_at"),
        ] {
            let answer = client.puts(&place, &with(body.clone(), changes.clone())).await;
            assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some(field), "{changes}");
        }
        for missing in ["schedule_id", "rotation_id", "layer_id", "start_at", "end_at", "user"] {
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove(missing);
            let found = failure(&client.posts(OVERRIDES, &body).await, 422, "validation_error");
            assert_eq!(found, ("is_required".to_owned(), Some(missing.to_owned())));
        }
        let elsewhere = with(body.clone(), json!({"schedule_id": "none"}));
        failure(&client.posts(OVERRIDES, &elsewhere).await, 404, "not_found");
        // Going twice is going.
        for _ in 0..2 {
            assert_eq!(client.deletes(&place).await.status, 204);
        }
        assert_eq!(who(&client.gets(&on_call).await), "U0BOB");
        failure(&client.asks(Method::GET, &place, None).await, 404, "not_found");
        failure(&client.puts(&place, &body).await, 404, "not_found");
    }

    async fn those_who_stand_in_are_listed_and_filtered(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_bob().await;
        let mut body = schedule("Primary");
        let rotations = body["schedule"]["config"]["rotations"].as_array_mut().unwrap();
        let second = with(rotations[0].clone(), json!({"id": "daily", "layers": [{"id": "one", "name": "One"}, {"id": "two", "name": "Two"}]}));
        rotations.push(second);
        let made = client.posts("/v2/schedules", &body).await.expect(201);
        let id = made["schedule"]["id"].as_str().unwrap().to_owned();
        for (rotation, layer) in [("weekly", "one"), ("daily", "one"), ("daily", "two"), ("daily", "two"), ("weekly", "one")] {
            let body = with(hours("10", "11"), json!({"schedule_id": id, "rotation_id": rotation, "layer_id": layer, "user": {"id": "U0CAROL"}}));
            client.posts(OVERRIDES, &body).await.expect(201);
        }
        let list = format!("{OVERRIDES}?schedule_id={id}");
        let all = client.pages(&list, "overrides", 250).await;
        assert_eq!(all.len(), 5);
        assert_eq!(client.pages(&list, "overrides", 2).await, all);
        for (filter, count) in [("rotation_id=weekly", 2), ("rotation_id=daily", 3), ("layer_id=one", 3), ("rotation_id=daily&layer_id=two", 2), ("layer_id=three", 0)] {
            let some = client.pages(&format!("{list}&{filter}"), "overrides", 1).await;
            assert_eq!(some.len(), count, "{filter}");
        }
        for (query, field) in [(String::new(), "schedule_id"), (format!("schedule_id={id}&after=none"), "after")] {
            let answer = client.asks(Method::GET, &format!("{OVERRIDES}?{query}"), None).await;
            assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some(field));
        }
        failure(&client.asks(Method::GET, &format!("{OVERRIDES}?schedule_id=none"), None).await, 404, "not_found");
        // Who may have people stand in may not change schedules.
        let limited = client.program.limited("covers", &["schedules:override"]).await;
        let mut limited = client.seen_by(limited);
        let body = with(hours("10", "11"), json!({"schedule_id": id, "rotation_id": "weekly", "layer_id": "one", "user": {"id": "U0CAROL"}}));
        limited.posts(OVERRIDES, &body).await.expect(201);
        failure(&limited.posts("/v2/schedules", &schedule("x")).await, 403, "resource_forbidden");
    }
}
