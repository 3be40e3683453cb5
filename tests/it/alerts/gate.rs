//! A monitoring system outside, with everything in the test's hand.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::history::{Change, What};
use stentor::alert::state::Alert;
use stentor::ingest::kind::Kind;
use stentor::store::alerts;
use stentor::store::sources::SourceSettings;

use super::monitor::Monitor;
use crate::bot::Bot;
use crate::databases::Fresh;
use crate::http::{Answer, Server};

/// A source of some kind, and the way to it.
pub struct Gate {
    pub bot: Bot,
    pub server: Server,
    pub monitor: Monitor,
}

impl Gate {
    pub async fn of(kind: Kind, fresh: &Fresh) -> Gate {
        Gate::with(kind, Value::Null, fresh).await
    }

    /// With these settings for its door.
    pub async fn with(kind: Kind, door: Value, fresh: &Fresh) -> Gate {
        let bot = Bot::start(fresh).await;
        let settings = SourceSettings { door, ..SourceSettings::default() };
        let monitor = bot.monitor_with(kind, settings).await;
        let server = Server::start(bot.stentor.router()).await;
        Gate { bot, server, monitor }
    }

    /// The same after a restart.
    pub async fn restarted(self, fresh: &Fresh) -> Gate {
        let bot = Box::pin(self.bot.restarted(fresh)).await;
        let server = Server::start(bot.stentor.router()).await;
        Gate { bot, server, ..self }
    }

    /// The source's address, and what follows it.
    pub fn path(&self, rest: &str) -> String {
        format!("/hooks/{}{rest}", self.monitor.source.id)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.monitor.secret)
    }

    /// Sends JSON with the secret.
    pub async fn posts(&self, rest: &str, body: &Value) -> Answer {
        self.server.post(&self.path(rest), &[("authorization", &self.bearer())], body).await
    }

    /// Sends something with the secret.
    pub async fn sends(&self, method: Method, rest: &str, body: &Value) -> Answer {
        let bearer = self.bearer();
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.server.send(method, &self.path(rest), &headers, body).await
    }

    /// Asks with the secret.
    pub async fn asks(&self, rest: &str) -> Answer {
        self.sends(Method::GET, rest, &Value::Null).await
    }

    /// The alerts, oldest first, each as its key and whether it fires.
    pub async fn alerts(&self) -> Vec<(String, bool)> {
        let alerts = self.bot.alerts().await.into_iter();
        alerts.map(|alert| (alert.key, alert.phase.is_firing())).collect()
    }

    /// The only alert.
    pub async fn alert(&self) -> Alert {
        let mut alerts = self.bot.alerts().await;
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        alerts.remove(0)
    }

    /// What has happened to an alert.
    pub async fn history(&self, alert: &Alert) -> Vec<What> {
        let app = &self.bot.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let history = alerts::history(&mut tx, &app.workspace, &alert.id).await.unwrap();
        history.into_iter().filter_map(|(_, _, Change { what, .. })| what).collect()
    }

    /// The end of the story.
    pub async fn ends(self) {
        self.bot.settle().await;
        for number in 1..=self.bot.incidents().await {
            self.bot.reads_everything_once(number).await;
        }
        Box::pin(self.bot.ends()).await;
    }
}

/// A request as it was recorded.
pub fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/data/alerts/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The recorded requests whose names begin like this.
pub fn recordings(start: &str) -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/alerts");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(start)).collect();
    names.sort();
    assert!(!names.is_empty(), "no {start} in {folder}");
    names.iter().map(|name| recorded(name)).collect()
}

/// The body of a request as it was recorded.
pub fn sample(name: &str) -> Value {
    recorded(name)["body"].clone()
}

/// An alert as an Alertmanager's webhook has it.
pub fn webhook_alert(status: &str, name: &str) -> Value {
    json!({"status": status, "labels": {"alertname": name}, "startsAt": "2026-09-21T14:00:00Z"})
}
