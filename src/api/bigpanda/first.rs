//! Incidents as the first version of the API serves them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::api::bigpanda::ask::{Body, Guest};
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::bigpanda::find;
use crate::api::caller::Caller;
use crate::app::App;
use crate::incident::command::Command;

async fn shown(app: &App, caller: &Caller, id: &str) -> Outcome<Json<Value>> {
    let mut tx = app.db.read().await?;
    let scene = find::anywhere(app, &mut tx, caller, id).await?;
    Ok(Json(scene.glass().first(&scene.picture)))
}

pub async fn show(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<Json<Value>> {
    shown(&app, &caller, &id).await
}

#[derive(Deserialize)]
pub struct Change {
    resolved: bool,
    #[serde(default)]
    comments: Option<String>,
}

/// Resolves the incident and all of its alerts. There is no way back here, as BigPanda has none.
pub async fn change(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
    Body(body): Body<Change>,
) -> Outcome<(StatusCode, Json<Value>)> {
    if !body.resolved {
        return Err(Failure::bad("resolved is true: an incident can't be opened again this way."));
    }
    let mut tx = app.db.read().await?;
    let incident = find::incident(&mut tx, &caller, &id).await?;
    drop(tx);
    let command = Command::ResolveAll { message: body.comments };
    find::submit(&app, &caller, &incident, command).await?;
    Ok((StatusCode::OK, shown(&app, &caller, &id).await?))
}
