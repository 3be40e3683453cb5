//! Lists of escalations.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Wanted;
use super::escalations::{PATH, View};
use super::seen;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::openapi::{Authorized, Queried};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{AlertId, EscalationId, PathId};
use crate::oncall::escalation::state::Status;
use crate::store::db::Tx;
use crate::store::escalations::Filter;

/// A page of escalations.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationPage {
    /// Newest first.
    escalations: Vec<View>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// List escalations
///
/// Newest first, page after page: ask again with `next_cursor` until it is null. Filters narrow the
/// list together; one that is given several times takes any of its values.
#[utoipa::path(
    get,
    path = "/api/v1/escalations",
    operation_id = "listEscalations",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
        ("status" = Option<Vec<Status>>, Query, description = "Only those that stand so"),
        ("path" = Option<Vec<String>>, Query, description = "Only those by this escalation path"),
        ("incident" = Option<Vec<String>>, Query,
            description = "Only those about this incident: `INC-42`, or its id"),
        ("alert" = Option<Vec<String>>, Query, description = "Only those about this alert"),
        ("created_from" = Option<Timestamp>, Query, description = "Begun at this instant or later"),
        ("created_to" = Option<Timestamp>, Query, description = "Begun at this instant or earlier"),
        ("updated_from" = Option<Timestamp>, Query, description = "Changed at this instant or later"),
        ("updated_to" = Option<Timestamp>, Query, description = "Changed at this instant or earlier"),
    ),
    responses(
        (status = 200, description = "A page of escalations", body = EscalationPage),
        Authorized,
        Queried,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<EscalationPage>, Problem> {
    let more = [
        "status",
        "path",
        "incident",
        "alert",
        "created_from",
        "created_to",
        "updated_from",
        "updated_to",
    ];
    let given: Vec<(String, String)> =
        Params::read(query.as_deref(), &[&["limit", "cursor"], &more[..]].concat()).map(
            |params| {
                more.iter()
                    .flat_map(|name| {
                        params
                            .every(name)
                            .map(|value| ((*name).to_owned(), value.to_owned()))
                            .collect::<Vec<_>>()
                    })
                    .collect()
            },
        )?;
    let this = (PATH, &caller.workspace, &given);
    let wanted = Wanted::read(query.as_deref(), &more, &this)?;
    let mut tx = app.db.read().await?;
    let Some(filter) = filter(&mut tx, &caller, &wanted.params).await? else {
        return Ok(Json(EscalationPage { escalations: Vec::new(), next_cursor: None }));
    };
    let most = usize::try_from(wanted.limit).unwrap_or(usize::MAX).saturating_add(1);
    let before = wanted.place.as_deref().map(EscalationId::from);
    let mut found = seen::page(&mut tx, &caller, &filter, before, most).await?;
    let next_cursor = wanted.cut(&mut found, &this, |one| one.escalation.id.to_string());
    let escalations = found.into_iter().map(View::from).collect();
    Ok(Json(EscalationPage { escalations, next_cursor }))
}

/// The filter; nothing if nothing can be meant.
async fn filter(tx: &mut Tx, caller: &Caller, params: &Params) -> Result<Option<Filter>, Problem> {
    let mut filter = Filter::default();
    for word in params.every("status") {
        let status = Status::parse(word).ok_or_else(|| {
            let words = Status::ALL.map(Status::as_str).join(", ");
            Problem::bad_parameter("status", format!("There are: {words}."))
        })?;
        filter.statuses.push(status);
    }
    filter.paths = params.every("path").map(PathId::from).collect();
    filter.alerts = params.every("alert").map(AlertId::from).collect();
    let references: Vec<&str> = params.every("incident").collect();
    for reference in &references {
        filter.incidents.extend(seen::incident(tx, caller, reference).await?.map(|it| it.id));
    }
    let instant = |name: &str| -> Result<Option<Timestamp>, Problem> {
        let Some(text) = params.one(name)? else { return Ok(None) };
        let at: Result<jiff::Timestamp, _> = text.parse();
        let wrong =
            |_| Problem::bad_parameter(name, "It is an instant, such as `2026-11-21T03:00:00Z`.");
        Ok(Some(at.map_err(wrong)?.into()))
    };
    filter.created_from = instant("created_from")?;
    filter.created_until = instant("created_to")?;
    filter.updated_from = instant("updated_from")?;
    filter.updated_until = instant("updated_to")?;
    let names_nothing = !references.is_empty() && filter.incidents.is_empty();
    Ok(Some(filter).filter(|_| !names_nothing))
}
