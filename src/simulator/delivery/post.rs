//! One signed POST to the app, within the time Slack waits.

use axum::http::{HeaderMap, Request, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use super::sign::signature;
use crate::simulator::{
    Simulator,
    clock::SECOND,
    state::{JOURNAL_LENGTH, journal::Sent},
};

/// More than any answer needs.
const MAX_ANSWER: usize = 1024 * 1024;
/// How often Slack follows a redirect.
const MAX_REDIRECTS: u8 = 2;

/// Connects to the app.
pub type AppClient = Client<HttpConnector, Full<Bytes>>;

/// A client without kept connections: one that died with a restarted app would look like a
/// failure of the new one.
pub fn app_client() -> AppClient {
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
}

/// A request to the app.
pub struct Letter<'a> {
    /// For the journal.
    pub what: &'a str,
    pub event_id: Option<&'a str>,
    pub url: &'a str,
    pub content_type: &'a str,
    pub body: Bytes,
    /// The number of the retry, and why the attempt before it failed.
    pub retry: Option<(u8, &'a str)>,
    pub follows_redirects: bool,
}

/// What the app answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why there is no answer, in the words of `x-slack-retry-reason`.
pub type NoAnswer = &'static str;

impl Simulator {
    /// Sends it, and writes it down.
    pub(in crate::simulator) async fn send(&self, letter: Letter<'_>) -> Result<Answer, NoAnswer> {
        let limit = self.settings().answer_within;
        let result = match tokio::time::timeout(limit, self.exchange(&letter)).await {
            Ok(result) => result,
            Err(_) => Err("http_timeout"),
        };
        let retry = letter.retry.map_or(0, |(number, _)| number);
        self.note_sent(letter.what, letter.event_id, retry, &result);
        result
    }

    /// Writes down what was sent to the app, and what came of it.
    pub(in crate::simulator) fn note_sent(
        &self,
        what: &str,
        event_id: Option<&str>,
        retry: u8,
        result: &Result<Answer, NoAnswer>,
    ) {
        let failure = match result {
            Err(reason) => Some(*reason),
            Ok(answer) if !answer.is_success() => Some("http_error"),
            Ok(_) => None,
        };
        let sent = Sent {
            at: self.clock().now(),
            what: what.to_owned(),
            event_id: event_id.map(str::to_owned),
            retry,
            status: result.as_ref().ok().map(|answer| answer.status),
            failure: failure.map(str::to_owned),
        };
        self.write_quietly(|state| {
            if state.sent.len() >= JOURNAL_LENGTH {
                state.sent.pop_front();
            }
            state.sent.push_back(sent);
        });
    }

    async fn exchange(&self, letter: &Letter<'_>) -> Result<Answer, NoAnswer> {
        let mut url: Uri = letter.url.parse().map_err(|_| "connection_failed")?;
        let mut redirects = 0;
        loop {
            let timestamp = self.clock().now() / SECOND;
            let signature = signature(&self.settings().signing_secret, timestamp, &letter.body);
            let mut request = Request::post(&url)
                .header(header::CONTENT_TYPE, letter.content_type)
                .header(header::USER_AGENT, "Slackbot 1.0 (+https://api.slack.com/robots)")
                .header("x-slack-request-timestamp", timestamp)
                .header("x-slack-signature", signature);
            if let Some((number, reason)) = letter.retry {
                request = request
                    .header("x-slack-retry-num", u16::from(number))
                    .header("x-slack-retry-reason", reason);
            }
            let body = Full::new(letter.body.clone());
            let request = request.body(body).map_err(|_| "connection_failed")?;
            let response = self.core.client.request(request).await;
            let response = response.map_err(|_| "connection_failed")?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await;
            let body = body.map_err(|_| "connection_failed")?.to_bytes();
            let status = parts.status.as_u16();
            if letter.follows_redirects && matches!(status, 301 | 302) {
                redirects += 1;
                if redirects > MAX_REDIRECTS {
                    return Err("too_many_redirects");
                }
                let location = parts.headers.get(header::LOCATION);
                let location = location.and_then(|location| location.to_str().ok());
                url = location.and_then(|url| url.parse().ok()).ok_or("http_error")?;
                continue;
            }
            return Ok(Answer { status, headers: parts.headers, body });
        }
    }
}

impl Answer {
    /// Whether Slack takes it as "done".
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The media type, in lower case.
    pub fn content_type(&self) -> String {
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_ascii_lowercase()
    }
}
