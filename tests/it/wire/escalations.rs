//! Escalations in the incident.io format.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;

use super::paths::path;
use super::{Client, failure, with};
use crate::api::Program;
use crate::bot::{BOB, Bot};
use crate::databases::on_each_database;
use crate::http::{Answer, Server};
use crate::wire::contract::Contract;

const ESCALATIONS: &str = "/v2/escalations";

fn page_bob(key: &str) -> Value {
    json!({"idempotency_key": key, "title": format!("Down {key}"), "user_ids": ["U0BOB"]})
}

impl Client {
    /// Somebody is paged; the escalation.
    async fn begins(&mut self, body: &Value) -> Value {
        self.posts(ESCALATIONS, body).await.expect(201)["escalation"].clone()
    }

    /// Writes in somebody's name.
    async fn posts_as(&mut self, user: &str, path: &str, body: &Value) -> Answer {
        let authorization = self.program.authorization.clone();
        let headers = [("authorization", authorization.as_str()), ("x-incident-user", user)];
        let answer = self.program.server.post(&format!("/incident-io{path}"), &headers, body).await;
        if answer.status.is_success() {
            self.contract.check(&Method::POST, path, &answer);
        }
        answer
    }
}

fn place(escalation: &Value, action: &str) -> String {
    format!("{ESCALATIONS}/{}{action}", escalation["id"].as_str().unwrap())
}

fn titles(all: &[Value]) -> Vec<&str> {
    all.iter().map(|one| one["title"].as_str().unwrap()).collect()
}

