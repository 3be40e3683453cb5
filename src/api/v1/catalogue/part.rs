//! Each kind of thing in the catalogue is listed, made, shown, changed and removed alike.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey, fit};
use crate::app::App;
use crate::engine::catalogue::{CatalogueOrder, edit_catalogue};
use crate::incident::catalogue::duration::DurationMetric;
use crate::incident::catalogue::edit::{CatalogueCommand, Edit, Edited};
use crate::incident::catalogue::field::CustomField;
use crate::incident::catalogue::{Catalogue, IncidentType, Role, Severity, Status, TimestampKind};

/// What the API calls a kind of thing in the catalogue.
pub struct Words {
    /// Where they are.
    pub path: &'static str,
    /// Where one is.
    pub item: &'static str,
    /// One of them.
    pub one: &'static str,
    /// Several of them.
    pub many: &'static str,
    /// One of them, in the name of an operation.
    pub operation: &'static str,
    /// What they are for.
    pub about: &'static str,
    /// What a new one needs.
    pub needs: &'static str,
}

/// A kind of thing in the catalogue, as the API serves it.
pub trait Served: Serialize + ToSchema + Clone + Send + 'static {
    /// What the API calls it.
    const WORDS: Words;
    /// What it can be told to say.
    type Says: DeserializeOwned + ToSchema + Send;

    /// Its id.
    fn id(&self) -> &str;

    /// All of them, in their order.
    fn all(catalogue: &Catalogue) -> Vec<&Self>;

    /// The command that does this.
    fn command(edit: Edit<String, Self::Says>) -> CatalogueCommand;
}

/// What an answer has that a body may repeat: nobody can change it.
const GIVEN: [&str; 3] = ["id", "created_at", "updated_at"];

/// Every path of theirs, with its methods.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    [
        of::<Severity>(),
        of::<Status>(),
        of::<Role>(),
        of::<IncidentType>(),
        of::<CustomField>(),
        of::<TimestampKind>(),
        of::<DurationMetric>(),
    ]
    .concat()
}

fn of<P: Served>() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        (P::WORDS.path, get(list::<P>).post(create::<P>)),
        (P::WORDS.item, get(show::<P>).patch(change::<P>).delete(remove::<P>)),
    ]
}

/// All of one kind: there are never more than people can choose from.
#[derive(Debug, Serialize)]
struct All<P> {
    items: Vec<P>,
}

async fn list<P: Served>(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(All { items: P::all(&catalogue) }).into_response())
}

async fn show<P: Served>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<P>, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let part = P::all(&catalogue).into_iter().find(|part| part.id() == id).cloned();
    part.map(Json).ok_or_else(|| Problem::no_such(P::WORDS.one))
}

async fn create<P: Served>(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let says = read::<P>(body)?;
    let edited =
        carry_out(&app, &caller, &key, P::WORDS.path, P::command(Edit::Create(says))).await?;
    Ok(made(&format!("{}/{}", P::WORDS.path, edited.id), edited))
}

async fn change<P: Served>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    key: IdempotencyKey,
    Body(body): Body<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let command = P::command(Edit::Change { id, words: read::<P>(body)? });
    let edited = carry_out(&app, &caller, &key, P::WORDS.item, command).await?;
    Ok(Json(edited.after))
}

async fn remove<P: Served>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    let command = P::command(Edit::Remove { id });
    carry_out(&app, &caller, &IdempotencyKey(None), P::WORDS.item, command).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The answer to what was made.
pub fn made(location: &str, edited: Edited) -> Response {
    let location = HeaderValue::try_from(location).expect("an id of ours is a header value");
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(edited.after)).into_response()
}

fn read<P: Served>(mut body: Map<String, Value>) -> Result<P::Says, Problem> {
    for name in GIVEN {
        body.remove(name);
    }
    fit(&body)
}

/// Gives a command to the catalogue of the caller's workspace.
pub async fn carry_out(
    app: &App,
    caller: &Caller,
    key: &IdempotencyKey,
    path: &str,
    command: CatalogueCommand,
) -> Result<Edited, Problem> {
    let order = CatalogueOrder {
        workspace: caller.workspace.clone(),
        receipt: caller.receipt_for(path, key, &app.ids.ulid(app.clock.now())),
        actor: caller.actor.clone(),
        command,
    };
    Ok(edit_catalogue(&app.db, &app.clock, &app.ids, &order).await?)
}

/// Which of them the path means.
pub struct Named(pub String);

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // What is no text is no id.
        match Path::<String>::from_request_parts(parts, app).await {
            Ok(Path(id)) => Ok(Named(id)),
            Err(_) => Ok(Named(String::new())),
        }
    }
}
