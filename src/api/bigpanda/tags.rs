//! The tags of an incident.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::bigpanda::ask::{Body, Guest, MaybeBody};
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::bigpanda::find::{self, Scene};
use crate::api::bigpanda::view::tag_value;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::app::App;
use crate::incident::command::Command;
use crate::incident::refusal::Refusal;
use crate::incident::tags::definition::{BadTag, TAGS_LIMIT, TagDefinition};
use crate::incident::tags::{Tagged, tagged};

async fn found(app: &App, caller: &Caller, environment: &str, id: &str) -> Outcome<Scene> {
    let mut tx = app.db.read().await?;
    find::within(app, &mut tx, caller, environment, id).await
}

fn shown(scene: &Scene, tag: &TagDefinition, tagged: &Tagged) -> Value {
    let by = scene.glass().actor(&tagged.by);
    json!({
        "tag_id": tag.id,
        "incident_id": scene.incident().id,
        "tag_value": tag_value(tag, &tagged.values),
        "name": by["name"],
        "email": by["email"],
        "timestamp": tagged.at.as_seconds(),
    })
}

/// The tag that the path means.
fn named<'s>(scene: &'s Scene, word: &str) -> Outcome<&'s TagDefinition> {
    scene.catalogue.find_tag(word).map_err(|bad| match bad {
        BadTag::NoSuchTag { .. } => Problem::no_such("tag").into(),
        bad => Refusal::from(bad).into(),
    })
}

pub async fn list(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id)): Path<(String, String)>,
) -> Outcome<Json<Value>> {
    let scene = found(&app, &caller, &environment, &id).await?;
    let tags = tagged(scene.incident(), &scene.catalogue);
    Ok(Json(tags.map(|(tag, tagged)| shown(&scene, tag, tagged)).collect()))
}

pub async fn show(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id, tag)): Path<(String, String, String)>,
) -> Outcome<Json<Value>> {
    let scene = found(&app, &caller, &environment, &id).await?;
    let tag = named(&scene, &tag)?;
    let tagged = scene.incident().tags.get(&tag.id).ok_or_else(|| Problem::no_such("tag"))?;
    Ok(Json(shown(&scene, tag, tagged)))
}

#[derive(Deserialize)]
pub struct OneValue {
    tag_value: Value,
}

#[derive(Deserialize)]
pub struct OneTag {
    tag_id: String,
    tag_value: Value,
}

/// A value is a text; several are a list, as it is or in a text.
fn text(value: &Value) -> Outcome<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Array(values) if values.iter().all(Value::is_string) => Ok(value.to_string()),
        _ => Err(Failure::bad("tag_value is a text.")),
    }
}

pub async fn set(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id, tag)): Path<(String, String, String)>,
    Body(body): Body<OneValue>,
) -> Outcome<StatusCode> {
    let scene = found(&app, &caller, &environment, &id).await?;
    let tag = named(&scene, &tag)?.id.to_string();
    let value = text(&body.tag_value)?;
    find::ensure(&app, &caller, scene.incident(), Command::Tag { tag, value }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All of them are looked at before any is set.
pub async fn set_several(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id)): Path<(String, String)>,
    Body(body): Body<Vec<OneTag>>,
) -> Outcome<StatusCode> {
    if !(1..=TAGS_LIMIT).contains(&body.len()) {
        return Err(Failure::bad(format!("There are from 1 to {TAGS_LIMIT} tags in the body.")));
    }
    let scene = found(&app, &caller, &environment, &id).await?;
    let mut commands = Vec::new();
    for one in &body {
        let tag = named(&scene, &one.tag_id)?;
        let value = text(&one.tag_value)?;
        if !tag.active {
            return Err(Refusal::from(BadTag::NotUsed { name: tag.name.clone() }).into());
        }
        tag.read(&value).map_err(Refusal::from)?;
        commands.push(Command::Tag { tag: tag.id.to_string(), value });
    }
    for command in commands {
        find::ensure(&app, &caller, scene.incident(), command).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id, tag)): Path<(String, String, String)>,
) -> Outcome<StatusCode> {
    let scene = found(&app, &caller, &environment, &id).await?;
    let tag = named(&scene, &tag)?.id.to_string();
    find::ensure(&app, &caller, scene.incident(), Command::Untag { tag }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Those that the body names, as ids or as objects with `tag_id`; all of them without a body.
pub async fn remove_several(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id)): Path<(String, String)>,
    MaybeBody(body): MaybeBody,
) -> Outcome<StatusCode> {
    let scene = found(&app, &caller, &environment, &id).await?;
    let mut tags: Vec<String> = Vec::new();
    match &body {
        None => tags.extend(scene.incident().tags.keys().map(ToString::to_string)),
        Some(Value::Array(named_tags)) => {
            for one in named_tags {
                let word = one.as_str().or_else(|| one["tag_id"].as_str());
                let word = word.ok_or_else(|| Failure::bad("A tag is named by its id."))?;
                tags.push(named(&scene, word)?.id.to_string());
            }
        }
        Some(_) => return Err(Failure::bad("The body is a list of tags.")),
    }
    for tag in tags {
        find::ensure(&app, &caller, scene.incident(), Command::Untag { tag }).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
