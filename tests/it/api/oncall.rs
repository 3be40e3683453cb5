//! All of it over the native API.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Program, problem};
use crate::databases::on_each_database;
use crate::http::Answer;

const SCHEDULES: &str = "/api/v1/schedules";
const PATHS: &str = "/api/v1/escalation-paths";
const ESCALATIONS: &str = "/api/v1/escalations";

fn schedule() -> Value {
    json!({
        "name": "Primary",
        "time_zone": "Europe/Berlin",
        "rotations": [{
            "id": "weekly", "name": "Weekly", "people": ["U0ALICE", "U0BOB"],
            "handover_start_at": "2026-09-21T07:00:00Z",
            "handovers": [{"interval": 1, "interval_type": "weekly"}],
            "layers": [{"id": "one", "name": "One"}],
            "working_intervals": [{"weekday": "monday", "start_time": "09:00", "end_time": "17:00"}],
        }],
    })
}

fn path(name: &str) -> Value {
    json!({"name": name, "nodes": [
        {"id": "first", "type": "level", "targets": [{"to": {"type": "user", "id": "U0BOB"}}], "time_to_ack": {"seconds": 60}},
    ]})
}

/// Checks that an answer is a problem document, and returns it.
fn fails(answer: &Answer, status: u16) -> Value {
    problem(answer, status);
    answer.expect(status)
}

