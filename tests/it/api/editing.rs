//! Incidents that say more, and several changes in one step.

use serde_json::{Value, json};

use super::{Program, expect_problem};
use crate::databases::on_each_database;

impl Program {
    async fn has_fields(&self) {
        let path = "/api/v1/custom-fields";
        let team = self.adds(path, &json!({"name": "Team", "field_type": "multi_select"})).await;
        let options = format!("{path}/{}/options", team["id"].as_str().unwrap());
        for value in ["Payments", "Search"] {
            self.adds(&options, &json!({ "value": value })).await;
        }
        for (name, field_type) in [("Ticket", "link"), ("Lost", "numeric"), ("Cause", "text")] {
            self.adds(path, &json!({"name": name, "field_type": field_type})).await;
        }
    }

    async fn kinds(&self) -> Vec<String> {
        let timeline = self.get("/api/v1/incidents/1/timeline").await.expect(200);
        let entries = timeline["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["event"]["type"].as_str().unwrap().to_owned()).collect()
    }
}

fn values(incident: &Value) -> Vec<(String, Value)> {
    let fields = incident["fields"].as_array().unwrap().iter();
    fields.map(|it| (it["name"].as_str().unwrap().to_owned(), it["values"].clone())).collect()
}

fn at<'v>(incident: &'v Value, name: &str) -> &'v Value {
    let mut points = incident["timestamps"].as_array().unwrap().iter();
    points.find(|point| point["name"] == name).map_or(&Value::Null, |point| &point["at"])
}

fn duration<'v>(incident: &'v Value, name: &str) -> (&'v Value, &'v Value) {
    let mut durations = incident["durations"].as_array().unwrap().iter();
    let found = durations.find(|duration| duration["name"] == name).unwrap();
    (&found["status"], &found["seconds"])
}

