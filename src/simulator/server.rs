//! The listener. It is our own small loop over hyper, because some faults end a connection
//! without an answer, which a handler of axum can't ask for.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tower::ServiceExt as _;

use super::{Simulator, api, control, oauth, page, respond};

/// How often to look for due retries: they wait for minutes, so a second more doesn't matter.
const LOOK_FOR_DUE: Duration = Duration::from_secs(1);

/// Stops the server when dropped.
pub struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Marks a response that must not be sent: the connection is closed instead.
#[derive(Clone, Copy)]
pub struct HangUp;

/// A response that is none.
pub fn hang_up() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(HangUp);
    response
}

/// All routes.
pub fn router(simulator: &Simulator) -> Router {
    let for_people = page::router(simulator.clone())
        .merge(control::router(simulator.clone()))
        .merge(oauth::router(simulator.clone()))
        .layer(middleware::from_fn(refuse_strangers));
    for_people.merge(api::router(simulator.clone())).merge(respond::router(simulator.clone()))
}

/// Serves in the background, and sends due retries if time passes by itself.
pub fn serve(listener: TcpListener, simulator: &Simulator) -> Running {
    let app = router(simulator);
    let simulator = simulator.clone();
    Running(tokio::spawn(async move {
        let mut connections = JoinSet::new();
        let mut ticks = tokio::time::interval(LOOK_FOR_DUE);
        loop {
            tokio::select! {
                _ = ticks.tick(), if simulator.clock().is_real() => {
                    for workspace in simulator.residents() { workspace.start_due(); }
                }
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(serve_connection(stream, app.clone()));
                    }
                    // Too many open files, perhaps: others will be closed.
                    Err(_) => tokio::task::yield_now().await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }))
}

async fn serve_connection(stream: TcpStream, app: Router) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let app = app.clone();
        async move {
            let response = app.oneshot(request.map(Body::new)).await;
            let response = response.unwrap_or_else(|never: Infallible| match never {});
            match response.extensions().get::<HangUp>() {
                None => Ok(response),
                Some(HangUp) => Err(io::Error::other("the connection is closed on purpose")),
            }
        }
    });
    // It fails when the peer goes away, or on purpose; neither needs to be told to anybody.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

/// Keeps web pages from elsewhere out: neither a name that was rebound to loopback nor a form on
/// a foreign page may drive the simulator.
async fn refuse_strangers(request: Request, next: Next) -> Response {
    match reason_to_refuse(&request) {
        Some(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
        None => next.run(request).await,
    }
}

fn reason_to_refuse(request: &Request) -> Option<&'static str> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if !header("host").is_some_and(is_loopback) {
        return Some("unknown host");
    }
    if request.method().is_safe() {
        return None;
    }
    let foreign = header("origin").is_some_and(|origin| {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_none() || host != header("host")
    });
    (foreign || header("sec-fetch-site") == Some("cross-site")).then_some("foreign origin")
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name == "localhost" || name == "[::1]" || {
        let address: Result<std::net::Ipv4Addr, _> = name.parse();
        address.is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_let_in() {
        for host in ["127.0.0.1", "127.0.0.1:80", "localhost:3000", "[::1]:3000", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["example.com", "127.0.0.1.example.com:80", "10.0.0.1", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
