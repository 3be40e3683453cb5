//! The log in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, failure};
use crate::databases::on_each_database;

const PATH: &str = "/v2/incident_activity_log_entries";
const PLURAL: &str = "incident_activity_log_entries";

impl Client {
    /// Gives the first incident these commands, each of which it takes.
    async fn commands(&self, commands: impl IntoIterator<Item = Value>) {
        for command in commands {
            self.program.commands("INC-1", command).await.expect(200);
        }
    }
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect()
}

on_each_database! {
    async fn every_kind_of_thing_has_its_line(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].as_str().unwrap().to_owned();
        let field = json!({"name": "Team", "description": "Whose", "field_type": "text"});
        let field = client.posts("/v2/custom_fields", &field).await.expect(201)["custom_field"]["id"].clone();
        let issue = json!({"do": "add_follow_up", "title": "Write a test", "type": "paperwork"});
        client.commands([
            json!({"type": "update", "message": "Looking", "status": "fixing", "severity": "minor", "next_update_in_minutes": 30}),
            json!({"type": "severity", "severity": "critical"}),
            json!({"type": "status", "status": "monitoring"}),
            json!({"type": "role", "role": "lead", "person": "U0BEA"}),
            json!({"type": "role", "role": "lead", "person": null}),
            json!({"type": "summary", "summary": "Everything"}),
            json!({"type": "rename", "name": "Uno"}),
            json!({"type": "note", "text": "The queue is full"}),
            json!({"type": "field", "field": field, "values": ["Payments"]}),
            json!({"type": "field", "field": field, "values": []}),
            json!({"type": "call", "url": "https://meet.example.com/x"}),
            json!({"type": "invite", "people": ["U0BEA", "U0CARL"]}),
            json!({"type": "visibility", "private": true}),
            json!({"type": "remove", "person": "U0CARL"}),
            issue,
            json!({"type": "paperwork", "do": "add_action", "description": "Roll back"}),
            json!({"type": "paperwork", "do": "attach", "resource_type": "arbitrary_url", "url": "https://a.example"}),
            json!({"type": "paperwork", "do": "add_document", "title": "What we learnt", "markdown": "x"}),
            json!({"type": "paperwork", "do": "connect_issue", "issue": {"provider": "jira", "name": "O-1", "url": "https://a.example"}}),
        ]).await;
        let native = client.program.get("/api/v1/follow-ups").await.expect(200);
        let follow_up = native["items"][0]["id"].clone();
        client.commands([
            json!({"type": "paperwork", "do": "edit_follow_up", "follow_up": follow_up, "title": "Write two tests", "assignee": "U0BEA"}),
            json!({"type": "timestamp", "timestamp": "identified", "at": "2026-09-21T14:00:00Z"}),
            json!({"type": "timestamp", "timestamp": "identified", "at": null}),
        ]).await;
        let lines = client.pages(&format!("{PATH}?incident_id={one}"), PLURAL, 2).await;
        assert_eq!(kinds(&lines), [
            "status_change", "incident_update", "incident_update", "status_change", "role_update", "role_update",
            "summary_update", "incident_rename", "slack_pin", "custom_field_value_update", "custom_field_value_update",
            "call_url_changed", "incident_visibility_changed", "incident_membership_revoked", "follow_up_created",
            "action_created", "incident_attachment_added", "postmortem_document_v2_changed", "follow_up_updated",
            "incident_timestamp_set", "incident_timestamp_set",
        ]);
        for line in &lines {
            // At most one key, which is the type.
            let content = line.get("content").map(|content| content.as_object().unwrap());
            assert!(content.is_none_or(|it| it.keys().eq([line["type"].as_str().unwrap()])), "{line}");
        }
        let of = |place: usize| &lines[place]["content"][lines[place]["type"].as_str().unwrap()];
        let update = of(1);
        assert_eq!((&update["message"], &update["next_update_in_minutes"]), (&json!("Looking"), &json!(30)));
        assert_eq!((&update["previous_status"]["name"], &update["new_status"]["name"]), (&json!("Investigating"), &json!("Fixing")));
        assert_eq!((&update["new_severity"]["name"], update.get("previous_severity")), (&json!("Minor"), None));
        assert_eq!((&of(2)["previous_severity"]["name"], &of(2)["id"]), (&json!("Minor"), &lines[2]["id"]));
        assert_eq!((&of(4)["new_assignee"]["id"], &of(5)["previous_assignee"]["id"]), (&json!("U0BEA"), &json!("U0BEA")));
        assert_eq!(of(9)["new_values"], json!([{"value_text": "Payments"}]));
        assert_eq!((&of(10)["new_values_count"], &of(10)["previous_values_count"]), (&json!(0), &json!(1)));
        assert_eq!(of(12)["new_visibility"], "private");
        assert_eq!((&of(18)["previous_title"], &of(18)["new_assignee"]["id"]), (&json!("Write a test"), &json!("U0BEA")));
        assert_eq!(of(19)["new_value"], "2026-09-21T14:00:00Z");
        assert!(lines[20].get("content").is_none());
        assert_eq!(lines[8]["title"], "Note: The queue is full");

        // By their ids; what is none of this incident's is not there.
        let ids: Vec<&str> = [4, 1].map(|place| lines[place]["id"].as_str().unwrap()).into();
        let path = format!("{PATH}?incident_id={one}&id={}&id={}&id={one}-99&id=x", ids[0], ids[1]);
        let found = client.gets(&path).await;
        assert_eq!(found[PLURAL], json!([lines[1], lines[4]]));
    }

    async fn wrong_questions_are_refused_and_private_logs_not_shown(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].as_str().unwrap().to_owned();
        let hidden = client.declares("Keys", "private").await["id"].as_str().unwrap().to_owned();
        let of = |rest: &str| format!("incident_id={one}{rest}");
        let many = of(&"&id=x".repeat(101));
        client.refuses(PATH, &[
            ("", "incident_id"), (&of("&after=x"), "after"), (&of(&format!("&after={hidden}-1")), "after"),
            (&of("&after=01FDAG4SAP5TYPT98WGR2N7W91-1"), "after"), (&of("&page_size=-1"), "page_size"), (&many, "id"),
        ]).await;
        assert_eq!(client.pages(&format!("{PATH}?incident_id={hidden}"), PLURAL, 2).await.len(), 1);
        let mut blind = client.another("blind").await;
        failure(&blind.asks(Method::GET, &format!("{PATH}?incident_id={hidden}"), None).await, 404, "not_found");
        failure(&blind.asks(Method::GET, &format!("{PATH}?incident_id=99"), None).await, 404, "not_found");
    }
}
