//! BigPanda's API, as a program that was written for it meets it.

mod laying;
mod looking;
mod steering;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::observation::{Observation, Status};
use stentor::api::tokens;
use stentor::ids::AlertId;
use stentor::ingest::kind::Kind;
use stentor::oncall::person::Person;
use stentor::store::people;

use crate::bot::Bot;
use crate::databases::Fresh;
use crate::http::{Answer, Server};

/// Longer than an incident waits for more alerts.
const GROUP_WAIT: Duration = Duration::from_secs(31);
/// Where all incidents are.
const ALL: &str = "/v2.0/environments/all/incidents";

/// A Stentor with alerts, and a program that calls it.
pub struct Panda {
    pub bot: Bot,
    server: Server,
    authorization: String,
}

impl Panda {
    async fn start(fresh: &Fresh) -> Panda {
        let bot = Bot::start(fresh).await;
        let server = Server::start(bot.stentor.router()).await;
        let authorization = authorization(&bot, "panda").await;
        Panda { bot, server, authorization }
    }

    /// Two alerts of checkout (one critical, one a warning) and one of cart fire: two incidents.
    async fn with_trouble(fresh: &Fresh) -> Panda {
        let panda = Panda::start(fresh).await;
        let monitor = panda.bot.monitor(Kind::Bigpanda).await;
        let warning = |said: Observation| Observation { status: Status::Warning, ..said };
        let all = vec![fires("Errors", "checkout"), warning(fires("Latency", "checkout"))];
        panda.bot.hears(&monitor, all).await;
        panda.bot.watches(GROUP_WAIT).await;
        panda.bot.hears(&monitor, vec![warning(fires("Latency", "cart"))]).await;
        panda.bot.watches(GROUP_WAIT).await;
        panda
    }

    /// Slack has told of somebody.
    async fn knows(&self, id: &str, name: &str, email: &str) {
        let app = &self.bot.stentor.app;
        let person = Person {
            id: id.into(),
            name: name.to_owned(),
            email: Some(email.to_owned()),
            time_zone: None,
            is_active: true,
        };
        let mut tx = app.db.begin().await.unwrap();
        people::save(&mut tx, &app.workspace, &[person], app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Another program with a token of its own.
    async fn another(&self) -> String {
        authorization(&self.bot, "other").await
    }

    async fn sends(&self, method: Method, path: &str, body: &Value) -> Answer {
        // A program may ask five times a second.
        self.bot.clock.advance(Duration::from_millis(200));
        self.sends_at_once(method, path, body.to_string()).await
    }

    async fn sends_at_once(&self, method: Method, path: &str, body: String) -> Answer {
        let headers =
            [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        let path = format!("/bigpanda/resources{path}");
        self.server.send(method, &path, &headers, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.bot.clock.advance(Duration::from_millis(200));
        self.sends_at_once(Method::GET, path, String::new()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.sends(Method::POST, path, &body).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.sends(Method::PUT, path, &body).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.sends(Method::PATCH, path, &body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.bot.clock.advance(Duration::from_millis(200));
        self.sends_at_once(Method::DELETE, path, String::new()).await
    }

    /// Where an incident is.
    async fn path(&self, number: i64) -> String {
        format!("{ALL}/{}", self.bot.incident(number).await.id)
    }

    /// An incident with its alerts.
    async fn shown(&self, number: i64) -> Value {
        self.get(&format!("{}?expand=alerts", self.path(number).await)).await.expect(200)
    }

    /// The types of what happened to an incident, oldest first.
    async fn happened(&self, number: i64) -> Vec<String> {
        let id = self.bot.incident(number).await.id;
        let path = format!("/v2.0/incidents/{id}/activities?per_page=100");
        let activities = self.get(&path).await.expect(200);
        let types = activities.as_array().unwrap().iter().rev();
        types.map(|one| one["type"].as_str().unwrap().to_owned()).collect()
    }

    /// The ids of all alerts, oldest first.
    async fn alerts(&self) -> Vec<AlertId> {
        self.bot.alerts().await.into_iter().map(|alert| alert.id).collect()
    }
}

async fn authorization(bot: &Bot, name: &str) -> String {
    let app = &bot.stentor.app;
    let token = tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, name).await.unwrap();
    format!("Bearer {token}")
}

fn fires(check: &str, service: &str) -> Observation {
    let mut said = Observation::firing(format!("{check}/{service}"), format!("{service}: {check}"));
    said.labels = BTreeMap::from(
        [("check", check), ("service", service)]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    said
}

/// Checks that an answer is a failure of this status in the format's words, and returns the words.
fn failed(answer: &Answer, status: u16) -> String {
    let body = answer.expect(status);
    assert_eq!(body["status"], status, "{body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    let errors = body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{body}");
    let error = errors[0].as_str().unwrap();
    assert!(!error.is_empty());
    error.to_owned()
}

/// Checks that something was accepted.
fn accepted(answer: &Answer) {
    assert_eq!(answer.expect(202), json!({"status": 202, "data": {}}));
}

/// Checks that something was done, of which there is nothing to say.
fn done(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
}
