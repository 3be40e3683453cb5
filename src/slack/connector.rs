//! How calls travel: slack-morphism's client over a connection that reads an answer only as far as
//! one can reasonably be long, and heeds `Retry-After` whatever else the answer says.
//!
//! The crate's own connector reads bodies without end, and takes a 429 with an empty body, as
//! proxies send it, for a broken answer to a call that may have been carried out.

use std::error::Error;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use slack_morphism::errors::{
    SlackClientApiError, SlackClientError, SlackClientHttpError, SlackClientHttpProtocolError,
    SlackClientProtocolError, SlackClientSystemError, SlackRateLimitError,
};
use slack_morphism::multipart_form::FileMultipartData;
use slack_morphism::prelude::ValueStruct as _;
use slack_morphism::{
    ClientResult, SlackClientApiCallContext, SlackClientHttpConnector, SlackClientId,
    SlackClientSecret,
};
use url::Url;

use crate::slack::way::Way;

/// The longest answer that is read: a page of a list is some hundred kilobytes.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Sends requests over connections that are kept.
#[derive(Clone)]
pub struct Connector {
    client: Client<Way, Full<Bytes>>,
    api_url: String,
}

impl Connector {
    /// To the Web API at this address, which has no slash at its end.
    pub fn new(client: Client<Way, Full<Bytes>>, api_url: &str) -> Self {
        Connector { client, api_url: api_url.to_owned() }
    }

    async fn exchange<RS>(&self, request: Builder, body: Bytes) -> ClientResult<RS>
    where
        RS: for<'de> Deserialize<'de>,
    {
        let request = request.body(Full::new(body)).map_err(broken)?;
        let answer = self.client.request(request).await.map_err(broken)?;
        let (head, body) = answer.into_parts();
        if head.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(SlackClientError::RateLimitError(
                SlackRateLimitError::new().opt_retry_after(retry_after(&head.headers)),
            ));
        }
        if head.status != StatusCode::OK {
            return Err(SlackClientError::HttpError(SlackClientHttpError::new(head.status)));
        }
        let body = Limited::new(body, LONGEST_ANSWER).collect().await;
        let body = body.map_err(broken_by)?.to_bytes();
        let answer: Value = serde_json::from_slice(&body).map_err(no_answer)?;
        match answer["error"].as_str() {
            Some(code) => Err(SlackClientError::ApiError(
                SlackClientApiError::new(code.to_owned())
                    .opt_errors(errors(&answer))
                    .with_http_response_body(answer.to_string()),
            )),
            None => serde_json::from_value(answer).map_err(no_answer),
        }
    }
}

/// Numbers of seconds are what Slack sends. Anything else means "later".
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What Slack adds to its reason; what is no text, as JSON.
fn errors(answer: &Value) -> Option<Vec<String>> {
    let errors = answer["errors"].as_array()?.iter();
    Some(
        errors
            .map(|error| error.as_str().map_or_else(|| error.to_string(), str::to_owned))
            .collect(),
    )
}

fn broken(error: impl Error + Send + Sync + 'static) -> SlackClientError {
    broken_by(Box::new(error))
}

fn broken_by(error: Box<dyn Error + Send + Sync>) -> SlackClientError {
    SlackClientError::HttpProtocolError(SlackClientHttpProtocolError::new().with_cause(error))
}

fn no_answer(error: serde_json::Error) -> SlackClientError {
    SlackClientError::ProtocolError(SlackClientProtocolError::new(error))
}

/// A request with the token of whoever asks.
fn request(uri: &Url, context: &SlackClientApiCallContext<'_>) -> Builder {
    let request = Request::builder().uri(uri.as_str());
    match context.token {
        Some(token) => {
            request.header(AUTHORIZATION, format!("Bearer {}", token.token_value.value()))
        }
        None => request,
    }
}

fn not_offered<'a, RS: Send + 'a>(what: &str) -> BoxFuture<'a, ClientResult<RS>> {
    let error = SlackClientSystemError::new().with_message(format!("{what} is not offered"));
    std::future::ready(Err(SlackClientError::SystemError(error))).boxed()
}

impl SlackClientHttpConnector for Connector {
    fn create_method_uri_path(&self, method: &str) -> ClientResult<Url> {
        Ok(format!("{}/{method}", self.api_url).parse()?)
    }

    fn http_get_uri<'a, RS>(
        &'a self,
        uri: Url,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        self.exchange(request(&uri, &context), Bytes::new()).boxed()
    }

    fn http_post_uri<'a, RQ, RS>(
        &'a self,
        uri: Url,
        body: &'a RQ,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RQ: Serialize + Send + Sync,
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        let request = request(&uri, &context)
            .method("POST")
            .header(CONTENT_TYPE, "application/json; charset=utf-8");
        match serde_json::to_vec(body) {
            Ok(body) => self.exchange(request, body.into()).boxed(),
            Err(error) => std::future::ready(Err(no_answer(error))).boxed(),
        }
    }

    fn http_get_with_client_secret<'a, RS>(
        &'a self,
        _: Url,
        _: &'a SlackClientId,
        _: &'a SlackClientSecret,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        not_offered("a call with the client's secret")
    }

    fn http_post_uri_multipart_form<'a, 'p, RS, PT, TS>(
        &'a self,
        _: Url,
        _: Option<FileMultipartData<'p>>,
        _: &'p PT,
        _: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
        PT: IntoIterator<Item = (&'p str, Option<TS>)> + Clone,
        TS: AsRef<str> + 'p + Send,
    {
        not_offered("sending a file")
    }

    fn http_post_uri_binary<'a, 'p, RS>(
        &'a self,
        _: Url,
        _: String,
        _: &'a [u8],
        _: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        not_offered("sending a file")
    }
}
