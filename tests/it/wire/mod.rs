//! The wire formats that other programs speak already.

mod alert_attributes;
mod alert_routes;
mod alert_sources;
mod alerts;
mod catalogue;
pub mod contract;
mod incidents;

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
