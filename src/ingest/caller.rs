//! Who stands before a door while nothing is proven yet: where the request is from, and how much that
//! came from there was not genuine.
//!
//! As with tokens of the API: who has shown many secrets that open nothing, or named many sources that
//! are not there, has new ones looked up once a second. What opened something lately is always looked
//! up, wherever it comes from: a sender is not kept out by another one behind the same proxy. A secret
//! that is shown to a source that is known costs no look into the database, and is always compared.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::SourceId;
use crate::ingest::kind::Kind;
use crate::ingest::knock::Trouble;
use crate::ingest::sources;
use crate::source::Source;
use crate::store::sources::AlertSource;
use crate::suspicion::Standing;

/// How often something new is looked up of somebody who shows so much that is wrong.
const TRY_EVERY: Duration = Duration::from_secs(1);
/// How many of the secrets that one request shows are looked up.
const SECRETS: usize = 4;

/// Who sends a request, as far as that is known before they prove it.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    source: Source,
    now: Timestamp,
}

/// Says to the doors who knocks, and remembers who has proven nothing.
pub async fn introduce(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = Caller { source: app.trusted_proxies.source(&parts), now: app.clock.now() };
    parts.extensions.insert(caller);
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        caller.doubt(&app, "bad_secret");
    }
    response
}

impl Caller {
    /// Who sends this request.
    pub fn of(request: &Request) -> Caller {
        *request.extensions().get().expect("every door is behind `introduce`")
    }

    /// The source that an address names.
    pub async fn source_by_id(self, app: &App, id: &SourceId) -> Result<Arc<AlertSource>, Trouble> {
        if !app.sources.knows(id) {
            self.may_look_up(app, id)?;
        }
        match app.sources.by_id(&app.db, id).await {
            Ok(Some(source)) => {
                app.suspicion.genuine_secrets.credit(id, self.now);
                Ok(source)
            }
            Ok(None) => {
                self.doubt(app, "no_such_source");
                Err(Trouble::NotThere)
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// The source of this kind that one of these secrets opens, where the address names none.
    pub async fn source_by_secret(
        self,
        app: &App,
        secrets: &[String],
        kind: Kind,
    ) -> Result<Arc<AlertSource>, Trouble> {
        for secret in secrets.iter().take(SECRETS) {
            let hash = sources::hash(secret);
            if !app.sources.knows_secret(&hash) {
                self.may_look_up(app, &hash)?;
            }
            let found = app.sources.by_secret(&app.db, &hash, self.now).await;
            let found = found.map_err(|error| unavailable(&error))?;
            if let Some(source) = found.filter(|source| source.kind == kind) {
                app.suspicion.genuine_secrets.credit(&hash, self.now);
                return Ok(source);
            }
        }
        Err(Trouble::Unproven)
    }

    fn may_look_up(self, app: &App, wanted: &impl Hash) -> Result<(), Trouble> {
        let suspicion = &app.suspicion;
        if suspicion.genuine_secrets.is_credited(wanted, self.now) {
            return Ok(());
        }
        match suspicion.secrets.standing(&self.source, self.now) {
            Standing::Suspected { wait, .. }
                if !suspicion.secrets.may_try(&self.source, self.now, TRY_EVERY) =>
            {
                refused("too_many");
                Err(Trouble::Suspected(wait))
            }
            _ => Ok(()),
        }
    }

    fn doubt(self, app: &App, why: &'static str) {
        app.suspicion.secrets.doubt(&self.source, self.now);
        refused(why);
    }
}

fn refused(why: &'static str) {
    metrics::counter!("stentor_refused_total", "door" => "alerts", "why" => why).increment(1);
}

fn unavailable(error: &sqlx::Error) -> Trouble {
    tracing::warn!(%error, "Could not look a source up");
    Trouble::Unavailable
}
