//! Programs accept, decline, type, snooze and merge incidents, and invite people to them.

use serde_json::{Value, json};

use super::{Program, expect_problem, problem};
use crate::databases::on_each_database;

on_each_database! {
    async fn an_incident_is_steered(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let body = json!({
            "name": "Odd graphs", "triage": true, "invite": ["U0BEA", "U0CARL", "U0BEA"], "incident_type": "default",
        });
        let declared = ci.post("/api/v1/incidents", &[], &body).await.expect(201);
        assert_eq!(declared["status"]["category"], "triage");
        assert_eq!(declared["invited"], json!(["U0BEA", "U0CARL"]));
        assert_eq!(declared["incident_type"]["name"], "Default");
        assert_eq!((&declared["snooze"], &declared["merged_into"]), (&Value::Null, &Value::Null));
        let accepted = ci.commands("1", json!({"type": "accept"})).await.expect(200);
        assert_eq!(accepted["status"]["category"], "live");
        let snoozed = ci.commands("1", json!({"type": "snooze", "minutes": 90, "cancel_on_news": true})).await.expect(200);
        assert_eq!(snoozed["snooze"], json!({
            "since": "2026-09-21T14:13:20Z", "until": "2026-09-21T15:43:20Z", "cancel_on_news": true,
            "by": {"type": "api_token", "name": "ci"},
        }));
        let awake = ci.commands("1", json!({"type": "unsnooze"})).await.expect(200);
        assert_eq!(awake["snooze"], Value::Null);
        let invited = ci.commands("1", json!({"type": "invite", "people": ["U0DORA"]})).await.expect(200);
        assert_eq!(invited["invited"], json!(["U0BEA", "U0CARL", "U0DORA"]));
        let into = ci.declares("Payments time out").await;
        let merged = ci.commands("1", json!({"type": "merge", "into": "INC-2"})).await.expect(200);
        assert_eq!(merged["status"]["category"], "merged");
        assert_eq!(merged["merged_into"], json!({"incident": into["id"], "reference": "INC-2"}));
        let timeline = ci.get("/api/v1/incidents/1/timeline").await.expect(200);
        let happened: Vec<&Value> =
            timeline["entries"].as_array().unwrap().iter().map(|entry| &entry["event"]["type"]).collect();
        assert_eq!(happened, ["declared", "status_changed", "snoozed", "unsnoozed", "invited", "merged_into"]);
        let other = ci.post("/api/v1/incidents", &[], &json!({"name": "More", "triage": true})).await.expect(201);
        assert_eq!(other["reference"], "INC-3");
        let declined = ci.commands("3", json!({"type": "decline", "message": "A test"})).await.expect(200);
        assert_eq!(declined["status"]["category"], "declined");
    }

    async fn what_can_not_be_is_refused_by_field(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let crowd: Vec<String> = (0..101).map(|n| format!("U0NOBODY{n}")).collect();
        for (body, kind, field) in [
            (json!({"name": "x", "invite": ["bea"]}), "unknown-person", "person"),
            (json!({"name": "x", "invite": crowd}), "too-many-people", "people"),
            (json!({"name": "x", "incident_type": "security"}), "unknown-type", "incident_type"),
        ] {
            let refused = ci.post("/api/v1/incidents", &[], &body).await;
            expect_problem(&refused, 422, kind, Some(field));
        }
        ci.declares("Checkout is slow").await;
        for (command, status, kind, field) in [
            (json!({"type": "accept"}), 409, "already-so", None),
            (json!({"type": "accept", "message": "x"}), 422, "invalid-body", None),
            (json!({"type": "decline"}), 409, "wrong-step", Some("status")),
            (json!({"type": "type", "incident_type": "security"}), 422, "unknown-type", Some("incident_type")),
            (json!({"type": "invite", "people": []}), 422, "missing-text", Some("people")),
            (json!({"type": "invite", "people": ["bea"]}), 422, "unknown-person", Some("person")),
            (json!({"type": "invite", "people": crowd}), 422, "too-many-people", Some("people")),
            (json!({"type": "snooze", "minutes": 0}), 422, "bad-snooze", Some("minutes")),
            (json!({"type": "snooze", "minutes": 43_201}), 422, "bad-snooze", Some("minutes")),
            (json!({"type": "unsnooze"}), 409, "already-so", None),
            (json!({"type": "merge", "into": "INC-1"}), 409, "bad-merge", Some("into")),
            (json!({"type": "merge", "into": "INC-2"}), 422, "bad-merge", Some("into")),
            (json!({"type": "merge", "into": "\u{0}"}), 422, "bad-merge", Some("into")),
            (json!({"type": "record_merge", "absorbed": {}}), 422, "invalid-body", None),
        ] {
            let refused = ci.commands("1", command.clone()).await;
            let (found, name) = problem(&refused, status);
            assert_eq!(found, kind, "{command}");
            if kind != "invalid-body" {
                assert_eq!(name.as_deref(), field, "{command}");
            }
        }
        assert_eq!(ci.get("/api/v1/incidents/1").await.expect(200)["version"], 1);
    }

    /// A program sees the private incidents that it declared itself, and no others.
    async fn no_program_merges_into_what_it_may_not_see(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let other = ci.another("other").await;
        ci.post("/api/v1/incidents", &[], &json!({"name": "Secret", "private": true})).await.expect(201);
        let mine = json!({"name": "Mine", "private": true});
        other.post("/api/v1/incidents", &[], &mine).await.expect(201);
        let hidden = other.commands("2", json!({"type": "merge", "into": "INC-1"})).await;
        let missing = other.commands("2", json!({"type": "merge", "into": "INC-9"})).await;
        assert_eq!(hidden.text.replace("INC-1", "INC-9"), missing.text);
        expect_problem(&hidden, 422, "bad-merge", Some("into"));
    }
}
