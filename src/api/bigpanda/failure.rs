//! Answers that are no success, as BigPanda's callers know them: `{"status": 404, "errors": ["…"]}`.

use std::any::Any;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::api::problem::Problem;
use crate::engine::order::NotDone;
use crate::incident::refusal::Refusal;
use crate::incident::text::shorten;
use crate::intake::order::NotTaken;

/// Why a request was not done.
#[derive(Debug)]
pub struct Failure(Kind);

#[derive(Debug)]
enum Kind {
    Problem(Problem),
    Plain(StatusCode, String),
    TooOften(Duration),
}

/// How a request ended.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    fn plain(status: StatusCode, error: impl Into<String>) -> Failure {
        Failure(Kind::Plain(status, error.into()))
    }

    /// The request says what can't be.
    pub fn bad(error: impl Into<String>) -> Failure {
        Failure::plain(StatusCode::BAD_REQUEST, error)
    }

    /// It is in no state for this.
    pub fn illegal_state(error: impl Into<String>) -> Failure {
        Failure::plain(StatusCode::CONFLICT, error)
    }

    /// BigPanda does it, and Stentor does not.
    pub fn not_implemented(error: impl Into<String>) -> Failure {
        Failure::plain(StatusCode::NOT_IMPLEMENTED, error)
    }

    /// It is not the token's turn yet.
    pub fn too_often(wait: Duration) -> Failure {
        Failure(Kind::TooOften(wait))
    }

    /// Nothing is served there.
    pub fn no_such_route(path: &str) -> Failure {
        let path = shorten(path.trim_start_matches("/bigpanda"), 200);
        Failure::plain(StatusCode::NOT_FOUND, format!("Route {path} is not found"))
    }

    /// Something is served there, but not by this method.
    pub fn method_not_allowed() -> Failure {
        Failure::plain(StatusCode::METHOD_NOT_ALLOWED, "Method is not allowed")
    }

    /// The status of the answer. What is wrong with a body is 400 here, whatever it is.
    pub fn status(&self) -> StatusCode {
        match &self.0 {
            Kind::Plain(status, _) => *status,
            Kind::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Kind::Problem(problem) => match problem.status() {
                StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                    StatusCode::BAD_REQUEST
                }
                status => status,
            },
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure(Kind::Problem(problem))
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        Problem::from(error).into()
    }
}

impl From<NotDone> for Failure {
    fn from(error: NotDone) -> Failure {
        Problem::from(error).into()
    }
}

impl From<NotTaken> for Failure {
    fn from(error: NotTaken) -> Failure {
        Problem::from(error).into()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Problem::from(refusal).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        let (error, headers) = match self.0 {
            Kind::Plain(_, error) => (error, None),
            Kind::TooOften(wait) => {
                // Whoever comes a moment too early would be told the same again.
                let seconds = wait.as_millis().div_ceil(1_000).max(1);
                let headers = HeaderMap::from_iter([(
                    header::RETRY_AFTER,
                    HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)),
                )]);
                ("Too many requests: ask again later.".to_owned(), Some(headers))
            }
            Kind::Problem(problem) => {
                let error = problem.detail().to_owned();
                (error, Some(problem.into_response().into_parts().0.headers))
            }
        };
        let body = json!({"status": status.as_u16(), "errors": [error]});
        let mut response = (status, Json(body)).into_response();
        for (name, value) in headers.iter().flatten() {
            if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
                response.headers_mut().insert(name.clone(), value.clone());
            }
        }
        response
    }
}

/// A mistake of ours that a request ran into.
pub fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let said = cause.downcast_ref::<&str>().copied();
    let said = said.or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    tracing::error!(cause = said.unwrap_or("unknown"), "A request panicked");
    Failure::from(Problem::internal()).into_response()
}
