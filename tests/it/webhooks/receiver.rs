//! Somebody who is told things over a webhook: checks each signature, and answers as a test wants.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::Value;
use stentor::config::Secret;
use stentor::webhooks::signature::sign;
use tokio::sync::Notify;

use crate::http::Server;
use crate::wire::contract::Contract;

thread_local! {
    static CONTRACT: RefCell<Contract> = RefCell::new(Contract::read());
}

/// What it was told.
#[derive(Clone, Debug)]
pub struct Heard {
    pub id: String,
    pub seconds: i64,
    pub body: Value,
}

/// How it answers a message.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Status(StatusCode),
    /// It asks for so many seconds of rest.
    Busy(u64),
    /// It answers when the test says so.
    Hang,
}

/// Who is told.
#[derive(Clone, Default)]
pub struct Receiver {
    heard: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    always: Arc<Mutex<Option<StatusCode>>>,
    secrets: Arc<Mutex<Vec<Secret>>>,
    go_on: Arc<Notify>,
    reached: Arc<Notify>,
    address: String,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let receiver = Receiver::default();
        let router = Router::new().route("/hook", post(hear)).with_state(receiver.clone());
        let server = Server::start(router).await;
        Receiver { address: format!("{}/hook", server.address()), ..receiver }
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on this secret signs, too.
    pub fn knows(&self, secret: Secret) {
        self.secrets.lock().unwrap().push(secret);
    }

    /// Forgets all secrets but the latest.
    pub fn forgets_old_secrets(&self) {
        let mut secrets = self.secrets.lock().unwrap();
        let latest = secrets.pop();
        *secrets = latest.into_iter().collect();
    }

    /// How it answers the next messages, in this order. After that, all is well.
    pub fn answers(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// Answers everything like this until it is told otherwise.
    pub fn always_answers(&self, status: Option<StatusCode>) {
        *self.always.lock().unwrap() = status;
    }

    /// What it has heard, and forgets. All of it is as the format's document says.
    pub fn heard(&self) -> Vec<Heard> {
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        CONTRACT.with_borrow_mut(|contract| {
            heard.iter().for_each(|one| contract.check_event(&one.body));
        });
        heard
    }

    /// What it has heard, and forgets, whatever it says.
    pub fn heard_otherwise(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    /// The types of what it has heard, and forgets.
    pub fn types(&self) -> Vec<String> {
        let types = self.heard().into_iter().map(|heard| heard.body["event_type"].clone());
        types.map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// Waits until a message has reached it.
    pub async fn is_reached(&self) {
        self.reached.notified().await;
    }

    /// Lets it answer what it keeps waiting.
    pub fn goes_on(&self) {
        self.go_on.notify_one();
    }
}

async fn hear(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, seconds) = (header("webhook-id"), header("webhook-timestamp").parse().unwrap());
    let given = header("webhook-signature");
    let secrets = receiver.secrets.lock().unwrap().clone();
    let is_genuine = secrets.iter().any(|secret| {
        let expected = sign(std::slice::from_ref(secret), &id, seconds, &body).unwrap();
        given.split(' ').any(|one| one == expected)
    });
    assert!(is_genuine, "{given} was not signed with what the receiver knows");
    assert_eq!(header("content-type"), "application/json");
    let body: Value = serde_json::from_slice(&body).unwrap();
    receiver.heard.lock().unwrap().push(Heard { id, seconds, body });
    receiver.reached.notify_one();
    let next = receiver.answers.lock().unwrap().pop_front();
    let always = *receiver.always.lock().unwrap();
    match next.or(always.map(Answer::Status)) {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(Answer::Status(status)) => {
            (status, [("location", "http://127.0.0.1:1/elsewhere")], "so it is").into_response()
        }
        Some(Answer::Busy(seconds)) => {
            let wait = [("retry-after", seconds.to_string())];
            (StatusCode::SERVICE_UNAVAILABLE, wait).into_response()
        }
        Some(Answer::Hang) => {
            receiver.go_on.notified().await;
            StatusCode::OK.into_response()
        }
    }
}
