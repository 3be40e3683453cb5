//! Somebody who is called by webhooks, and answers as a test wants.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::post;
use serde_json::Value;

use crate::http::Server;

/// What was sent, and what is answered.
#[derive(Clone, Default)]
pub struct Listener {
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    answers: Arc<Mutex<Vec<StatusCode>>>,
    address: String,
}

impl Listener {
    pub async fn start() -> Listener {
        let listener = Listener::default();
        let router = Router::new().route("/hook", post(hear)).with_state(listener.clone());
        let server = Server::start(router).await;
        Listener { address: format!("{}/hook", server.address()), ..listener }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next answers, the last one first. After that, all is well.
    pub fn answers(&self, answers: &[StatusCode]) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// What it has heard, and forgets.
    pub fn heard(&self) -> Vec<Value> {
        self.heard.lock().unwrap().drain(..).map(|(_, body)| body).collect()
    }

    /// The keys of what it has heard.
    pub fn keys(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(key, _)| key.clone()).collect()
    }

    /// What it has heard, in a word each, and forgets.
    pub fn events(&self) -> Vec<String> {
        self.heard().iter().map(|body| body["event"].as_str().unwrap().to_owned()).collect()
    }
}

async fn hear(
    State(listener): State<Listener>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> axum::response::Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    listener.heard.lock().unwrap().push((key, body));
    let answer = listener.answers.lock().unwrap().pop().unwrap_or(StatusCode::NO_CONTENT);
    let elsewhere = [("location", "http://127.0.0.1:1/elsewhere")];
    if answer.is_redirection() {
        (answer, elsewhere).into_response()
    } else {
        answer.into_response()
    }
}
