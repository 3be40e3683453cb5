//! Reading actions and follow-ups, across incidents.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::items;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::cursor;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT, find, target};
use crate::api::v1::openapi::{Authorized, Queried};
use crate::api::v1::papers::{Id, OnePaper, instant};
use crate::app::App;
use crate::ids::{IncidentId, ItemId, UserId};
use crate::incident::papers::item::{Item, ItemKind, ItemStatus};
use crate::store::items::{Filter, page};

/// An action or a follow-up, and its incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemView {
    /// The incident that it belongs to.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub incident: IncidentId,
    /// What is to be done.
    #[serde(flatten)]
    pub item: Item,
}

impl From<(IncidentId, Item)> for ItemView {
    fn from((incident, item): (IncidentId, Item)) -> Self {
        ItemView { incident, item }
    }
}

/// A page of actions or follow-ups.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemPage {
    /// Oldest first.
    pub items: Vec<ItemView>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// The modes of incidents.
const MODES: [&str; 4] = ["standard", "retrospective", "test", "tutorial"];

/// What the list can be narrowed by.
const KNOWN: [&str; 10] = [
    "incident",
    "assignee",
    "status",
    "mode",
    "created_from",
    "created_until",
    "updated_from",
    "updated_until",
    "limit",
    "cursor",
];

