//! The wire between Stentor and Slack. It hands everything on, remembers what it saw, and springs
//! the trap; a call that has reached it reaches Slack, even if the caller is dead by then.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::http::{Answer, Client};
use crate::process::Replica;
use crate::trap::{Moment, Trap};

/// Longer than any fault keeps a call waiting.
const LIMIT: Duration = Duration::from_secs(30);

/// A call that Stentor made.
#[derive(Clone, Debug)]
pub struct Call {
    pub replica: usize,
    pub method: &'static str,
    pub arguments: Value,
    /// When it came.
    pub came: Instant,
    /// When Slack had answered; it may still be on its way.
    pub answered: Option<Instant>,
    pub status: u16,
    pub answer: Value,
}

/// Everything that went over the wires of one world.
#[derive(Clone)]
pub struct Wire {
    slack: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    trap: Arc<Trap>,
    client: Client,
}

/// A task that ends with its handle.
pub struct Serving(JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves a router at an address of its own.
pub fn serve(listener: TcpListener, router: Router) -> Serving {
    Serving(tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    }))
}

#[derive(Clone)]
struct Line {
    wire: Wire,
    replica: Arc<Replica>,
}

impl Wire {
    pub fn new(slack: SocketAddr, trap: &Arc<Trap>) -> Wire {
        Wire { slack, calls: Arc::default(), trap: Arc::clone(trap), client: Client::new() }
    }

    /// Serves one replica's calls.
    pub fn connect(&self, listener: TcpListener, replica: &Arc<Replica>) -> Serving {
        let line = Line { wire: self.clone(), replica: Arc::clone(replica) };
        serve(listener, Router::new().fallback(pass).with_state(line))
    }

    /// Looks at all calls so far.
    pub fn read<T>(&self, look: impl FnOnce(&[Call]) -> T) -> T {
        look(&self.calls.lock().unwrap())
    }
}

async fn pass(State(line): State<Line>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    let (method, uri, headers) = (head.method, head.uri, head.headers);
    let passing = tokio::spawn(line.clone().hand_on(method, uri, headers, body.to_bytes()));
    match passing.await {
        Ok(Some((what, answer))) => {
            line.wire.trap.notice(Moment::Told(what), &line.replica);
            respond(answer)
        }
        // Slack hung up, so the wire does.
        Ok(None) | Err(_) => hang_up(),
    }
}

impl Line {
    async fn hand_on(
        self,
        method: Method,
        uri: Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Option<(&'static str, Answer)> {
        let what = known(uri.path().rsplit('/').next().unwrap_or_default());
        let place = {
            let mut calls = self.wire.calls.lock().unwrap();
            calls.push(Call {
                replica: self.replica.number,
                method: what,
                arguments: arguments(&uri, &body),
                came: Instant::now(),
                answered: None,
                status: 0,
                answer: Value::Null,
            });
            calls.len() - 1
        };
        self.wire.trap.notice(Moment::Calls(what), &self.replica);
        for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let path = uri.path_and_query()?.as_str();
        let sent = self.wire.client.send(self.wire.slack, &method, path, &headers, body, LIMIT);
        let answer = sent.await.ok();
        if let Some(answer) = &answer {
            let mut calls = self.wire.calls.lock().unwrap();
            let call = &mut calls[place];
            call.answered = Some(Instant::now());
            call.status = answer.status;
            call.answer = answer.json();
        }
        self.wire.trap.notice(Moment::Done(what), &self.replica);
        answer.map(|answer| (what, answer))
    }
}

fn arguments(uri: &Uri, body: &[u8]) -> Value {
    let pairs = |text: &[u8]| -> Value {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(text).unwrap_or_default();
        pairs.into_iter().map(|(name, value)| (name, value.into())).collect::<Map<_, _>>().into()
    };
    serde_json::from_slice(body)
        .unwrap_or_else(|_| pairs(uri.query().unwrap_or_default().as_bytes()))
}

/// Hands an answer on to whoever asked.
pub fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        response.headers_mut().remove(name);
    }
    response
}

/// A body that breaks before its first byte makes the server close the connection.
fn hang_up() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<Bytes, _>(std::io::Error::other("the connection is closed on purpose"))
    });
    let mut response = Response::new(Body::from_stream(broken));
    response.headers_mut().insert(CONTENT_LENGTH, 100_000.into());
    response
}

const METHODS: [&str; 18] = [
    "auth.test",
    "bookmarks.add",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "conversations.create",
    "conversations.history",
    "conversations.info",
    "conversations.invite",
    "conversations.join",
    "conversations.list",
    "conversations.members",
    "conversations.open",
    "conversations.rename",
    "conversations.setTopic",
    "pins.add",
    "users.conversations",
    "views.open",
];

fn known(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or("another")
}
