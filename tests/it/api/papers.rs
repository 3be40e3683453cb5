//! What is written down around incidents, as a program writes and reads it.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Program, expect_problem, problem};
use crate::databases::on_each_database;
use crate::http::Answer;

impl Program {
    /// Gives the first incident a piece of paperwork.
    async fn files(&self, paperwork: Value) -> Answer {
        let mut command = paperwork;
        command["type"] = json!("paperwork");
        self.commands("INC-1", command).await
    }

    async fn sees(&self, path: &str, body: &Value) -> Answer {
        let headers =
            [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        self.server.send(Method::PUT, path, &headers, body.to_string()).await
    }
}

on_each_database! {
    async fn follow_ups_are_written_read_and_found(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Checkout is slow").await;
        ci.declares("Login is down").await;
        let issue = json!({"provider": "jira", "name": "OPS-42", "url": "https://jira.example/OPS-42"});
        ci.files(json!({
            "do": "add_follow_up", "title": " Write  a test ", "description": "For the cache.", "assignee": "U0BEA",
            "labels": ["cache", "cache", "tests"], "priority": "high", "category": "quality", "issue": issue,
        })).await.expect(200);
        for number in 0..3 {
            ci.files(json!({"do": "add_action", "description": format!("Step {number}")})).await.expect(200);
        }
        let list = ci.get("/api/v1/follow-ups").await.expect(200);
        let item = &list["items"][0];
        assert_eq!(item["title"], "Write a test");
        assert_eq!(item["labels"], json!(["cache", "tests"]));
        assert_eq!((&item["status"], &item["issue"]), (&json!("outstanding"), &issue));
        assert_eq!(item["creator"], json!({"type": "api_token", "name": "ci"}));
        let id = item["id"].as_str().unwrap();
        assert_eq!(id.len(), 26, "a ULID");
        assert_eq!(ci.get(&format!("/api/v1/follow-ups/{id}")).await.expect(200), *item);
        expect_problem(&ci.get(&format!("/api/v1/actions/{id}")).await, 404, "no-such-paper", None);

        let refused = ci.files(json!({"do": "edit_follow_up", "follow_up": id, "issue": issue})).await;
        expect_problem(&refused, 409, "has-issue", Some("issue"));
        ci.files(json!({"do": "edit_follow_up", "follow_up": id, "status": "completed", "unassign": true, "priority": ""})).await.expect(200);
        let again = ci.files(json!({"do": "edit_follow_up", "follow_up": id, "status": "completed"})).await;
        expect_problem(&again, 409, "already-so", None);
        let item = ci.get(&format!("/api/v1/follow-ups/{id}")).await.expect(200);
        assert_eq!((&item["assignee"], &item["priority"]), (&Value::Null, &Value::Null));
        assert_eq!(item["completed_at"], item["updated_at"]);

        // Page after page, and narrowed.
        let first = ci.get("/api/v1/actions?limit=2").await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = ci.get(&format!("/api/v1/actions?limit=2&cursor={cursor}")).await.expect(200);
        let titles = |page: &Value| -> Vec<String> {
            page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!([titles(&first), titles(&second)].concat(), ["Step 0", "Step 1", "Step 2"]);
        assert_eq!(second["next_cursor"], Value::Null);
        expect_problem(&ci.get(&format!("/api/v1/follow-ups?cursor={cursor}")).await, 400, "bad-parameter", Some("cursor"));
        for (query, count) in [
            ("incident=INC-1", 3), ("incident=INC-2", 0), ("status=completed", 0), ("assignee=U0BEA", 0),
            ("created_from=2026-01-01T00:00:00Z", 3), ("created_until=2026-01-01T00:00:00Z", 0),
            ("updated_from=2999-01-01T00:00:00Z", 0), ("mode=standard,test", 3), ("mode=test&mode=tutorial", 0),
            ("incident=INC-1&assignee=U0BEA", 0),
        ] {
            let page = ci.get(&format!("/api/v1/actions?{query}")).await.expect(200);
            assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
        }
        expect_problem(&ci.get("/api/v1/actions?status=done").await, 400, "bad-parameter", Some("status"));
        expect_problem(&ci.get("/api/v1/actions?mode=odd").await, 400, "bad-parameter", Some("mode"));
        expect_problem(&ci.get("/api/v1/actions?created_from=soon").await, 400, "bad-parameter", Some("created_from"));

        // What was deleted is found by who looks for it alone.
        let step = &first["items"][0]["id"];
        ci.files(json!({"do": "edit_action", "action": step, "status": "deleted"})).await.expect(200);
        assert_eq!(ci.get("/api/v1/actions").await.expect(200)["items"].as_array().unwrap().len(), 2);
        assert_eq!(ci.get("/api/v1/actions?status=deleted").await.expect(200)["items"].as_array().unwrap().len(), 1);
        let gone = ci.files(json!({"do": "edit_action", "action": step, "status": "outstanding"})).await;
        expect_problem(&gone, 404, "no-such-paper", None);
    }

    async fn actions_have_paths_of_their_own(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Checkout is slow").await;
        let body = json!({"incident": "INC-1", "description": "Restart the queue", "assignee": "U0BEA"});
        let key = [("idempotency-key", "one")];
        let action = ci.post("/api/v1/actions", &key, &body).await.expect(201);
        assert_eq!(ci.post("/api/v1/actions", &key, &body).await.expect(201), action, "once");
        let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
        let done = ci.sends(Method::PATCH, &path, &json!({"status": "completed"})).await.expect(200);
        assert_eq!((&done["status"], &done["title"]), (&json!("completed"), &json!("Restart the queue")));
        let again = ci.sends(Method::PATCH, &path, &json!({"status": "completed"})).await;
        expect_problem(&again, 409, "already-so", None);
        assert_eq!(ci.sends(Method::DELETE, &path, &json!({})).await.status.as_u16(), 204);
        expect_problem(&ci.sends(Method::DELETE, &path, &json!({})).await, 404, "no-such-paper", None);
        let body = json!({"incident": 1, "title": "x"});
        expect_problem(&ci.post("/api/v1/follow-ups", &[], &body).await, 422, "invalid-body", Some("incident"));
        let body = json!({"incident": "INC-9", "title": "x"});
        expect_problem(&ci.post("/api/v1/follow-ups", &[], &body).await, 404, "no-such-incident", None);
        let body = json!({"incident": "INC-1", "title": "Write a test", "labels": ["cache"]});
        let follow_up = ci.post("/api/v1/follow-ups", &[], &body).await.expect(201);
        let path = format!("/api/v1/follow-ups/{}", follow_up["id"].as_str().unwrap());
        let changed = ci.sends(Method::PATCH, &path, &json!({"labels": [], "assignee": "U0BEA"})).await.expect(200);
        assert_eq!((changed.get("labels"), &changed["assignee"]), (None, &json!("U0BEA")));
        let elsewhere = path.replace("follow-ups", "actions");
        expect_problem(&ci.sends(Method::PATCH, &elsewhere, &json!({})).await, 404, "no-such-paper", None);
        assert_eq!(ci.sends(Method::DELETE, &path, &json!({})).await.status.as_u16(), 204);
    }

    async fn what_can_not_be_written_down_is_refused(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Checkout is slow").await;
        for (paperwork, status, kind, field) in [
            (json!({"do": "add_action", "description": " "}), 422, "missing-text", Some("description")),
            (json!({"do": "add_action", "description": "x".repeat(1_001)}), 422, "text-too-long", Some("description")),
            (json!({"do": "add_action", "description": "x", "assignee": "bea"}), 422, "unknown-person", Some("person")),
            (json!({"do": "add_follow_up", "title": "x", "labels": ["x".repeat(51)]}), 422, "text-too-long", Some("labels")),
            (json!({"do": "add_follow_up", "title": "x", "source": "1.2"}), 422, "invalid-body", Some("source")),
            (json!({"do": "add_timeline_item", "title": "x"}), 422, "invalid-body", Some("at")),
            (json!({"do": "edit_timeline_item", "entry": 1}), 422, "missing-text", Some("title")),
            (json!({"do": "edit_timeline_item", "entry": 99, "title": "x"}), 404, "no-such-paper", None),
            (json!({"do": "edit_timeline_item", "entry": 1, "at": "2026-01-01T00:00:00Z"}), 422, "time-is-fixed", Some("at")),
            (json!({"do": "attach", "resource_type": "Jira!", "external_id": "1"}), 422, "bad-word", Some("resource_type")),
            (json!({"do": "attach", "resource_type": "arbitrary_url"}), 422, "missing-text", Some("external_id")),
            (json!({"do": "attach", "resource_type": "arbitrary_url", "url": "ftp://x"}), 422, "bad-url", Some("url")),
            (json!({"do": "detach", "attachment": "x"}), 404, "no-such-paper", None),
            (json!({"do": "add_document", "title": "x", "markdown": ""}), 422, "missing-text", Some("markdown")),
            (json!({"do": "edit_document", "document": "x", "status": "completed"}), 404, "no-such-paper", None),
            (json!({"do": "record_follow_up"}), 422, "invalid-body", None),
            (json!({"do": "explode"}), 422, "invalid-body", Some("do")),
        ] {
            let answer = ci.files(paperwork.clone()).await;
            let found = problem(&answer, status);
            assert_eq!(found.0, kind, "{paperwork}");
            if field.is_some() {
                assert_eq!(found.1.as_deref(), field, "{paperwork}");
            }
        }
        let nobody = ci.commands("INC-1", json!({"type": "subscribe"})).await;
        expect_problem(&nobody, 422, "unknown-person", Some("person"));
    }

    async fn the_curated_timeline_is_in_the_order_of_what_happened(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let incident = ci.declares("Checkout is slow").await;
        ci.commands("INC-1", json!({"type": "update", "message": "Rolling back", "status": "fixing"})).await.expect(200);
        ci.commands("INC-1", json!({"type": "role", "role": "lead", "person": "U0BEA"})).await.expect(200);
        ci.commands("INC-1", json!({"type": "note", "text": "The queue is full"})).await.expect(200);
        ci.files(json!({"do": "add_timeline_item", "title": "The release", "at": "2026-09-21T14:00:00Z"})).await.expect(200);
        ci.files(json!({"do": "edit_timeline_item", "entry": 3, "title": "Bea took over", "description": "She knows the cache."})).await.expect(200);
        ci.files(json!({"do": "edit_timeline_item", "entry": 4, "title": "A full queue"})).await.expect(200);
        ci.files(json!({"do": "edit_timeline_item", "entry": 5, "at": "2026-09-21T13:00:00Z"})).await.expect(200);
        let timeline = ci.get("/api/v1/incidents/INC-1/timeline-items").await.expect(200);
        let told: Vec<(String, i64)> = timeline["items"].as_array().unwrap().iter().map(|item| {
            let (_, version) = item["id"].as_str().unwrap().rsplit_once('-').unwrap();
            (item["title"].as_str().unwrap().to_owned(), version.parse().unwrap())
        }).collect();
        let expected = [
            ("The release", 5), ("Declared: Checkout is slow", 1), ("Status: Investigating → Fixing", 2),
            ("Bea took over", 3), ("A full queue", 4),
        ];
        assert_eq!(told, expected.map(|(title, version)| (title.to_owned(), version)));
        let written = &timeline["items"][0];
        assert_eq!((&written["timestamp"], &written["written"]), (&json!("2026-09-21T13:00:00Z"), &json!(true)));
        // Each is an entry that can be looked up.
        let id = format!("{}-4", incident["id"].as_str().unwrap());
        let entry = ci.get(&format!("/api/v1/entries/{id}")).await.expect(200);
        assert_eq!(entry["event"]["text"], "The queue is full");
        for missing in ["x", "1-1", &id.replace("-4", "-99"), &id.replace("-4", "-0")] {
            expect_problem(&ci.get(&format!("/api/v1/entries/{missing}")).await, 404, "no-such-paper", None);
        }
    }

    async fn updates_of_all_incidents_are_listed_newest_first(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Checkout is slow").await;
        ci.declares("Login is down").await;
        for number in 0..4 {
            let reference = if number % 2 == 0 { "INC-1" } else { "INC-2" };
            ci.app.clock.advance(std::time::Duration::from_secs(60));
            ci.commands(reference, json!({"type": "update", "message": format!("Word {number}")})).await.expect(200);
            ci.commands(reference, json!({"type": "note", "text": "no update"})).await.expect(200);
        }
        ci.app.clock.advance(std::time::Duration::from_secs(60));
        ci.commands("INC-1", json!({"type": "severity", "severity": "minor"})).await.expect(200);
        for (filter, expected) in [
            ("", vec!["severity_changed", "Word 3", "Word 2", "Word 1", "Word 0"]),
            ("&incident=INC-1", vec!["severity_changed", "Word 2", "Word 0"]),
        ] {
            let (mut said, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = ci.get(&format!("/api/v1/updates?limit=2{filter}{cursor}")).await.expect(200);
                said.extend(page["updates"].as_array().unwrap().iter().map(|update| {
                    let event = &update["event"];
                    event["message"].as_str().or(event["type"].as_str()).unwrap().to_owned()
                }));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(said, expected, "{filter}");
        }
    }

    async fn what_is_private_leaves_no_trace(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let other = ci.another("other").await;
        let sees = ci.limited("sees", &["everything"]).await;
        ci.post("/api/v1/incidents", &[], &json!({"name": "Someone has our keys", "private": true})).await.expect(201);
        ci.files(json!({"do": "add_action", "description": "Revoke them"})).await.expect(200);
        ci.files(json!({"do": "add_document", "title": "Keys", "markdown": "How it *was*."})).await.expect(200);
        ci.files(json!({"do": "attach", "resource_type": "arbitrary_url", "url": "https://a.example"})).await.expect(200);
        ci.commands("INC-1", json!({"type": "update", "message": "Revoked"})).await.expect(200);
        let resource = "/api/v1/attachments?resource_type=arbitrary_url&external_id=https://a.example";
        for (path, list) in [
            ("/api/v1/actions", "items"), ("/api/v1/documents", "documents"), ("/api/v1/updates", "updates"),
            (resource, "attachments"),
        ] {
            assert_eq!(ci.get(path).await.expect(200)[list].as_array().unwrap().len(), 1, "{path}");
            assert_eq!(other.get(path).await.expect(200)[list], json!([]), "{path}");
            assert_eq!(sees.get(path).await.expect(200)[list].as_array().unwrap().len(), 1, "{path}");
        }
        let action = ci.get("/api/v1/actions").await.expect(200)["items"][0]["id"].clone();
        let document = ci.get("/api/v1/documents").await.expect(200)["documents"][0].clone();
        let document_id = document["id"].as_str().unwrap();
        let entry = format!("{}-1", document["incident"].as_str().unwrap());
        for path in [
            format!("/api/v1/actions/{}", action.as_str().unwrap()),
            format!("/api/v1/documents/{document_id}"),
            format!("/api/v1/documents/{document_id}/content"),
            format!("/api/v1/entries/{entry}"),
        ] {
            ci.get(&path).await.expect(200);
            expect_problem(&other.get(&path).await, 404, "no-such-paper", None);
        }
        for what in ["attachments", "timeline-items", "notes", "related", "members", "subscribers", "seen"] {
            let path = format!("/api/v1/incidents/INC-1/{what}");
            ci.get(&path).await.expect(200);
            expect_problem(&other.get(&path).await, 404, "no-such-incident", None);
        }
        let seen = other.sees("/api/v1/incidents/INC-1/seen", &json!({"person": "U0EVE"})).await;
        expect_problem(&seen, 404, "no-such-incident", None);
    }

    async fn documents_are_written_read_and_finished(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Checkout is slow").await;
        ci.files(json!({"do": "add_document", "title": "What we learnt", "markdown": "# It broke\n\nBadly."})).await.expect(200);
        ci.files(json!({"do": "add_document", "title": "A second one", "markdown": "x"})).await.expect(200);
        let documents = ci.get("/api/v1/documents?incident=1").await.expect(200);
        let mains: Vec<(&Value, &Value)> = documents["documents"].as_array().unwrap().iter().map(|it| (&it["title"], &it["main"])).collect();
        assert_eq!(mains.len(), 2);
        assert!(mains.contains(&(&json!("What we learnt"), &json!(true))), "the first one is the main one");
        let main = documents["documents"].as_array().unwrap().iter().find(|it| it["main"] == true).unwrap();
        let path = format!("/api/v1/documents/{}", main["id"].as_str().unwrap());
        let content = ci.get(&format!("{path}/content")).await.expect(200);
        assert_eq!(content, json!({"markdown": "# It broke\n\nBadly."}));
        let edit = json!({"do": "edit_document", "document": main["id"], "markdown": "It holds.", "status": "in_review"});
        ci.files(edit).await.expect(200);
        assert_eq!(ci.get(&format!("{path}/content")).await.expect(200)["markdown"], "It holds.");
        assert_eq!(ci.get(&path).await.expect(200)["status"], "in_review");
        let attached = ci.files(json!({"do": "attach_document", "url": "https://docs.example/1"})).await;
        expect_problem(&attached, 409, "has-document", None);
        let only = ci.files(json!({"do": "add_document", "title": "x", "markdown": "x", "only_first": true})).await;
        expect_problem(&only, 409, "has-document", None);
        let big = ci.files(json!({"do": "add_document", "title": "x", "markdown": "x".repeat(100_001)})).await;
        expect_problem(&big, 422, "text-too-long", Some("markdown"));
        // The record and the state stay small.
        let record = ci.get("/api/v1/incidents/1/timeline").await.expect(200);
        assert!(!record.to_string().contains("Badly"), "{record}");
    }

    async fn an_incident_is_tracked_in_one_place(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Checkout is slow").await;
        let issue = |number: u8| json!({"provider": "linear", "name": format!("OPS-{number}"), "url": format!("https://linear.example/{number}")});
        ci.files(json!({"do": "connect_issue", "issue": issue(1)})).await.expect(200);
        let refused = ci.files(json!({"do": "connect_issue", "issue": issue(2)})).await;
        expect_problem(&refused, 409, "has-issue", Some("issue"));
        ci.files(json!({"do": "connect_issue", "issue": issue(2), "replace": true})).await.expect(200);
        let attachments = ci.get("/api/v1/incidents/1/attachments").await.expect(200);
        assert_eq!(attachments["external_issue"], issue(2));
    }

    async fn who_looks_is_remembered_and_changes_nothing(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Checkout is slow").await;
        let path = "/api/v1/incidents/INC-1/seen";
        for person in ["U0BEA", "U0CARL", "U0BEA"] {
            ci.app.clock.advance(std::time::Duration::from_secs(1));
            assert_eq!(ci.sees(path, &json!({"person": person})).await.status.as_u16(), 204);
        }
        let seen = ci.get(path).await.expect(200);
        let people: Vec<&Value> = seen["seen"].as_array().unwrap().iter().map(|look| &look["person"]).collect();
        assert_eq!(people, ["U0BEA", "U0CARL"]);
        assert_eq!(seen["seen"][0]["at"], "2026-09-21T14:13:23Z");
        expect_problem(&ci.sees(path, &json!({"person": "bea"})).await, 422, "unknown-person", Some("person"));
        assert_eq!(ci.get("/api/v1/incidents/INC-1").await.expect(200)["version"], 1);
    }

    async fn people_are_subscribed_by_programs_too(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Checkout is slow").await;
        ci.commands("1", json!({"type": "subscribe", "person": "U0BEA"})).await.expect(200);
        let comment = json!({"do": "comment", "text": "Look at this", "mentions": ["U0CARL", "U0BEA"]});
        ci.files(comment).await.expect(200);
        let subscribers = ci.get("/api/v1/incidents/1/subscribers").await.expect(200);
        assert_eq!(subscribers["people"], json!(["U0BEA", "U0CARL"]));
        let notes = ci.get("/api/v1/incidents/1/notes").await.expect(200);
        assert_eq!(notes["notes"][0]["text"], "Look at this");
        ci.commands("1", json!({"type": "unsubscribe", "person": "U0BEA"})).await.expect(200);
        let again = ci.commands("1", json!({"type": "unsubscribe", "person": "U0BEA"})).await;
        expect_problem(&again, 409, "already-so", None);
    }
}
