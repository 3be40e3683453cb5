//! Answers of this format that are no success.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api::problem::Problem;
use crate::engine::order::NotDone;
use crate::ids::random_bytes;
use crate::intake::order::NotTaken;
use crate::paging;

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    status: StatusCode,
    faults: Vec<Fault>,
    /// Seconds after which it is worth asking again.
    retry_after: Option<u64>,
    limit: Option<LimitReached>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// A word for programs.
    pub code: Cow<'static, str>,
    /// A sentence for people.
    pub message: String,
    /// What of the request it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Place>,
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The field's name, or the parameter's.
    pub field: String,
    /// The field as a JSON pointer.
    pub pointer: String,
}

impl Place {
    fn of(field: &str) -> Place {
        Place { field: field.to_owned(), pointer: format!("/{}", field.replace('.', "/")) }
    }
}

/// Which limit was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitReached {
    /// The key whose limit it is.
    pub name: String,
    /// How many requests there may be at once.
    pub limit: u64,
    /// How many are left.
    pub remaining: u64,
    /// When there will be another one, RFC 3339.
    pub retry_after: String,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    status: u16,
    request_id: String,
    errors: &'a [Fault],
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<&'a LimitReached>,
}

impl Failure {
    fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Failure {
        let fault = Fault { code: code.into(), message: message.into(), source: None };
        Failure { status, faults: vec![fault], retry_after: None, limit: None }
    }

    fn about(mut self, field: &str) -> Failure {
        for fault in &mut self.faults {
            fault.source = Some(Place::of(field));
        }
        self
    }

    /// A field of the body, or a parameter, that can't be as it is.
    pub fn invalid(field: &str, message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", message).about(field)
    }

    /// A field or parameter without which nothing can be done.
    pub fn missing(field: &str) -> Failure {
        let message = format!("{field} is required");
        Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "is_required", message).about(field)
    }

    /// There is no such thing, or the caller must not know of it.
    pub fn not_found(what: &str) -> Failure {
        let message = format!("There is no such {what} here.");
        Failure::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// It can't be done as things are.
    pub fn conflict(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// The key may not do that.
    pub fn forbidden(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// The caller's key has no requests left.
    pub fn too_many(limit: LimitReached, seconds: u64) -> Failure {
        let message = "This key has made too many requests; Retry-After says when to go on.";
        let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_reached", message);
        Failure { retry_after: Some(seconds.max(1)), limit: Some(limit), ..failure }
    }

    /// The same failure, but that something is not there is said in these words.
    pub fn if_missing(self, other: Failure) -> Failure {
        if self.status == StatusCode::NOT_FOUND { other } else { self }
    }

    /// A cursor that is the id of nothing.
    pub fn no_such_cursor(what: &str) -> Failure {
        Failure::invalid("after", format!("There is no such {what}."))
    }

    /// The same failure, which calls each field of ours what this function says.
    pub fn renamed(mut self, theirs: impl Fn(&str) -> String) -> Failure {
        for place in self.faults.iter_mut().filter_map(|fault| fault.source.as_mut()) {
            *place = Place::of(&theirs(&place.field));
        }
        self
    }

    /// The same failure, which calls fields of ours what this format calls them.
    pub fn in_terms_of(mut self, names: &[(&str, &str)]) -> Failure {
        for fault in &mut self.faults {
            let Some(place) = &mut fault.source else { continue };
            if let Some((_, theirs)) = names.iter().find(|(ours, _)| *ours == place.field) {
                *place = Place::of(theirs);
            }
        }
        self
    }

    fn kind(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "authentication_error",
            403 => "resource_forbidden",
            404 => "not_found",
            405 => "method_not_allowed",
            406 => "not_acceptable",
            408 => "request_timeout",
            409 => "conflict",
            412 => "precondition_failed",
            413 => "payload_too_large",
            422 => "validation_error",
            429 if self.limit.is_some() => "rate_limit_reached",
            429 => "too_many_requests",
            500..=599 => "api_error",
            _ => "invalid_request_error",
        }
    }
}

/// The word that this format has for a problem of ours; ours with other signs, where it has none.
fn code_of(problem: &Problem) -> Cow<'static, str> {
    match problem.code() {
        "no-token" => "missing_authorization_material".into(),
        "invalid-body" if problem.detail().starts_with(MISSING) => "is_required".into(),
        "missing-text" => "is_required".into(),
        code => code.replace('-', "_").into(),
    }
}

/// How a sentence begins that misses a field of a body.
const MISSING: &str = "missing field `";

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        // A body of another kind is a bad request here: this format has no word for 415.
        let status = match problem.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
            StatusCode::GONE => StatusCode::CONFLICT,
            status => status,
        };
        let message = match problem.code() {
            "no-token" => "No authorization material provided in request".to_owned(),
            _ => problem.detail().to_owned(),
        };
        let failure = Failure::new(status, code_of(&problem), message);
        let again = matches!(status.as_u16(), 429 | 503).then(|| problem.retry_after());
        let failure = Failure { retry_after: again, ..failure };
        match problem.field() {
            Some(field) => failure.about(field),
            None => failure,
        }
    }
}

impl From<NotDone> for Failure {
    fn from(not_done: NotDone) -> Failure {
        Problem::from(not_done).into()
    }
}

impl From<NotTaken> for Failure {
    fn from(not_taken: NotTaken) -> Failure {
        Problem::from(not_taken).into()
    }
}

impl From<paging::NotDone> for Failure {
    fn from(not_done: paging::NotDone) -> Failure {
        Problem::from(not_done).into()
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        Problem::from(error).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = Body {
            kind: self.kind(),
            status: self.status.as_u16(),
            request_id: hex::encode(random_bytes::<8>()),
            errors: &self.faults,
            rate_limit: self.limit.as_ref(),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
