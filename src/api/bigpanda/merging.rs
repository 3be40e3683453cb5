//! Several incidents become one, one becomes two, and alerts are resolved wherever they are.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use crate::api::bigpanda::ask::{Body, Guest};
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::bigpanda::find;
use crate::api::bigpanda::steer::accepted;
use crate::api::v1::alerts::act::split_off;
use crate::api::v1::environments;
use crate::app::App;
use crate::ids::{AlertId, IncidentId};
use crate::incident::command::Command;
use crate::incident::decide::Context;
use crate::incident::event::Via;
use crate::incident::merge::{merge as check_merge, refuse_if_too_many};
use crate::incident::state::Incident;
use crate::intake::order::{Errand, Which};
use crate::store::{alert_lists, incidents, pictures};

/// The most incidents that go on in another one at once.
const SOURCES_LIMIT: usize = 100;
/// The most alerts that are resolved at once.
const ALERTS_LIMIT: usize = 500;
/// The longest comment on alerts that are resolved, in characters.
const COMMENT_LIMIT: usize = 1_000;

#[derive(Deserialize)]
pub struct Merge {
    source_incidents: Vec<String>,
    #[serde(default)]
    comment: Option<String>,
}

/// All of them are looked at before any is merged, so that a mistake in one leaves all as they are.
pub async fn merge(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id)): Path<(String, String)>,
    Body(body): Body<Merge>,
) -> Outcome<Response> {
    if !(1..=SOURCES_LIMIT).contains(&body.source_incidents.len()) {
        let error = format!("source_incidents has from 1 to {SOURCES_LIMIT} ids.");
        return Err(Failure::bad(error));
    }
    let mut tx = app.db.read().await?;
    let scene = find::within(&app, &mut tx, &caller, &environment, &id).await?;
    let destination = scene.incident().clone();
    let mut sources: Vec<Incident> = Vec::new();
    for id in &body.source_incidents {
        let source = find::incident(&mut tx, &caller, id).await?;
        if !sources.iter().any(|known| known.id == source.id) {
            sources.push(source);
        }
    }
    let eyes = caller.eyes();
    let context =
        Context { now: app.clock.now(), actor: &eyes, via: Via::Api, catalogue: &scene.catalogue };
    for source in &sources {
        check_merge(source, &destination.reference(), Some(&destination), &context)?;
    }
    let merged = pictures::of(&mut tx, &caller.workspace, sources.clone()).await?;
    let all = merged.iter().chain([&scene.picture]);
    refuse_if_too_many(all.map(|picture| picture.alerts.len()))?;
    drop(tx);
    for source in &sources {
        let command = Command::Merge { into: destination.reference() };
        find::submit(&app, &caller, source, command).await?;
    }
    find::comment(&app, &caller, &destination, body.comment).await?;
    Ok(accepted())
}

#[derive(Deserialize)]
pub struct Split {
    alerts: Vec<AlertId>,
    #[serde(default)]
    comment: Option<String>,
}

/// The alerts open an incident of their own.
pub async fn split(
    State(app): State<App>,
    Guest(caller): Guest,
    Path((environment, id)): Path<(String, String)>,
    Body(body): Body<Split>,
) -> Outcome<Response> {
    let mut tx = app.db.read().await?;
    let scene = find::within(&app, &mut tx, &caller, &environment, &id).await?;
    drop(tx);
    let receipt = format!("bigpanda/split/{}", app.ids.ulid(app.clock.now()));
    split_off(&app, &caller, scene.incident(), body.alerts, receipt).await?;
    find::comment(&app, &caller, scene.incident(), body.comment).await?;
    Ok(accepted())
}

#[derive(Deserialize)]
pub struct Batch {
    ids: Vec<String>,
    #[serde(default)]
    comments: Option<String>,
}

/// Those that are there are resolved; of those that are not, nothing is said.
pub async fn resolve_alerts(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(environment): Path<String>,
    Body(body): Body<Batch>,
) -> Outcome<Response> {
    if !(1..=ALERTS_LIMIT).contains(&body.ids.len()) {
        return Err(Failure::bad(format!("ids has from 1 to {ALERTS_LIMIT} ids of alerts.")));
    }
    if body.comments.as_ref().is_some_and(|text| text.chars().count() > COMMENT_LIMIT) {
        return Err(Failure::bad(format!("comments has at most {COMMENT_LIMIT} characters.")));
    }
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    environments::one(&catalogue, &environment)?;
    let ids: BTreeSet<AlertId> = body
        .ids
        .iter()
        .filter_map(|id| ulid::Ulid::from_string(id).ok())
        .map(|id| AlertId::new(id.to_string()))
        .collect();
    let ids = Vec::from_iter(ids);
    let found = alert_lists::with_ids(&mut tx, &caller.workspace, &caller.eyes(), &ids).await?;
    let concerned: BTreeSet<IncidentId> =
        found.iter().filter_map(|listed| Some(listed.incident.as_ref()?.0.clone())).collect();
    let concerned = Vec::from_iter(concerned);
    let concerned = incidents::with_ids(&mut tx, &caller.workspace, &concerned).await?;
    drop(tx);
    let ids: Vec<AlertId> = found.into_iter().map(|listed| listed.alert.id).collect();
    if !ids.is_empty() {
        let errand = Errand::Resolve { which: Which::Alerts(ids), by: caller.actor.clone() };
        app.intake.carry_through(&caller.workspace, caller.through(), None, errand).await?;
        for incident in &concerned {
            find::comment(&app, &caller, incident, body.comments.clone()).await?;
        }
    }
    Ok(accepted())
}
