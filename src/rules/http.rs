//! One request and its answer, whole or not at all.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use crate::rules::inner::{Inner, Resolver};

/// How long an answer may take: less than a lease is trusted.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How long it may take until there is a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// What was answered.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; empty if it was longer than allowed.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum NotAnswered {
    /// Nobody was reached: nothing was done.
    Unreachable(String),
    /// It is not known whether it was done.
    InDoubt(String),
    /// It leads to where nothing is sent.
    Inner,
}

/// Sends requests to where its resolver lets it.
pub type HttpClient = Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>;

/// A client that encrypts where the address says so. The machine's certificates are read only where
/// something is to be encrypted.
pub fn client(resolver: Resolver, is_encrypted: bool) -> std::io::Result<HttpClient> {
    let mut http = HttpConnector::new_with_resolver(resolver);
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT_LIMIT));
    let builder = HttpsConnectorBuilder::new();
    let builder = if is_encrypted {
        builder.with_native_roots()?
    } else {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions of TLS")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        builder.with_tls_config(config)
    };
    let https = builder.https_or_http().enable_all_versions().wrap_connector(http);
    Ok(Client::builder(TokioExecutor::new()).build(https))
}

/// Sends a request. A body that is longer than this is not read.
pub async fn exchange(
    client: &HttpClient,
    request: Request<Full<Bytes>>,
    longest: usize,
) -> Result<Answer, NotAnswered> {
    let exchange = async {
        let answer = client.request(request).await.map_err(|error| {
            let reason = innermost(&error);
            match () {
                () if has_inner(&error) => NotAnswered::Inner,
                () if error.is_connect() => NotAnswered::Unreachable(reason),
                () => NotAnswered::InDoubt(reason),
            }
        })?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, longest).collect().await;
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        Ok(Answer { status: head.status, headers: head.headers, body })
    };
    timeout(TIME_LIMIT, exchange).await.unwrap_or_else(|_| {
        Err(NotAnswered::InDoubt(format!("no answer within {} s", TIME_LIMIT.as_secs())))
    })
}

/// The innermost reason says most: `Connection refused`, `invalid peer certificate`.
fn innermost(error: &dyn Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn has_inner(error: &dyn Error) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<Inner>().is_some())
}

fn causes<'e>(error: &'e dyn Error) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}
