//! Reading an incident's record.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT, REFERENCE, Reference, find};
use crate::api::v1::openapi::{Authorized, OneIncident, Queried};
use crate::app::App;
use crate::incident::event::Entry;
use crate::store::timeline;

/// A page of an incident's record.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelinePage {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// The `after` of the next page; null if this one ends with the latest entry.
    #[schema(example = 25)]
    pub next_after: Option<i64>,
}

/// Show an incident's timeline
///
/// Every change there ever was: who, through which door, when, from what to what. Entries are
/// never changed or removed. To follow an incident, ask again with the `version` of the last entry
/// you have as `after`.
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/timeline",
    operation_id = "showTimeline",
    tag = "incidents",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("after" = Option<i64>, Query, minimum = 0,
            description = "Only entries after this version; 0, or nothing, for all"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
    ),
    responses(
        (status = 200, description = "A page of the timeline", body = TimelinePage),
        Authorized,
        OneIncident,
        Queried,
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    RawQuery(query): RawQuery,
) -> Result<Json<TimelinePage>, Problem> {
    let params = Params::read(query.as_deref(), &["after", "limit"])?;
    let after = params.number("after", 0..=i64::MAX, 0)?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let entries = timeline::after(&mut tx, &caller.workspace, &incident.id, after, limit).await?;
    // Both were read in one transaction, but on Postgres a commit may fall between the two.
    let last = entries.last().map(|entry| entry.version);
    let next_after = last.filter(|version| *version < incident.version);
    Ok(Json(TimelinePage { entries, next_after }))
}
