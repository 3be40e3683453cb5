//! A Stentor with everything a workspace can have, and a program with a token that speaks every format.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;

use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::Fresh;
use crate::http::{Answer, Server};

/// The one tag of the house.
pub const TAG: &str = "team";

/// Everything at once.
pub struct House {
    pub bot: Bot,
    pub server: Server,
    authorization: String,
}

impl House {
    pub async fn start(fresh: &Fresh) -> House {
        let bot = Bot::start(fresh).await;
        let app = &bot.stentor.app;
        let token = tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, "ci");
        let authorization = format!("Bearer {}", token.await.unwrap());
        let server = Server::start(bot.stentor.router()).await;
        let house = House { bot, server, authorization };
        let tag = json!({"name": TAG, "kind": "text"});
        house.sends(Method::POST, "/api/v1/incident-tags", Some(&tag)).await.expect(201);
        house
    }

    /// Sends what a program sends.
    pub async fn sends(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut headers = vec![("authorization", self.authorization.as_str())];
        headers.extend(body.map(|_| ("content-type", "application/json")));
        let body = body.map(Value::to_string).unwrap_or_default();
        self.server.send(method, path, &headers, body).await
    }

    /// Sends it, and it is done, whatever is said of it.
    pub async fn does(&self, method: Method, path: &str, body: Option<&Value>) {
        let answer = self.sends(method, path, body).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text);
    }

    /// What is at a path.
    pub async fn gets(&self, path: &str) -> Value {
        self.sends(Method::GET, path, None).await.expect(200)
    }

    /// What Stentor told people alone is of no interest here.
    pub fn skims_whispers(&self) {
        for user in [ALICE, BOB] {
            self.bot.reads_told(user);
        }
    }

    pub async fn ends(self) {
        self.skims_whispers();
        for channel in [GENERAL, INCIDENTS] {
            self.bot.skims(channel);
        }
        self.bot.ends().await;
    }
}
