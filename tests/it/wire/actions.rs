//! Actions in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, each, failure};
use crate::bot::{ALICE, BOB, Bot};
use crate::databases::on_each_database;
use crate::stories::channel_of;

impl Client {
    /// Adds an action to an incident.
    async fn adds(&mut self, incident: &str, description: &str) -> Value {
        let body = json!({"incident_id": incident, "description": description});
        self.posts("/v3/actions", &body).await.expect(201)["action"].clone()
    }
}

on_each_database! {
    async fn an_action_is_added_changed_and_deleted_in_either_version(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let incident = client.program.declares("Checkout is slow").await["id"].clone();
        for version in ["/v2/actions", "/v3/actions"] {
            let body = json!({"incident_id": incident, "description": "Restart the queue", "assignee_id": "U0BEA"});
            let action = client.posts(version, &body).await.expect(201)["action"].clone();
            assert_eq!((&action["incident_id"], &action["status"]), (&incident, &json!("outstanding")));
            assert_eq!(action["assignee"]["slack_user_id"], "U0BEA");
            assert_eq!(action["creator"]["api_key"]["name"], "ci");
            let path = format!("{version}/{}", action["id"].as_str().unwrap());
            assert_eq!(client.gets(&path).await["action"], action);
            // What is not named stays, and null takes it away.
            let done = json!({"description": "Restart it", "status": "completed"});
            let changed = client.puts(&path, &done).await.expect(200)["action"].clone();
            assert_eq!(changed["assignee"], action["assignee"]);
            assert_eq!(changed["completed_at"], changed["updated_at"]);
            // What is so already is no failure.
            assert_eq!(client.puts(&path, &done).await.expect(200)["action"], changed);
            let open = json!({"description": "Restart it", "status": "outstanding", "assignee_id": null});
            let opened = client.puts(&path, &open).await.expect(200)["action"].clone();
            assert!(opened.get("assignee").is_none() && opened.get("completed_at").is_none(), "{opened}");
            // The native API says the same.
            let native = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
            assert_eq!(client.program.get(&native).await.expect(200)["title"], "Restart it");
            assert_eq!(client.deletes(&path).await.status, 204);
            assert_eq!(client.gets(&path).await["action"]["status"], "deleted");
            failure(&client.deletes(&path).await, 404, "not_found");
            failure(&client.puts(&path, &open).await, 404, "not_found");
            assert_eq!(client.gets(version).await["actions"], json!([]));
        }
    }

    async fn actions_are_listed_page_by_page_and_as_asked(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let first = client.program.declares("Checkout is slow").await["id"].as_str().unwrap().to_owned();
        let trial = json!({"name": "A trial", "mode": "test"});
        client.program.post("/api/v1/incidents", &[], &trial).await.expect(201);
        let mut expected = Vec::new();
        for number in 0..5 {
            let added = client.adds(&first, &format!("Step {number}")).await;
            expected.push(added["id"].as_str().unwrap().to_owned());
        }
        client.program.app.clock.advance(std::time::Duration::from_secs(86_400));
        client.adds("2", "Only a trial").await;
        let path = format!("/v3/actions/{}", expected[0]);
        client.puts(&path, &json!({"description": "Step 0", "status": "not_doing"})).await.expect(200);
        for size in [1, 2, 5, 250] {
            assert_eq!(client.ids("/v3/actions", "actions", size).await, expected, "{size}");
        }
        let whole = client.gets("/v2/actions").await;
        assert_eq!(each(&whole, "actions", "id"), expected);
        assert!(whole.get("pagination_meta").is_none(), "{whole}");
        for (filter, count) in [
            (format!("incident_id={first}"), 5),
            ("incident_id=2".to_owned(), 0),
            ("incident_id=2&incident_mode=test".to_owned(), 1),
            ("incident_mode=test".to_owned(), 1),
            ("incident_mode=stream".to_owned(), 0),
            ("incident_mode=retrospective".to_owned(), 0),
            ("created_at[gte]=2026-09-21".to_owned(), 5),
            ("created_at[lte]=2026-09-21".to_owned(), 5),
            ("created_at%5Blte%5D=2026-09-20".to_owned(), 0),
            ("created_at[date_range]=2026-09-20~2026-09-21".to_owned(), 5),
            ("updated_at[gte]=2026-09-22".to_owned(), 1),
            ("updated_at[lte]=2026-09-21".to_owned(), 4),
        ] {
            let page = client.gets(&format!("/v3/actions?{filter}")).await;
            assert_eq!(each(&page, "actions", "id").len(), count, "{filter}");
        }
        // The second version knows the first two of them.
        let page = client.gets("/v2/actions?incident_mode=test").await;
        assert_eq!(each(&page, "actions", "description"), ["Only a trial"]);
        for (filter, field) in [
            ("incident_mode=dream", "incident_mode"),
            ("incident_id=none", "incident_id"),
            ("created_at[like]=2026", "created_at[like]"),
            ("updated_at[gte]=soon", "updated_at[gte]"),
            ("page_size=0", "page_size"),
            ("after=none", "after"),
            ("after=%00", "after"),
        ] {
            let answer = client.asks(Method::GET, &format!("/v3/actions?{filter}"), None).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{filter}");
        }
        let unknown = "/v3/actions?incident_id=01FCNDV6P870EA6S7TK1DSYD5H";
        failure(&client.asks(Method::GET, unknown, None).await, 404, "not_found");
    }

    async fn what_is_wrong_with_an_action_is_named(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.declares("Checkout is slow").await;
        let long = "x".repeat(1_001);
        for (body, code, field) in [
            (json!({"description": "x"}), "is_required", "incident_id"),
            (json!({"incident_id": "1"}), "is_required", "description"),
            (json!({"incident_id": "1", "description": " "}), "is_required", "description"),
            (json!({"incident_id": "1", "description": long}), "text_too_long", "description"),
            (json!({"incident_id": "1", "description": 7}), "invalid_body", "description"),
            (json!({"incident_id": "1", "description": "a\u{0}"}), "invalid_value", "description"),
            (json!({"incident_id": "x y", "description": "x"}), "invalid_value", "incident_id"),
            (json!({"incident_id": "1", "description": "x", "assignee_id": "bea"}), "unknown_person", "assignee_id"),
        ] {
            let answer = client.posts("/v3/actions", &body).await;
            let found = failure(&answer, 422, "validation_error");
            assert_eq!(found, (code.to_owned(), Some(field.to_owned())), "{body}");
        }
        let missing = json!({"incident_id": "99", "description": "x"});
        failure(&client.posts("/v3/actions", &missing).await, 404, "not_found");
        let action = client.adds("1", "Step").await;
        let path = format!("/v3/actions/{}", action["id"].as_str().unwrap());
        for (body, field) in [
            (json!({"description": "x"}), "status"),
            (json!({"status": "completed"}), "description"),
            (json!({"description": "x", "status": "deleted"}), "status"),
            (json!({"description": "x", "status": "done"}), "status"),
            (json!({"description": "x", "status": "completed", "assignee_id": ""}), "assignee_id"),
        ] {
            let answer = client.puts(&path, &body).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{body}");
        }
        assert_eq!(client.gets(&path).await["action"], action);
        for path in ["/v3/actions/none", "/v2/actions/01FCNDV6P870EA6S7TK1DSYD5H", "/v3/actions/%00", "/v3/actions/%ff"] {
            failure(&client.asks(Method::GET, path, None).await, 404, "not_found");
        }
    }

    async fn actions_of_private_incidents_are_nobody_elses(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let hidden = json!({"name": "A leak", "private": true});
        client.program.post("/api/v1/incidents", &[], &hidden).await.expect(201);
        let action = client.adds("1", "Change the keys").await;
        let path = format!("/v3/actions/{}", action["id"].as_str().unwrap());
        let mut blind = client.limited("blind", &["incidents:read", "incidents:write"]).await;
        for version in ["/v2/actions", "/v3/actions"] {
            assert_eq!(blind.gets(version).await["actions"], json!([]));
        }
        failure(&blind.asks(Method::GET, &path, None).await, 404, "not_found");
        failure(&blind.asks(Method::GET, "/v3/actions?incident_id=1", None).await, 404, "not_found");
        let body = json!({"description": "x", "status": "completed"});
        failure(&blind.puts(&path, &body).await, 404, "not_found");
        failure(&blind.deletes(&path).await, 404, "not_found");
        let body = json!({"incident_id": "1", "description": "x"});
        failure(&blind.posts("/v3/actions", &body).await, 404, "not_found");
        let mut sees = client.limited("sees", &["incidents:read", "incidents:private"]).await;
        assert_eq!(sees.gets(&path).await["action"], action);
        failure(&sees.deletes(&path).await, 403, "resource_forbidden");
        // Nobody is given what they may not see.
        let body = json!({"incident_id": "1", "description": "x", "assignee_id": "U0BEA"});
        let answer = client.posts("/v3/actions", &body).await;
        assert_eq!(failure(&answer, 409, "conflict").1.as_deref(), Some("assignee_id"));
    }

    async fn whoever_is_given_an_action_hears_of_it_in_slack(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident).to_owned();
        bot.joins(BOB, &channel).await;
        let mut client = Client::beside(&bot).await;
        let body = json!({"incident_id": incident.id, "description": "Restart the queue", "assignee_id": BOB});
        let action = client.posts("/v3/actions", &body).await.expect(201)["action"].clone();
        bot.settle().await;
        assert_eq!(bot.reads_told(BOB), [
            format!("ci gave you the action Restart the queue of INC-1 Checkout is slow in <#{channel}>"),
        ]);
        assert_eq!(bot.says(ALICE, &channel, "actions").await, "1 actions of INC-1");
        // What she does there is seen here.
        bot.says(ALICE, &channel, "action Look at the cache").await;
        let all = client.gets("/v3/actions").await;
        assert_eq!(each(&all, "actions", "description"), ["Restart the queue", "Look at the cache"]);
        assert_eq!(all["actions"][0], action);
        assert_eq!(all["actions"][1]["creator"]["user"]["slack_user_id"], ALICE);
        bot.skims(&channel);
        bot.ends().await;
    }
}
