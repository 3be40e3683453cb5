//! Correlation patterns: they are the alert patterns of a workspace.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::alert::filter::Filter;
use crate::alert::settings::{Kept, Pattern, Setting};
use crate::api::bigpanda::ask::{Body, Guest};
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::v1::settings::{check_setting, refuse_if_enough};
use crate::app::App;
use crate::ids::SettingId;
use crate::intake::order::Errand;
use crate::store::alert_settings;

const KIND: &str = "pattern";

/// A pattern as somebody wants it. What is left out of a change stays.
#[derive(Deserialize)]
pub struct Wanted {
    tags: Option<Vec<String>>,
    time_window: Option<u32>,
    #[serde(default, deserialize_with = "given")]
    filter: Option<Value>,
    cross_source: Option<bool>,
    active: Option<bool>,
    note: Option<String>,
}

/// What is there, also if it is null: that takes an expression away.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl Wanted {
    fn fill(self, pattern: Pattern) -> Outcome<Pattern> {
        let filter = match self.filter {
            None => pattern.filter,
            Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text).filter(|text| !text.trim().is_empty()),
            Some(object) => {
                let filter = Filter::from_value(&object);
                Some(filter.map_err(|bad| Failure::bad(format!("filter: {bad}.")))?.to_string())
            }
        };
        Ok(Pattern {
            labels: self.tags.unwrap_or(pattern.labels),
            window_minutes: self.time_window.unwrap_or(pattern.window_minutes),
            filter,
            cross_source: self.cross_source.unwrap_or(pattern.cross_source),
            active: self.active.unwrap_or(pattern.active),
            note: self.note.unwrap_or(pattern.note),
            ..pattern
        })
    }
}

fn empty() -> Pattern {
    Pattern {
        labels: Vec::new(),
        window_minutes: 0,
        source: None,
        filter: None,
        cross_source: true,
        active: true,
        note: String::new(),
        position: None,
    }
}

/// All patterns in the order in which they are tried.
async fn ordered(app: &App, caller: &Caller) -> Outcome<Vec<(Kept, Pattern)>> {
    let mut tx = app.db.read().await?;
    let kept = alert_settings::of_kind(&mut tx, &caller.workspace, KIND).await?;
    let mut patterns: Vec<(Kept, Pattern)> = kept
        .into_iter()
        .filter_map(|kept| match kept.setting.clone() {
            Setting::Pattern(pattern) => Some((kept, pattern)),
            _ => None,
        })
        .collect();
    patterns.sort_by_key(|(kept, pattern)| pattern.order(&kept.id));
    Ok(patterns)
}

fn shown(kept: &Kept, pattern: &Pattern, place: usize) -> Value {
    json!({
        "id": kept.id,
        "tags": pattern.labels,
        "time_window": pattern.window_minutes,
        "filter": pattern.filter,
        "cross_source": pattern.cross_source,
        "active": pattern.active,
        "note": pattern.note,
        "created_at": kept.created_at.as_seconds(),
        "updated_at": kept.updated_at.as_seconds(),
        "suggested_at": null,
        "execution_order": place,
    })
}

async fn one(app: &App, caller: &Caller, id: &SettingId) -> Outcome<(Value, Pattern)> {
    let all = ordered(app, caller).await?;
    let mut places = all.into_iter().zip(1..);
    let found = places.find(|((kept, _), _)| kept.id == *id);
    let ((kept, pattern), place) = found.ok_or_else(|| Problem::no_such("correlation pattern"))?;
    Ok((shown(&kept, &pattern, place), pattern))
}

pub async fn list(State(app): State<App>, Guest(caller): Guest) -> Outcome<Json<Value>> {
    let all = ordered(&app, &caller).await?;
    let places = all.iter().zip(1..);
    Ok(Json(places.map(|((kept, pattern), place)| shown(kept, pattern, place)).collect()))
}

pub async fn create(
    State(app): State<App>,
    Guest(caller): Guest,
    Body(wanted): Body<Wanted>,
) -> Outcome<(StatusCode, Json<Value>)> {
    let setting = Setting::Pattern(wanted.fill(empty())?);
    check_setting(&app, &caller.workspace, &setting).await?;
    refuse_if_enough(&app, &caller.workspace, KIND, "correlation patterns").await?;
    let id = SettingId::new(app.ids.ulid(app.clock.now()));
    app.intake.carry(&caller.workspace, Errand::Put { id: id.clone(), setting }).await?;
    Ok((StatusCode::CREATED, Json(one(&app, &caller, &id).await?.0)))
}

pub async fn show(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<Json<Value>> {
    Ok(Json(one(&app, &caller, &SettingId::new(id)).await?.0))
}

pub async fn change(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Outcome<Json<Value>> {
    let id = SettingId::new(id);
    let (_, pattern) = one(&app, &caller, &id).await?;
    let setting = Setting::Pattern(wanted.fill(pattern)?);
    check_setting(&app, &caller.workspace, &setting).await?;
    let errand = Errand::Replace { id: id.clone(), setting, version: None };
    app.intake.carry(&caller.workspace, errand).await?;
    Ok(Json(one(&app, &caller, &id).await?.0))
}

pub async fn remove(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<StatusCode> {
    let id = SettingId::new(id);
    one(&app, &caller, &id).await?;
    app.intake.carry(&caller.workspace, Errand::Delete { kind: KIND, id }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The ids in the order in which they are to be tried, alone or as `ids`.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Order {
    Alone(Vec<SettingId>),
    Named { ids: Vec<SettingId> },
}

/// Those that are not named come last, as new ones do.
pub async fn order(
    State(app): State<App>,
    Guest(caller): Guest,
    Body(order): Body<Order>,
) -> Outcome<Json<Value>> {
    let (Order::Alone(ids) | Order::Named { ids }) = order;
    let all = ordered(&app, &caller).await?;
    let is_known = |id: &SettingId| all.iter().any(|(kept, _)| kept.id == *id);
    if ids.is_empty() || !ids.iter().all(is_known) {
        return Err(Failure::bad("The body names correlation patterns by their ids."));
    }
    for (kept, pattern) in all {
        let place = ids.iter().zip(1..).find(|(id, _)| **id == kept.id).map(|(_, place)| place);
        put_at(&app, &caller, kept, pattern, place).await?;
    }
    list(State(app), Guest(caller)).await
}

pub async fn reset(State(app): State<App>, Guest(caller): Guest) -> Outcome<Json<Value>> {
    for (kept, pattern) in ordered(&app, &caller).await? {
        put_at(&app, &caller, kept, pattern, None).await?;
    }
    list(State(app), Guest(caller)).await
}

async fn put_at(
    app: &App,
    caller: &Caller,
    kept: Kept,
    pattern: Pattern,
    position: Option<i64>,
) -> Outcome<()> {
    if pattern.position == position {
        return Ok(());
    }
    let setting = Setting::Pattern(Pattern { position, ..pattern });
    app.intake
        .carry(&caller.workspace, Errand::Replace { id: kept.id, setting, version: None })
        .await?;
    Ok(())
}
