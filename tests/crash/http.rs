//! A client without kept connections: Slack's requests come on new ones, and one that died with a
//! killed process would look like a failure of its successor.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::HOST;
use axum::http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

/// Sends requests.
#[derive(Clone)]
pub struct Client(Pool<HttpConnector, Full<Bytes>>);

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why nothing was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nobody listens there: nothing was sent.
    Refused,
    /// The connection broke, or nothing came in time.
    Broken,
}

impl Client {
    pub fn new() -> Client {
        Client(Pool::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http())
    }

    /// Sends a request, and waits so long for the answer.
    pub async fn send(
        &self,
        to: SocketAddr,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
        limit: Duration,
    ) -> Result<Answer, Silence> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method.clone();
        *request.uri_mut() = format!("http://{to}{path}").parse().map_err(|_| Silence::Refused)?;
        *request.headers_mut() = headers.clone();
        let exchange = async {
            let answer = self.0.request(request).await.map_err(|error| {
                if error.is_connect() { Silence::Refused } else { Silence::Broken }
            })?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await.map_err(|_| Silence::Broken)?.to_bytes();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
        };
        tokio::time::timeout(limit, exchange).await.unwrap_or(Err(Silence::Broken))
    }
}

/// Sends a request over a connection that is there, and waits so long for the answer.
pub async fn exchange(
    stream: TcpStream,
    mut request: Request<Full<Bytes>>,
    limit: Duration,
) -> Result<Answer, Silence> {
    let to = stream.peer_addr().map_err(|_| Silence::Broken)?.to_string();
    let to = HeaderValue::from_str(&to).expect("an address is text");
    request.headers_mut().insert(HOST, to);
    let exchange = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let driving = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        driving.abort();
        Ok::<_, hyper::Error>(Answer { status: head.status.as_u16(), headers: head.headers, body })
    };
    match tokio::time::timeout(limit, exchange).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) | Err(_) => Err(Silence::Broken),
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
