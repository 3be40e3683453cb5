//! Slack's Web API: one call, one answer, and every way it can go wrong sorted once.
//!
//! The client is slack-morphism's, over a connector of ours; it has no time limit and prints whole
//! answers in its errors, so both are dealt with here, and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::{SlackApiToken, SlackClient};

use crate::config::Secret;
use crate::slack::address::Answerable;
use crate::slack::connector::Connector;
use crate::slack::view::kit::message::Message;
use crate::slack::way::Way;

/// Longer than Slack ever takes when it is well; much shorter than a lease.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// More than Slack ever answers to a form.
const ANSWER_LIMIT: usize = 1024 * 1024;
/// A wait that Slack asks for without saying how long.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(30);
/// The shortest wait: "after 0 s" would have us ask as fast as we can.
const LEAST_RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest wait that is believed. A number beyond it is a mistake, and none that may cost days.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// What Slack answers when it does not take the token any more: it was revoked, it ran out, or the
/// app was removed.
const TOKEN_REFUSED: [&str; 7] = [
    "not_authed",
    "invalid_auth",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "org_login_required",
    "team_access_not_granted",
];

/// The way to Slack, which all workspaces share.
#[derive(Clone)]
pub struct Connection {
    client: Arc<SlackClient<Connector>>,
    plain: Client<Way, Full<Bytes>>,
    api_url: Arc<str>,
    answerable: Answerable,
    /// How long a call may take. Tests of time-outs shorten it.
    pub time_limit: Duration,
}

/// Slack, as one workspace's bot.
#[derive(Clone)]
pub struct Slack {
    pub(super) connection: Connection,
    token: SlackApiToken,
}

/// Why a call gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Slack answered that it will not. Nothing was done.
    #[error("{method}: {code}{}", wish(.needed.as_deref()))]
    Refused {
        /// The method.
        method: String,
        /// Slack's word for the reason.
        code: String,
        /// What Slack adds, such as which users could not be invited.
        details: Vec<String>,
        /// The scope that the token would need.
        needed: Option<String>,
    },
    /// Slack wants to be left alone. Nothing was done.
    #[error("{method}: rate limited for {} s", .retry_after.as_secs())]
    RateLimited {
        /// The method that this holds for.
        method: String,
        /// For how long.
        retry_after: Duration,
    },
    /// Slack was not reached. Nothing was done.
    #[error("{method}: Slack could not be reached")]
    Unreachable {
        /// The method.
        method: String,
    },
    /// It is not known whether it was done.
    #[error("{method}: {reason}")]
    InDoubt {
        /// The method.
        method: String,
        /// What happened instead of an answer.
        reason: String,
    },
}

fn wish(needed: Option<&str>) -> String {
    needed.map(|scope| format!("; add the scope {scope} and install again")).unwrap_or_default()
}

impl CallError {
    /// Whether it was this method that Slack refused.
    pub fn is_of(&self, called: &str) -> bool {
        matches!(self, CallError::Refused { method, .. } if method == called)
    }

    /// Slack's word for why it refused, and what it adds; empty if it did not refuse.
    pub fn words(&self) -> (&str, &[String]) {
        match self {
            CallError::Refused { code, details, .. } => (code, details),
            _ => ("", &[]),
        }
    }

    /// Whether Slack refused for this reason.
    pub fn is(&self, reason: &str) -> bool {
        matches!(self, CallError::Refused { code, .. } if code == reason)
    }

    /// Whether it is the token that Slack refused, whatever was asked for with it.
    pub fn is_about_the_token(&self) -> bool {
        TOKEN_REFUSED.iter().any(|reason| self.is(reason))
    }
}

impl Connection {
    /// The way to the Web API at this address, which has no slash at its end.
    pub fn new(api_url: &str) -> std::io::Result<Connection> {
        let builder = hyper_rustls::HttpsConnectorBuilder::new();
        // A local Slack needs no certificates, and a machine without any can still run the demo.
        let https = if api_url.starts_with("https:") {
            builder.with_native_roots()?.https_only().enable_all_versions().build()
        } else {
            let no_roots = rustls_config_without_roots();
            builder.with_tls_config(no_roots).https_or_http().enable_all_versions().build()
        };
        Ok(Connection::over(Way::Network(https), api_url))
    }

