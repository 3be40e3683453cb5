//! What things are called: read as a whole, read and written part by part, and who changed it.

mod document;
pub mod options;
mod part;
mod parts;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::routing::{MethodRouter, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::cursor;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT};
use crate::api::v1::openapi::{Authorized, Queried};
use crate::app::App;
use crate::incident::catalogue::Catalogue;
use crate::store::catalogue_changes::{self, Change};

pub use document::Parts;

/// Every path below the catalogue, with its methods.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    let mut routes = vec![("/api/v1/catalogue/changes", get(changes))];
    routes.extend(part::routes());
    routes.extend(options::routes());
    routes
}

/// Show the catalogue
///
/// The severities, statuses, roles, timestamps, types of incident, custom fields and durations of the workspace.
/// Commands and filters take their ids or names. What was removed stands under `removed`: nobody can choose it, but
/// incidents that have it still show its name.
#[utoipa::path(
    get,
    path = "/api/v1/catalogue",
    operation_id = "showCatalogue",
    tag = "catalogue",
    security(("token" = [])),
    responses((status = 200, description = "The catalogue", body = Catalogue), Authorized),
)]
pub async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Catalogue>, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(Catalogue::clone(&catalogue)))
}

/// A page of changes of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueChangePage {
    /// Newest first.
    pub changes: Vec<Change>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// List changes of the catalogue
///
/// Who changed what, and when, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/catalogue/changes",
    operation_id = "listCatalogueChanges",
    tag = "catalogue",
    security(("token" = [])),
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of changes", body = CatalogueChangePage),
        Authorized,
        Queried,
    ),
)]
pub async fn changes(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<CatalogueChangePage>, Problem> {
    let params = Params::read(query.as_deref(), &["limit", "cursor"])?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let this = ("catalogue", &caller.workspace);
    let before = cursor::of_query(&params, &this)?.and_then(|place| place.parse().ok());
    let mut tx = app.db.read().await?;
    let mut changes =
        catalogue_changes::page(&mut tx, &caller.workspace, before, limit + 1).await?;
    let is_more = changes.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if is_more {
        changes.pop();
    }
    let last = changes.last().filter(|_| is_more);
    let next_cursor = last.map(|last| cursor::issue_at(&last.version.to_string(), &this));
    Ok(Json(CatalogueChangePage { changes, next_cursor }))
}
