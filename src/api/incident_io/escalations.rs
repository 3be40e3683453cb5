//! Escalations: people being paged.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::alert::state::Alert;
use crate::api::incident_io::body::Body;
use crate::api::incident_io::escalation_filter;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::given::{idempotency_key, instant, word};
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, reads};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::people_of;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::escalation::{Escalation, people_in};
use crate::api::v1::oncall::seen::{self, Seen};
use crate::app::App;
use crate::ids::{AlertId, EscalationId, PathId, UserId};
use crate::oncall::escalation::state::{self, Answer, Request};
use crate::paging::{NotDone, Reassignment};
use crate::store::db::Tx;
use crate::store::escalations::Asked;
use crate::store::{alert_lists, people};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/escalations", list),
        posts("/v2/escalations", create),
        reads("/v2/escalations/{id}", show),
        posts("/v2/escalations/{id}/actions/cancel", cancel),
        posts("/v2/escalations/{escalation_id}/actions/respond", respond),
        posts("/v2/escalations/{escalation_id}/actions/reassign", reassign),
        posts("/v2/escalations/{escalation_id}/actions/check_permissions", check_permissions),
    ]
}

/// The most escalations on a page.
const PAGE_LIMIT: usize = 50;

#[derive(Serialize)]
struct Many {
    escalations: Vec<Escalation>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    escalation: Escalation,
}

async fn list(State(app): State<App>, key: Key, query: Query) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let mut tx = app.db.read().await?;
    let filter = escalation_filter::wanted(&mut tx, &key, &query).await?;
    let before = page.after.as_deref().map(EscalationId::new);
    if let Some(last) = &before
        && seen::find(&mut tx, &key.0, last).await?.is_none()
    {
        return Err(Failure::no_such_cursor("escalation"));
    }
    let mut found = seen::page(&mut tx, &key.0, &filter, before, page.size + 1).await?;
    let last = |one: &Seen| one.escalation.id.to_string();
    let pagination_meta = PaginationMeta::close(&page, &mut found, last);
    let escalations = drawn(&mut tx, &key, &found).await?;
    Ok(Json(Many { escalations, pagination_meta }))
}

/// Draws escalations with those of their alerts that the caller may know of.
async fn drawn(tx: &mut Tx, Key(caller): &Key, all: &[Seen]) -> Result<Vec<Escalation>, Failure> {
    let workspace = &caller.workspace;
    let ids: BTreeSet<AlertId> =
        all.iter().flat_map(|one| one.escalation.alerts.iter().cloned()).collect();
    let ids = Vec::from_iter(ids);
    let listed = alert_lists::with_ids(tx, workspace, &caller.eyes(), &ids).await?;
    let people = all.iter().flat_map(|one| people_in(&one.escalation));
    let people = people_of(tx, workspace, people).await?;
    let show = |Seen { escalation, incident }: &Seen| {
        let own = escalation.alerts.iter();
        let own = own.filter_map(|id| listed.iter().find(|listed| listed.alert.id == *id));
        let alerts: Vec<Alert> = own.map(|listed| listed.alert.clone()).collect();
        Escalation::show(escalation, incident.as_ref(), &alerts, &people)
    };
    Ok(all.iter().map(show).collect())
}

/// The escalation of this id, if the caller may know of it.
async fn find(app: &App, key: &Key, id: String) -> Result<Seen, Failure> {
    let mut tx = app.db.read().await?;
    seen::find(&mut tx, &key.0, &EscalationId::new(id)).await?.ok_or_else(no_such)
}

fn no_such() -> Failure {
    Failure::not_found("escalation")
}

/// The answer that shows this escalation.
async fn one(app: &App, key: &Key, escalation: state::Escalation) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let seen = seen::among(&mut tx, &key.0, vec![escalation]).await?;
    let escalation = drawn(&mut tx, key, &seen).await?.pop().ok_or_else(no_such)?;
    Ok(Json(One { escalation }))
}

async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let found = find(&app, &key, id).await?;
    one(&app, &key, found.escalation).await
}

#[derive(Debug, Deserialize)]
struct Create {
    idempotency_key: String,
    title: String,
    description: Option<String>,
    incident_id: Option<String>,
    escalation_path_id: Option<String>,
    user_ids: Option<Vec<String>>,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let name = idempotency_key(&create.idempotency_key)?;
    let asked =
        Asked { request: Some(key.receipt("escalations", name)), key: Some(name.to_owned()) };
    let incident = match &create.incident_id {
        Some(id) => {
            let mut tx = app.db.read().await?;
            Some(find_field(&mut tx, &key, "incident_id", id).await?.id)
        }
        None => None,
    };
    let request = Request {
        title: create.title,
        description: create.description.unwrap_or_default(),
        priority: None,
        path: create.escalation_path_id.map(PathId::new),
        people: people_named(create.user_ids),
        incident,
        alerts: Vec::new(),
        ends_with_alerts: false,
    };
    let Key(caller) = &key;
    let begun = app.paging.begin(&caller.workspace, request, &caller.actor, &asked).await;
    let begun = begun.map_err(in_our_terms)?;
    Ok((StatusCode::CREATED, one(&app, &key, begun).await?))
}

