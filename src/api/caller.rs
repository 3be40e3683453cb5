//! Who calls: a program, by its token.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use crate::api::problem::Problem;
use crate::api::request::IdempotencyKey;
use crate::api::tokens;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::incident::event::Actor;
use crate::source::Source;
use crate::store;
use crate::suspicion::Standing;

/// How often a new token is looked up of a source that shows so many wrong ones.
const TRY_EVERY: Duration = Duration::from_secs(1);

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

    /// The receipt for what is no command to an incident: one of the caller's keys is another one for
    /// each path. Without a key it is `new`, so that what is done twice by a broken connection to the
    /// database is done once.
    pub fn receipt_for(&self, path: &str, key: &IdempotencyKey, new: &str) -> String {
        match &key.0 {
            Some(key) => format!("{path}/{}/{key}", self.token),
            None => format!("{path}//{new}"),
        }
    }

    /// The id of the token.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Caller, Problem> {
        let source = app.trusted_proxies.source(parts);
        let now = app.clock.now();
        let result = read(parts, app, &source, now).await;
        if let Err(problem) = &result
            && problem.status() == StatusCode::UNAUTHORIZED
        {
            app.suspicion.tokens.doubt(&source, now);
            metrics::counter!("stentor_refused_total", "door" => "api", "why" => "bad_token")
                .increment(1);
        }
        result
    }
}

/// Reads the token and looks it up.
///
/// A source that has shown many tokens that open nothing has new ones looked up once a second. A
/// token that opened something lately is always looked up, wherever it comes from: a program is
/// not kept out by another one behind the same proxy.
async fn read(
    parts: &Parts,
    app: &App,
    source: &Source,
    now: Timestamp,
) -> Result<Caller, Problem> {
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
    let suspicion = &app.suspicion;
    let is_known = suspicion.genuine_tokens.is_credited(&hash, now);
    if let Standing::Suspected { wait, .. } = suspicion.tokens.standing(source, now)
        && !is_known
        && !suspicion.tokens.may_try(source, now, TRY_EVERY)
    {
        metrics::counter!("stentor_refused_total", "door" => "api", "why" => "too_many")
            .increment(1);
        return Err(Problem::too_many(wait));
    }
    let mut tx = app.db.read().await?;
    let found = store::tokens::by_hash(&mut tx, &hash).await?;
    let found = found.ok_or_else(Problem::invalid_token)?;
    suspicion.genuine_tokens.credit(&hash, now);
    Ok(Caller {
        workspace: found.workspace,
        actor: Actor::ApiToken { name: found.name },
        token: found.id,
    })
}
