//! Looking for incidents, and showing one.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use crate::alert::observation::Status;
use crate::api::bigpanda::ask::Guest;
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::bigpanda::find;
use crate::api::bigpanda::times;
use crate::api::bigpanda::view::{Alerts, Glass};
use crate::api::request::Params;
use crate::api::v1::environments::{self, LAST, filters, folder, look, sort};
use crate::app::App;
use crate::clock::Timestamp;
use crate::incident::state::Incident;
use crate::store::pictures::{self, Search};

/// The most on a page.
const PAGE_LIMIT: i64 = 100;
/// The most on a page that has alerts in full.
const EXPANDED_LIMIT: i64 = 10;
/// What a page has if nobody says.
const PAGE: i64 = 10;
/// The parameters of a search.
const KNOWN: [&str; 8] =
    ["query", "from", "to", "sort_by", "page", "page_size", "expand", "folder"];

pub async fn search(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(environment): Path<String>,
    RawQuery(query): RawQuery,
) -> Outcome<Json<Value>> {
    let params = Params::read(query.as_deref(), &KNOWN)?;
    let page = params.number("page", 1..=LAST, 1)?;
    let limit = params.number("page_size", 1..=PAGE_LIMIT, PAGE)?;
    let alerts = expand(&params)?;
    if alerts == Alerts::Expanded && limit > EXPANDED_LIMIT {
        let error = format!("With expand=alerts, page_size is at most {EXPANDED_LIMIT}.");
        return Err(Failure::bad(error));
    }
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let environment = environments::one(&catalogue, &environment)?;
    let eyes = caller.eyes();
    let search = Search {
        actor: &eyes,
        catalogue: &catalogue,
        filters: filters(&environment, params.one("query")?, "query")?,
        folder: folder(&params)?,
        window: window(&params, now)?,
        sort: sort(&params, "sort_by")?,
    };
    let found = look(&mut tx, &caller, &search, page, limit).await?;
    let systems = match found.pictures.is_empty() {
        true => BTreeMap::new(),
        false => pictures::systems(&mut tx, &caller.workspace).await?,
    };
    let seen: Vec<&Incident> = found.pictures.iter().map(|picture| &picture.incident).collect();
    let people = pictures::people(&mut tx, &caller.workspace, &seen).await?;
    let glass = Glass::new(&catalogue, &systems, &people);
    let items = found.pictures.iter().map(|picture| glass.incident(picture, alerts));
    Ok(Json(json!({"total": found.total, "items": items.collect::<Vec<_>>()})))
}

fn expand(params: &Params) -> Outcome<Alerts> {
    match params.one("expand")? {
        None | Some("") => Ok(Alerts::Ids),
        Some("alerts") => Ok(Alerts::Expanded),
        Some(_) => Err(Failure::bad("expand is alerts, or is left out.")),
    }
}

/// Incidents that went on at any time from the one to the other, if either is given.
fn window(params: &Params, now: Timestamp) -> Outcome<Option<(Timestamp, Timestamp)>> {
    let read = |name| -> Outcome<Option<Timestamp>> {
        params.one(name)?.map(|text| times::parameter(text, name)).transpose()
    };
    let (from, to) = (read("from")?, read("to")?);
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or(now));
    if from > to {
        return Err(Failure::bad("from is later than to."));
    }
    // What began within the last second is in it.
    Ok(Some((from, to.plus(std::time::Duration::from_micros(999_999)))))
}

pub async fn show(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Outcome<Json<Value>> {
    let params = Params::read(query.as_deref(), &["expand"])?;
    let alerts = expand(&params)?;
    let mut tx = app.db.read().await?;
    let scene = find::within(&app, &mut tx, &caller, &environment, &id).await?;
    Ok(Json(scene.shown(alerts)))
}

/// The alerts of an incident, those that fire first and the worst of them before the others.
pub async fn alerts(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Outcome<Json<Value>> {
    let params = Params::read(query.as_deref(), &["page", "page_size"])?;
    let page = params.number("page", 1..=LAST, 1)?;
    let limit = params.number("page_size", 1..=PAGE_LIMIT, PAGE_LIMIT)?;
    let mut tx = app.db.read().await?;
    let scene = find::within(&app, &mut tx, &caller, &environment, &id).await?;
    let mut all: Vec<_> = scene.picture.alerts.iter().collect();
    all.sort_by_key(|alert| {
        let status: Status = alert.status;
        (!alert.phase.is_firing(), std::cmp::Reverse(status), alert.id.clone())
    });
    let glass = scene.glass();
    let leave_out = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let shown = all.iter().skip(leave_out).take(usize::try_from(limit).unwrap_or(0));
    let items: Vec<Value> = shown.map(|alert| glass.alert(alert)).collect();
    Ok(Json(json!({"total": all.len(), "items": items})))
}
