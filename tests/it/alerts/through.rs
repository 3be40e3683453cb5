//! Programs do something about alerts in somebody's name: the alert and its incident say through which
//! token.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;
use stentor::ingest::kind::Kind;

use super::monitor::fires;
use crate::bot::{ALICE, BOB, Bot, GENERAL};
use crate::databases::on_each_database;
use crate::http::{Answer, Server};

const GROUP_WAIT: Duration = Duration::from_secs(31);

/// A program, and two alerts of one incident.
struct Program {
    bot: Bot,
    server: Server,
    authorization: String,
}

impl Program {
    async fn start(bot: Bot) -> Program {
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Errors", "checkout")]).await;
        bot.watches(GROUP_WAIT).await;
        let app = &bot.stentor.app;
        let token = tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, "portal").await;
        let authorization = format!("Bearer {}", token.unwrap());
        let server = Server::start(bot.stentor.router()).await;
        Program { bot, server, authorization }
    }

    async fn sends_as(&self, user: Option<&str>, path: &str, body: &Value) -> Answer {
        let mut headers = vec![
            ("authorization", self.authorization.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend(user.map(|user| ("x-incident-user", user)));
        let answer = self.server.send(Method::POST, path, &headers, body.to_string()).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        self.bot.settle().await;
        answer
    }

    /// Who did the last thing that happened to an alert, and through what.
    async fn last_of(&self, nth: usize) -> (Value, Value) {
        let id = self.bot.alerts().await[nth].id.clone();
        let headers = [("authorization", self.authorization.as_str())];
        let path = format!("/api/v1/alerts/{id}/history");
        let history = self.server.get(&path, &headers).await.expect(200);
        let last = history["entries"].as_array().unwrap().last().unwrap()["change"].clone();
        let by = last["by"].clone();
        let somebody = last.pointer("/what/cause/actor").cloned();
        (somebody.unwrap_or(by), last["through"].clone())
    }

    /// The same of what the incident's record says of its alerts.
    async fn last_recorded(&self) -> (Value, Value) {
        let headers = [("authorization", self.authorization.as_str())];
        let path = "/api/v1/incidents/1/timeline?limit=200";
        let timeline = self.server.get(path, &headers).await.expect(200);
        let entries = timeline["entries"].as_array().unwrap().iter();
        let mut events = entries.map(|entry| &entry["event"]);
        let last = events.rfind(|event| event["type"] == "alerts_handled").unwrap();
        (last["by"].clone(), last["through"].clone())
    }
}

on_each_database! {
    async fn the_token_stands_beside_the_person(fresh: Fresh) {
        let program = Program::start(Bot::start(&fresh).await).await;
        let person = |user: &str| json!({"type": "person", "user": user});
        let portal = json!("portal");
        let alerts: Vec<String> = program.bot.alerts().await.into_iter().map(|alert| alert.id.to_string()).collect();
        let path = format!("/api/v1/alerts/{}/acknowledge", alerts[0]);
        program.sends_as(Some(ALICE), &path, &json!({})).await;
        for told in [program.last_of(0).await, program.last_recorded().await] {
            assert_eq!(told, (person(ALICE), portal.clone()));
        }
        // By itself, it is who did it.
        let path = format!("/api/v1/alerts/{}/acknowledge", alerts[1]);
        program.sends_as(None, &path, &json!({})).await;
        let itself = json!({"type": "api_token", "name": "portal"});
        for told in [program.last_of(1).await, program.last_recorded().await] {
            assert_eq!(told, (itself.clone(), Value::Null));
        }
        // In whatever format.
        let path = format!("/incident-io/v2/alerts/{}/actions/resolve", alerts[0]);
        program.sends_as(Some(BOB), &path, &json!({})).await;
        for told in [program.last_of(0).await, program.last_recorded().await] {
            assert_eq!(told, (person(BOB), portal.clone()));
        }
        let timeline = program.bot.types(ALICE, GENERAL, "INC-1 timeline").await;
        let timeline = json!(timeline.messages[0].blocks).to_string();
        for words in ["(through portal)", " said that 1 alert is over"] {
            assert!(timeline.contains(words), "{timeline}");
        }
        // What ends with its incident ends by the same word.
        let path = "/bigpanda/resources/v2.0/environments/all/incidents/1/resolve";
        program.sends_as(Some(ALICE), path, &json!({"comments": "Rolled back"})).await;
        for told in [program.last_of(1).await, program.last_recorded().await] {
            assert_eq!(told, (person(ALICE), portal.clone()));
        }
        program.bot.reads_everything_once(1).await;
        for user in [ALICE, BOB] {
            program.bot.reads_told(user);
        }
        Box::pin(program.bot.ends()).await;
    }
}