fn people_named(ids: Option<Vec<String>>) -> Vec<UserId> {
    ids.unwrap_or_default().into_iter().map(UserId::new).collect()
}

/// Nobody is paged any more. Doing so again changes nothing.
async fn cancel(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let id = find(&app, &key, id).await?.escalation.id;
    app.paging.cancel(&key.0.workspace, &id, &key.0.actor).await?;
    Ok(StatusCode::OK)
}

#[derive(Debug, Deserialize)]
struct Respond {
    response: String,
    snooze_details: Option<SnoozeDetails>,
}

#[derive(Debug, Deserialize)]
struct SnoozeDetails {
    snooze_until: String,
    reason: Option<String>,
}

/// The words for what can be answered.
const ANSWERS: [(&str, Answer); 3] =
    [("ack", Answer::Acked), ("nack", Answer::Declined), ("snooze", Answer::Snoozed)];

async fn respond(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(says): Body<Respond>,
) -> Result<StatusCode, Failure> {
    let answer = word("response", &says.response, &ANSWERS)?;
    let id = find(&app, &key, id).await?.escalation.id;
    let (workspace, by) = (&key.0.workspace, &key.0.actor);
    let answered = match answer {
        Answer::Acked => app.paging.acknowledge(workspace, &id, by).await,
        Answer::Declined => app.paging.decline(workspace, &id, by).await,
        Answer::Snoozed => {
            let details = says.snooze_details.ok_or_else(|| Failure::missing("snooze_details"))?;
            let until = instant("snooze_details.snooze_until", &details.snooze_until)?;
            app.paging.snooze(workspace, &id, by, until, details.reason.as_deref()).await
        }
    };
    answered.map_err(in_our_terms)?;
    Ok(StatusCode::OK)
}

#[derive(Debug, Deserialize)]
struct Reassign {
    escalation_path_id: Option<String>,
    user_ids: Option<Vec<String>>,
    title: Option<String>,
    description: Option<String>,
    resolve_original: Option<bool>,
}

/// Others are paged instead, once; the answer shows the new escalation.
async fn reassign(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(says): Body<Reassign>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let id = find(&app, &key, id).await?.escalation.id;
    let to = Reassignment {
        path: says.escalation_path_id.map(PathId::new),
        people: people_named(says.user_ids),
        title: says.title,
        description: says.description,
        resolves: says.resolve_original.unwrap_or(true),
    };
    let new = app.paging.reassign(&key.0.workspace, &id, &to, &key.0.actor).await;
    let new = new.map_err(in_our_terms)?;
    Ok((StatusCode::CREATED, one(&app, &key, new).await?))
}

#[derive(Debug, Deserialize)]
struct CheckPermissions {
    user_ids: Vec<String>,
}

#[derive(Serialize)]
struct Permissions {
    response_options: Vec<Options>,
}

#[derive(Serialize)]
struct Options {
    user_id: UserId,
    available_actions: Vec<&'static str>,
}

/// What each of these people could answer now; nothing, if they are not here any more.
async fn check_permissions(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(says): Body<CheckPermissions>,
) -> Result<Json<Permissions>, Failure> {
    let Seen { escalation, .. } = find(&app, &key, id).await?;
    let users: Vec<UserId> = says.user_ids.into_iter().map(UserId::new).collect();
    let mut tx = app.db.read().await?;
    let known = people::with_ids(&mut tx, &key.0.workspace, &users).await?;
    let response_options = users.into_iter().map(|user| {
        let is_gone = known.iter().any(|person| person.id == user && !person.is_active);
        let options = match user.is_well_formed() && !is_gone {
            true => escalation.options(&user),
            false => Vec::new(),
        };
        let words = ANSWERS.iter().filter(|(_, answer)| options.contains(answer));
        Options { available_actions: words.map(|(word, _)| *word).collect(), user_id: user }
    });
    Ok(Json(Permissions { response_options: response_options.collect() }))
}

fn in_our_terms(not_done: NotDone) -> Failure {
    Failure::from(not_done).renamed(|field| match field.split_once('.') {
        None if field == "path" => "escalation_path_id".to_owned(),
        None if field == "people" => "user_ids".to_owned(),
        None if field == "snooze_until" => "snooze_details.snooze_until".to_owned(),
        Some(("people", nth)) => format!("user_ids.{nth}"),
        _ => field.to_owned(),
    })
}
