//! Stentor as an Alertmanager: its API v2, for Prometheus, vmalert and the command-line client.
//!
//! A sender gives Stentor's address with the path `/alertmanager` in place of an Alertmanager's, and
//! shows its source's secret as a bearer token, a password, or in the path. The same stands behind
//! `/hooks/{source}`.

mod alerts;
mod post;
mod query;
mod reading;
mod silence;
mod silences;
mod status;
mod time;
mod wire;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::api::health;
use crate::app::App;
use crate::ingest::caller::Caller;
use crate::ingest::kind::Kind;
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::{BODY_LIMIT, proof};

/// Where this is, as senders' settings call it: the path before `/api/v2`.
const PREFIX: &str = "/alertmanager/";
/// The path on which alerts are posted, behind the source.
const ALERTS: &str = "api/v2/alerts";

/// What Prometheus sends to, and what the command-line client asks.
pub fn router() -> Router<App> {
    Router::new()
        .route("/alertmanager/-/healthy", get(alive))
        .route("/alertmanager/-/healthy/", get(alive))
        .route("/alertmanager/-/ready", get(health::ready))
        .route("/alertmanager/-/ready/", get(health::ready))
        .route("/alertmanager/-/reload", post(reload))
        .route("/alertmanager/-/reload/", post(reload))
        .route("/alertmanager/{*rest}", any(receive_by_secret))
}

async fn alive() -> &'static str {
    "OK"
}

/// There is nothing to read anew: settings are read as they change.
async fn reload() -> StatusCode {
    StatusCode::OK
}

/// Takes a request whose address names no source: its secret does.
async fn receive_by_secret(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    let rest = path.strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let secrets = proof::shown(request.headers(), request.uri().query(), &rest);
    let caller = Caller::of(&request);
    let response = match caller.source_by_secret(&app, &secrets, Kind::Alertmanager).await {
        Ok(source) => match Knock::read(&app, source, &rest, request, BODY_LIMIT).await {
            Ok(knock) => answer(&knock).await,
            Err((_, trouble)) => refuse(trouble),
        },
        Err(trouble) => refuse(trouble),
    };
    let outcome = response.status().as_u16().to_string();
    metrics::counter!("stentor_deliveries_total", "kind" => Kind::Alertmanager.as_str(), "status" => outcome)
        .increment(1);
    response
}

/// Takes a request whose address names its source.
pub async fn receive(knock: Knock) -> Response {
    if knock.shows_secret() { answer(&knock).await } else { refuse(Trouble::Unproven) }
}

async fn answer(knock: &Knock) -> Response {
    // Nearly every request is this one.
    if knock.method == Method::POST && knock.rest == ALERTS {
        return post::alerts(knock).await;
    }
    let path = knock.path();
    let mut path: &[&str] = &path.iter().map(String::as_str).collect::<Vec<_>>();
    if let ["key", _, rest @ ..] = path {
        path = rest;
    }
    let method = if knock.method == Method::HEAD { Method::GET } else { knock.method.clone() };
    match (path, method) {
        (["api", "v2", rest @ ..], method) => match (rest, method) {
            (["alerts"], Method::POST) => post::alerts(knock).await,
            (["alerts"], Method::GET) => answered(alerts::list(knock).await),
            (["alerts", "groups"], Method::GET) => answered(alerts::groups(knock).await),
            (["silences"], Method::GET) => answered(silences::list(knock).await),
            (["silences"], Method::POST) => answered(silences::post(knock).await),
            (["silence", id], Method::GET) => answered(silences::show(knock, id).await),
            (["silence", id], Method::DELETE) => answered(silences::expire(knock, id).await),
            (["receivers"], Method::GET) => answered(status::receivers(knock).await),
            (["status"], Method::GET) => answered(status::show(knock).await),
            (
                ["alerts" | "silences" | "receivers" | "status"]
                | ["alerts", "groups"]
                | ["silence", _],
                _,
            ) => refuse(Trouble::WrongMethod),
            _ => refuse(Trouble::NotThere),
        },
        (["-", "healthy"], Method::GET) => alive().await.into_response(),
        (["-", "ready"], Method::GET) => {
            health::ready(State(knock.app.clone())).await.into_response()
        }
        (["-", "reload"], Method::POST) => reload().await.into_response(),
        _ => refuse(Trouble::NotThere),
    }
}

fn answered(answer: Result<Response, Refused>) -> Response {
    answer.unwrap_or_else(IntoResponse::into_response)
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    Refused::from(trouble).into_response()
}

/// A request that is refused, in the original's words.
#[derive(Debug)]
enum Refused {
    /// The sender did something that is wrong whatever is in the store; a status, a code that says
    /// it more exactly, and a sentence.
    Request(StatusCode, u16, String),
    /// What the sender wants can't be: a sentence alone.
    Wish(StatusCode, String),
    /// What every door has to say.
    Trouble(Trouble),
}

impl Refused {
    fn wrong_type(mime: &str) -> Refused {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let message =
            format!("unsupported media type {mime:?}, only [application/json] are allowed");
        Refused::Request(status, status.as_u16(), message)
    }

    fn missing(what: &str) -> Refused {
        Refused::Request(StatusCode::UNPROCESSABLE_ENTITY, 602, format!("{what} is required"))
    }

    fn unreadable(what: &str, error: &serde_json::Error) -> Refused {
        let status = StatusCode::BAD_REQUEST;
        let message = format!("parsing {what} body from \"\" failed, because {error}");
        Refused::Request(status, status.as_u16(), message)
    }

    fn wish(why: impl Into<String>) -> Refused {
        Refused::Wish(StatusCode::BAD_REQUEST, why.into())
    }
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Refused {
        Refused::Trouble(trouble)
    }
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Refused {
        tracing::warn!(error = %error, "Could not answer as an Alertmanager");
        Refused::Trouble(Trouble::Unavailable)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::Request(status, code, message) => {
                (status, Json(json!({"code": code, "message": message}))).into_response()
            }
            Refused::Wish(status, why) => (status, Json(why)).into_response(),
            Refused::Trouble(trouble) => {
                // Prometheus drops what it sent whatever the answer is, and says it again within a
                // minute; 503 is what all senders of this kind take for "not now".
                let status = trouble.status_without_429();
                let body = json!({"code": status.as_u16(), "message": trouble.message()});
                trouble.answer(status, body)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_can_come_again_is_no_refusal_for_good() {
        for (trouble, status, retry_after) in [
            (Trouble::Busy(Duration::from_secs(3)), 503, Some("3")),
            (Trouble::Unavailable, 503, Some("1")),
            (Trouble::Unproven, 401, None),
            (Trouble::NotThere, 404, None),
            (Trouble::WrongMethod, 405, None),
            (Trouble::TooLarge, 413, None),
        ] {
            let response = refuse(trouble.clone());
            assert_eq!(response.status().as_u16(), status, "{trouble:?}");
            let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
            assert_eq!(header, retry_after, "{trouble:?}");
        }
    }
}
