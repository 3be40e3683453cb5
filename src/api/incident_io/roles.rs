//! Roles: jobs in an incident. The deprecated first version has one field more.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::edit::carry_out;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::shape::catalogue::{Role, RoleV1};
use crate::app::App;
use crate::ids::RoleId;
use crate::incident::catalogue;
use crate::incident::catalogue::edit::{CatalogueCommand, Edit, RoleWords};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v1/incident_roles", list::<RoleV1>),
        posts("/v1/incident_roles", create_v1),
        reads("/v1/incident_roles/{id}", show::<RoleV1>),
        puts("/v1/incident_roles/{id}", replace_v1),
        removes("/v1/incident_roles/{id}", remove),
        reads("/v2/incident_roles", list::<Role>),
        posts("/v2/incident_roles", create),
        reads("/v2/incident_roles/{id}", show::<Role>),
        puts("/v2/incident_roles/{id}", replace),
        removes("/v2/incident_roles/{id}", remove),
    ]
}

#[derive(Serialize)]
struct Many<R> {
    incident_roles: Vec<R>,
}

#[derive(Serialize)]
struct One<R> {
    incident_role: R,
}

#[derive(Debug, Deserialize)]
struct Says {
    name: String,
    description: String,
    instructions: String,
    shortform: String,
}

/// In the first version, whether somebody has to hold it has to be said of a new one.
#[derive(Debug, Deserialize)]
struct CreateV1 {
    required: bool,
    #[serde(flatten)]
    says: Says,
}

#[derive(Debug, Deserialize)]
struct ReplaceV1 {
    required: Option<bool>,
    #[serde(flatten)]
    says: Says,
}

impl Says {
    fn words(self, required: Option<bool>) -> RoleWords {
        RoleWords {
            name: Some(self.name),
            description: Some(self.description),
            instructions: Some(self.instructions),
            shortform: Some(self.shortform),
            required,
        }
    }
}

async fn list<R: for<'r> From<&'r catalogue::Role>>(
    State(app): State<App>,
    Key(caller): Key,
) -> Result<Json<Many<R>>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(Many { incident_roles: catalogue.roles.iter().map(R::from).collect() }))
}

async fn show<R: for<'r> From<&'r catalogue::Role>>(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One<R>>, Failure> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let role = catalogue.roles.iter().find(|role| role.id.as_str() == id);
    let role = role.ok_or_else(|| Failure::not_found("incident role"))?;
    Ok(Json(One { incident_role: role.into() }))
}

async fn create_v1(
    State(app): State<App>,
    key: Key,
    Body(CreateV1 { required, says }): Body<CreateV1>,
) -> Result<(StatusCode, Json<One<RoleV1>>), Failure> {
    let one = edit(&app, &key, Edit::Create(says.words(Some(required)))).await?;
    Ok((StatusCode::CREATED, Json(one)))
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(says): Body<Says>,
) -> Result<(StatusCode, Json<One<Role>>), Failure> {
    let one = edit(&app, &key, Edit::Create(says.words(None))).await?;
    Ok((StatusCode::CREATED, Json(one)))
}

async fn replace_v1(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(ReplaceV1 { required, says }): Body<ReplaceV1>,
) -> Result<Json<One<RoleV1>>, Failure> {
    let change = Edit::Change { id: RoleId::new(id), words: says.words(required) };
    Ok(Json(edit(&app, &key, change).await?))
}

async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(says): Body<Says>,
) -> Result<Json<One<Role>>, Failure> {
    let change = Edit::Change { id: RoleId::new(id), words: says.words(None) };
    Ok(Json(edit(&app, &key, change).await?))
}

async fn remove(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    edit::<Role>(&app, &key, Edit::Remove { id: RoleId::new(id) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn edit<R: for<'r> From<&'r catalogue::Role>>(
    app: &App,
    key: &Key,
    edit: Edit<RoleId, RoleWords>,
) -> Result<One<R>, Failure> {
    let role: catalogue::Role = carry_out(app, key, CatalogueCommand::Role(edit)).await?;
    Ok(One { incident_role: R::from(&role) })
}
