//! The wire formats that other programs speak already.

mod alerts;
mod catalogue;
pub mod contract;
mod escalations;
mod incidents;
mod overrides;
mod paths;
mod schedules;

use axum::http::Method;
use serde_json::Value;

use crate::api::Program;
use crate::databases::Fresh;
use crate::http::Answer;
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

    async fn posts(&mut self, path: &str, body: &Value) -> Answer {
        self.asks(Method::POST, path, Some(body)).await
    }

    async fn puts(&mut self, path: &str, body: &Value) -> Answer {
        self.asks(Method::PUT, path, Some(body)).await
    }

    async fn deletes(&mut self, path: &str) -> Answer {
        self.asks(Method::DELETE, path, None).await
    }

    /// The same Stentor, as another program meets it.
    fn seen_by(&self, program: Program) -> Client {
        Client { program, contract: Contract::read() }
    }

    /// Every item of a list, read in pages of so many.
    async fn pages_through(&mut self, path: &str, plural: &str, size: usize) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.gets(&format!("{path}page_size={size}{after}")).await;
            let some = page[plural].as_array().unwrap();
            assert!(some.len() <= size, "{page}");
            items.extend(some.iter().cloned());
            let Some(last) = page["pagination_meta"]["after"].as_str() else { return items };
            assert_eq!(some.len(), size, "{page}");
            after = format!("&after={last}");
        }
    }
}

/// A body with some of its fields otherwise.
fn with(mut body: Value, changes: Value) -> Value {
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
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
