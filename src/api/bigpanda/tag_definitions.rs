//! The tags that a workspace has.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::bigpanda::ask::{Body, Guest};
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::bigpanda::view::{tag_kind, tag_type};
use crate::api::request::Params;
use crate::api::v1::environments::LAST;
use crate::api::v1::incident_tags::{alter, make, one};
use crate::app::App;
use crate::incident::tags::definition::{NewTag, TagChange, TagDefinition, TagKind};

#[derive(Deserialize)]
pub struct Definition {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    description: Option<String>,
    active: Option<bool>,
    config: Option<Config>,
    enrichment_config: Option<Enrichment>,
}

#[derive(Default, Deserialize)]
struct Config {
    ordered_list: Option<Vec<String>>,
    incident_tag_values: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Enrichment {
    #[serde(default)]
    items: Vec<Value>,
}

impl Definition {
    fn kind(&self) -> Outcome<Option<TagKind>> {
        let Some(word) = &self.kind else { return Ok(None) };
        let wrong = || {
            Failure::bad(
                "type is Text, MultiValue, Priority, ClosedListValuesMulti or ClosedListValuesSingle.",
            )
        };
        tag_kind(word).ok_or_else(wrong).map(Some)
    }

    /// Values are not given by conditions here.
    fn check_enrichment(&self) -> Outcome<()> {
        match self.enrichment_config.as_ref().is_some_and(|config| !config.items.is_empty()) {
            true => Err(Failure::not_implemented("enrichment_config is not supported.")),
            false => Ok(()),
        }
    }

    fn choices(&self) -> Option<Vec<String>> {
        let config = self.config.as_ref()?;
        config.ordered_list.clone().or_else(|| config.incident_tag_values.clone())
    }
}

fn shown(tag: &TagDefinition) -> Value {
    let config = match tag.kind {
        TagKind::Priority => json!({"ordered_list": tag.choices}),
        TagKind::ClosedListMulti | TagKind::ClosedListSingle => {
            json!({"incident_tag_values": tag.choices})
        }
        TagKind::Text | TagKind::MultiValue => json!({}),
    };
    json!({
        "id": tag.id,
        "name": tag.name,
        "type": tag_type(tag.kind),
        "description": tag.description,
        "active": tag.active,
        "canManualInput": true,
        "config": config,
        "created_at": tag.created_at.as_seconds(),
        "updated_at": tag.updated_at.as_seconds(),
    })
}

pub async fn list(
    State(app): State<App>,
    Guest(caller): Guest,
    RawQuery(query): RawQuery,
) -> Outcome<Json<Value>> {
    let params = Params::read(query.as_deref(), &["page", "per_page"])?;
    let page = params.number("page", 1..=LAST, 1)?;
    let limit = params.number("per_page", 1..=200, 100)?;
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let leave_out = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let tags = catalogue.tags.iter().skip(leave_out).take(usize::try_from(limit).unwrap_or(0));
    Ok(Json(tags.map(shown).collect()))
}

pub async fn create(
    State(app): State<App>,
    Guest(caller): Guest,
    Body(body): Body<Definition>,
) -> Outcome<(StatusCode, Json<Value>)> {
    body.check_enrichment()?;
    let required = |name: &str| Failure::bad(format!("{name} is required."));
    let wanted = NewTag {
        kind: body.kind()?.ok_or_else(|| required("type"))?,
        choices: body.choices().unwrap_or_default(),
        name: body.name.ok_or_else(|| required("name"))?,
        description: body.description.unwrap_or_default(),
        active: body.active.unwrap_or(true),
    };
    let receipt = format!("bigpanda/tag/{}", app.ids.ulid(app.clock.now()));
    let tag = make(&app, &caller, &receipt, &wanted).await?;
    Ok((StatusCode::CREATED, Json(shown(&tag))))
}

pub async fn show(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<Json<Value>> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(shown(one(&catalogue, &id)?)))
}

/// What is left out stays.
pub async fn change(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
    Body(body): Body<Definition>,
) -> Outcome<Json<Value>> {
    body.check_enrichment()?;
    let wanted = TagChange {
        kind: body.kind()?,
        choices: body.choices(),
        name: body.name,
        description: body.description,
        active: body.active,
    };
    Ok(Json(shown(&alter(&app, &caller, &id, &wanted).await?)))
}