fn with(mut body: Value, changes: Value) -> Value {
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

impl Program {
    async fn puts(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut all = vec![
            ("authorization", self.authorization.as_str()),
            ("content-type", "application/json"),
        ];
        all.extend(headers);
        self.server.send(Method::PUT, path, &all, body.to_string()).await
    }
}

on_each_database! {
    async fn a_schedule_is_made_shown_changed_and_archived(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let key = [("idempotency-key", "one")];
        let made = program.post(SCHEDULES, &key, &schedule()).await;
        let (place, tag) = (made.header("location").to_owned(), made.header("etag").to_owned());
        let made = made.expect(201);
        assert_eq!(made["rotations"][0]["people"], json!(["U0ALICE", "U0BOB"]));
        assert_eq!((made["version"].as_i64(), tag.as_str()), (Some(1), "\"1\""));
        assert_eq!(program.post(SCHEDULES, &key, &schedule()).await.expect(201)["id"], made["id"]);
        assert_eq!(program.get(&place).await.expect(200), made);
        let list = program.get(SCHEDULES).await.expect(200);
        assert_eq!((list["schedules"].as_array().unwrap().len(), &list["next_cursor"]), (1, &Value::Null));
        let twice = program.post(SCHEDULES, &[], &schedule()).await;
        assert_eq!(fails(&twice, 422)["field"], "name");
        for (change, field) in [
            (json!({"time_zone": "Mars/Olympus"}), "time_zone"),
            (json!({"name": " "}), "name"),
            (json!({"rotations": [with(schedule()["rotations"][0].clone(), json!({"people": ["bea"]}))]}), "rotations.0.people.0"),
            (json!({"rotations": [with(schedule()["rotations"][0].clone(), json!({"handovers": []}))]}), "rotations.0.handovers"),
            (json!({"colour": "red"}), "colour"),
        ] {
            let refused = program.post(SCHEDULES, &[], &with(schedule(), change)).await;
            assert_eq!(fails(&refused, 422)["field"], field);
        }
        let entries = program.get(&format!("{place}/entries?from=2026-09-28T00:00:00Z&to=2026-12-01T00:00:00Z")).await.expect(200);
        assert_eq!(entries["final"][0], json!({
            "start_at": "2026-09-28T07:00:00Z", "end_at": "2026-09-28T15:00:00Z",
            "rotation": "weekly", "layer": "one", "person": "U0BOB", "override": null,
        }));
        assert_eq!(entries["next_from"], "2026-10-29T00:00:00Z");
        fails(&program.get(&format!("{place}/entries?from=x")).await, 400);
        // Somebody stands in.
        let new = json!({"rotation": "weekly", "layer": "one", "person": "U0CAROL",
            "start_at": "2026-09-28T10:00:00Z", "end_at": "2026-09-28T12:00:00Z"});
        let one = program.post(&format!("{place}/overrides"), &key, &new).await;
        let one_place = one.header("location").to_owned();
        let one = one.expect(201);
        assert_eq!(program.post(&format!("{place}/overrides"), &key, &new).await.expect(201), one);
        let entries = program.get(&format!("{place}/entries?from=2026-09-28T00:00:00Z&to=2026-09-29T00:00:00Z")).await.expect(200);
        let people: Vec<&str> = entries["final"].as_array().unwrap().iter().map(|it| it["person"].as_str().unwrap()).collect();
        assert_eq!(people, ["U0BOB", "U0CAROL", "U0BOB"]);
        assert_eq!(entries["overrides"][0]["override"], one["id"]);
        let other = program.sends(Method::PUT, &one_place, &with(new.clone(), json!({"person": "U0BOB"}))).await;
        assert_eq!(fails(&other, 422)["field"], "person");
        let longer = with(new.clone(), json!({"end_at": "2026-09-28T13:00:00Z"}));
        assert_eq!(program.sends(Method::PUT, &one_place, &longer).await.expect(200)["end_at"], "2026-09-28T13:00:00Z");
        let wrong = with(new, json!({"layer": "two"}));
        assert_eq!(fails(&program.post(&format!("{place}/overrides"), &[], &wrong).await, 422)["field"], "layer");
        assert_eq!(program.get(&format!("{place}/overrides")).await.expect(200)["overrides"].as_array().unwrap().len(), 1);
        for _ in 0..2 {
            assert_eq!(program.sends(Method::DELETE, &one_place, &Value::Null).await.status, 204);
        }
        fails(&program.get(&one_place).await, 404);
        // The version that was seen counts.
        let renamed = with(schedule(), json!({"name": "Secondary"}));
        let stale = [("if-match", "\"7\"")];
        fails(&program.puts(&place, &stale, &renamed).await, 412);
        let seen = [("if-match", tag.as_str())];
        let changed = program.puts(&place, &seen, &renamed).await.expect(200);
        assert_eq!((changed["name"].as_str(), changed["version"].as_i64()), (Some("Secondary"), Some(2)));
        let changes = program.get(&format!("{place}/changes?limit=2")).await.expect(200);
        assert_eq!(changes["changes"][0]["change"], "schedule_saved");
        assert!(changes["next_cursor"].is_string());
        // What a path asks can't be archived.
        let id = made["id"].as_str().unwrap();
        let asks = with(path("Asks"), json!({"nodes": [{"type": "level", "targets": [{"to": {"type": "schedule", "id": id}}]}]}));
        let asks = program.post(PATHS, &[], &asks).await.header("location").to_owned();
        fails(&program.sends(Method::DELETE, &place, &Value::Null).await, 409);
        assert_eq!(program.sends(Method::DELETE, &asks, &Value::Null).await.status, 204);
        assert_eq!(program.sends(Method::DELETE, &place, &Value::Null).await.status, 204);
        fails(&program.get(&place).await, 404);
    }

    async fn a_path_is_made_changed_and_archived(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let made = program.post(PATHS, &[], &path("Checkout")).await;
        let place = made.header("location").to_owned();
        let made = made.expect(201);
        assert_eq!(made["nodes"][0]["id"], "first");
        assert_eq!(program.get(&place).await.expect(200), made);
        let nodes = json!([{"type": "escalation_path", "path": made["id"]}]);
        let outer = program.post(PATHS, &[], &json!({"name": "Outer", "nodes": nodes})).await;
        let outer = outer.expect(201);
        // Round in a circle.
        let circle = json!({"name": "Checkout", "nodes": [{"type": "escalation_path", "path": outer["id"]}]});
        assert_eq!(fails(&program.sends(Method::PUT, &place, &circle).await, 422)["field"], "nodes");
        let nothing = json!({"name": "X", "nodes": [{"type": "escalation_path", "path": "nothing"}]});
        assert_eq!(fails(&program.post(PATHS, &[], &nothing).await, 422)["field"], "nodes");
        fails(&program.sends(Method::DELETE, &place, &Value::Null).await, 409);
        let changed = program.sends(Method::PUT, &place, &with(path("Till"), json!({"repeat": {"after_seconds": 300}}))).await;
        assert_eq!(changed.expect(200)["repeat"]["after_seconds"], 300);
        assert_eq!(program.get(PATHS).await.expect(200)["escalation_paths"].as_array().unwrap().len(), 2);
        assert_eq!(program.get(&format!("{place}/changes")).await.expect(200)["changes"].as_array().unwrap().len(), 2);
    }

    async fn an_escalation_is_begun_answered_and_reassigned(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let incident = program.declares("Checkout is slow").await;
        let path = program.post(PATHS, &[], &path("Checkout")).await.expect(201);
        let key = [("idempotency-key", "one")];
        let new = json!({"title": "Down", "path": path["id"], "incident": "INC-1", "priority": "P1"});
        let made = program.post(ESCALATIONS, &key, &new).await;
        let place = made.header("location").to_owned();
        let made = made.expect(201);
        assert_eq!((made["status"].as_str(), made["incident"]["id"].as_str()), (Some("triggered"), incident["id"].as_str()));
        assert_eq!(made["pages"][0]["whom"], json!({"type": "person", "user": "U0BOB"}));
        assert_eq!(made["events"][0]["event"], "triggered");
        assert_eq!(program.post(ESCALATIONS, &key, &new).await.expect(201)["id"], made["id"]);
        for (body, field) in [
            (json!({"title": "Down"}), "path"),
            (json!({"title": "", "people": ["U0BOB"]}), "title"),
            (json!({"title": "Down", "people": ["bob"]}), "people.0"),
            (json!({"title": "Down", "people": ["U0BOB"], "path": path["id"]}), "people"),
        ] {
            assert_eq!(fails(&program.post(ESCALATIONS, &[], &body).await, 422)["field"], field);
        }
        fails(&program.post(ESCALATIONS, &[], &json!({"title": "Down", "path": "x"})).await, 404);
        fails(&program.post(ESCALATIONS, &[], &json!({"title": "Down", "people": ["U0BOB"], "incident": "INC-7"})).await, 404);
        let nack = program.post(&format!("{place}/respond"), &[], &json!({"response": "nack"})).await;
        fails(&nack, 403);
        let never = program.post(&format!("{place}/respond"), &[], &json!({"response": "snooze"})).await;
        assert_eq!(fails(&never, 422)["field"], "snooze_until");
        let until = json!({"response": "snooze", "snooze_until": program.app.clock.now().plus(std::time::Duration::from_secs(60))});
        let snoozed = program.post(&format!("{place}/respond"), &[], &until).await.expect(200);
        assert_eq!((snoozed["status"].as_str(), &snoozed["next_at"]), (Some("snoozed"), &until["snooze_until"]));
        let acked = program.post(&format!("{place}/respond"), &[], &json!({"response": "ack"})).await.expect(200);
        assert_eq!((acked["status"].as_str(), acked["acked_by"]["name"].as_str()), (Some("acked"), Some("ci")));
        fails(&program.post(&format!("{place}/respond"), &[], &json!({"response": "ack"})).await, 409);
        let instead = json!({"people": ["U0CAROL"], "title": "Still down"});
        let other = program.post(&format!("{place}/reassign"), &[], &instead).await.expect(201);
        assert_eq!((other["title"].as_str(), other["incident"]["reference"].as_str()), (Some("Still down"), Some("INC-1")));
        fails(&program.post(&format!("{place}/reassign"), &[], &instead).await, 409);
        let first = program.get(&place).await.expect(200);
        assert_eq!((first["status"].as_str(), &first["reassigned_to"]), (Some("resolved"), &other["id"]));
        let other_place = format!("{ESCALATIONS}/{}", other["id"].as_str().unwrap());
        for _ in 0..2 {
            let cancelled = program.post(&format!("{other_place}/cancel"), &[], &json!({})).await.expect(200);
            assert_eq!(cancelled["status"], "cancelled");
        }
        fails(&program.post(&format!("{place}/cancel"), &[], &json!({})).await, 409);
        fails(&program.get(&format!("{ESCALATIONS}/nothing")).await, 404);
    }

    async fn escalations_are_found_and_those_of_private_incidents_are_not(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        program.declares("Checkout is slow").await;
        for nth in 0..5 {
            let incident = if nth == 0 { json!("INC-1") } else { Value::Null };
            let body = json!({"title": format!("Down {nth}"), "people": ["U0BOB"], "incident": incident, "alerts": [format!("A{nth}")]});
            program.post(ESCALATIONS, &[], &body).await.expect(201);
            program.app.clock.advance(std::time::Duration::from_secs(1));
        }
        let titles = |list: &Value| -> Vec<String> {
            list["escalations"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect()
        };
        let list = program.get(&format!("{ESCALATIONS}?limit=2")).await.expect(200);
        assert_eq!(titles(&list), ["Down 4", "Down 3"]);
        let next = list["next_cursor"].as_str().unwrap();
        let list = program.get(&format!("{ESCALATIONS}?limit=2&cursor={next}")).await.expect(200);
        assert_eq!(titles(&list), ["Down 2", "Down 1"]);
        fails(&program.get(&format!("{ESCALATIONS}?limit=2&status=acked&cursor={next}")).await, 400);
        for (query, found) in [
            ("incident=INC-1", vec!["Down 0"]),
            ("incident=INC-9", vec![]),
            ("alert=A3", vec!["Down 3"]),
            ("alert=A3&alert=A1", vec!["Down 3", "Down 1"]),
            ("status=acked", vec![]),
            ("status=acked&status=triggered&limit=1", vec!["Down 4"]),
            ("created_to=1999-01-01T00:00:00Z", vec![]),
        ] {
            assert_eq!(titles(&program.get(&format!("{ESCALATIONS}?{query}")).await.expect(200)), found, "{query}");
        }
        fails(&program.get(&format!("{ESCALATIONS}?status=lost")).await, 400);
        fails(&program.get(&format!("{ESCALATIONS}?colour=red")).await, 400);
        // Another program has a private incident.
        let other = program.another("other").await;
        let private = json!({"name": "Secret", "private": true});
        other.post("/api/v1/incidents", &[], &private).await.expect(201);
        let body = json!({"title": "Secret thing", "people": ["U0BOB"], "incident": "INC-2"});
        let made = other.post(ESCALATIONS, &[], &body).await.expect(201);
        fails(&program.get(&format!("{ESCALATIONS}/{}", made["id"].as_str().unwrap())).await, 404);
        fails(&program.post(ESCALATIONS, &[], &body).await, 404);
        assert_eq!(titles(&program.get(ESCALATIONS).await.expect(200)).len(), 5);
        assert_eq!(titles(&other.get(ESCALATIONS).await.expect(200)).len(), 6);
    }

    async fn people_are_listed_and_found(fresh: Fresh) {
        use stentor::ids::UserId;
        use stentor::oncall::person::Person;
        let program = Program::start(&fresh).await;
        let app = &program.app;
        let person = |id: &str, is_active| Person {
            id: UserId::from(id), name: id.to_lowercase(), email: Some(format!("{id}@Example.com")), time_zone: None, is_active,
        };
        let all = [person("U0A", true), person("U0B", true), person("U0C", false)];
        let mut tx = app.db.begin().await.unwrap();
        stentor::store::people::save(&mut tx, &app.workspace, &all, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let ids = |list: Value| -> Vec<String> {
            list["people"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
        };
        let list = program.get("/api/v1/people?limit=1").await.expect(200);
        let next = list["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(ids(list), ["U0A"]);
        assert_eq!(ids(program.get(&format!("/api/v1/people?limit=1&cursor={next}")).await.expect(200)), ["U0B"]);
        assert_eq!(ids(program.get("/api/v1/people?include_inactive=true").await.expect(200)), ["U0A", "U0B", "U0C"]);
        assert_eq!(ids(program.get("/api/v1/people?email=u0b%40example.com").await.expect(200)), ["U0B"]);
        assert_eq!(ids(program.get("/api/v1/people?email=u0c%40example.com").await.expect(200)), Vec::<String>::new());
        assert_eq!(ids(program.get("/api/v1/people?email=u0c%40example.com&include_inactive=true").await.expect(200)), ["U0C"]);
        assert_eq!(ids(program.get("/api/v1/people?slack_user_id=U0A").await.expect(200)), ["U0A"]);
        assert_eq!(ids(program.get("/api/v1/people?slack_user_id=U0A&email=u0b%40example.com").await.expect(200)), Vec::<String>::new());
        assert_eq!(program.get("/api/v1/people/U0C").await.expect(200)["is_active"], false);
        fails(&program.get("/api/v1/people/U0Z").await, 404);
    }
}