on_each_database! {
    async fn what_is_declared_can_say_everything(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        program.has_fields().await;
        let declared = program.post("/api/v1/incidents", &[], &json!({
            "name": "Checkout was slow",
            "mode": "retrospective",
            "status": "Closed",
            "fields": {"team": ["payments", "Search"], "Lost": ["12.50"]},
            "timestamps": {"Reported": "2026-09-01T10:00:00Z", "Resolved": "2026-09-01T11:30:00Z"},
            "roles": {"lead": "U0BEA", "reporter": "U0CARL"},
            "call_url": "https://meet.example.com/abc",
        })).await.expect(201);
        assert_eq!((&declared["mode"], &declared["status"]["name"]), (&json!("retrospective"), &json!("Closed")));
        assert_eq!(values(&declared), [("Team".to_owned(), json!(["Payments", "Search"])), ("Lost".to_owned(), json!(["12.50"]))]);
        assert_eq!(at(&declared, "Reported"), "2026-09-01T10:00:00Z");
        assert_eq!(at(&declared, "Accepted"), &Value::Null, "nobody has said so");
        assert_eq!(duration(&declared, "Time to resolve"), (&json!("success"), &json!(5400)));
        assert_eq!(duration(&declared, "Time to fix"), (&json!("timestamps_missing"), &Value::Null));
        let people: Vec<&Value> = declared["roles"].as_array().unwrap().iter().map(|role| &role["person"]).collect();
        assert_eq!(people, ["U0BEA", "U0CARL"]);
        assert_eq!(declared["call_url"], "https://meet.example.com/abc");
        // What was over needs no channel, and nobody is told: nothing is to be done in Slack.
        let mut tx = program.app.db.read().await.unwrap();
        assert_eq!(stentor::store::outbox::left(&mut tx, 9).await.unwrap(), []);
    }

    async fn what_can_not_be_declared_names_its_field(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        program.has_fields().await;
        for (what, kind, field) in [
            (json!({"status": "merged"}), "bad-start", "status"),
            (json!({"fields": {"Nothing": ["x"]}}), "unknown-field", "fields"),
            (json!({"fields": {"Team": ["Shipping"]}}), "bad-field", "fields"),
            (json!({"fields": {"Ticket": ["javascript:x"]}}), "bad-field", "fields"),
            (json!({"timestamps": {"Never": "2026-09-01T10:00:00Z"}}), "unknown-timestamp", "timestamps"),
            (json!({"timestamps": {"Fixed": "2999-09-01T10:00:00Z"}}), "timestamp-ahead", "timestamps"),
            (json!({"roles": {"boss": "U0BEA"}}), "unknown-role", "role"),
            (json!({"call_url": "meet"}), "bad-call", "call_url"),
            (json!({"mode": "pretend"}), "invalid-body", "mode"),
        ] {
            let mut body = what.clone();
            body["name"] = json!("x");
            expect_problem(&program.post("/api/v1/incidents", &[], &body).await, 422, kind, Some(field));
        }
        assert_eq!(program.declares("x").await["number"], 1, "no number was used up");
    }

    async fn an_edit_is_all_or_nothing(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        program.has_fields().await;
        program.declares("Checkout is slow").await;
        let path = "/api/v1/incidents/INC-1";
        let edited = program.changes(path, &json!({
            "name": "Payments are slow",
            "severity": "sev1",
            "status": "fixing",
            "fields": {"Team": ["Search"], "Cause": ["A release"]},
            "roles": {"lead": "U0BEA"},
            "timestamps": {"Fixed": "2026-09-01T10:00:00Z"},
        })).await.expect(200);
        assert_eq!((&edited["name"], &edited["severity"]["name"], &edited["status"]["name"]),
            (&json!("Payments are slow"), &json!("Critical"), &json!("Fixing")));
        assert_eq!(edited["version"], 8);
        assert_eq!(program.kinds().await, [
            "declared", "renamed", "severity_changed", "status_changed", "field_changed", "field_changed",
            "timestamp_set", "role_assigned",
        ]);
        let many: serde_json::Map<String, Value> = (0..301).map(|n| (n.to_string(), Value::Null)).collect();
        expect_problem(&program.changes(path, &json!({"roles": many})).await, 422, "too-many-changes", None);
        // One wrong word, and nothing is changed.
        for (what, status, kind, field) in [
            (json!({"severity": "huge"}), 422, "unknown-severity", Some("severity")),
            (json!({"fields": {"Lost": ["many"]}}), 422, "bad-field", Some("fields")),
            (json!({"roles": {"reporter": "U0BEA"}}), 422, "reporter-is-fixed", Some("role")),
            (json!({"timestamps": {"Fixed": "2999-09-01T10:00:00Z"}}), 422, "timestamp-ahead", Some("timestamps")),
            (json!({"status": "triage"}), 409, "wrong-step", Some("status")),
            (json!({"call_url": "ftp://a"}), 422, "bad-call", Some("call_url")),
            (json!({"colour": "red"}), 422, "invalid-body", Some("colour")),
        ] {
            let mut body = what.clone();
            body["summary"] = json!("Never");
            expect_problem(&program.changes(path, &body).await, status, kind, field);
        }
        assert_eq!(program.get(path).await.expect(200), edited);
        // What is so already is no change.
        let same = program.changes(path, &json!({"severity": "Critical", "fields": {"Team": ["Search"]}})).await.expect(200);
        assert_eq!(same, edited);
        let cleared = program.changes(path, &json!({
            "fields": {"Team": []}, "roles": {"lead": null}, "timestamps": {"Fixed": null},
        })).await.expect(200);
        assert_eq!(values(&cleared), [("Cause".to_owned(), json!(["A release"]))]);
        assert_eq!((at(&cleared, "Fixed"), &cleared["roles"]), (&Value::Null, &json!([])));
    }

    async fn an_option_that_was_removed_stays_where_it_is(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        program.has_fields().await;
        program.declares("x").await;
        let path = "/api/v1/incidents/1";
        let edited = program.changes(path, &json!({"fields": {"Team": ["Search"]}})).await.expect(200);
        let option = edited["fields"][0]["value"]["options"][0].as_str().unwrap().to_owned();
        program.sends(axum::http::Method::DELETE, &format!("/api/v1/custom-field-options/{option}"), &json!({})).await;
        assert_eq!(values(&program.get(path).await.expect(200))[0].1, json!(["Search"]));
        let both = program.changes(path, &json!({"fields": {"Team": [option, "Payments"]}})).await.expect(200);
        assert_eq!(values(&both)[0].1, json!(["Search", "Payments"]));
        program.changes(path, &json!({"fields": {"Team": ["Payments"]}})).await.expect(200);
        expect_problem(&program.changes(path, &json!({"fields": {"Team": [option]}})).await, 422, "bad-field", Some("fields"));
    }

    async fn private_is_for_good(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        program.declares("Someone has our keys").await;
        let private = program.commands("1", json!({"type": "visibility", "private": true})).await.expect(200);
        assert_eq!(private["visibility"], "private");
        expect_problem(&program.commands("1", json!({"type": "visibility", "private": false})).await, 409, "stays-private", Some("private"));
        let other = program.another("other").await;
        expect_problem(&other.get("/api/v1/incidents/1").await, 404, "no-such-incident", None);
        assert_eq!(other.get("/api/v1/incidents").await.expect(200)["incidents"], json!([]));
    }

    async fn points_are_set_and_cleared_by_hand(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        program.declares("x").await;
        let set = |at: Value| {
            let program = program.clone();
            async move { program.commands("1", json!({"type": "timestamp", "timestamp": "identified", "at": at})).await }
        };
        let reached = set(json!("2026-09-01T10:00:00Z")).await.expect(200);
        assert_eq!(at(&reached, "Identified"), "2026-09-01T10:00:00Z");
        assert_eq!(duration(&reached, "Time to identify"), (&json!("invalid_timestamps"), &Value::Null));
        expect_problem(&set(json!("2026-09-01T10:00:00Z")).await, 409, "already-so", None);
        assert_eq!(at(&set(Value::Null).await.expect(200), "Identified"), &Value::Null);
    }
}
