//! Alert rules made, replaced and removed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::api::problem::Problem;
use crate::api::request::IdempotencyKey;
use crate::api::sentry::body::Given;
use crate::api::sentry::house::House;
use crate::api::sentry::refused::Refused;
use crate::api::sentry::rules::reading::{definition, refusal};
use crate::api::sentry::rules::{know, showing, the_one};
use crate::app::App;
use crate::incident::event::Actor;

/// Makes a rule.
pub async fn create(
    State(app): State<App>,
    house: House,
    key: Result<IdempotencyKey, Problem>,
    given: Given,
) -> Result<Response, Refused> {
    let definition = definition(&given, None, house.project.as_deref())?;
    let made_by = match &house.caller.actor {
        Actor::ApiToken { name } => name.as_str(),
        Actor::Person { user } => user.as_str(),
        Actor::Stentor => "",
    };
    let request = key?.0.map(|key| house.caller.receipt(&key));
    let workspace = &house.caller.workspace;
    let made = app.rules.create(workspace, definition.clone(), made_by, request.as_deref()).await;
    let rule = made.map_err(|not_made| refusal(not_made, &definition))?;
    let known = know(&app, &house, rule).await?;
    Ok((StatusCode::CREATED, Json(showing::detailed(&known, &house))).into_response())
}

/// Makes a rule say something else. What is left out stays as it is, but for the triggers.
pub async fn replace(
    State(app): State<App>,
    house: House,
    given: Given,
) -> Result<Json<Value>, Refused> {
    let before = the_one(&app, &house).await?.rule;
    let definition = definition(&given, Some(&before.definition), house.project.as_deref())?;
    let workspace = &house.caller.workspace;
    let replaced = app.rules.replace(workspace, &before.id, definition.clone()).await;
    let rule = replaced.map_err(|not_made| refusal(not_made, &definition))?;
    let known = know(&app, &house, rule.ok_or_else(Refused::not_there)?).await?;
    Ok(Json(showing::detailed(&known, &house)))
}

/// Removes a rule; what fires is over.
pub async fn delete(State(app): State<App>, house: House) -> Result<StatusCode, Refused> {
    let rule = the_one(&app, &house).await?.rule;
    let was_there = app.rules.delete(&house.caller.workspace, &rule.id).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Refused::not_there()) }
}
