//! Answers that are no success, in the shapes that Sentry's clients read.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::api::problem::Problem;
use crate::engine::order::NotDone;

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    status: StatusCode,
    body: Value,
    retry_after: Option<u64>,
}

impl Refused {
    /// A sentence about the request as a whole.
    pub fn detail(status: StatusCode, detail: &str) -> Refused {
        Refused { status, body: json!({ "detail": detail }), retry_after: None }
    }

    /// A sentence that is the whole body.
    pub fn bare(status: StatusCode, sentence: &str) -> Refused {
        Refused { status, body: sentence.into(), retry_after: None }
    }

    /// A parameter of the query that can't be understood.
    pub fn parameter(detail: &str) -> Refused {
        Refused::detail(StatusCode::BAD_REQUEST, detail)
    }

    /// There is no such thing, or the caller must not know of it.
    pub fn not_there() -> Refused {
        Refused::detail(StatusCode::NOT_FOUND, "The requested resource does not exist")
    }

    /// The caller may not do that.
    pub fn forbidden() -> Refused {
        let detail = "You do not have permission to perform this action.";
        Refused::detail(StatusCode::FORBIDDEN, detail)
    }

    /// It is that way already.
    pub fn gone(detail: &str) -> Refused {
        Refused::detail(StatusCode::GONE, detail)
    }

    /// The path takes other methods.
    pub fn method_not_allowed(method: &Method) -> Refused {
        let detail = format!("Method \"{method}\" not allowed.");
        Refused::detail(StatusCode::METHOD_NOT_ALLOWED, &detail)
    }

    /// What is wrong with one field of a body.
    pub fn field(name: &str, why: &str) -> Refused {
        let mut wrong = Wrong::default();
        wrong.add(name, why);
        Refused::from(wrong)
    }

    /// What is wrong with what fields say together.
    pub fn together(why: &str) -> Refused {
        Refused::field(TOGETHER, why)
    }
}

/// The name under which stands what is wrong with several fields together.
const TOGETHER: &str = "nonFieldErrors";

/// What is wrong with a body, field by field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wrong(Map<String, Value>);

impl Wrong {
    /// Adds what is wrong with a field.
    pub fn add(&mut self, field: &str, why: &str) {
        let list = self.0.entry(field).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(why.into());
        }
    }

    /// Refuses if anything is wrong.
    pub fn check(self) -> Result<(), Refused> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

impl From<Wrong> for Refused {
    fn from(wrong: Wrong) -> Refused {
        Refused { status: StatusCode::BAD_REQUEST, body: Value::Object(wrong.0), retry_after: None }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        match problem.status() {
            StatusCode::UNAUTHORIZED if problem.code() == "no-token" => {
                let detail = "Authentication credentials were not provided.";
                Refused::detail(StatusCode::UNAUTHORIZED, detail)
            }
            StatusCode::UNAUTHORIZED => Refused::detail(StatusCode::UNAUTHORIZED, "Invalid token"),
            StatusCode::FORBIDDEN => Refused::forbidden(),
            StatusCode::NOT_FOUND => Refused::not_there(),
            // Where something stands in the way, these clients know no other word than this.
            StatusCode::CONFLICT
            | StatusCode::PRECONDITION_FAILED
            | StatusCode::UNPROCESSABLE_ENTITY => {
                Refused::detail(StatusCode::BAD_REQUEST, problem.detail())
            }
            status @ (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => {
                let retry_after = Some(problem.retry_after());
                Refused { retry_after, ..Refused::detail(status, problem.detail()) }
            }
            StatusCode::INTERNAL_SERVER_ERROR => {
                Refused::detail(StatusCode::INTERNAL_SERVER_ERROR, "Internal Error")
            }
            status => Refused::detail(status, problem.detail()),
        }
    }
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Refused {
        Problem::from(error).into()
    }
}

impl From<NotDone> for Refused {
    fn from(not_done: NotDone) -> Refused {
        Problem::from(not_done).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Bearer realm="api""#);
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
