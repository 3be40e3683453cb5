//! Which alerts are part of which incidents.
//!
//! A connection is no record of its own: an alert is in a group, and a group is part of an incident. Its
//! id is made of both ids.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::alert::history::What;
use crate::api::incident_io::alerts::{self, PAGE_LIMIT};
use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, reads};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::alert::AlertSlim;
use crate::api::incident_io::shape::incident::IncidentSlim;
use crate::app::App;
use crate::ids::{AlertId, GroupId, IncidentId};
use crate::incident::catalogue::StatusCategory;
use crate::incident::state::Incident;
use crate::intake::order::{Errand, Place, Which};
use crate::store::alert_lists::{self, Listed, Wanted};
use crate::store::db::Tx;
use crate::store::{alert_groups, incidents};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/incident_alerts", list),
        posts("/v2/incident_alerts", create),
        posts("/v2/incident_alerts/{id}/actions/transition", transition),
    ]
}

#[derive(Serialize)]
struct Many {
    incident_alerts: Vec<IncidentAlert>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    incident_alert: IncidentAlert,
}

/// An alert that is part of an incident.
#[derive(Serialize)]
struct IncidentAlert {
    id: String,
    alert: AlertSlim,
    incident: IncidentSlim,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_route_id: Option<String>,
}

async fn list(State(app): State<App>, key: Key, query: Query) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let mut tx = app.db.read().await?;
    let mut wanted = Wanted::default();
    wanted.besides.of_incidents = true;
    // The last item's id begins with that of its alert.
    let last = page.after.as_deref().map(|id| id.split('.').next().unwrap_or_default());
    wanted.filter.before = last.map(AlertId::new);
    if let Some(incident) = query.one("incident_id") {
        let incident = find_field(&mut tx, &key, "incident_id", incident).await?;
        wanted.filter.incident = Some(incident.id);
    }
    let (workspace, actor) = (&key.0.workspace, &key.0.eyes());
    let (found, more) = match query.one("alert_id") {
        Some(id) => {
            let one = alerts::find(&mut tx, &key, id).await?;
            let wanted = wanted.filter.incident;
            let is_wanted = one
                .incident
                .as_ref()
                .is_some_and(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == id));
            (Vec::from_iter(is_wanted.then_some(one)), None)
        }
        None => {
            let limit = i64::try_from(page.size).unwrap_or(i64::MAX);
            let found = alert_lists::page(&mut tx, workspace, actor, &wanted, limit).await?;
            (found.alerts, found.next_before)
        }
    };
    let after = more.map(|before| before.to_string());
    let incident_alerts = drawn(&mut tx, &key, &found).await?;
    let pagination_meta = PaginationMeta { page_size: page.size, after, total_record_count: None };
    Ok(Json(Many { incident_alerts, pagination_meta }))
}

async fn drawn(tx: &mut Tx, key: &Key, listed: &[Listed]) -> Result<Vec<IncidentAlert>, Failure> {
    let workspace = &key.0.workspace;
    let ids = listed.iter().filter_map(|one| Some(one.incident.as_ref()?.0.clone()));
    let ids: BTreeSet<IncidentId> = ids.collect();
    let known = incidents::with_ids(tx, workspace, &Vec::from_iter(ids)).await?;
    let known: BTreeMap<&IncidentId, &Incident> =
        known.iter().map(|incident| (&incident.id, incident)).collect();
    let groups: BTreeSet<GroupId> = listed.iter().map(|one| one.alert.group.clone()).collect();
    let groups = alert_groups::with_ids(tx, workspace, &Vec::from_iter(groups)).await?;
    let drawn = listed.iter().filter_map(|one| {
        let incident = known.get(&one.incident.as_ref()?.0)?;
        let group = groups.iter().find(|group| group.id == one.alert.group);
        Some(IncidentAlert {
            id: format!("{}.{}", one.alert.id, incident.id),
            alert: AlertSlim::show(&one.alert),
            incident: IncidentSlim::show(incident),
            alert_route_id: group.and_then(|group| Some(group.route.as_ref()?.to_string())),
        })
    });
    Ok(drawn.collect())
}

