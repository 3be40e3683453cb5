//! Follow-ups in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, each, failure};
use crate::databases::on_each_database;

const ISSUE: &str = "https://github.com/acme/shop/issues/17";

impl Client {
    /// A follow-up of the first incident.
    async fn follows_up(&mut self, title: &str) -> Value {
        let body = json!({"incident_id": "1", "title": title});
        self.posts("/v3/follow_ups", &body).await.expect(201)["follow_up"].clone()
    }
}

fn path_of(follow_up: &Value) -> String {
    format!("/v3/follow_ups/{}", follow_up["id"].as_str().unwrap())
}

on_each_database! {
    async fn a_follow_up_is_added_changed_and_deleted_in_either_version(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let incident = client.program.declares("Checkout is slow").await["id"].clone();
        for version in ["/v2/follow_ups", "/v3/follow_ups"] {
            let body = json!({
                "incident_id": incident, "title": "Write a test", "description": "For the cache.",
                "assignee_id": "U0BEA", "assignee_team_id": null, "labels": ["cache", "tests"],
                "follow_up_category_id": "quality", "follow_up_priority_option_id": "high",
            });
            let follow_up = client.posts(version, &body).await.expect(201)["follow_up"].clone();
            assert_eq!((&follow_up["title"], &follow_up["labels"]), (&json!("Write a test"), &json!(["cache", "tests"])));
            assert_eq!((&follow_up["priority"]["id"], &follow_up["priority"]["name"]), (&json!("high"), &json!("high")));
            let category = follow_up.get("category").map(|category| category["name"].clone());
            assert_eq!(category, (version == "/v3/follow_ups").then(|| json!("quality")));
            let path = format!("{version}/{}", follow_up["id"].as_str().unwrap());
            assert_eq!(client.gets(&path).await["follow_up"], follow_up);
            let change = json!({"title": "Write two tests", "status": "completed"});
            let changed = client.puts(&path, &change).await.expect(200)["follow_up"].clone();
            for field in ["description", "labels", "assignee", "priority"] {
                assert_eq!(changed[field], follow_up[field], "{field}");
            }
            assert_eq!(changed["completed_at"], changed["updated_at"]);
            assert_eq!(client.puts(&path, &change).await.expect(200)["follow_up"], changed);
            let clear = json!({
                "title": "Write two tests", "status": "outstanding", "description": "", "labels": [],
                "assignee_id": null, "assignee_team_id": null, "follow_up_priority_option_id": "", "follow_up_category_id": "",
            });
            let cleared = client.puts(&path, &clear).await.expect(200)["follow_up"].clone();
            assert_eq!(cleared["labels"], json!([]));
            for field in ["description", "assignee", "priority", "category", "completed_at"] {
                assert!(cleared.get(field).is_none(), "{field} is in {cleared}");
            }
            let native = format!("/api/v1/follow-ups/{}", follow_up["id"].as_str().unwrap());
            assert_eq!(client.program.get(&native).await.expect(200)["title"], "Write two tests");
            assert_eq!(client.deletes(&path).await.status, 204);
            assert_eq!(client.gets(&path).await["follow_up"]["status"], "deleted");
            failure(&client.deletes(&path).await, 404, "not_found");
            assert_eq!(client.gets(version).await["follow_ups"], json!([]));
        }
    }

    async fn follow_ups_are_listed_page_by_page_and_as_asked(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.declares("Checkout is slow").await;
        let mut expected = Vec::new();
        for number in 0..5 {
            let added = client.follows_up(&format!("Task {number}")).await;
            expected.push(added["id"].as_str().unwrap().to_owned());
        }
        // An action is none.
        let action = json!({"incident_id": "1", "description": "Step"});
        let action = client.posts("/v3/actions", &action).await.expect(201)["action"].clone();
        let as_follow_up = format!("/v3/follow_ups/{}", action["id"].as_str().unwrap());
        failure(&client.asks(Method::GET, &as_follow_up, None).await, 404, "not_found");
        for size in [2, 25] {
            assert_eq!(client.ids("/v3/follow_ups", "follow_ups", size).await, expected);
        }
        assert_eq!(each(&client.gets("/v2/follow_ups").await, "follow_ups", "id"), expected);
        for (filter, count) in [
            ("incident_id=1", 5), ("incident_mode=standard", 5), ("incident_mode=test", 0),
            ("created_at[lte]=2026-09-20", 0), ("updated_at[gte]=2026-09-21", 5),
            // Nobody works in teams here.
            ("assignee_team_id=01FCNDV6P870EA6S7TK1DSYDG0", 0),
        ] {
            let page = client.gets(&format!("/v3/follow_ups?{filter}")).await;
            assert_eq!(each(&page, "follow_ups", "id").len(), count, "{filter}");
        }
    }

    async fn what_is_wrong_with_a_follow_up_is_named(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.declares("Checkout is slow").await;
        let (long, labels) = ("x".repeat(201), vec!["x"; 21]);
        let labels: Vec<String> = labels.iter().enumerate().map(|(nth, x)| format!("{x}{nth}")).collect();
        for (body, field) in [
            (json!({"title": "x"}), "incident_id"),
            (json!({"incident_id": "1"}), "title"),
            (json!({"incident_id": "1", "title": long}), "title"),
            (json!({"incident_id": "1", "title": "x", "description": "x".repeat(2_001)}), "description"),
            (json!({"incident_id": "1", "title": "x", "labels": labels}), "labels"),
            (json!({"incident_id": "1", "title": "x", "assignee_id": "<@U1>"}), "assignee_id"),
            (json!({"incident_id": "1", "title": "x", "assignee_team_id": "T"}), "assignee_team_id"),
            (json!({"incident_id": "1", "title": "x", "external_issue_reference_id": "I"}), "external_issue_reference_id"),
            (json!({"incident_id": "1", "title": "x", "follow_up_priority_option_id": long}), "follow_up_priority_option_id"),
            (json!({"incident_id": "1", "title": "x", "follow_up_category_id": long}), "follow_up_category_id"),
        ] {
            let answer = client.posts("/v3/follow_ups", &body).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{body}");
        }
        assert_eq!(client.gets("/v3/follow_ups").await["follow_ups"], json!([]));
        let path = path_of(&client.follows_up("Task").await);
        for (body, field) in [
            (json!({"status": "outstanding"}), "title"),
            (json!({"title": "x", "status": "deleted"}), "status"),
            (json!({"title": "x", "status": "completed", "assignee_team_id": "T"}), "assignee_team_id"),
        ] {
            let answer = client.puts(&path, &body).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{body}");
        }
    }

    async fn a_follow_up_is_made_of_a_link(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.declares("Checkout is slow").await;
        let path = "/v3/follow_ups/actions/create_from_link";
        let body = json!({"incident_id": "1", "url": ISSUE});
        let made = client.posts(path, &body).await.expect(201)["follow_up"].clone();
        let issue = json!({"provider": "github", "issue_name": "acme/shop#17", "issue_permalink": ISSUE});
        assert_eq!((&made["title"], &made["status"]), (&json!("acme/shop#17"), &json!("outstanding")));
        assert_eq!(made["external_issue_reference"], issue);
        let native = client.program.get("/api/v1/follow-ups").await.expect(200);
        assert_eq!(native["items"][0]["issue"], json!({"provider": "github", "name": "acme/shop#17", "url": ISSUE}));
        for url in ["https://tracker.example/17", "https://github.com/acme", "javascript:alert(1)", "", "https://github.com/a/<b>/issues/1"] {
            let answer = client.posts(path, &json!({"incident_id": "1", "url": url})).await;
            let (_, field) = failure(&answer, 422, "validation_error");
            assert_eq!(field.as_deref(), Some("url"), "{url}");
        }
        let body = json!({"incident_id": "99", "url": ISSUE});
        failure(&client.posts(path, &body).await, 404, "not_found");
        assert_eq!(client.gets("/v3/follow_ups").await["follow_ups"], json!([made]));
    }

    async fn a_follow_up_is_connected_once(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.declares("Checkout is slow").await;
        for version in ["/v2", "/v3"] {
            let follow_up = client.follows_up("Write a test").await;
            let path = format!("{version}/follow_ups/{}/actions/connect_external_issue", follow_up["id"].as_str().unwrap());
            for (body, field) in [
                (json!({"url": ISSUE}), "provider"),
                (json!({"provider": "github"}), "url"),
                (json!({"provider": "bugzilla", "url": ISSUE}), "provider"),
                (json!({"provider": "linear", "url": ISSUE}), "url"),
                (json!({"provider": "github", "url": "ftp://code.acme.example/1"}), "url"),
            ] {
                let answer = client.posts(&path, &body).await;
                let (_, found) = failure(&answer, 422, "validation_error");
                assert_eq!(found.as_deref(), Some(field), "{body}");
            }
            let own = json!({"provider": "jira_server", "url": "https://tickets.acme.example/browse/OPS-7"});
            let connected = client.posts(&path, &own).await.expect(200)["follow_up"].clone();
            assert_eq!(connected["external_issue_reference"]["issue_name"], "OPS-7");
            assert_eq!(connected["title"], "Write a test");
            let other = json!({"provider": "github", "url": ISSUE});
            let answer = client.posts(&path, &other).await;
            assert_eq!(failure(&answer, 409, "conflict").1.as_deref(), Some("url"));
        }
        let path = "/v3/follow_ups/01FCNDV6P870EA6S7TK1DSYD5H/actions/connect_external_issue";
        let body = json!({"provider": "github", "url": ISSUE});
        failure(&client.posts(path, &body).await, 404, "not_found");
    }

    async fn follow_ups_of_private_incidents_are_nobody_elses(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let hidden = json!({"name": "A leak", "private": true});
        client.program.post("/api/v1/incidents", &[], &hidden).await.expect(201);
        let path = path_of(&client.follows_up("Change the keys").await);
        let mut blind = client.limited("blind", &["incidents:read", "incidents:write"]).await;
        for version in ["/v2/follow_ups", "/v3/follow_ups"] {
            assert_eq!(blind.gets(version).await["follow_ups"], json!([]));
        }
        failure(&blind.asks(Method::GET, &path, None).await, 404, "not_found");
        let body = json!({"provider": "github", "url": ISSUE});
        failure(&blind.posts(&format!("{path}/actions/connect_external_issue"), &body).await, 404, "not_found");
        let body = json!({"incident_id": "1", "url": ISSUE});
        failure(&blind.posts("/v3/follow_ups/actions/create_from_link", &body).await, 404, "not_found");
    }
}
