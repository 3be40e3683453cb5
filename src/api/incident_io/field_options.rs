//! What can be chosen in a custom field.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::edit::carry_out;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::field::Choice;
use crate::app::App;
use crate::ids::{CustomFieldId, FieldOptionId};
use crate::incident::catalogue::Catalogue;
use crate::incident::catalogue::edit::{CatalogueCommand, Edit, OptionWords};
use crate::incident::catalogue::field::FieldOption;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v1/custom_field_options", list),
        posts("/v1/custom_field_options", create),
        reads("/v1/custom_field_options/{id}", show),
        puts("/v1/custom_field_options/{id}", replace),
        removes("/v1/custom_field_options/{id}", remove),
    ]
}

/// The most options on a page.
const PAGE_LIMIT: usize = 250;

#[derive(Serialize)]
struct Many {
    custom_field_options: Vec<Choice>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    custom_field_option: Choice,
}

#[derive(Debug, Deserialize)]
struct Create {
    custom_field_id: String,
    value: String,
    sort_key: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Says {
    value: String,
    sort_key: i64,
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let field = query.required("custom_field_id")?;
    let page = query.page(PAGE_LIMIT)?;
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let field = catalogue.fields.iter().find(|known| known.id.as_str() == field);
    let field = field.ok_or_else(|| Failure::not_found("custom field"))?;
    let (options, pagination_meta) =
        PaginationMeta::cut(&page, &field.options, |option| option.id.to_string())?;
    let custom_field_options =
        options.into_iter().map(|option| Choice::show(option, &field.id)).collect();
    Ok(Json(Many { custom_field_options, pagination_meta }))
}

/// The option of this id that can be chosen, with its field.
fn find<'c>(
    catalogue: &'c Catalogue,
    id: &str,
) -> Result<(&'c FieldOption, &'c CustomFieldId), Failure> {
    let mut all = catalogue
        .fields
        .iter()
        .flat_map(|field| field.options.iter().map(move |option| (option, &field.id)));
    let found = all.find(|(option, _)| option.id.as_str() == id);
    found.ok_or_else(|| Failure::not_found("custom field option"))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let (option, field) = find(&catalogue, &id)?;
    Ok(Json(One { custom_field_option: Choice::show(option, field) }))
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let field = CustomFieldId::new(create.custom_field_id);
    let words = OptionWords {
        field: Some(field.clone()),
        value: Some(create.value),
        sort_key: create.sort_key,
    };
    let option: FieldOption = carry_out(&app, &key, CatalogueCommand::Option(Edit::Create(words)))
        .await
        .map_err(|failure| failure.in_terms_of(&[("field", "custom_field_id")]))?;
    let custom_field_option = Choice::show(&option, &field);
    Ok((StatusCode::CREATED, Json(One { custom_field_option })))
}

async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(Says { value, sort_key }): Body<Says>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &key.0.workspace).await?;
    drop(tx);
    let (_, field) = find(&catalogue, &id)?;
    let words = OptionWords { field: None, value: Some(value), sort_key: Some(sort_key) };
    let change = Edit::Change { id: FieldOptionId::new(id), words };
    let option: FieldOption = carry_out(&app, &key, CatalogueCommand::Option(change)).await?;
    Ok(Json(One { custom_field_option: Choice::show(&option, field) }))
}

async fn remove(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let remove = Edit::Remove { id: FieldOptionId::new(id) };
    carry_out::<FieldOption>(&app, &key, CatalogueCommand::Option(remove)).await?;
    Ok(StatusCode::NO_CONTENT)
}
