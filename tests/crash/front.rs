//! The one address that the world has for Stentor: any replica takes any request, and one that
//! nobody listens for goes to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;

use crate::http::{Answer, Client, Silence};
use crate::process::Replica;
use crate::wire::{self, Serving};

/// Longer than Slack waits: what comes late on a busy machine is an answer still.
const LIMIT: Duration = Duration::from_secs(10);

/// The way to the replicas.
#[derive(Clone)]
pub struct Front {
    pub replicas: Arc<Vec<Arc<Replica>>>,
    turn: Arc<AtomicUsize>,
    client: Client,
}

impl Front {
    pub fn new(replicas: Vec<Arc<Replica>>) -> Front {
        Front { replicas: Arc::new(replicas), turn: Arc::default(), client: Client::new() }
    }

    /// Sends a request to the next replica that listens, and says which one answered.
    pub async fn send(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<(Answer, Arc<Replica>), Silence> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..self.replicas.len() {
            let replica = &self.replicas[(turn + step) % self.replicas.len()];
            let Some(address) = replica.address() else { continue };
            let body = body.clone();
            match self.client.send(address, method, path, headers, body, LIMIT).await {
                Ok(answer) => return Ok((answer, Arc::clone(replica))),
                Err(Silence::Refused) => {}
                Err(Silence::Broken) => return Err(Silence::Broken),
            }
        }
        Err(Silence::Refused)
    }

    /// Serves it to the local Slack, for what happens there.
    pub fn open(&self, listener: TcpListener) -> Serving {
        wire::serve(listener, Router::new().fallback(pass).with_state(self.clone()))
    }
}

async fn pass(State(front): State<Front>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    for name in [HOST, CONNECTION, CONTENT_LENGTH] {
        head.headers.remove(name);
    }
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    match front.send(&head.method, path, &head.headers, body.to_bytes()).await {
        Ok((answer, _)) => wire::respond(answer),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
