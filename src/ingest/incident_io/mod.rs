//! Alert events as incident.io takes them: over HTTP, and from an Alertmanager's receiver for it.
//!
//! Both paths are also served under `/incident-io`, for software that puts only another host before
//! `/v2/alert_events`. The Alertmanager's receiver reads reasons only as a list of texts, so that path
//! has a shape of error of its own.

mod event;
mod template;

use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::app::App;
use crate::ids::random_bytes;
use crate::ingest::alertmanager_webhook;
use crate::ingest::caller::Caller;
use crate::ingest::incident_io::event::Invalid;
use crate::ingest::incident_io::template::Template;
use crate::ingest::kind::Kind;
use crate::ingest::knock::{Knock, Trouble};

/// Why nothing, or not everything, was taken.
enum Refused {
    Trouble(Trouble),
    Invalid(Invalid),
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        Refused::Trouble(trouble)
    }
}

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Refused::Invalid(invalid)
    }
}

/// The addresses without `/hooks`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/incident-io/v2/alert_events/{form}/{source}", any(receive_elsewhere))
        .route("/incident-io/v2/alert_events/{form}/{source}/", any(receive_elsewhere))
}

async fn receive_elsewhere(
    State(app): State<App>,
    Path((form, source)): Path<(String, String)>,
    request: Request,
) -> Response {
    let rest = format!("v2/alert_events/{form}/{source}");
    let found = super::source_by_id(&app, Caller::of(&request), &source).await;
    let found = found.and_then(|source| {
        if source.kind == Kind::IncidentIo { Ok(source) } else { Err(Trouble::NotThere) }
    });
    match found {
        Ok(source) => super::hand_over(&app, source, &rest, request).await,
        Err(trouble) => tell(form == "alertmanager", trouble),
    }
}

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    let is_alertmanagers = is_alertmanagers(&knock);
    let taken = if is_alertmanagers { take_alerts(&knock).await } else { take_event(&knock).await };
    match taken {
        Ok(answer) => answer,
        Err(Refused::Trouble(trouble)) => tell(is_alertmanagers, trouble),
        Err(Refused::Invalid(invalid)) => {
            let error = json!({
                "code": invalid.code, "message": invalid.message,
                "source": {"field": invalid.field, "pointer": format!("/{}", invalid.field)},
            });
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            (status, Json(problem(status, "validation_error", error))).into_response()
        }
    }
}

/// Says why a request went no further.
pub fn refuse(knock: &Knock, trouble: Trouble) -> Response {
    tell(is_alertmanagers(knock), trouble)
}

fn is_alertmanagers(knock: &Knock) -> bool {
    knock.path().get(2).is_some_and(|form| form == "alertmanager")
}

/// Says in the words of this format why a request went no further.
pub fn tell(is_alertmanagers: bool, trouble: Trouble) -> Response {
    let (kind, code) = match trouble {
        Trouble::NotThere => ("not_found", "not_found"),
        Trouble::Unproven => ("authentication_error", "missing_authorization_material"),
        Trouble::WrongMethod => ("method_not_allowed", "method_not_allowed"),
        Trouble::WrongType | Trouble::Unreadable(_) => ("invalid_request_error", "invalid_value"),
        Trouble::TooLarge => ("payload_too_large", "payload_too_large"),
        Trouble::Busy(_) | Trouble::Suspected(_) => ("too_many_requests", "too_many_requests"),
        Trouble::Unavailable => ("api_error", "unavailable"),
    };
    let (status, message) = (trouble.status(), trouble.message());
    let body = if is_alertmanagers {
        json!({"message": message, "error": kind, "errors": [message]})
    } else {
        problem(status, kind, json!({"code": code, "message": message}))
    };
    trouble.answer(status, body)
}

fn problem(status: StatusCode, kind: &str, error: Value) -> Value {
    let id = hex::encode(random_bytes::<16>());
    json!({"type": kind, "status": status.as_u16(), "request_id": id, "errors": [error]})
}

/// Whether the request is this source's, and to this path of its.
fn check(knock: &Knock, form: &str) -> Result<(), Trouble> {
    if !knock.shows_secret() && !shows_bare_secret(knock) {
        return Err(Trouble::Unproven);
    }
    let path = knock.path();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let is_there = match path.as_slice() {
        ["v2", "alert_events", asked, id] => {
            *asked == form && id.eq_ignore_ascii_case(knock.source.id.as_str())
        }
        _ => false,
    };
    if !is_there {
        return Err(Trouble::NotThere);
    }
    if knock.method == Method::POST { Ok(()) } else { Err(Trouble::WrongMethod) }
}

/// Some senders put the secret behind `Basic` as it is.
fn shows_bare_secret(knock: &Knock) -> bool {
    let given =
        knock.header(header::AUTHORIZATION.as_str()).and_then(|value| value.trim().split_once(' '));
    given.is_some_and(|(scheme, given)| {
        scheme.eq_ignore_ascii_case("basic") && knock.is_secret(given.trim())
    })
}

async fn take_event(knock: &Knock) -> Result<Response, Refused> {
    check(knock, "http")?;
    let new_key = || knock.app.ids.ulid(knock.now);
    let template = Template::read(&knock.source.settings.door)
        .map_err(|reason| knock.settings_are_broken(&reason))?;
    let event = knock.json()?;
    let (mut observation, key) = event::read(&event, new_key)?;
    template.apply(&event, &mut observation);
    knock.take(vec![observation], Vec::new(), None).await?;
    let body = json!({
        "status": "success", "message": "Event accepted for processing", "deduplication_key": key,
    });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// Whether the settings are understood.
pub fn check_settings(door: &Value) -> Result<(), String> {
    Template::read(door).map(drop)
}

async fn take_alerts(knock: &Knock) -> Result<Response, Refused> {
    check(knock, "alertmanager")?;
    let read = alertmanager_webhook::read(&knock.json()?)?;
    if !read.observations.is_empty() {
        knock.take(read.observations, Vec::new(), None).await?;
    }
    if let Some(message) = read.bad.first() {
        let body = json!({"message": message, "error": "validation_error", "errors": read.bad});
        return Ok((StatusCode::BAD_REQUEST, Json(body)).into_response());
    }
    let body = json!({"status": "success", "message": "Event accepted for processing"});
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}
