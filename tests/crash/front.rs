//! The one address that the world has for Stentor: any replica takes any request, and one that
//! nobody listens for goes to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request as Asked, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Full};
use tokio::net::{TcpListener, TcpStream};

use crate::http::{Answer, Silence, exchange};
use crate::process::Replica;
use crate::wire::{self, Serving};

/// Longer than Slack waits: what comes late on a busy machine is an answer still.
const LIMIT: Duration = Duration::from_secs(10);

/// The way to the replicas.
#[derive(Clone)]
pub struct Front {
    pub replicas: Arc<Vec<Arc<Replica>>>,
    turn: Arc<AtomicUsize>,
}

impl Front {
    pub fn new(replicas: Vec<Arc<Replica>>) -> Front {
        Front { replicas: Arc::new(replicas), turn: Arc::default() }
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
            let Some((address, approach)) = replica.approach() else { continue };
            let connected = TcpStream::connect(address).await;
            drop(approach);
            let Ok(stream) = connected else { continue };
            let mut request = Request::new(Full::new(body));
            *request.method_mut() = method.clone();
            *request.uri_mut() = path.parse().map_err(|_| Silence::Refused)?;
            *request.headers_mut() = headers.clone();
            return Ok((exchange(stream, request, LIMIT).await?, Arc::clone(replica)));
        }
        Err(Silence::Refused)
    }

    /// Serves it to the local Slack, for what happens there.
    pub fn open(&self, listener: TcpListener) -> Serving {
        wire::serve(listener, Router::new().fallback(pass).with_state(self.clone()))
    }
}

async fn pass(State(front): State<Front>, request: Asked) -> Response {
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
