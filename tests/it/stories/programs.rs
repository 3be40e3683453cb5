//! Programs and people work on the same incident, and see what the other does.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;

use super::{channel_of, status};
use crate::bot::{ALICE, BOB, Bot, GENERAL};
use crate::databases::on_each_database;
use crate::http::{Answer, Server};

/// A program that may call the API.
struct Program {
    server: Server,
    authorization: String,
}

impl Program {
    async fn beside(bot: &Bot, name: &str) -> Program {
        let app = &bot.stentor.app;
        let token =
            tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, name).await.unwrap();
        let server = Server::start(bot.stentor.router()).await;
        Program { server, authorization: format!("Bearer {token}") }
    }

    async fn get(&self, path: &str) -> Value {
        self.server.get(path, &[("authorization", &self.authorization)]).await.expect(200)
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [
            ("authorization", self.authorization.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        self.server.send(Method::POST, path, &headers, body.to_string()).await
    }
}

on_each_database! {
    async fn what_a_program_declares_and_does_is_in_slack_too(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let ci = Program::beside(&bot, "ci").await;
        let declaration = json!({"name": "Checkout is slow", "severity": "major", "lead": BOB});
        for _ in 0..3 {
            ci.post("/api/v1/incidents", "deploy-7", &declaration).await.expect(201);
        }
        bot.settle().await;
        for (n, command) in [
            json!({"type": "update", "message": "Rolling back <!channel>", "status": "fixing"}),
            json!({"type": "role", "role": "comms", "person": "U0CAROL"}),
            json!({"type": "resolve", "message": "Rolled back"}),
        ]
        .iter()
        .enumerate()
        {
            for _ in 0..2 {
                ci.post("/api/v1/incidents/INC-1/commands", &format!("step-{n}"), command).await.expect(200);
            }
            bot.settle().await;
        }
        insta::assert_snapshot!(bot.reads_everything_once(1).await.join("\n"), @r"
INC-1: Rolling back &lt;!channel&gt; · Update from ci · Status Investigating → Fixing
INC-1: <@U0CAROL> is Communications · by ci
INC-1: Rolled back · Resolved after less than a minute, now Documenting · by ci
        ");
        let incident = bot.incident(1).await;
        let channel = bot.channels(&incident).remove(0);
        assert!(channel.has(BOB) && channel.has("U0CAROL"));
        let told = [bot.reads_told(BOB), bot.reads_told("U0CAROL")].concat();
        assert_eq!(told, [
            "You are now Incident Lead of INC-1 Checkout is slow, asked by ci.",
            "You are now Communications of INC-1 Checkout is slow, asked by ci.",
        ]);
        bot.ends().await;
    }

    async fn what_people_do_a_program_reads_in_the_timeline(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let ci = Program::beside(&bot, "ci").await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "update Rolling back").await;
        bot.presses(ALICE, channel, bot.welcome(&incident), "Take the lead").await;
        bot.settle().await;
        bot.fills_in(ALICE, channel, "status", &[("status", status("monitoring"))]).await;
        bot.skims(channel);
        let timeline = ci.get("/api/v1/incidents/INC-1/timeline").await;
        let told: Vec<String> = timeline["entries"].as_array().unwrap().iter()
            .map(|entry| {
                let by = entry["actor"]["user"].as_str().unwrap_or("Stentor");
                format!("{} {} {}", by, entry["via"].as_str().unwrap(), entry["event"]["type"].as_str().unwrap())
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
U0ALICE modal declared
Stentor delivery channel_opened
U0ALICE command update_posted
U0ALICE button role_assigned
U0ALICE modal status_changed
        ");
        let shown = ci.get("/api/v1/incidents/INC-1").await;
        assert_eq!(shown["last_update"]["message"], "Rolling back");
        bot.ends().await;
    }

    /// A private incident that a program declared is the program's until somebody gets a role.
    async fn a_programs_private_incident_is_nobodys_until_somebody_has_a_part(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let ci = Program::beside(&bot, "ci").await;
        let other = Program::beside(&bot, "other").await;
        ci.post("/api/v1/incidents", "1", &json!({"name": "Keys leaked", "private": true})).await.expect(201);
        bot.settle().await;
        let incident = bot.incident(1).await;
        bot.skims(channel_of(&incident));
        assert!(bot.says(ALICE, GENERAL, "INC-1").await.starts_with("There is no incident INC-1"));
        assert_eq!(other.get("/api/v1/incidents").await["incidents"], json!([]));
        let lead = json!({"type": "role", "role": "lead", "person": ALICE});
        ci.post("/api/v1/incidents/1/commands", "2", &lead).await.expect(200);
        bot.settle().await;
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        bot.skims(channel_of(&incident));
        assert!(bot.says(ALICE, GENERAL, "INC-1").await.contains("Keys leaked"));
        assert!(bot.channels(&incident)[0].has(ALICE));
        bot.ends().await;
    }
}
