//! The wire formats that other programs speak already.

mod actions;
mod alerts;
mod catalog;
mod catalogue;
pub mod contract;
mod follow_ups;
mod incidents;
mod rate;
mod users;

use axum::http::Method;
use serde_json::Value;
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

    /// All ids of a list, read in pages of this size.
    async fn ids_by_page(&mut self, path: &str, plural: &str, size: usize) -> Vec<String> {
        let and = if path.contains('?') { '&' } else { '?' };
        let (mut ids, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.gets(&format!("{path}{and}page_size={size}{after}")).await;
            let found = each(&page, plural, "id");
            assert!(found.len() <= size, "{path}: {found:?}");
            ids.extend(found.into_iter().map(str::to_owned));
            let Some(last) = page["pagination_meta"]["after"].as_str() else { return ids };
            after = format!("&after={last}");
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
