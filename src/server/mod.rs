//! The accept loop: axum's own has no time limits, so that anybody could hold connections open by
//! sending or reading slowly.
//!
//! hyper reads and writes; what it lacks is here. `connections` knows what each connection is
//! doing and since when, and ends those that take too long; `body` and `stream` tell it.

mod body;
mod connections;
pub mod files;
mod stream;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tower::ServiceExt as _;

use crate::server::body::Arriving;
use crate::server::connections::{Connection, Connections};
use crate::server::stream::Watched;

/// The largest head of a request. Slack's have a kilobyte; a connection may hold this much at most
/// before it has said what it wants.
const HEAD_SIZE: usize = 16 * 1024;
/// How often it is looked for connections that take too long.
const SWEEP: Duration = Duration::from_millis(500);
/// How long to wait before another connection is taken, when there was no file handle left.
const RECOVER: Duration = Duration::from_millis(50);
/// For how long nobody may have come before the door is shut, after the order to stop.
const NOBODY_COMES: Duration = Duration::from_millis(50);
/// When it is shut in any case.
const LAST_CALL: Duration = Duration::from_secs(1);

/// The address at the other end of the connection that a request came through: an extension of
/// every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// What a stranger may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long the head of a request may take, and how long a connection may say nothing at all.
    pub head: Duration,
    /// How long a connection may be idle between two requests. Load balancers keep theirs for 60 s
    /// and more, and answer 502 if it is we who close first.
    pub idle: Duration,
    /// How long the body of a request may take. Slack sends its own at once.
    pub body: Duration,
    /// How long an answer may take to be read.
    pub answer: Duration,
    /// How long requests in hand may take after the order to stop.
    pub drain: Duration,
    /// How many connections there are at once.
    pub connections: usize,
    /// How many bytes of unfinished bodies are kept at once.
    pub bodies: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            head: Duration::from_secs(15),
            idle: Duration::from_secs(90),
            body: Duration::from_secs(15),
            answer: Duration::from_secs(30),
            drain: Duration::from_secs(7),
            connections: files::connections(),
            bodies: 64 * 1024 * 1024,
        }
    }
}

/// Serves until `shutdown` comes, then finishes the requests in hand.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    serve_within(listener, router, shutdown, Limits::default()).await;
}

/// Serves within other limits than the usual ones.
pub async fn serve_within(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
    limits: Limits,
) {
    let connections = Connections::new(limits);
    let graceful = GracefulShutdown::new();
    let mut sweep = tokio::time::interval(SWEEP);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => welcome(accepted, &connections, &router, &graceful),
                Err(error) => {
                    tracing::warn!(error = %error, "Could not accept a connection");
                    // Out of file handles, most likely: whoever waits longest gives up theirs.
                    connections.shed();
                    tokio::time::sleep(RECOVER).await;
                }
            },
            _ = sweep.tick() => connections.sweep(),
            () = &mut shutdown => break,
        }
    }
    // Who has connected already is answered: closing the listener would hang up on them. Whoever
    // comes after that is refused at once.
    let last_call = Instant::now() + LAST_CALL;
    while Instant::now() < last_call
        && let Ok(Ok(accepted)) = timeout(NOBODY_COMES, listener.accept()).await
    {
        welcome(accepted, &connections, &router, &graceful);
    }
    drop(listener);
    drain(&connections, graceful, limits).await;
}

fn welcome(
    (stream, peer): (TcpStream, SocketAddr),
    connections: &Connections,
    router: &Router,
    graceful: &GracefulShutdown,
) {
    // Without a place the stranger is hung up on: everything is in use by requests that are being
    // answered.
    if let Some(connection) = connections.enter(peer.ip().to_canonical()) {
        tokio::spawn(converse(stream, connection, router.clone(), graceful.watcher()));
    }
}

/// Lets the requests in hand end. Who has not even asked by a quarter of the time is not waited
/// for: a stranger who sends slowly should not be able to delay every restart.
async fn drain(connections: &Connections, graceful: GracefulShutdown, limits: Limits) {
    let ended = graceful.shutdown();
    tokio::pin!(ended);
    if timeout(limits.drain / 4, &mut ended).await.is_ok() {
        return;
    }
    connections.end_unasked();
    if timeout(limits.drain * 3 / 4, ended).await.is_err() {
        tracing::warn!("Some requests did not end in time");
        connections.end_all();
    }
}

async fn converse(
    stream: TcpStream,
    connection: Arc<Connection>,
    router: Router,
    watcher: Watcher,
) {
    stream.set_nodelay(true).ok();
    let answer = service_fn(|request| respond(router.clone(), Arc::clone(&connection), request));
    let mut http = http1::Builder::new();
    // The time limits are ours, because hyper's does not tell an idle connection from a slow head.
    http.header_read_timeout(None).max_buf_size(HEAD_SIZE).keep_alive(true);
    let stream = Watched::new(TokioIo::new(stream), Arc::clone(&connection));
    let conversation = watcher.watch(http.serve_connection(stream, answer));
    tokio::select! {
        result = conversation => if let Err(error) = result {
            tracing::debug!(error = %error, "A connection ended early");
        },
        () = connection.ended() => tracing::debug!("Ended a connection that took too long"),
    }
}

async fn respond(
    router: Router,
    connection: Arc<Connection>,
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, Ended> {
    if !connection.asks() {
        return Err(Ended);
    }
    let mut request =
        request.map(|body| axum::body::Body::new(Arriving::new(body, Arc::clone(&connection))));
    request.extensions_mut().insert(Peer(connection.peer()));
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if connection.answers() { Ok(response) } else { Err(Ended) }
}

/// The connection was given up while this request came.
#[derive(Debug, thiserror::Error)]
#[error("the connection was given up")]
struct Ended;
