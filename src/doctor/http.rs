//! Calls as anybody could make them: one answer with its headers, whole or not at all.
//!
//! Slack's own client keeps the headers to itself, of which two matter here: what a token may do,
//! and what time it is at Slack's.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Pool, Error};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::clock::{Clock, Timestamp};
use crate::config::Secret;
use crate::doctor::Plan;

/// How long an answer may take. An admin waits for it.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The largest answer: a page of two hundred channels has a few hundred kilobytes.
const SIZE_LIMIT: usize = 4 * 1024 * 1024;

/// Makes calls.
pub struct Client(Pool<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// Whom to ask in Slack, and as whom.
pub struct Asked<'a> {
    pub plan: &'a Plan,
    pub token: &'a Secret,
    pub client: &'a Client,
    pub clock: &'a Clock,
}

impl Asked<'_> {
    /// Asks with those of these arguments that are not empty; Slack's word, if it says no.
    pub async fn ask(&self, method: &str, arguments: &[(&str, &str)]) -> Result<Value, String> {
        let given: Vec<(&str, &str)> =
            arguments.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
        let Asked { plan, token, client, clock } = self;
        let answer = client.call(plan, token, method, &given, clock).await?.json();
        match answer["ok"].as_bool() {
            Some(true) => Ok(answer),
            _ => Err(answer["error"].as_str().unwrap_or("the answer is no JSON").to_owned()),
        }
    }
}

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// How far this machine's clock is ahead of the other's, in seconds, as far as `Date` says.
    pub ahead: Option<i64>,
}

impl Answer {
    /// The body, if it is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Client {
    /// Certificates are needed only where something is encrypted.
    pub fn new(plan: &Plan) -> std::io::Result<Client> {
        let urls = [Some(&plan.api_url), plan.public_url.as_ref()];
        let is_encrypted = urls.into_iter().flatten().any(|url| url.starts_with("https:"));
        let builder = HttpsConnectorBuilder::new();
        let https = if is_encrypted {
            builder.with_native_roots()?.https_or_http().enable_all_versions().build()
        } else {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("ring supports the default versions of TLS")
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            builder.with_tls_config(config).https_or_http().enable_all_versions().build()
        };
        Ok(Client(Pool::builder(TokioExecutor::new()).build(https)))
    }

    /// Calls a method of the Web API with a token.
    pub async fn call(
        &self,
        plan: &Plan,
        token: &Secret,
        method: &str,
        arguments: &[(&str, &str)],
        clock: &Clock,
    ) -> Result<Answer, String> {
        let body = serde_urlencoded::to_string(arguments).unwrap_or_default();
        let request = Request::post(format!("{}/{method}", plan.api_url))
            .header(AUTHORIZATION, format!("Bearer {}", token.reveal()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Full::new(body.into())), clock).await
    }

    /// Asks for what is at an address.
    pub async fn get(&self, url: &str, clock: &Clock) -> Result<Answer, String> {
        let request = Request::builder().method(Method::GET).uri(url);
        self.send(request.body(Full::default()), clock).await
    }

    /// Sends a request.
    pub async fn send(
        &self,
        request: axum::http::Result<Request<Full<Bytes>>>,
        clock: &Clock,
    ) -> Result<Answer, String> {
        let request = request.map_err(|error| error.to_string())?;
        let sent = clock.now();
        let answer = async {
            let (head, body) = self.0.request(request).await.map_err(|e| reason(&e))?.into_parts();
            let received = clock.now();
            let body = Limited::new(body, SIZE_LIMIT).collect().await;
            let body = body.map_err(|_| "the answer did not arrive whole".to_owned())?.to_bytes();
            let ahead = ahead(&head.headers, sent, received);
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, ahead })
        };
        match tokio::time::timeout(TIME_LIMIT, answer).await {
            Ok(result) => result,
            Err(_) => Err(format!("no answer within {} s", TIME_LIMIT.as_secs())),
        }
    }
}

/// The innermost reason says most: `Connection refused`, `invalid peer certificate`.
fn reason(error: &Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// `Date` is cut to seconds; half a second is likeliest.
fn ahead(headers: &HeaderMap, sent: Timestamp, received: Timestamp) -> Option<i64> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let there = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let here = sent.plus(received.since(sent) / 2).as_micros();
    Some((here - there.as_microsecond() - 500_000) / 1_000_000)
}
