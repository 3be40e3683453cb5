//! The native API, as a program with a token meets it.

mod alert_rules;
mod alerting;
mod catalogue;
mod document;
mod editing;
mod hostile;
mod lists;
mod oncall;
mod operators;
mod papers;
mod scopes;
mod steering;
mod stories;
mod tags;
mod telmai;
mod webhooks;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;
use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::ids::IdSource;
use stentor::scope::Scopes;

use crate::databases::Fresh;
use crate::http::{Answer, Server};

/// A Stentor that serves, and a program that calls it.
#[derive(Clone)]
pub struct Program {
    pub app: App,
    pub server: Server,
    pub authorization: String,
}

impl Program {
    pub async fn start(fresh: &Fresh) -> Program {
        let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
        let app = App::start(fresh.open().await, clock, IdSource::system()).await.unwrap();
        let server = Server::start(app.router()).await;
        let program = Program { app, server, authorization: String::new() };
        program.another("ci").await
    }

    /// Another program with a token of its own, at the same Stentor.
    pub async fn another(&self, name: &str) -> Program {
        let App { db, clock, ids, workspace, .. } = &self.app;
        let token = tokens::create(db, clock, ids, workspace, name).await.unwrap();
        Program { authorization: format!("Bearer {token}"), ..self.clone() }
    }

    /// Another program that may do this alone.
    pub async fn limited(&self, name: &str, scopes: &[&str]) -> Program {
        let App { db, clock, ids, workspace, .. } = &self.app;
        let scopes = match scopes {
            [] => Scopes::of(&[]),
            words => Scopes::read(words.iter().copied()).unwrap(),
        };
        let made = tokens::create_with(db, clock, ids, workspace, name, &scopes).await.unwrap();
        let authorization = format!("Bearer {}", made.secret.reveal());
        Program { authorization, ..self.clone() }
    }

    /// Sends JSON by another method.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers =
            [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        self.server.send(method, path, &headers, body.to_string()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.server.get(path, &[("authorization", &self.authorization)]).await
    }

    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut all = vec![("authorization", self.authorization.as_str())];
        all.extend(headers);
        self.server.post(path, &all, body).await
    }

    /// Posts bytes that may be anything.
    async fn post_raw(&self, path: &str, kind: &str, body: impl Into<axum::body::Bytes>) -> Answer {
        let headers = [("authorization", self.authorization.as_str()), ("content-type", kind)];
        self.server.send(Method::POST, path, &headers, body).await
    }

    pub async fn declares(&self, name: &str) -> Value {
        self.post("/api/v1/incidents", &[], &json!({ "name": name })).await.expect(201)
    }

    pub async fn commands(&self, reference: &str, command: Value) -> Answer {
        self.post(&format!("/api/v1/incidents/{reference}/commands"), &[], &command).await
    }
}

/// Checks that an answer is a problem document, and returns its kind and field.
fn problem(answer: &Answer, status: u16) -> (String, Option<String>) {
    let body = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(body["status"], status, "{body}");
    for text in ["title", "detail"] {
        assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    let kind = body["type"].as_str().unwrap().strip_prefix("/problems/").unwrap().to_owned();
    (kind, body.get("field").map(|field| field.as_str().unwrap().to_owned()))
}

/// Checks that an answer is this problem.
fn expect_problem(answer: &Answer, status: u16, kind: &str, field: Option<&str>) {
    let found = problem(answer, status);
    assert_eq!(found, (kind.to_owned(), field.map(str::to_owned)), "{}", answer.text);
}
