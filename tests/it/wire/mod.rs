//! The wire formats that other programs speak already.

mod activity;
mod alerts;
mod attachments;
mod catalogue;
pub mod contract;
mod incidents;
mod memberships;
mod postmortems;
mod slack;
mod timeline_items;
mod updates;

use axum::http::Method;
use serde_json::{Value, json};

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

    /// A program of another name at the same Stentor, to which private incidents are not shown.
    async fn another(&self, name: &str) -> Client {
        Client { program: self.program.another(name).await, contract: Contract::read() }
    }

    /// Declares an incident of this name, public or private, and returns it.
    async fn declares(&mut self, name: &str, visibility: &str) -> Value {
        let body = json!({"idempotency_key": name, "visibility": visibility, "name": name});
        self.posts("/v2/incidents", &body).await.expect(200)["incident"].clone()
    }

    /// A list, read two items at a time. The path has a question mark.
    async fn pages(&mut self, path: &str, plural: &str) -> Vec<Value> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.gets(&format!("{path}&page_size=2{after}")).await;
            items.extend(page[plural].as_array().unwrap().iter().cloned());
            let Some(last) = page["pagination_meta"]["after"].as_str() else { return items };
            assert_eq!(page[plural].as_array().unwrap().len(), 2);
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
