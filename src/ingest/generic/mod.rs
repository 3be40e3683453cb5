//! Any JSON, read by a [template] of the source.
//!
//! Nobody knows what such a sender makes of an answer. Most come again after a 503 and few after a
//! 429, so there is no 429; what can be read of a body is kept, and the rest is named.

mod place;
mod states;
mod template;

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

pub(super) use place::{Place, list};
pub(super) use states::{Meaning, States, usual};
pub(super) use template::Template;

use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::values;

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(answer) => answer,
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    let status = trouble.status_without_429();
    trouble.answer(status, json!({"status": "error", "error": trouble.message()}))
}

async fn take(knock: &Knock) -> Result<Response, Trouble> {
    if !knock.shows_secret() {
        return Err(Trouble::Unproven);
    }
    if !knock.is_at_the_door() {
        return Err(Trouble::NotThere);
    }
    if !matches!(knock.method, Method::POST | Method::PUT) {
        return Err(Trouble::WrongMethod);
    }
    let template = Template::read(&knock.source.settings.door)
        .map_err(|reason| knock.settings_are_broken(&reason))?;
    let read = template.apply(&knock.json()?);
    if read.observations.is_empty() && !read.errors.is_empty() {
        let body = json!({"status": "error", "error": read.errors[0], "errors": read.errors});
        return Ok((StatusCode::BAD_REQUEST, Json(body)).into_response());
    }
    let alerts = read.observations.len();
    if alerts > 0 {
        let delivery = knock.header("idempotency-key").map(values::delivery);
        knock.take(read.observations, Vec::new(), delivery.as_deref()).await?;
    }
    let mut body = json!({"status": "accepted", "alerts": alerts, "ignored": read.ignored});
    if !read.errors.is_empty() {
        body["errors"] = json!(read.errors);
    }
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// Whether the settings are understood.
pub fn check_settings(door: &Value) -> Result<(), String> {
    Template::read(door).map(drop)
}
