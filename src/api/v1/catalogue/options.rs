//! The options of a field: they live under it, and each has an address of its own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey};
use crate::api::v1::catalogue::part::{Named, carry_out, made};
use crate::api::v1::openapi::{Authorized, Written};
use crate::api::v1::write::KEY;
use crate::app::App;
use crate::ids::{CustomFieldId, FieldOptionId};
use crate::incident::catalogue::edit::{CatalogueCommand, Edit, Kind, OptionWords};
use crate::incident::catalogue::field::FieldOption;

/// Every path of theirs, with its methods.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/api/v1/custom-fields/{id}/options", get(list).post(create)),
        ("/api/v1/custom-field-options/{id}", get(show).patch(change).delete(remove)),
    ]
}

/// The options of a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldOptions {
    /// In their order.
    pub items: Vec<FieldOption>,
}

/// What an option is to say.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = FieldOptionWords)]
pub struct Says {
    /// What people read: at most 250 characters. A new one needs it.
    pub value: Option<String>,
    /// Its place in the order; 1000 for a new one, if it is left out.
    pub sort_key: Option<i64>,
}

/// List the options of a custom field
#[utoipa::path(
    get,
    path = "/api/v1/custom-fields/{id}/options",
    operation_id = "listFieldOptions",
    tag = "catalogue",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the custom field")),
    responses(
        (status = 200, description = "All of them", body = FieldOptions),
        (status = 404, description = "There is no such custom field (`no-such-custom-field`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<FieldOptions>, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let field = catalogue.fields.iter().find(|field| field.id.as_str() == id);
    let field = field.ok_or_else(|| Problem::no_such(Kind::CustomField.noun()))?;
    Ok(Json(FieldOptions { items: field.options.clone() }))
}

/// Make an option of a custom field
///
/// A field has 500 options at most. A new one needs its `value`.
#[utoipa::path(
    post,
    path = "/api/v1/custom-fields/{id}/options",
    operation_id = "createFieldOption",
    tag = "catalogue",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The id of the custom field"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body(content = Says, description = "What it says", example = json!({"value": "Payments"})),
    responses(
        (status = 201, description = "It can be chosen from now on", body = FieldOption,
            headers(("Location" = String, description = "Where it is"))),
        (status = 404, description = "There is no such custom field (`no-such-custom-field`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is one like it (`name-taken`), or there are as many as there can be (`too-many`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    key: IdempotencyKey,
    Body(says): Body<Says>,
) -> Result<Response, Problem> {
    let words = OptionWords { field: Some(CustomFieldId::new(id)), ..words(says) };
    let command = CatalogueCommand::Option(Edit::Create(words));
    let path = "/api/v1/custom-field-options";
    let edited = carry_out(&app, &caller, &key, path, command).await?;
    Ok(made(&format!("{path}/{}", edited.id), edited))
}

/// Show an option of a custom field
#[utoipa::path(
    get,
    path = "/api/v1/custom-field-options/{id}",
    operation_id = "showFieldOption",
    tag = "catalogue",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the option")),
    responses(
        (status = 200, description = "It", body = FieldOption),
        (status = 404, description = "There is no such option (`no-such-option`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<FieldOption>, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let found = catalogue.field_option(&FieldOptionId::new(id));
    let (_, option) = found.ok_or_else(|| Problem::no_such(Kind::FieldOption.noun()))?;
    Ok(Json(option.clone()))
}

/// Change an option of a custom field
///
/// What is left out stays.
#[utoipa::path(
    patch,
    path = "/api/v1/custom-field-options/{id}",
    operation_id = "changeFieldOption",
    tag = "catalogue",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The id of the option"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body(content = Says, description = "What it says from now on", example = json!({"sort_key": 10})),
    responses(
        (status = 200, description = "It, as it is from now on", body = FieldOption),
        (status = 404, description = "There is no such option (`no-such-option`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is one like it (`name-taken`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    key: IdempotencyKey,
    Body(says): Body<Says>,
) -> Result<Json<Value>, Problem> {
    let id = FieldOptionId::new(id);
    let command = CatalogueCommand::Option(Edit::Change { id, words: words(says) });
    let path = "/api/v1/custom-field-options/{id}";
    Ok(Json(carry_out(&app, &caller, &key, path, command).await?.after))
}

/// Remove an option of a custom field
///
/// Nobody can choose it any more; incidents that have it still show it.
#[utoipa::path(
    delete,
    path = "/api/v1/custom-field-options/{id}",
    operation_id = "removeFieldOption",
    tag = "catalogue",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the option")),
    responses(
        (status = 204, description = "It is removed"),
        (status = 404, description = "There is no such option (`no-such-option`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
    ),
)]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    let command = CatalogueCommand::Option(Edit::Remove { id: FieldOptionId::new(id) });
    let path = "/api/v1/custom-field-options/{id}";
    carry_out(&app, &caller, &IdempotencyKey(None), path, command).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn words(says: Says) -> OptionWords {
    OptionWords { field: None, value: says.value, sort_key: says.sort_key }
}
