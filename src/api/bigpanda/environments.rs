//! Environments. Their shape is not published: it is the smallest one that says all of it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::alert::filter::Filter;
use crate::api::bigpanda::ask::{Body, Guest};
use crate::api::bigpanda::failure::Outcome;
use crate::api::v1::environments::{alter, erase, make, one};
use crate::app::App;
use crate::incident::environment::{Environment, Wanted, every};

fn shown(environment: &Environment) -> Value {
    let condition = environment.filter().as_ref().map_or(Value::Null, Filter::to_value);
    json!({
        "id": environment.id,
        "name": environment.name,
        "description": environment.description,
        "condition": condition,
        "created_at": environment.created_at.as_seconds(),
        "updated_at": environment.updated_at.as_seconds(),
    })
}

pub async fn list(State(app): State<App>, Guest(caller): Guest) -> Outcome<Json<Value>> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(every(&catalogue).iter().map(shown).collect()))
}

pub async fn create(
    State(app): State<App>,
    Guest(caller): Guest,
    Body(wanted): Body<Wanted>,
) -> Outcome<(StatusCode, Json<Value>)> {
    let receipt = format!("bigpanda/environment/{}", app.ids.ulid(app.clock.now()));
    let made = make(&app, &caller, &receipt, &wanted).await?;
    Ok((StatusCode::CREATED, Json(shown(&made))))
}

pub async fn show(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<Json<Value>> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(shown(&one(&catalogue, &id)?)))
}

pub async fn replace(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Outcome<Json<Value>> {
    Ok(Json(shown(&alter(&app, &caller, &id, &wanted).await?)))
}

pub async fn remove(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<StatusCode> {
    erase(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
