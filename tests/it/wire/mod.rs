//! The wire formats that other programs speak already.

mod actions;
mod activity;
mod alert_attributes;
mod alert_routes;
mod alert_sources;
mod alerts;
mod attachments;
mod catalog;
mod catalogue;
pub mod contract;
mod escalations;
mod follow_ups;
mod incidents;
mod memberships;
mod overrides;
mod paths;
mod postmortems;
mod rate;
mod schedules;
mod slack;
mod timeline_items;
mod updates;
mod users;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;

use crate::api::Program;
use crate::bot::Bot;
use crate::databases::Fresh;
use crate::http::{Answer, Server};
use crate::wire::contract::Contract;

/// A program that speaks the incident.io format with a Stentor. Every answer is held against the
/// document.
struct Client {
    program: Program,
    contract: Contract,
}

impl Client {
    async fn start(fresh: &Fresh) -> Client {
        Client { program: Program::start(fresh).await, contract: Contract::read() }
    }

    /// A program beside people who are in Slack.
    async fn beside(bot: &Bot) -> Client {
        let app = bot.stentor.app.clone();
        let token = tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, "ci");
        let authorization = format!("Bearer {}", token.await.unwrap());
        let server = Server::start(bot.stentor.router()).await;
        let program = Program { app, server, authorization };
        Client { program, contract: Contract::read() }
    }

    /// Another program, which may do this alone.
    async fn limited(&self, name: &str, scopes: &[&str]) -> Client {
        let program = self.program.limited(name, scopes).await;
        Client { program, contract: Contract::read() }
    }

    async fn asks(&mut self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut headers = vec![("authorization", self.program.authorization.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let whole = format!("/incident-io{path}");
        let answer = self.program.server.send(method.clone(), &whole, &headers, body).await;
        if answer.status.is_success() {
            self.contract.check(&method, path, &answer);
        }
        answer
    }

    async fn gets(&mut self, path: &str) -> Value {
        self.asks(Method::GET, path, None).await.expect(200)
    }

    /// A program of another name at the same Stentor, to which private incidents are not shown.
    async fn another(&self, name: &str) -> Client {
        Client { program: self.program.another(name).await, contract: Contract::read() }
    }

    /// Declares an incident of this name, public or private, and returns it.
    async fn declares(&mut self, name: &str, visibility: &str) -> Value {
        let body = json!({"idempotency_key": name, "visibility": visibility, "name": name});
        self.posts("/v2/incidents", &body).await.expect(200)["incident"].clone()
    }

    /// All ids of a list, read in pages of so many.
    async fn ids(&mut self, path: &str, plural: &str, size: usize) -> Vec<String> {
        let items = self.pages(path, plural, size).await;
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Every item of a list, read in pages of so many.
    async fn pages(&mut self, path: &str, plural: &str, size: usize) -> Vec<Value> {
        let and = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.gets(&format!("{path}{and}page_size={size}{after}")).await;
            let some = page[plural].as_array().unwrap();
            assert!(some.len() <= size, "{page}");
            items.extend(some.iter().cloned());
            let Some(last) = page["pagination_meta"]["after"].as_str() else { return items };
            assert_eq!(some.len(), size, "{page}");
            after = format!("&after={last}");
        }
    }

    /// Checks that a list refuses each of these queries, and names what is wrong.
    async fn refuses(&mut self, path: &str, queries: &[(&str, &str)]) {
        for (query, field) in queries {
            let answer = self.asks(Method::GET, &format!("{path}?{query}"), None).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(*field), "{path}?{query}");
        }
    }

    async fn puts(&mut self, path: &str, body: &Value) -> Answer {
        self.asks(Method::PUT, path, Some(body)).await
    }

    async fn deletes(&mut self, path: &str) -> Answer {
        self.asks(Method::DELETE, path, None).await
    }

    async fn posts(&mut self, path: &str, body: &Value) -> Answer {
        self.asks(Method::POST, path, Some(body)).await
    }

    /// The same Stentor, as another program meets it.
    fn seen_by(&self, program: Program) -> Client {
        Client { program, contract: Contract::read() }
    }
}

/// A body with some of its fields otherwise.
fn with(mut body: Value, changes: Value) -> Value {
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

/// The values of this field of everything in a list.
fn each<'v>(page: &'v Value, plural: &str, field: &str) -> Vec<&'v str> {
    let items = page[plural].as_array().unwrap().iter();
    items.map(|item| item[field].as_str().unwrap()).collect()
}

/// Checks that an answer is a failure of this format, and returns the code and field of its first
/// error.
fn failure(answer: &Answer, status: u16, kind: &str) -> (String, Option<String>) {
    let body = answer.expect(status);
    assert_eq!((&body["status"], &body["type"]), (&status.into(), &kind.into()), "{body}");
    assert!(body["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{body}");
    let error = &body["errors"][0];
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    let field = error.pointer("/source/field").map(|field| field.as_str().unwrap().to_owned());
    (error["code"].as_str().unwrap().to_owned(), field)
}