#[derive(Debug, Deserialize)]
struct Create {
    incident_id: String,
    alert_id: String,
    #[serde(default)]
    re_relate: bool,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let mut tx = app.db.read().await?;
    let alert = alerts::find(&mut tx, &key, &create.alert_id).await?;
    let incident = find_field(&mut tx, &key, "incident_id", &create.incident_id).await?;
    let is_there = alert.incident.as_ref().is_some_and(|(id, _)| *id == incident.id);
    if !is_there && !create.re_relate && was_taken_out(&mut tx, &key, &alert, &incident).await? {
        let message = "Somebody has said that this alert is not related to this incident.";
        return Err(Failure::invalid("re_relate", message));
    }
    drop(tx);
    let one = relate(&app, &key, alert, &incident).await?;
    Ok((StatusCode::CREATED, one))
}

/// Whether somebody took the alert out of this incident, and nobody put it back.
async fn was_taken_out(
    tx: &mut Tx,
    key: &Key,
    listed: &Listed,
    incident: &Incident,
) -> Result<bool, Failure> {
    let workspace = &key.0.workspace;
    let history = crate::store::alerts::history(tx, workspace, &listed.alert.id).await?;
    let moves = history.iter().filter_map(|(_, _, change)| match &change.what {
        Some(What::Moved { from, .. }) if change.by.is_some() => Some(from.clone()),
        _ => None,
    });
    let groups: BTreeSet<GroupId> = moves.collect();
    let groups = alert_groups::with_ids(tx, workspace, &Vec::from_iter(groups)).await?;
    Ok(groups.iter().any(|group| group.incident.as_ref() == Some(&incident.id)))
}

/// Makes the alert part of the incident, unless it is.
async fn relate(
    app: &App,
    key: &Key,
    listed: Listed,
    incident: &Incident,
) -> Result<Json<One>, Failure> {
    let is_there = listed.incident.as_ref().is_some_and(|(id, _)| *id == incident.id);
    if !is_there {
        if incident.category == StatusCategory::Merged {
            return Err(Failure::conflict(format!(
                "{} goes on in another incident.",
                incident.reference()
            )));
        }
        let which = Which::Alerts(vec![listed.alert.id.clone()]);
        let to = Place::Incident(incident.id.clone());
        let errand = Errand::Move { which, to, by: key.0.actor.clone() };
        app.intake.carry_through(&key.0.workspace, key.0.through(), None, errand).await?;
    }
    let mut tx = app.db.read().await?;
    let listed = alerts::find(&mut tx, key, listed.alert.id.as_str()).await?;
    let drawn = drawn(&mut tx, key, &[listed]).await?.into_iter().next();
    let incident_alert =
        drawn.ok_or_else(|| Failure::conflict("The alert was moved at the same moment."))?;
    Ok(Json(One { incident_alert }))
}

#[derive(Debug, Deserialize)]
struct Transition {
    state: String,
}

async fn transition(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(transition): Body<Transition>,
) -> Result<Json<One>, Failure> {
    let no_such = || Failure::not_found("incident alert");
    let (alert, incident) = id.split_once('.').ok_or_else(no_such)?;
    let mut tx = app.db.read().await?;
    let listed = alerts::find(&mut tx, &key, alert).await?;
    let incident = find_field(&mut tx, &key, "id", incident).await.map_err(|_| no_such())?;
    let is_there = listed.incident.as_ref().is_some_and(|(id, _)| *id == incident.id);
    match transition.state.as_str() {
        "related" => {
            if !is_there && !was_taken_out(&mut tx, &key, &listed, &incident).await? {
                return Err(no_such());
            }
            drop(tx);
            relate(&app, &key, listed, &incident).await
        }
        "unrelated" => {
            if !is_there {
                return Err(no_such());
            }
            let incident_alert =
                drawn(&mut tx, &key, std::slice::from_ref(&listed)).await?.into_iter().next();
            let incident_alert = incident_alert.ok_or_else(no_such)?;
            drop(tx);
            let which = Which::Alerts(vec![listed.alert.id]);
            let errand = Errand::Move { which, to: Place::Nowhere, by: key.0.actor.clone() };
            app.intake.carry_through(&key.0.workspace, key.0.through(), None, errand).await?;
            Ok(Json(One { incident_alert }))
        }
        _ => Err(Failure::invalid("state", "state is related or unrelated.")),
    }
}
