//! Escalation paths in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};

use super::schedules::schedule;
use super::{Client, failure, with};
use crate::databases::on_each_database;

const PATHS: &str = "/v2/escalation_paths";

fn user(id: &str) -> Value {
    json!({"type": "user", "id": id, "urgency": "high", "schedule_mode": ""})
}

fn level(id: &str, targets: Value) -> Value {
    json!({"id": id, "type": "level", "level": {"targets": targets, "ack_mode": "all", "time_to_ack_seconds": 300}})
}

/// A path that pages one person.
pub fn path(name: &str) -> Value {
    json!({"name": name, "path": [level("first", json!([user("U0BOB")]))]})
}

fn uk_hours() -> Value {
    json!([{"id": "UK", "name": "Office", "timezone": "Europe/London", "weekday_intervals":
        [{"weekday": "monday", "start_time": "09:00", "end_time": "17:00"}]}])
}

fn is_active() -> Value {
    json!({"subject": "escalation.working_hours[\"UK\"]", "operation": "is_active", "param_bindings": []})
}

/// A path with everything that a path can do.
fn whole(schedule: &str, next: &str) -> Value {
    let of_schedule = |mode: &str| json!({"type": "schedule", "id": schedule, "urgency": "low", "schedule_mode": mode});
    let channel =
        json!({"type": "slack_channel", "id": "C0GENERAL", "urgency": "low", "schedule_mode": ""});
    json!({
        "name": "Whole",
        "path": [
            {"id": "start", "type": "if_else", "if_else": {
                "conditions": [is_active(), {"subject": "escalation.priority", "operation": "one_of",
                    "param_bindings": [{"array_value": [{"literal": "P1"}, {"literal": "P2"}]}]}],
                "then_path": [
                    level("all", json!([
                        of_schedule("currently_on_call"), of_schedule("next_on_call"), of_schedule("all_users"),
                        with(of_schedule("currently_on_call_for_rota"), json!({"selected_rota_id": "weekly"})),
                        with(of_schedule("next_on_call_for_rota"), json!({"selected_rota_id": "weekly"})),
                        with(of_schedule("all_users_for_rota"), json!({"selected_rota_id": "weekly"})),
                        user("U0BOB"), channel,
                    ])),
                    {"id": "again", "type": "repeat", "repeat": {"to_node": "all", "repeat_times": 3}},
                ],
                "else_path": [
                    {"id": "morning", "type": "delay", "delay": {"delay_interval_condition": "active", "delay_weekday_interval_config_id": "UK"}},
                    {"id": "one", "type": "level", "level": {
                        "targets": [user("U0ALICE"), user("U0BOB")], "ack_mode": "first",
                        "round_robin_config": {"enabled": true, "rotate_after_seconds": 120},
                        "time_to_ack_interval_condition": "inactive", "time_to_ack_weekday_interval_config_id": "UK",
                    }},
                ],
            }},
            {"id": "soon", "type": "delay", "delay": {"delay_seconds": 120}},
            {"id": "tell", "type": "notify_channel", "notify_channel": {"targets": [channel], "time_to_ack_seconds": 60}},
            {"id": "twice", "type": "level", "level": {
                "targets": [user("U0CAROL")], "ack_mode": "first", "time_to_ack_seconds": 900,
                "retry_config": {"attempts": 3, "interval_seconds": 300},
                "round_robin_config": {"enabled": false},
            }},
            {"id": "on", "type": "escalation_path", "escalation_path": {"escalation_path_id": next}},
        ],
        "working_hours": uk_hours(),
        "repeat_config": {"repeat_after_seconds": 1800, "delay_repeat_on_activity": true},
    })
}

/// What is shown of conditions is more than what is sent: the names of things.
fn as_sent(mut path: Value) -> Value {
    for condition in path["path"][0]["if_else"]["conditions"].as_array_mut().unwrap() {
        for (part, name) in [("subject", "reference"), ("operation", "value")] {
            assert!(condition[part]["label"].as_str().is_some_and(|label| !label.is_empty()));
            condition[part] = condition[part][name].clone();
        }
        for binding in condition["param_bindings"].as_array_mut().unwrap() {
            for value in binding["array_value"].as_array_mut().unwrap() {
                value.as_object_mut().unwrap().remove("label").unwrap();
            }
        }
    }
    path
}