on_each_database! {
    async fn somebody_is_paged_once_for_each_key(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_bob().await;
        let incident = client.declares("Checkout", "public").await;
        let by = client.posts("/v2/escalation_paths", &path("Checkout")).await.expect(201)["escalation_path"]["id"].clone();
        let body = json!({"idempotency_key": "one", "title": "Down", "description": "The database",
            "incident_id": incident["id"], "escalation_path_id": by});
        let made = client.begins(&body).await;
        assert_eq!((&made["title"], &made["description"], &made["status"]), (&json!("Down"), &json!("The database"), &json!("triggered")));
        assert_eq!((&made["escalation_path_id"], &made["priority"]["name"]), (&by, &json!("")));
        assert_eq!(made["creator"], json!({"workflow": {"id": "ci", "name": "ci"}}));
        assert_eq!(made["related_incidents"][0]["id"], incident["id"]);
        let events: Vec<&str> = made["events"].as_array().unwrap().iter().map(|it| it["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["triggered", "notified_users"]);
        let paged = &made["events"][1];
        assert_eq!((&paged["users"][0]["name"], &paged["urgency"]), (&json!("Bob Brown"), &json!("high")));
        assert_eq!(client.begins(&body).await, made);
        assert_eq!(client.gets(&place(&made, "")).await["escalation"], made);
        let native = client.program.get(&format!("/api/v1/escalations/{}", made["id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&native["title"], &native["incident"]["reference"]), (&json!("Down"), &json!("INC-1")));
        // Another program's keys are others.
        let mut other = client.seen_by(client.program.another("other").await);
        assert_ne!(other.begins(&body).await["id"], made["id"]);
        // People, instead of a path, and in somebody's name.
        let answer = client.posts_as("U0ALICE", ESCALATIONS, &page_bob("two")).await.expect(201);
        assert_eq!(answer["escalation"]["creator"]["user"]["id"], "U0ALICE");
        assert!(answer["escalation"].get("escalation_path_id").is_none());
        for (body, field) in [
            (json!({"title": "Down", "user_ids": ["U0BOB"]}), "idempotency_key"),
            (json!({"idempotency_key": "a", "user_ids": ["U0BOB"]}), "title"),
            (with(page_bob("a"), json!({"idempotency_key": ""})), "idempotency_key"),
            (with(page_bob("a"), json!({"idempotency_key": "x".repeat(256)})), "idempotency_key"),
            (with(page_bob("a"), json!({"title": " "})), "title"),
            (with(page_bob("a"), json!({"title": "x".repeat(201)})), "title"),
            (with(page_bob("a"), json!({"description": "x".repeat(3001)})), "description"),
            (with(page_bob("a"), json!({"user_ids": ["U0BOB", "bob"]})), "user_ids.1"),
            (with(page_bob("a"), json!({"user_ids": []})), "escalation_path_id"),
            (with(page_bob("a"), json!({"escalation_path_id": by})), "user_ids"),
        ] {
            let answer = client.posts(ESCALATIONS, &body).await;
            assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some(field), "{body}");
        }
        for changes in [
            json!({"user_ids": null, "escalation_path_id": "none"}),
            json!({"incident_id": "01FDAG4SAP5TYPT98WGR2N7W91"}),
        ] {
            failure(&client.posts(ESCALATIONS, &with(page_bob("a"), changes)).await, 404, "not_found");
        }
        failure(&client.asks(Method::GET, &format!("{ESCALATIONS}/none"), None).await, 404, "not_found");
    }

    async fn a_page_is_answered_snoozed_reassigned_and_taken_back(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let made = client.begins(&page_bob("one")).await;
        let respond = place(&made, "/actions/respond");
        // A program can't decline, but whoever was paged can.
        failure(&client.posts(&respond, &json!({"response": "nack"})).await, 403, "resource_forbidden");
        let until = client.program.app.clock.now().plus(Duration::from_secs(600));
        let snooze = |until: Value| json!({"response": "snooze", "snooze_details": {"snooze_until": until, "reason": "A deployment"}});
        for (body, field) in [
            (json!({}), "response"),
            (json!({"response": "maybe"}), "response"),
            (json!({"response": "snooze"}), "snooze_details"),
            (snooze(json!("soon")), "snooze_details.snooze_until"),
            (snooze(json!("2020-01-01T00:00:00Z")), "snooze_details.snooze_until"),
        ] {
            let answer = client.posts(&respond, &body).await;
            assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some(field), "{body}");
        }
        assert_eq!(client.posts(&respond, &snooze(json!(until))).await.status, 200);
        assert_eq!(client.gets(&place(&made, "")).await["escalation"]["status"], "snoozed");
        let options = json!({"user_ids": ["U0BOB", "U0ALICE", "nobody"]});
        let check = place(&made, "/actions/check_permissions");
        let can = client.posts(&check, &options).await.expect(200);
        assert_eq!(can["response_options"], json!([
            {"user_id": "U0BOB", "available_actions": ["ack", "nack", "snooze"]},
            {"user_id": "U0ALICE", "available_actions": ["ack", "snooze"]},
            {"user_id": "nobody", "available_actions": []},
        ]));
        assert_eq!(client.posts_as("U0BOB", &respond, &json!({"response": "ack"})).await.status, 200);
        let acked = client.gets(&place(&made, "")).await["escalation"].clone();
        assert_eq!((&acked["status"], &acked["events"][2]["users"][0]["id"]), (&json!("acked"), &json!("U0BOB")));
        failure(&client.posts(&respond, &json!({"response": "ack"})).await, 409, "conflict");
        let can = client.posts(&check, &options).await.expect(200);
        assert_eq!(can["response_options"][0]["available_actions"], json!([]));
        // Others instead, once.
        let reassign = place(&made, "/actions/reassign");
        for (body, field) in [
            (json!({}), "escalation_path_id"),
            (json!({"user_ids": ["carol"]}), "user_ids.0"),
            (json!({"user_ids": ["U0CAROL"], "title": ""}), "title"),
        ] {
            let answer = client.posts(&reassign, &body).await;
            assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some(field), "{body}");
        }
        let instead = json!({"user_ids": ["U0CAROL"], "title": "Still down"});
        let new = client.posts_as("U0ALICE", &reassign, &instead).await.expect(201)["escalation"].clone();
        assert_eq!((&new["title"], &new["creator"]["user"]["id"]), (&json!("Still down"), &json!("U0ALICE")));
        assert_eq!(client.gets(&place(&made, "")).await["escalation"]["status"], "resolved");
        failure(&client.posts(&reassign, &instead).await, 409, "conflict");
        let again = client.posts(&place(&new, "/actions/reassign"), &json!({"user_ids": ["U0BOB"], "resolve_original": false})).await.expect(201);
        assert_eq!((&again["escalation"]["title"], &client.gets(&place(&new, "")).await["escalation"]["status"]), (&json!("Still down"), &json!("triggered")));
        for _ in 0..2 {
            assert_eq!(client.asks(Method::POST, &place(&new, "/actions/cancel"), None).await.status, 200);
        }
        let cancelled = client.gets(&place(&new, "")).await["escalation"].clone();
        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(cancelled["events"].as_array().unwrap().last().unwrap()["event"], "cancelled");
        failure(&client.asks(Method::POST, &place(&made, "/actions/cancel"), None).await, 409, "conflict");
        // Who may read may ask what could be answered, and no more.
        let mut reader = client.seen_by(client.program.limited("reader", &["escalations:read"]).await);
        reader.posts(&check, &options).await.expect(200);
        failure(&reader.posts(&respond, &json!({"response": "ack"})).await, 403, "resource_forbidden");
        for action in ["cancel", "respond", "reassign", "check_permissions"] {
            let body = json!({"response": "ack", "user_ids": ["U0BOB"]});
            let answer = client.posts(&format!("{ESCALATIONS}/none/actions/{action}"), &body).await;
            failure(&answer, 404, "not_found");
        }
    }

    async fn whoever_was_paged_declines_in_their_own_name(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let steps = json!({"name": "Two", "path": [path("")["path"][0],
            {"id": "then", "type": "level", "level": {"targets": [{"type": "user", "id": "U0CAROL", "urgency": "low"}], "time_to_ack_seconds": 60}}]});
        let by = client.posts("/v2/escalation_paths", &steps).await.expect(201)["escalation_path"]["id"].clone();
        let made = client.begins(&json!({"idempotency_key": "one", "title": "Down", "escalation_path_id": by})).await;
        let respond = place(&made, "/actions/respond");
        failure(&client.posts_as("U0ALICE", &respond, &json!({"response": "nack"})).await, 403, "resource_forbidden");
        assert_eq!(client.posts_as("U0BOB", &respond, &json!({"response": "nack"})).await.status, 200);
        let shown = client.gets(&place(&made, "")).await["escalation"].clone();
        let last = shown["events"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["event"], &last["users"][0]["id"], &last["urgency"]), (&json!("notified_users"), &json!("U0CAROL"), &json!("low")));
    }

    async fn escalations_are_filtered_and_listed_page_by_page(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.has_trouble().await;
        let incidents = client.gets("/v2/incidents").await;
        let incident = incidents["incidents"][0]["id"].as_str().unwrap().to_owned();
        let alert = client.gets("/v2/alerts?page_size=50").await["alerts"][0]["id"].as_str().unwrap().to_owned();
        let by = client.posts("/v2/escalation_paths", &path("Checkout")).await.expect(201)["escalation_path"]["id"].clone();
        // What monitoring has paged for, here by the native API.
        let native = json!({"title": "Alerting", "path": by, "alerts": [alert]});
        client.program.server.post("/api/v1/escalations", &[("authorization", &client.program.authorization.clone())], &native).await.expect(201);
        for key in ["deploy-1", "deploy-2", "DEPLOY-3"] {
            client.program.app.clock.advance(Duration::from_secs(60));
            client.begins(&with(page_bob(key), json!({"incident_id": incident}))).await;
        }
        client.program.app.clock.advance(Duration::from_secs(60));
        let acked = client.begins(&page_bob("dep%")).await;
        client.posts(&place(&acked, "/actions/respond"), &json!({"response": "ack"})).await;
        let all = client.pages(ESCALATIONS, "escalations", 50).await;
        let everything = ["Down dep%", "Down DEPLOY-3", "Down deploy-2", "Down deploy-1", "Alerting"];
        assert_eq!(titles(&all), everything);
        assert_eq!(all[4]["related_alerts"][0]["id"], json!(alert));
        let by = by.as_str().unwrap();
        let at = |nth: usize| all[nth]["created_at"].as_str().unwrap();
        for (filter, found) in [
            (String::new(), &everything[..]),
            ("status[one_of]=acked".to_owned(), &everything[..1]),
            ("status[not_in]=acked".to_owned(), &everything[1..]),
            ("status[one_of]=acked&status[one_of]=triggered".to_owned(), &everything[..]),
            (format!("escalation_path[one_of]={by}"), &everything[4..]),
            (format!("escalation_path[not_in]={by}"), &everything[..4]),
            (format!("incident[one_of]={incident}"), &everything[1..4]),
            (format!("incident%5Bone_of%5D={}", incidents["incidents"][0]["reference"].as_str().unwrap()), &everything[1..4]),
            ("incident[one_of]=none".to_owned(), &[]),
            (format!("incident[not_in]={incident}&status[one_of]=triggered"), &everything[4..]),
            (format!("alert[one_of]={alert}"), &everything[4..]),
            (format!("alert[not_in]={alert}"), &everything[..4]),
            ("idempotency_key[is]=deploy-1".to_owned(), &everything[3..4]),
            ("idempotency_key[starts_with]=deploy".to_owned(), &everything[2..4]),
            ("idempotency_key[starts_with]=dep%25".to_owned(), &everything[..1]),
            (format!("created_at[gte]={}", at(1)), &everything[..2]),
            (format!("created_at[lte]={}", at(1)), &everything[1..]),
            ("updated_at[gte]=2030-01-01".to_owned(), &[]),
            ("created_at[date_range]=2026-09-21~2026-09-22".to_owned(), &everything[..]),
        ] {
            let some = client.pages(&format!("{ESCALATIONS}?{filter}"), "escalations", 2).await;
            assert_eq!(titles(&some), found, "{filter}");
        }
        for (filter, field) in [
            ("status[like]=acked", "status[like]"),
            ("status[one_of]=lost", "status[one_of]"),
            ("idempotency_key[is]=", "idempotency_key[is]"),
            ("idempotency_key[is]=a&idempotency_key[is]=b", "idempotency_key[is]"),
            ("created_at[gte]=soon", "created_at[gte]"),
            ("after=none", "after"),
        ] {
            let answer = client.asks(Method::GET, &format!("{ESCALATIONS}?{filter}"), None).await;
            assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some(field), "{filter}");
        }
    }

    async fn an_escalation_is_as_private_as_its_incident(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let incident = client.declares("A leak", "private").await;
        let body = with(page_bob("one"), json!({"incident_id": incident["id"]}));
        let made = client.begins(&body).await;
        let mut blind = client.seen_by(client.program.another("blind").await);
        failure(&blind.asks(Method::GET, &place(&made, ""), None).await, 404, "not_found");
        for action in ["cancel", "respond", "reassign", "check_permissions"] {
            let says = json!({"response": "ack", "user_ids": ["U0BOB"]});
            failure(&blind.posts(&place(&made, &format!("/actions/{action}")), &says).await, 404, "not_found");
        }
        failure(&blind.posts(ESCALATIONS, &body).await, 404, "not_found");
        // Writing in the name of somebody who may see it does not help.
        failure(&blind.posts_as("U0BOB", &place(&made, "/actions/respond"), &json!({"response": "ack"})).await, 404, "not_found");
        for filter in [String::new(), format!("incident[one_of]={}", incident["id"].as_str().unwrap())] {
            assert!(blind.pages(&format!("{ESCALATIONS}?{filter}"), "escalations", 25).await.is_empty());
        }
        assert_eq!(client.pages(ESCALATIONS, "escalations", 25).await, [made]);
    }

    async fn whoever_is_paged_is_told_in_slack(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let app = bot.stentor.app.clone();
        let token = tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, "ci").await.unwrap();
        let server = Server::start(app.router()).await;
        let program = Program { app, server, authorization: format!("Bearer {token}") };
        let mut client = Client { program, contract: Contract::read() };
        let made = client.begins(&page_bob("one")).await;
        bot.settle().await;
        assert_eq!(bot.reads_told(BOB), ["🚨 ci needs you: Down one"]);
        let shown = client.gets(&place(&made, "")).await["escalation"].clone();
        assert_eq!(shown["events"][1]["users"][0]["slack_user_id"], BOB);
        assert_eq!(client.asks(Method::POST, &place(&made, "/actions/cancel"), None).await.status, 200);
        bot.settle().await;
        bot.ends().await;
    }
}
