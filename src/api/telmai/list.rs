//! The list: all of it in one answer, which is sent as it is read.

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use futures_util::stream;

use crate::api::telmai::answer;
use crate::api::telmai::caller::Tenant;
use crate::api::telmai::filters::Filters;
use crate::api::telmai::problem::Problem;
use crate::api::telmai::view::Item;
use crate::app::App;
use crate::ids::WorkspaceId;
use crate::incident::event::Actor;
use crate::store::db::Result;
use crate::store::incident_lists::{self, Found};

/// Incidents that are read and sent together.
const AT_ONCE: usize = 200;

/// Lists incidents, the newest first.
///
/// Which they are is decided at one moment; how each stands is read when its turn comes. Nothing is held
/// open in the database meanwhile, however slowly it is taken. An answer that can't be ended ends without
/// its last bracket.
pub async fn list(
    State(app): State<App>,
    Tenant(caller): Tenant,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let filters = Filters::read(query.as_deref(), &catalogue)?;
    let wanted = filters.in_time(&mut tx, &caller.workspace).await?;
    let found =
        incident_lists::found(&mut tx, &caller.workspace, &caller.eyes(), &wanted, None).await?;
    drop(tx);
    let sending = Sending {
        app,
        actor: caller.eyes(),
        workspace: caller.workspace,
        found,
        before: Some(i64::MAX),
        is_first: true,
    };
    let parts = stream::try_unfold(sending, |mut sending| async move {
        match sending.next().await {
            Ok(Some(part)) => Ok(Some((part, sending))),
            Ok(None) => Ok(None),
            Err(error) => {
                tracing::error!(error = %error, "Could not go on with a list");
                Err(error)
            }
        }
    });
    Ok(answer::json(Body::from_stream(parts)))
}

/// A list on its way.
struct Sending {
    app: App,
    workspace: WorkspaceId,
    actor: Actor,
    found: Found,
    /// What was sent last; nothing when all of it was.
    before: Option<i64>,
    is_first: bool,
}

impl Sending {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(before) = self.before else { return Ok(None) };
        let mut part = String::from(if before == i64::MAX { "[" } else { "" });
        let numbers = self.found.before(before, AT_ONCE);
        let mut tx = self.app.db.read().await?;
        let catalogue = self.app.catalogues.of(&mut tx, &self.workspace).await?;
        let shown = incident_lists::shown(&mut tx, &self.workspace, &self.actor, &numbers).await?;
        drop(tx);
        for incident in shown {
            part.push_str(if self.is_first { "" } else { "," });
            self.is_first = false;
            let item = serde_json::to_string(&Item::listed(&incident, &catalogue));
            part.push_str(&item.expect("an item is plain data"));
        }
        self.before = numbers.last().copied().filter(|_| numbers.len() == AT_ONCE);
        if self.before.is_none() {
            part.push(']');
        }
        Ok(Some(part.into()))
    }
}
