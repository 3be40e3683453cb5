//! Custom fields: what else an incident can say.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::edit::carry_out;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::shape::field::CustomField;
use crate::app::App;
use crate::ids::CustomFieldId;
use crate::incident::catalogue::edit::{CatalogueCommand, Edit, FieldWords};
use crate::incident::catalogue::field::{self, FieldType};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/custom_fields", list),
        posts("/v2/custom_fields", create),
        reads("/v2/custom_fields/{id}", show),
        puts("/v2/custom_fields/{id}", replace),
        removes("/v2/custom_fields/{id}", remove),
    ]
}

#[derive(Serialize)]
struct Many {
    custom_fields: Vec<CustomField>,
}

#[derive(Serialize)]
struct One {
    custom_field: CustomField,
}

#[derive(Debug, Deserialize)]
struct Create {
    name: String,
    description: String,
    field_type: FieldType,
    catalog_type_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Says {
    name: String,
    description: String,
}

async fn list(State(app): State<App>, Key(caller): Key) -> Result<Json<Many>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(Many { custom_fields: catalogue.fields.iter().map(CustomField::from).collect() }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let field = catalogue.fields.iter().find(|field| field.id.as_str() == id);
    let field = field.ok_or_else(|| Failure::not_found("custom field"))?;
    Ok(Json(One { custom_field: field.into() }))
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    if create.catalog_type_id.is_some() {
        let message = "Custom fields have options of their own here, and no catalog type.";
        return Err(Failure::invalid("catalog_type_id", message));
    }
    let words = FieldWords {
        name: Some(create.name),
        description: Some(create.description),
        field_type: Some(create.field_type),
    };
    Ok((StatusCode::CREATED, Json(edit(&app, &key, Edit::Create(words)).await?)))
}

async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(Says { name, description }): Body<Says>,
) -> Result<Json<One>, Failure> {
    let words = FieldWords { name: Some(name), description: Some(description), field_type: None };
    let change = Edit::Change { id: CustomFieldId::new(id), words };
    Ok(Json(edit(&app, &key, change).await?))
}

async fn remove(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    edit(&app, &key, Edit::Remove { id: CustomFieldId::new(id) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn edit(app: &App, key: &Key, edit: Edit<CustomFieldId, FieldWords>) -> Result<One, Failure> {
    let field: field::CustomField = carry_out(app, key, CatalogueCommand::Field(edit)).await?;
    Ok(One { custom_field: (&field).into() })
}