on_each_database! {
    async fn a_path_comes_back_as_it_was_sent(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_bob().await;
        let made = client.posts("/v2/schedules", &schedule("Primary")).await.expect(201);
        let schedule = made["schedule"]["id"].as_str().unwrap().to_owned();
        let next = client.posts(PATHS, &path("Next")).await.expect(201)["escalation_path"].clone();
        assert_eq!((&next["kind"], &next["team_ids"]), (&json!("standalone"), &json!([])));
        assert_eq!(next["current_responders"][0]["name"], "Bob Brown");
        for absent in ["working_hours", "repeat_config", "template_id", "param_bindings"] {
            assert!(next.get(absent).is_none(), "{absent}");
        }
        let sent = whole(&schedule, next["id"].as_str().unwrap());
        let made = client.posts(PATHS, &sent).await.expect(201);
        let shown = as_sent(made["escalation_path"].clone());
        for part in ["name", "path", "working_hours", "repeat_config"] {
            assert_eq!(shown[part], sent[part], "{part}");
        }
        let place = format!("{PATHS}/{}", shown["id"].as_str().unwrap());
        assert_eq!(client.gets(&place).await, made);
        let native = client.program.get(&format!("/api/v1/escalation-paths/{}", shown["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(native["nodes"][2], json!({"id": "tell", "type": "notify_channel", "channels": ["C0GENERAL"], "urgency": "low", "time_to_ack": {"seconds": 60}}));
        // What comes back can be sent again.
        let again = client.puts(&place, &sent).await.expect(200);
        assert_eq!(again, made);
        let changed = client.puts(&place, &with(path("Whole"), json!({"kind": "standalone"}))).await.expect(200)["escalation_path"].clone();
        assert_eq!((&changed["path"], changed.get("repeat_config")), (&path("")["path"], None));
        // Without an id a node gets one, and without a mode those on call are meant.
        let plain = json!({"name": "Plain", "path": [{"type": "level", "level": {"targets": [{"type": "schedule", "id": schedule, "urgency": "high"}]}}]});
        let mut nobodys = plain.clone();
        nobodys["path"][0]["level"]["targets"][0] = json!({"type": "schedule", "id": schedule, "urgency": "high",
            "schedule_mode": "all_users_for_rota", "selected_rota_id": "daily"});
        assert_eq!(failure(&client.posts(PATHS, &nobodys).await, 422, "validation_error").1.as_deref(), Some("path"));
        let plain = client.posts(PATHS, &plain).await.expect(201)["escalation_path"].clone();
        assert!(!plain["path"][0]["id"].as_str().unwrap().is_empty());
        assert_eq!(plain["path"][0]["level"]["targets"][0]["schedule_mode"], "currently_on_call");
        assert_eq!((&plain["path"][0]["level"]["ack_mode"], &plain["path"][0]["level"]["time_to_ack_seconds"]), (&json!("first"), &json!(300)));
        assert_eq!(plain["current_responders"][0]["id"], "U0ALICE");
        assert_eq!(client.deletes(&place).await.status, 204);
        failure(&client.deletes(&place).await, 404, "not_found");
        failure(&client.asks(Method::GET, &place, None).await, 404, "not_found");
        failure(&client.puts(&place, &sent).await, 404, "not_found");
    }

    async fn paths_are_listed_page_by_page(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        for nth in 0..5 {
            client.posts(PATHS, &path(&format!("Number {nth}"))).await.expect(201);
        }
        let all = client.gets(&format!("{PATHS}?page_size=999")).await;
        assert_eq!(all["pagination_meta"], json!({"page_size": 25}));
        let paged = client.pages(PATHS, "escalation_paths", 2).await;
        assert_eq!((json!(paged), paged.len()), (all["escalation_paths"].clone(), 5));
        let answer = client.asks(Method::GET, &format!("{PATHS}?after=nothing"), None).await;
        assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some("after"));
    }

    async fn one_path_goes_on_with_another_that_is_needed_then(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let first = client.posts(PATHS, &path("First")).await.expect(201)["escalation_path"].clone();
        let place = format!("{PATHS}/{}", first["id"].as_str().unwrap());
        let on = |id: &Value| json!([{"id": "on", "type": "escalation_path", "escalation_path": {"escalation_path_id": id}}]);
        let second = client.posts(PATHS, &json!({"name": "Second", "path": on(&first["id"])})).await.expect(201);
        failure(&client.deletes(&place).await, 409, "conflict");
        // Round in a circle.
        let circle = json!({"name": "First", "path": on(&second["escalation_path"]["id"])});
        assert_eq!(failure(&client.puts(&place, &circle).await, 422, "validation_error").1.as_deref(), Some("path"));
    }

    async fn what_is_wrong_with_a_path_is_named(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.posts(PATHS, &path("Taken")).await.expect(201);
        let of = |node: Value| json!({"name": "x", "path": [node]});
        let target = |changes: Value| of(level("a", json!([with(user("U0BOB"), changes)])));
        let leveled = |changes: Value| {
            let mut node = level("a", json!([user("U0BOB")]));
            node["level"] = with(node["level"].clone(), changes);
            of(node)
        };
        let told = |targets: Value| of(json!({"id": "a", "type": "notify_channel", "notify_channel": {"targets": targets}}));
        let channel = |urgency: &str| json!({"type": "slack_channel", "id": "C0GENERAL", "urgency": urgency});
        let waits = |delay: Value| json!({"name": "x", "path": [level("b", json!([user("U0BOB")])), {"id": "a", "type": "delay", "delay": delay}], "working_hours": uk_hours()});
        let branch = |condition: Value| json!({"name": "x", "working_hours": uk_hours(), "path": [{"id": "a", "type": "if_else", "if_else": {
            "conditions": [condition], "then_path": [level("b", json!([user("U0BOB")]))], "else_path": []}}]});
        let priority = |bindings: Value| branch(json!({"subject": "escalation.priority", "operation": "one_of", "param_bindings": bindings}));
        for (body, field) in [
            (json!({"path": []}), "name"),
            (json!({"name": "x"}), "path"),
            (json!({"name": "x", "path": []}), "path"),
            (path("taken"), "name"),
            (path(&"x".repeat(101)), "name"),
            (with(path("x"), json!({"kind": "templated"})), "kind"),
            (with(path("x"), json!({"template_id": "t"})), "template_id"),
            (with(path("x"), json!({"param_bindings": {"a": {}}})), "param_bindings"),
            (with(path("x"), json!({"team_ids": ["t"]})), "team_ids"),
            (with(path("x"), json!({"repeat_config": {"repeat_after_seconds": 299}})), "repeat_config.repeat_after_seconds"),
            (with(path("x"), json!({"repeat_config": {"repeat_after_seconds": -1}})), "repeat_config.repeat_after_seconds"),
            (with(path("x"), json!({"working_hours": [{"id": "UK", "name": "UK", "timezone": "Mars", "weekday_intervals": []}]})), "working_hours.0.timezone"),
            (with(path("x"), json!({"working_hours": [{"id": "UK", "name": "UK", "timezone": "UTC", "weekday_intervals": [{"weekday": "monday", "start_time": "9", "end_time": "10:00"}]}]})), "working_hours.0.weekday_intervals.0.start_time"),
            (of(json!({"id": "a"})), "path.0.type"),
            (of(json!({"id": "a", "type": "voicemail"})), "path.0.type"),
            (of(json!({"id": "a", "type": "dance"})), "path.0.type"),
            (of(json!({"id": "a", "type": "level"})), "path.0.level"),
            (of(json!({"id": "a", "type": "repeat", "repeat": {"to_node": "b", "repeat_times": 1}})), "path.0.repeat.to_node"),
            (of(level("a", json!([]))), "path.0.level.targets"),
            (of(level("<a>", json!([user("U0BOB")]))), "path.0.id"),
            (target(json!({"id": "bob"})), "path.0.level.targets.0.id"),
            (target(json!({"urgency": "medium"})), "path.0.level.targets.0.urgency"),
            (target(json!({"type": "msteams_channel"})), "path.0.level.targets.0.type"),
            (target(json!({"type": "pager"})), "path.0.level.targets.0.type"),
            (target(json!({"schedule_mode": "all_users"})), "path.0.level.targets.0.schedule_mode"),
            (target(json!({"selected_rota_id": "weekly"})), "path.0.level.targets.0.selected_rota_id"),
            (target(json!({"type": "schedule", "id": "s", "schedule_mode": "sometimes"})), "path.0.level.targets.0.schedule_mode"),
            (target(json!({"type": "schedule", "id": "s", "schedule_mode": "all_users_for_rota"})), "path.0.level.targets.0.selected_rota_id"),
            (target(json!({"type": "schedule", "id": "s", "schedule_mode": "all_users", "selected_rota_id": "r"})), "path.0.level.targets.0.selected_rota_id"),
            (target(json!({"type": "schedule", "id": "none"})), "path"),
            (leveled(json!({"ack_mode": "some"})), "path.0.level.ack_mode"),
            (leveled(json!({"time_to_ack_seconds": 0})), "path.0.level.time_to_ack_seconds"),
            (leveled(json!({"time_to_ack_weekday_interval_config_id": "UK", "time_to_ack_interval_condition": "active"})), "path.0.level.time_to_ack_seconds"),
            (leveled(json!({"time_to_ack_seconds": null, "time_to_ack_weekday_interval_config_id": "UK"})), "path.0.level.time_to_ack_interval_condition"),
            (leveled(json!({"time_to_ack_seconds": null, "time_to_ack_weekday_interval_config_id": "UK", "time_to_ack_interval_condition": "active"})), "path.0.level.time_to_ack_weekday_interval_config_id"),
            (leveled(json!({"retry_config": {"attempts": 1, "interval_seconds": 60}})), "path.0.level.retry_config.attempts"),
            (leveled(json!({"retry_config": {"attempts": 2, "interval_seconds": 61}})), "path.0.level.retry_config.interval_seconds"),
            (leveled(json!({"round_robin_config": {"enabled": true, "rotate_after_seconds": -5}})), "path.0.level.round_robin_config.rotate_after_seconds"),
            (told(json!([user("U0BOB")])), "path.0.notify_channel.targets.0.type"),
            (told(json!([channel("high"), channel("low")])), "path.0.notify_channel.targets.1.urgency"),
            (told(json!([])), "path.0.notify_channel.targets"),
            (waits(json!({})), "path.1.delay.delay_seconds"),
            (waits(json!({"delay_seconds": 604_801})), "path.1.delay.delay_seconds"),
            (waits(json!({"delay_interval_condition": "active"})), "path.1.delay.delay_weekday_interval_config_id"),
            (waits(json!({"delay_interval_condition": "later", "delay_weekday_interval_config_id": "UK"})), "path.1.delay.delay_interval_condition"),
            (branch(json!({"subject": "incident.severity", "operation": "one_of", "param_bindings": []})), "path.0.if_else.conditions.0.subject"),
            (branch(with(is_active(), json!({"operation": "is_set"}))), "path.0.if_else.conditions.0.operation"),
            (branch(with(is_active(), json!({"subject": "escalation.working_hours[\"US\"]"}))), "path.0.if_else.conditions.0.subject"),
            (branch(with(is_active(), json!({"param_bindings": [{}]}))), "path.0.if_else.conditions.0.param_bindings"),
            (priority(json!([])), "path.0.if_else.conditions.0.param_bindings"),
            (priority(json!([{"array_value": []}])), "path.0.if_else.conditions.0.param_bindings"),
            (priority(json!([{"value": {"reference": "escalation.priority"}}])), "path.0.if_else.conditions.0.param_bindings"),
            (branch(json!({"subject": "escalation.priority", "operation": "not_one_of", "param_bindings": []})), "path.0.if_else.conditions.0.operation"),
        ] {
            let answer = client.posts(PATHS, &body).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{body}");
        }
        assert_eq!(client.gets(PATHS).await["escalation_paths"].as_array().unwrap().len(), 1);
    }
}