/// List actions
///
/// What is to be done while incidents last, oldest first. They are added and changed by the command
/// `paperwork` of an incident.
#[utoipa::path(
    get,
    path = "/api/v1/actions",
    operation_id = "listActions",
    tag = "papers",
    security(("token" = [])),
    params(
        ("incident" = Option<String>, Query, description = "Only those of this incident: its reference, number or id"),
        ("assignee" = Option<String>, Query, description = "Only those that are given to this person: a user's id in Slack"),
        ("status" = Option<String>, Query, description = "Only those that stand so: `outstanding`, `completed`, `not_doing`, `deleted`. If left out, all but the deleted ones"),
        ("mode" = Option<Vec<String>>, Query, explode, description = "Only those of incidents of these modes: `standard`, `retrospective`, `test`, `tutorial`. Repeated, or a list with commas"),
        ("created_from" = Option<String>, Query, description = "Only those that were added from then on"),
        ("created_until" = Option<String>, Query, description = "Only those that were added until then"),
        ("updated_from" = Option<String>, Query, description = "Only those that changed last from then on"),
        ("updated_until" = Option<String>, Query, description = "Only those that changed last until then"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query, description = "Where to go on: the `next_cursor` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of them", body = ItemPage), Authorized, Queried, OnePaper),
)]
pub async fn actions(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<ItemPage>, Problem> {
    list(&app, &caller, ItemKind::Action, query.as_deref()).await
}

/// List follow-ups
///
/// What is to be done after incidents, oldest first. They are added and changed by the command
/// `paperwork` of an incident.
#[utoipa::path(
    get,
    path = "/api/v1/follow-ups",
    operation_id = "listFollowUps",
    tag = "papers",
    security(("token" = [])),
    params(
        ("incident" = Option<String>, Query, description = "Only those of this incident: its reference, number or id"),
        ("assignee" = Option<String>, Query, description = "Only those that are given to this person: a user's id in Slack"),
        ("status" = Option<String>, Query, description = "Only those that stand so: `outstanding`, `completed`, `not_doing`, `deleted`. If left out, all but the deleted ones"),
        ("mode" = Option<Vec<String>>, Query, explode, description = "Only those of incidents of these modes: `standard`, `retrospective`, `test`, `tutorial`. Repeated, or a list with commas"),
        ("created_from" = Option<String>, Query, description = "Only those that were added from then on"),
        ("created_until" = Option<String>, Query, description = "Only those that were added until then"),
        ("updated_from" = Option<String>, Query, description = "Only those that changed last from then on"),
        ("updated_until" = Option<String>, Query, description = "Only those that changed last until then"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query, description = "Where to go on: the `next_cursor` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of them", body = ItemPage), Authorized, Queried, OnePaper),
)]
pub async fn follow_ups(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<ItemPage>, Problem> {
    list(&app, &caller, ItemKind::FollowUp, query.as_deref()).await
}

async fn list(
    app: &App,
    caller: &Caller,
    kind: ItemKind,
    query: Option<&str>,
) -> Result<Json<ItemPage>, Problem> {
    let params = Params::read(query, &KNOWN)?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let mut tx = app.db.read().await?;
    let incident = match params.one("incident")? {
        None => None,
        Some(text) => {
            let target = target(text).ok_or_else(Problem::no_such_incident)?;
            Some(find(&mut tx, caller, &target).await?.id)
        }
    };
    let status = params.one("status")?.map(|word| {
        ItemStatus::parse(word).ok_or_else(|| {
            let detail = "A status is one of outstanding, completed, not_doing, deleted.";
            Problem::bad_parameter("status", detail)
        })
    });
    let filter = Filter {
        incident,
        assignee: params.one("assignee")?.map(UserId::from),
        status: status.transpose()?,
        modes: modes(&params)?,
        created_from: instant(&params, "created_from")?,
        created_until: instant(&params, "created_until")?,
        updated_from: instant(&params, "updated_from")?,
        updated_until: instant(&params, "updated_until")?,
        ..Filter::of(kind)
    };
    let this = (
        kind,
        &caller.workspace,
        (&filter.incident, &filter.assignee, filter.status, &filter.modes),
        (filter.created_from, filter.created_until, filter.updated_from, filter.updated_until),
    );
    let after = cursor::of_query(&params, &this)?.map(ItemId::new);
    let (workspace, actor) = (&caller.workspace, &caller.eyes());
    let page = page(&mut tx, workspace, actor, &filter, after.as_ref(), limit).await?;
    let next_cursor = page.next_after.map(|after| cursor::issue_at(after.as_str(), &this));
    Ok(Json(ItemPage { items: page.items.into_iter().map(ItemView::from).collect(), next_cursor }))
}

fn modes(params: &Params) -> Result<Vec<String>, Problem> {
    let given = params.every("mode").flat_map(|list| list.split(',')).map(str::trim);
    let mut modes: Vec<String> = given.map(str::to_owned).collect();
    modes.sort();
    modes.dedup();
    match modes.iter().all(|mode| MODES.contains(&mode.as_str())) {
        true => Ok(modes),
        false => {
            let detail = format!("A mode is one of {}.", MODES.join(", "));
            Err(Problem::bad_parameter("mode", detail))
        }
    }
}

/// Show an action
#[utoipa::path(
    get,
    path = "/api/v1/actions/{id}",
    operation_id = "showAction",
    tag = "papers",
    security(("token" = [])),
    params(("id" = String, Path, description = "The action's id")),
    responses((status = 200, description = "The action", body = ItemView), Authorized, OnePaper),
)]
pub async fn action(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<ItemView>, Problem> {
    one(&app, &caller, ItemKind::Action, id).await
}

/// Show a follow-up
#[utoipa::path(
    get,
    path = "/api/v1/follow-ups/{id}",
    operation_id = "showFollowUp",
    tag = "papers",
    security(("token" = [])),
    params(("id" = String, Path, description = "The follow-up's id")),
    responses((status = 200, description = "The follow-up", body = ItemView), Authorized, OnePaper),
)]
pub async fn follow_up(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<ItemView>, Problem> {
    one(&app, &caller, ItemKind::FollowUp, id).await
}

async fn one(
    app: &App,
    caller: &Caller,
    kind: ItemKind,
    id: String,
) -> Result<Json<ItemView>, Problem> {
    let mut tx = app.db.read().await?;
    let found = items::find(&mut tx, caller, kind, &ItemId::new(id)).await?;
    Ok(Json(found.into()))
}
