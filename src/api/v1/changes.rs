//! Reading what was changed on purpose: deployments and the like.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::alerts::{self, view::ChangeView};
use crate::api::v1::cursor;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT};
use crate::api::v1::openapi::{Authorized, Queried};
use crate::app::App;
use crate::ids::SourceId;
use crate::store::alert_lists;

/// A page of change events.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangePage {
    /// Newest first.
    pub changes: Vec<ChangeView>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// List change events
///
/// Deployments and the like, as sources have told of them, newest first. They are kept for 90 days.
#[utoipa::path(
    get,
    path = "/api/v1/changes",
    operation_id = "listChanges",
    tag = "alerts",
    security(("token" = [])),
    params(
        ("source" = Option<String>, Query, description = "Only what this source has told of"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of them", body = ChangePage), Authorized, Queried),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<ChangePage>, Problem> {
    let params = Params::read(query.as_deref(), &["source", "limit", "cursor"])?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let source = alerts::id(&params, "source")?.map(SourceId::new);
    let this = ("changes", &caller.workspace, &source);
    let before = cursor::of_query(&params, &this)?.and_then(|place| cursor::moment(&place));
    let mut tx = app.db.read().await?;
    let workspace = &caller.workspace;
    let mut found =
        alert_lists::change_events(&mut tx, workspace, source.as_ref(), before, limit + 1).await?;
    let is_more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if is_more {
        found.pop();
    }
    let last = found.last().filter(|_| is_more);
    let next_cursor = last.map(|last| cursor::issue_at(&cursor::place(last.at, &last.id), &this));
    Ok(Json(ChangePage { changes: found.into_iter().map(ChangeView::from).collect(), next_cursor }))
}