    /// This way to the Web API.
    pub fn over(way: Way, api_url: &str) -> Connection {
        let plain = Client::builder(TokioExecutor::new()).build(way);
        let connector = Connector::new(plain.clone(), api_url);
        let client = Arc::new(SlackClient::new(connector));
        Connection {
            client,
            plain,
            api_url: api_url.into(),
            answerable: Answerable::beside(api_url),
            time_limit: TIME_LIMIT,
        }
    }

    /// Slack, as whom this token belongs to.
    pub fn with_token(&self, token: &Secret) -> Slack {
        let token = SlackApiToken::new(token.reveal().into());
        Slack { connection: self.clone(), token }
    }
}

impl Slack {
    /// A client of its own for the Web API at this address, which has no slash at its end.
    pub fn new(api_url: &str, token: &Secret) -> std::io::Result<Slack> {
        Ok(Connection::new(api_url)?.with_token(token))
    }

    /// Calls a method that takes JSON.
    pub async fn post(&self, method: &str, arguments: &Value) -> Result<Value, CallError> {
        let session = self.connection.client.open_session(&self.token);
        let call = session.http_session_api.http_post::<Value, Value>(method, arguments, None);
        judge(method, tokio::time::timeout(self.connection.time_limit, call).await)
    }

    /// Calls a method that takes a query string.
    pub async fn get(&self, method: &str, arguments: &[(&str, &str)]) -> Result<Value, CallError> {
        let session = self.connection.client.open_session(&self.token);
        let arguments: Vec<(&str, Option<&str>)> =
            arguments.iter().map(|(name, value)| (*name, Some(*value))).collect();
        let call = session.http_session_api.http_get::<Value, _, &str>(method, &arguments, None);
        judge(method, tokio::time::timeout(self.connection.time_limit, call).await)
    }
}

impl Connection {
    /// Calls a method that takes a form and no token: the client's secret is among its fields.
    pub async fn submit(&self, method: &str, fields: &[(&str, &str)]) -> Result<Value, CallError> {
        let in_doubt = |reason: &str| CallError::InDoubt {
            method: method.to_owned(),
            reason: reason.to_owned(),
        };
        let form = serde_urlencoded::to_string(fields).map_err(|_| in_doubt("it is no form"))?;
        let request = Request::post(format!("{}/{method}", self.api_url))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))
            .map_err(|_| in_doubt("it is no address"))?;
        let call = async {
            let answer =
                self.plain.request(request).await.map_err(|error| match error.is_connect() {
                    true => CallError::Unreachable { method: method.to_owned() },
                    false => in_doubt("the connection broke"),
                })?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await;
            let body = body.map_err(|_| in_doubt("the connection broke"))?.to_bytes();
            if status == StatusCode::TOO_MANY_REQUESTS {
                let (method, retry_after) = (method.to_owned(), DEFAULT_RETRY_AFTER);
                return Err(CallError::RateLimited { method, retry_after });
            }
            let answer: Value = serde_json::from_slice(&body)
                .map_err(|_| in_doubt(&format!("status {}", status.as_u16())))?;
            match (&answer["ok"], answer["error"].as_str()) {
                (Value::Bool(true), _) => Ok(answer),
                (_, Some(code)) => {
                    let needed = answer["needed"].as_str().map(str::to_owned);
                    Err(judge_code(method.to_owned(), code.to_owned(), Vec::new(), needed))
                }
                _ => Err(in_doubt("the answer is no JSON")),
            }
        };
        let timed = tokio::time::timeout(self.time_limit, call).await;
        count(method, timed.unwrap_or_else(|_| Err(in_doubt("no answer in time"))))
    }

    /// Says something to the person who pressed a button, at the address that came with it.
    ///
    /// The address is part of a request, so it must be one of Slack's own; no token goes there,
    /// and where it leads on to is not followed.
    pub async fn respond(&self, url: &str, message: &Message) -> Result<(), CallError> {
        let failed = |reason: &str| CallError::InDoubt {
            method: "response_url".to_owned(),
            reason: reason.to_owned(),
        };
        let uri = self.answerable.read(url).map_err(|error| failed(&error.to_string()))?;
        let body = json!({
            "response_type": "ephemeral",
            "replace_original": false,
            "text": message.text,
            "blocks": message.blocks,
        });
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|_| failed("it is no address"))?;
        let answer = tokio::time::timeout(self.time_limit, self.plain.request(request)).await;
        let method = || "response_url".to_owned();
        let answer = answer.map_err(|_| failed("no answer in time"))?;
        let answer = answer.map_err(|error| match error.is_connect() {
            true => CallError::Unreachable { method: method() },
            false => failed("the connection broke"),
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => {
                Err(CallError::RateLimited { method: method(), retry_after: DEFAULT_RETRY_AFTER })
            }
            // What takes the answers was not reached, whatever is in front of it says.
            status if status.is_server_error() => Err(CallError::Unreachable { method: method() }),
            status => Err(failed(&format!("status {}", status.as_u16()))),
        }
    }
}

