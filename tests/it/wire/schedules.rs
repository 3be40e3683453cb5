//! Schedules, and who is on call by them, in the incident.io format.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::ids::UserId;
use stentor::oncall::person::Person;
use stentor::store::people;

use super::{Client, failure, with};
use crate::databases::on_each_database;

const SCHEDULES: &str = "/v2/schedules";

/// A rotation as clients that describe infrastructure send it.
fn weekly() -> Value {
    json!({
        "id": "weekly", "name": "Weekly", "handover_start_at": "2026-09-21T07:00:00Z",
        "handovers": [{"interval": 1, "interval_type": "weekly"}],
        "layers": [{"id": "one", "name": "One"}],
        "users": [{"id": "U0ALICE"}, {"email": "Bob@Example.com"}],
        "working_interval": [],
    })
}

pub fn schedule(name: &str) -> Value {
    json!({"schedule": {
        "name": name, "timezone": "Europe/Berlin", "config": {"rotations": [weekly()]},
        "annotations": {"incident.io/terraform/version": "5.0"}, "team_ids": [],
    }})
}

/// A schedule with a rotation that is otherwise.
fn rotating(changes: Value) -> Value {
    let mut body = schedule("Other");
    body["schedule"]["config"]["rotations"][0] = with(weekly(), changes);
    body
}

