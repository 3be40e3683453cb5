//! Who calls: a program, by its token.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::api::problem::Problem;
use crate::api::tokens;
use crate::app::App;
use crate::ids::WorkspaceId;
use crate::incident::event::Actor;
use crate::store;

/// A program that showed a valid token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The workspace that the token opens.
    pub workspace: WorkspaceId,
    /// Who the record says it was.
    pub actor: Actor,
    token: String,
}

impl Caller {
    /// The receipt for one of the caller's own idempotency keys. Another token's keys are others.
    pub fn receipt(&self, key: &str) -> String {
        format!("api/{}/{key}", self.token)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Caller, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(Problem::no_token)?;
        let (scheme, token) = header
            .to_str()
            .ok()
            .and_then(|text| text.trim().split_once(' '))
            .ok_or_else(Problem::no_token)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::no_token());
        }
        // What does not look like a token of ours needs no look into the database.
        let hash = tokens::hash(token.trim()).ok_or_else(Problem::invalid_token)?;
        let mut tx = app.db.read().await?;
        let found = store::tokens::by_hash(&mut tx, &hash).await?;
        let found = found.ok_or_else(Problem::invalid_token)?;
        Ok(Caller {
            workspace: found.workspace,
            actor: Actor::ApiToken { name: found.name },
            token: found.id,
        })
    }
}
