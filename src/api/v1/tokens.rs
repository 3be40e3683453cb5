//! Tokens: who may call, and what they may do.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Body;
use crate::api::tokens::{self, NotMade};
use crate::api::v1::openapi::{Authorized, OneToken, Written};
use crate::api::v1::settings::sentence;
use crate::app::App;
use crate::clock::Timestamp;
use crate::scope::{Scopes, UnknownScope};
use crate::store;
use crate::store::tokens::Kept;

const PATH: &str = "/api/v1/tokens";

/// A token, without what it is shown as.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    /// Its id, a ULID.
    #[schema(example = "01K5QGJH00000000000000000B")]
    pub id: String,
    /// What its maker called it: the name under which the record says who did something.
    #[schema(example = "ci")]
    pub name: String,
    /// What it may do.
    #[schema(example = json!(["incidents:read", "incidents:declare"]))]
    pub scopes: Vec<String>,
    /// Since when it is there.
    pub created_at: Timestamp,
}

impl From<Kept> for TokenView {
    fn from(token: Kept) -> TokenView {
        let scopes = token.scopes().words();
        TokenView { id: token.id, name: token.name, scopes, created_at: token.created_at }
    }
}

/// A token with what it is shown as, this once.
#[derive(Serialize, ToSchema)]
pub struct TokenWithSecret {
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
    /// What a request shows: `Authorization: Bearer stn_…`.
    #[schema(example = "stn_…")]
    pub secret: String,
}

impl From<NotMade> for Problem {
    fn from(not_made: NotMade) -> Problem {
        let detail = sentence(&not_made.to_string());
        match not_made {
            NotMade::NoName | NotMade::NameTooLong { .. } => {
                Problem::does_not_fit(detail, Some("name".to_owned()))
            }
            NotMade::NameTaken { .. } => Problem::name_taken(detail),
            NotMade::NotSaved(error) => error.into(),
        }
    }
}

impl From<UnknownScope> for Problem {
    fn from(unknown: UnknownScope) -> Problem {
        Problem::does_not_fit(sentence(&unknown.to_string()), Some("scopes".to_owned()))
    }
}

/// The tokens of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenList {
    /// By name.
    pub tokens: Vec<TokenView>,
}

/// List tokens
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    operation_id = "listTokens",
    tag = "tokens",
    security(("token" = [])),
    responses((status = 200, description = "All of them", body = TokenList), Authorized),
)]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<TokenList>, Problem> {
    let mut tx = app.db.read().await?;
    let all = store::tokens::all(&mut tx, &caller.workspace).await?;
    Ok(Json(TokenList { tokens: all.into_iter().map(TokenView::from).collect() }))
}

/// A token that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, in at most 100 characters; no two have the same name.
    #[schema(example = "ci")]
    pub name: String,
    /// What it may do: our own words, or those of another API with its name before them
    /// (`incident.io/viewer`, `sentry/org:read`). Everything but private incidents, if left out.
    #[serde(default)]
    #[schema(example = json!(["incidents:read", "incidents:declare"]))]
    pub scopes: Vec<String>,
}

/// Make a token
///
/// What it is shown as is in this answer and never again; if the answer was lost, revoke the token and
/// make another one. Nobody can give a scope that their own token lacks.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    operation_id = "createToken",
    tag = "tokens",
    security(("token" = [])),
    request_body = NewToken,
    responses(
        (status = 201, description = "The token with what it is shown as", body = TokenWithSecret,
            headers(("Location" = String, description = "Where the token is"))),
        (status = 409, description = "There is a token of that name (`name-taken`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<NewToken>,
) -> Result<Response, Problem> {
    let scopes = Scopes::read(body.scopes.iter().map(String::as_str))?;
    if let Some(missing) = caller.scopes.lacks_of(&scopes) {
        return Err(Problem::missing_scope(missing));
    }
    let App { db, clock, ids, .. } = &app;
    let made = tokens::create_with(db, clock, ids, &caller.workspace, &body.name, &scopes).await?;
    let location = format!("{PATH}/{}", made.token.id);
    let location = HeaderValue::try_from(location).expect("an id of ours is a header value");
    let made =
        TokenWithSecret { token: made.token.into(), secret: made.secret.reveal().to_owned() };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

/// Show a token
#[utoipa::path(
    get,
    path = "/api/v1/tokens/{id}",
    operation_id = "showToken",
    tag = "tokens",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the token")),
    responses((status = 200, description = "The token", body = TokenView), Authorized, OneToken),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<TokenView>, Problem> {
    let mut tx = app.db.read().await?;
    let all = store::tokens::all(&mut tx, &caller.workspace).await?;
    let token = all.into_iter().find(|token| token.id == id);
    Ok(Json(token.ok_or_else(no_such)?.into()))
}

/// Revoke a token
///
/// It opens nothing from then on. What was done with it stays.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    operation_id = "revokeToken",
    tag = "tokens",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the token")),
    responses((status = 204, description = "It is revoked"), Authorized, OneToken),
)]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    let was_there = tokens::revoke(&app.db, &caller.workspace, &id).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(no_such()) }
}

fn no_such() -> Problem {
    Problem::no_such("token")
}

/// Which token the path means.
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text): Path<String> =
            Path::from_request_parts(parts, state).await.map_err(|_| no_such())?;
        let id = ulid::Ulid::from_string(&text).map_err(|_| no_such())?;
        Ok(Named(id.to_string()))
    }
}