impl Client {
    /// Slack has told who Bob is.
    pub async fn knows_bob(&self) {
        let app = &self.program.app;
        let bob = Person {
            id: UserId::from("U0BOB"),
            name: "Bob Brown".to_owned(),
            email: Some("bob@example.com".to_owned()),
            time_zone: None,
            is_active: true,
        };
        let mut tx = app.db.begin().await.unwrap();
        people::save(&mut tx, &app.workspace, &[bob], app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

on_each_database! {
    async fn a_schedule_is_made_shown_replaced_and_archived(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_bob().await;
        let made = client.posts(SCHEDULES, &schedule("Primary")).await.expect(201);
        let shown = &made["schedule"];
        let place = format!("{SCHEDULES}/{}", shown["id"].as_str().unwrap());
        assert_eq!(client.gets(&place).await, made);
        // What was sent comes back, whole and in its order.
        let rotation = &shown["config"]["rotations"][0];
        for part in ["id", "name", "handover_start_at", "handovers", "layers"] {
            assert_eq!(rotation[part], weekly()[part], "{part}");
        }
        assert_eq!(rotation["users"][1]["name"], "Bob Brown");
        assert_eq!((&rotation["working_intervals"], rotation.get("working_interval")), (&json!([]), None));
        assert_eq!(shown["annotations"], json!({"incident.io/terraform/version": "5.0"}));
        // A shift is shown from its beginning to its end.
        let shift = |shift: &Value| json!([shift["start_at"], shift["end_at"], shift["user"]["id"]]);
        assert_eq!(shift(&shown["current_shifts"][0]), json!(["2026-09-21T07:00:00Z", "2026-09-28T07:00:00Z", "U0ALICE"]));
        assert_eq!(shift(&shown["next_shifts"][0]), json!(["2026-09-28T07:00:00Z", "2026-10-05T07:00:00Z", "U0BOB"]));
        // The native API shows the same.
        let native = client.program.get(&format!("/api/v1/schedules/{}", shown["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(native["rotations"][0]["people"], json!(["U0ALICE", "U0BOB"]));
        // All of it is replaced; what is not spoken of stays.
        let hours = json!([{"weekday": "monday", "start_time": "09:00", "end_time": "17:00"}]);
        let mut body = rotating(json!({
            "working_interval": hours, "scheduling_mode": "fair",
            "handovers": [{"interval": 5, "interval_type": "daily"}, {"interval": 2, "interval_type": "daily"}],
        }));
        body["schedule"].as_object_mut().unwrap().remove("annotations");
        let later = with(weekly(), json!({"effective_from": "2026-10-05T07:00:00Z", "users": [{"slack_user_id": "U0CAROL"}]}));
        body["schedule"]["config"]["rotations"].as_array_mut().unwrap().push(later);
        let changed = client.puts(&place, &body).await.expect(200)["schedule"].clone();
        assert_eq!((&changed["name"], &changed["annotations"]), (&json!("Other"), &shown["annotations"]));
        let rotations = &changed["config"]["rotations"];
        assert_eq!((&rotations[0]["working_intervals"], &rotations[0]["working_interval"]), (&hours, &hours));
        assert_eq!((&rotations[0]["scheduling_mode"], rotations[0]["handovers"].as_array().unwrap().len()), (&json!("fair"), 2));
        assert_eq!((&rotations[1]["effective_from"], &rotations[1]["users"][0]["id"]), (&json!("2026-10-05T07:00:00Z"), &json!("U0CAROL")));
        let renamed = client.puts(&place, &json!({"schedule": {"name": "Third"}})).await.expect(200);
        assert_eq!((&renamed["schedule"]["name"], &renamed["schedule"]["config"]), (&json!("Third"), &changed["config"]));
        // What a path asks is needed.
        let path = json!({"name": "Asks", "path": [{"id": "a", "type": "level", "level":
            {"targets": [{"type": "schedule", "id": shown["id"], "urgency": "high"}], "time_to_ack_seconds": 300}}]});
        let path = client.posts("/v2/escalation_paths", &path).await.expect(201);
        failure(&client.deletes(&place).await, 409, "conflict");
        let path = format!("/v2/escalation_paths/{}", path["escalation_path"]["id"].as_str().unwrap());
        assert_eq!(client.deletes(&path).await.status, 204);
        assert_eq!(client.deletes(&place).await.status, 202);
        for answer in [client.deletes(&place).await, client.asks(Method::GET, &place, None).await, client.puts(&place, &body).await] {
            failure(&answer, 404, "not_found");
        }
    }

    async fn schedules_are_listed_page_by_page(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_bob().await;
        for nth in 0..5 {
            client.posts(SCHEDULES, &schedule(&format!("Number {nth}"))).await.expect(201);
        }
        let all = client.gets(&format!("{SCHEDULES}?page_size=25")).await;
        assert_eq!(all["pagination_meta"], json!({"page_size": 25, "total_record_count": 5}));
        let all = all["schedules"].as_array().unwrap().clone();
        assert_eq!(client.pages(SCHEDULES, "schedules", 2).await, all);
        assert!(all.iter().all(|it| it["next_shifts"].as_array().unwrap().len() == 1));
        // Who is next is not told of very many.
        let many = client.gets(&format!("{SCHEDULES}?page_size=26")).await;
        assert!(many["schedules"].as_array().unwrap().iter().all(|it| it.get("next_shifts").is_none()));
        assert!(many["schedules"].as_array().unwrap().iter().all(|it| it["current_shifts"].as_array().unwrap().len() == 1));
        for (query, field) in [("after=nothing", "after"), ("page_size=0", "page_size")] {
            let answer = client.asks(Method::GET, &format!("{SCHEDULES}?{query}"), None).await;
            assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some(field));
        }
    }

    async fn what_is_wrong_with_a_schedule_is_named(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_bob().await;
        client.posts(SCHEDULES, &schedule("Primary")).await.expect(201);
        let of_it = |changes: Value| json!({"schedule": with(schedule("Other")["schedule"].clone(), changes)});
        let interval = |start: &str, end: &str, day: &str| json!({"working_intervals": [{"weekday": day, "start_time": start, "end_time": end}]});
        for (body, field) in [
            (json!({}), "schedule"),
            (json!({"schedule": {"timezone": "UTC"}}), "schedule.name"),
            (json!({"schedule": {"name": "x"}}), "schedule.timezone"),
            (schedule("primary"), "schedule.name"),
            (schedule(&"x".repeat(101)), "schedule.name"),
            (of_it(json!({"timezone": "Mars/Olympus"})), "schedule.timezone"),
            (of_it(json!({"team_ids": ["01JPQA75EPNEES4479P16P4XAB"]})), "schedule.team_ids"),
            (of_it(json!({"holidays_public_config": {"country_codes": ["GB"]}})), "schedule.holidays_public_config"),
            (rotating(json!({"name": null})), "schedule.config.rotations.0.name"),
            (rotating(json!({"handovers": []})), "schedule.config.rotations.0.handovers"),
            (rotating(json!({"handovers": null})), "schedule.config.rotations.0.handovers"),
            (rotating(json!({"handovers": [{"interval": -1, "interval_type": "daily"}]})), "schedule.config.rotations.0.handovers.0.interval"),
            (rotating(json!({"handovers": [{"interval": 1, "interval_type": "yearly"}]})), "schedule.config.rotations.0.handovers.0.interval_type"),
            (rotating(json!({"handover_start_at": null})), "schedule.config.rotations.0.handover_start_at"),
            (rotating(json!({"handover_start_at": "soon"})), "schedule.config.rotations.0.handover_start_at"),
            (rotating(json!({"effective_from": "soon"})), "schedule.config.rotations.0.effective_from"),
            (rotating(json!({"scheduling_mode": "random"})), "schedule.config.rotations.0.scheduling_mode"),
            (rotating(json!({"users": [{"id": "U0ALICE"}, {"id": "bob"}]})), "schedule.config.rotations.0.users.1"),
            (rotating(json!({"users": [{"email": "nobody@example.com"}]})), "schedule.config.rotations.0.users.0"),
            (rotating(json!({"users": [{}]})), "schedule.config.rotations.0.users.0"),
            (rotating(json!({"id": "<!channel>"})), "schedule.config.rotations.0.id"),
            (rotating(interval("9", "17:00", "monday")), "schedule.config.rotations.0.working_intervals.0.start_time"),
            (rotating(interval("09:00", "25:00", "monday")), "schedule.config.rotations.0.working_intervals.0.end_time"),
            (rotating(interval("09:00", "17:00", "someday")), "schedule.config.rotations.0.working_intervals.0.weekday"),
            (rotating(interval("09:00", "09:00", "monday")), "schedule.config.rotations.0.working_intervals.0"),
        ] {
            let answer = client.posts(SCHEDULES, &body).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{body}");
        }
        assert_eq!(client.gets(SCHEDULES).await["schedules"].as_array().unwrap().len(), 1);
        for path in ["/v2/schedules/none", "/v2/schedule_entries?schedule_id=none"] {
            failure(&client.asks(Method::GET, path, None).await, 404, "not_found");
        }
    }

    async fn who_is_on_call_is_shown_part_by_part(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_bob().await;
        let made = client.posts(SCHEDULES, &schedule("Primary")).await.expect(201);
        let id = made["schedule"]["id"].as_str().unwrap().to_owned();
        let standing_in = json!({"schedule_id": id, "rotation_id": "weekly", "layer_id": "one",
            "start_at": "2026-09-22T07:00:00Z", "end_at": "2026-09-23T07:00:00Z", "user": {"id": "U0CAROL"}});
        let one = client.posts("/v2/schedule_overrides", &standing_in).await.expect(201);
        let entries = format!("/v2/schedule_entries?schedule_id={id}");
        let day = client.gets(&format!("{entries}&entry_window_start=2026-09-22T12:00:00Z&entry_window_end=2026-09-22T13:00:00%2B00:00")).await;
        assert!(day.get("pagination_meta").is_none());
        let lists = &day["schedule_entries"];
        assert_eq!(lists["final"], lists["overrides"]);
        assert_eq!((&lists["final"][0]["user"]["id"], &lists["final"][0]["entry_id"]), (&json!("U0CAROL"), &one["override"]["id"]));
        assert_eq!((&lists["scheduled"][0]["start_at"], lists["scheduled"][0].get("entry_id")), (&json!("2026-09-21T07:00:00Z"), None));
        // A long window comes in parts: the address of the next one is in each.
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut path = format!("{entries}&entry_window_start=2026-09-28T07:00:00Z&entry_window_end=2026-12-01T00:00:00Z");
        let mut parts = 0;
        loop {
            let part = client.gets(&path).await;
            let shifts = part["schedule_entries"]["final"].as_array().unwrap();
            seen.extend(shifts.iter().map(|it| it["fingerprint"].as_str().unwrap().to_owned()));
            parts += 1;
            let Some(next) = part.get("pagination_meta") else { break };
            let url = next["after_url"].as_str().unwrap();
            assert!(url.starts_with("http://127.0.0.1"), "{url}");
            let (_, rest) = url.split_once("/incident-io").unwrap();
            let after = format!("entry_window_start={}", next["after"].as_str().unwrap().replace(':', "%3A"));
            assert!(rest.contains(&after), "{rest} {after}");
            path = rest.to_owned();
        }
        // The weeks from the 28th of September until the 30th of November, each once.
        assert_eq!((parts, seen.len()), (3, 10), "{seen:?}");
        let usual = client.gets(&entries).await;
        assert_eq!(usual["schedule_entries"]["final"][0]["user"]["id"], "U0ALICE");
        assert!(usual.get("pagination_meta").is_none());
        for (query, field) in [
            ("entry_window_start=2026-09-22T12:00:00Z", "schedule_id"),
            (&format!("schedule_id={id}&entry_window_start=soon"), "entry_window_start"),
            (&format!("schedule_id={id}&entry_window_end=1900-01-01T00:00:00Z"), "entry_window_end"),
            (&format!("schedule_id={id}&entry_window_end=2000-01-01T00:00:00Z"), "entry_window_end"),
        ] {
            let answer = client.asks(Method::GET, &format!("/v2/schedule_entries?{query}"), None).await;
            assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some(field), "{query}");
        }
    }
}
