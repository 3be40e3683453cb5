//! Doing something to one incident: resolve, comment, assign, snooze.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::bigpanda::ask::{Body, Guest};
use crate::api::bigpanda::failure::Outcome;
use crate::api::bigpanda::find;
use crate::api::bigpanda::times;
use crate::api::caller::Caller;
use crate::app::App;
use crate::ids::UserId;
use crate::incident::command::Command;
use crate::incident::state::Incident;

/// An environment and an incident in it.
type Place = Path<(String, String)>;

/// What is done when this is answered, or soon after.
pub fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({"status": 202, "data": {}}))).into_response()
}

async fn found(app: &App, caller: &Caller, Path((environment, id)): Place) -> Outcome<Incident> {
    let mut tx = app.db.read().await?;
    Ok(find::within(app, &mut tx, caller, &environment, &id).await?.picture.incident)
}

#[derive(Deserialize)]
pub struct Resolve {
    comments: String,
}

/// It is over, and so are all of its alerts.
pub async fn resolve(
    State(app): State<App>,
    Guest(caller): Guest,
    place: Place,
    Body(body): Body<Resolve>,
) -> Outcome<Response> {
    let incident = found(&app, &caller, place).await?;
    let command = Command::ResolveAll { message: Some(body.comments) };
    find::submit(&app, &caller, &incident, command).await?;
    Ok(accepted())
}

#[derive(Deserialize)]
pub struct Comment {
    comment: String,
}

/// A comment here is a note in the record.
pub async fn comment(
    State(app): State<App>,
    Guest(caller): Guest,
    place: Place,
    Body(body): Body<Comment>,
) -> Outcome<StatusCode> {
    let incident = found(&app, &caller, place).await?;
    find::submit(&app, &caller, &incident, Command::Note { text: body.comment }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub struct Assign {
    assignee: UserId,
}

/// Whoever is assigned leads it.
pub async fn assign(
    State(app): State<App>,
    Guest(caller): Guest,
    place: Place,
    Body(body): Body<Assign>,
) -> Outcome<StatusCode> {
    lead(&app, &caller, place, Some(body.assignee)).await
}

pub async fn unassign(
    State(app): State<App>,
    Guest(caller): Guest,
    place: Place,
) -> Outcome<StatusCode> {
    lead(&app, &caller, place, None).await
}

async fn lead(
    app: &App,
    caller: &Caller,
    place: Place,
    person: Option<UserId>,
) -> Outcome<StatusCode> {
    let incident = found(app, caller, place).await?;
    let role = "lead".to_owned();
    find::ensure(app, caller, &incident, Command::Role { role, person }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub struct Snooze {
    end_time: Value,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    cancel_on_incident_updates: bool,
}

pub async fn snooze(
    State(app): State<App>,
    Guest(caller): Guest,
    place: Place,
    Body(body): Body<Snooze>,
) -> Outcome<StatusCode> {
    let until = times::field(&body.end_time, "end_time")?;
    let incident = found(&app, &caller, place).await?;
    let cancel_on_news = body.cancel_on_incident_updates;
    let command = Command::SnoozeUntil { until, cancel_on_news };
    find::submit(&app, &caller, &incident, command).await?;
    find::comment(&app, &caller, &incident, body.comment).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn unsnooze(
    State(app): State<App>,
    Guest(caller): Guest,
    place: Place,
) -> Outcome<StatusCode> {
    let incident = found(&app, &caller, place).await?;
    find::ensure(&app, &caller, &incident, Command::Unsnooze {}).await?;
    Ok(StatusCode::NO_CONTENT)
}
