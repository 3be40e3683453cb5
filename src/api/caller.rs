//! Who calls: a program, by its token.

use std::time::Duration;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode, header};

use crate::api::needed::{self, Need};
use crate::api::problem::Problem;
use crate::api::request::IdempotencyKey;
use crate::api::tokens;
use crate::app::App;
use crate::clock::Timestamp;
use crate::engine::order::Program;
use crate::ids::{UserId, WorkspaceId};
use crate::incident::event::Actor;
use crate::scope::{Scope, Scopes};
use crate::source::Source;
use crate::store;
use crate::suspicion::Standing;

/// How often a new token is looked up of a source that shows so many wrong ones.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// In whose name a program writes.
const USER: HeaderName = HeaderName::from_static("x-incident-user");

/// A program that showed a valid token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The workspace that the token opens.
    pub workspace: WorkspaceId,
    /// Who the record says it was: the program, or the person in whose name it writes.
    pub actor: Actor,
    /// What the token may do.
    pub scopes: Scopes,
    name: String,
    token: String,
}

impl Caller {
    /// Goes on only if the token may do this.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.has(scope) { Ok(()) } else { Err(Problem::missing_scope(scope)) }
    }

    /// The program that the record names beside whoever it writes for.
    pub fn program(&self) -> Program {
        let sees_private = self.scopes.has(Scope::IncidentsPrivate);
        Program { name: self.name.clone(), sees_private }
    }

    /// The program, where a record has to name it beside the person it writes for.
    pub fn through(&self) -> Option<String> {
        self.program().beside(&self.actor)
    }

    /// With whose eyes it looks at what is private: whoever it writes for, a program sees what its
    /// token lets it see.
    pub fn eyes(&self) -> Actor {
        self.program().eyes()
    }

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
        Caller::known(parts, app).await?.admitted(parts, app).await
    }
}

impl Caller {
    /// Whoever showed a valid token, whatever it may do.
    pub async fn known(parts: &Parts, app: &App) -> Result<Caller, Problem> {
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

    /// The same caller, if it may do what this request is for, in the name of whom it says.
    pub async fn admitted(self, parts: &Parts, app: &App) -> Result<Caller, Problem> {
        self.may_enter(parts)?;
        self.acting_for(parts, app).await
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
    let mut tx = app.db.look().await?;
    let found = store::tokens::by_hash(&mut tx, &hash).await?;
    drop(tx);
    let found = found.ok_or_else(Problem::invalid_token)?;
    suspicion.genuine_tokens.credit(&hash, now);
    Ok(Caller {
        scopes: found.scopes(),
        workspace: found.workspace,
        actor: Actor::ApiToken { name: found.name.clone() },
        name: found.name,
        token: found.id,
    })
}

impl Caller {
    /// Goes on only if the token may do what this route is for.
    fn may_enter(&self, parts: &Parts) -> Result<(), Problem> {
        let Some(path) = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str) else {
            return Ok(());
        };
        match needed::need(&parts.method, path) {
            Need::Scope(scope) => self.require(scope),
            Need::Nothing => Ok(()),
        }
    }

    /// Whom the caller means: somebody by their id in Slack, or by their address, where the directory
    /// has it. An id that the directory does not have may still be somebody's: it may be old, or there
    /// may be none.
    async fn person(&self, app: &App, given: &str) -> Result<Option<UserId>, Problem> {
        let id = UserId::from(given);
        if id.is_well_formed() {
            return Ok(Some(id));
        }
        if !given.contains('@') {
            return Ok(None);
        }
        let mut tx = app.db.read().await?;
        let found = store::people::by_email(&mut tx, &self.workspace, given).await?;
        Ok(found.filter(|person| person.is_active).map(|person| person.id))
    }

    /// The caller in the name of somebody, if it writes and says so.
    async fn acting_for(self, parts: &Parts, app: &App) -> Result<Caller, Problem> {
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        let given = match parts.headers.get(USER) {
            Some(given) if !reads => given.to_str().unwrap_or_default().trim(),
            _ => return Ok(self),
        };
        self.require(Scope::ActAsUser)?;
        let user = self.person(app, given).await?.ok_or_else(|| Problem::unknown_user(given))?;
        Ok(Caller { actor: Actor::Person { user }, ..self })
    }
}
