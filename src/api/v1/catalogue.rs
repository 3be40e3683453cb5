//! Reading what things are called.

use axum::Json;
use axum::extract::State;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::v1::openapi::Authorized;
use crate::app::App;
use crate::incident::catalogue::Catalogue;

/// Show the catalogue
///
/// The severities, statuses, roles, timestamps and types of incident of the workspace. Commands and filters take
/// their ids or names.
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