fn rustls_config_without_roots() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions of TLS")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn judge(
    method: &str,
    result: Result<Result<Value, SlackClientError>, tokio::time::error::Elapsed>,
) -> Result<Value, CallError> {
    let method = method.to_owned();
    let outcome = match result {
        Err(_) => Err(CallError::InDoubt {
            method: method.clone(),
            reason: "no answer in time".to_owned(),
        }),
        Ok(Ok(answer)) if answer["ok"] == Value::Bool(true) => Ok(answer),
        // The crate reads a body that is not JSON as an empty success.
        Ok(Ok(_)) => Err(CallError::InDoubt {
            method: method.clone(),
            reason: "the answer is no JSON".to_owned(),
        }),
        Ok(Err(error)) => Err(sort(method.clone(), error)),
    };
    count(&method, outcome)
}

fn count(method: &str, outcome: Result<Value, CallError>) -> Result<Value, CallError> {
    let word = match &outcome {
        Ok(_) => "ok",
        Err(CallError::Refused { .. }) => "refused",
        Err(CallError::RateLimited { .. }) => "rate_limited",
        Err(CallError::Unreachable { .. }) => "unreachable",
        Err(CallError::InDoubt { .. }) => "in_doubt",
    };
    metrics::counter!("stentor_slack_calls_total", "method" => method.to_owned(), "outcome" => word)
        .increment(1);
    outcome
}

/// What Slack's word for a failure means.
fn judge_code(
    method: String,
    code: String,
    details: Vec<String>,
    needed: Option<String>,
) -> CallError {
    match code.as_str() {
        "ratelimited" | "rate_limited" => {
            CallError::RateLimited { method, retry_after: DEFAULT_RETRY_AFTER }
        }
        // The write may have partly happened.
        "fatal_error"
        | "internal_error"
        | "service_unavailable"
        | "request_timeout"
        | "update_failed" => CallError::InDoubt { method, reason: code },
        _ => CallError::Refused { method, code, details, needed },
    }
}

/// The scope that Slack misses, of an answer of which nothing else is kept.
fn needed_scope(answer: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Answer {
        needed: Option<String>,
    }
    serde_json::from_str::<Answer>(answer).ok()?.needed
}

/// Only words of the error are kept: its text holds the whole answer, people's messages included.
fn sort(method: String, error: SlackClientError) -> CallError {
    match error {
        SlackClientError::ApiError(error) => {
            let needed = error.http_response_body.as_deref().and_then(needed_scope);
            judge_code(method, error.code, error.errors.unwrap_or_default(), needed)
        }
        SlackClientError::RateLimitError(error) => CallError::RateLimited {
            method,
            retry_after: error
                .retry_after
                .unwrap_or(DEFAULT_RETRY_AFTER)
                .clamp(LEAST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        },
        SlackClientError::HttpError(error) => {
            CallError::InDoubt { method, reason: format!("status {}", error.status_code.as_u16()) }
        }
        SlackClientError::HttpProtocolError(error) => {
            let cause = error
                .cause
                .as_deref()
                .and_then(|cause| cause.downcast_ref::<hyper_util::client::legacy::Error>());
            if cause.is_some_and(hyper_util::client::legacy::Error::is_connect) {
                CallError::Unreachable { method }
            } else {
                CallError::InDoubt { method, reason: "the connection broke".to_owned() }
            }
        }
        SlackClientError::ProtocolError(_) => {
            CallError::InDoubt { method, reason: "the answer is no JSON".to_owned() }
        }
        SlackClientError::EndOfStream(_)
        | SlackClientError::SystemError(_)
        | SlackClientError::SocketModeProtocolError(_) => {
            CallError::InDoubt { method, reason: "the connection broke".to_owned() }
        }
    }
}
