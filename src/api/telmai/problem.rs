//! What went wrong: a problem document that lists every bad parameter at once.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::api::problem;

/// Why a request was not answered.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<Wrong>,
    retry_after: Option<Duration>,
    /// An answer that the native API would give, whose headers and words are right here too.
    native: Option<Box<problem::Problem>>,
}

/// A parameter that is not understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its name.
    pub parameter: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        let (errors, detail) = (Vec::new(), detail.into());
        Problem { status, code, title, detail, errors, retry_after: None, native: None }
    }

    /// There is nothing, as far as the caller is concerned.
    pub fn not_found() -> Problem {
        let detail = "There is nothing here that this token may see.";
        Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// The path takes another method.
    pub fn method_not_allowed() -> Problem {
        let detail = "`Allow` says which methods this path takes.";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Problem::new(status, "method-not-allowed", "Method not allowed", detail)
    }

    /// These parameters are not understood.
    pub fn bad_parameters(errors: Vec<Wrong>) -> Problem {
        let detail = "One or more parameters are not understood; `errors` names each.";
        let problem =
            Problem::new(StatusCode::BAD_REQUEST, "bad-parameters", "Bad parameters", detail);
        Problem { errors, ..problem }
    }

    /// The token asks more often than it may.
    pub fn too_often(wait: Duration) -> Problem {
        let detail = "This token asks more often than it may; `Retry-After` says when to go on.";
        let status = StatusCode::TOO_MANY_REQUESTS;
        let problem = Problem::new(status, "too-many-requests", "Too many requests", detail);
        Problem { retry_after: Some(wait), ..problem }
    }
}

impl From<problem::Problem> for Problem {
    fn from(native: problem::Problem) -> Problem {
        let problem = Problem::new(native.status(), "", "", "");
        Problem { native: Some(Box::new(native)), ..problem }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Problem {
        Problem::from(problem::Problem::from(error))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (mut response, body) = match &self.native {
            Some(native) => {
                let mut body = serde_json::to_value(native).expect("a problem is plain text");
                body["errors"] = json!([]);
                (native.as_ref().clone().into_response(), body)
            }
            None => {
                let errors: Vec<_> = self
                    .errors
                    .iter()
                    .map(|wrong| json!({"parameter": wrong.parameter, "message": wrong.message}))
                    .collect();
                let body = json!({
                    "type": format!("/problems/{}", self.code),
                    "title": self.title,
                    "status": self.status.as_u16(),
                    "detail": self.detail,
                    "errors": errors,
                });
                (self.status.into_response(), body)
            }
        };
        *response.body_mut() = body.to_string().into();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}
