//! The only writer of catalogues: a command goes in, and comes back when it is durable.
//!
//! Catalogues change seldom, so each command is a transaction of its own. It has a receipt, the
//! sender's or a new one, by which it is found again if the answer to its commit was lost.

use serde_json::Value;

use crate::clock::Clock;
use crate::ids::{IdSource, WorkspaceId};
use crate::incident::catalogue::edit::{Action, BadEdit, CatalogueCommand, Edited, edit};
use crate::incident::event::Actor;
use crate::store::catalogue_changes::{self, Change};
use crate::store::db::{self, Db};
use crate::store::receipts;

/// How often it is tried again when somebody else was faster, or when it is not known whether it
/// happened.
const TRIES: usize = 16;

/// A command on its way to a catalogue.
#[derive(Clone, Debug)]
pub struct CatalogueOrder {
    /// Whose catalogue.
    pub workspace: WorkspaceId,
    /// What tells this request from every other: a second one with the same key changes nothing
    /// and gets the first one's answer.
    pub receipt: String,
    /// Who asks.
    pub actor: Actor,
    /// What is wanted.
    pub command: CatalogueCommand,
}

/// Why the catalogue stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum NotEdited {
    /// It can't be done; the sentence says why.
    #[error(transparent)]
    Refused(#[from] BadEdit),
    /// It could not be saved. The sender may try again.
    #[error("the catalogue could not be saved")]
    Unavailable(#[from] sqlx::Error),
}

/// How a try ended.
enum Tried {
    Done(Edited),
    Overtaken,
    /// The answer to the commit was lost.
    Unclear(sqlx::Error),
}

/// Carries the command out, once for each receipt.
pub async fn edit_catalogue(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    order: &CatalogueOrder,
) -> Result<Edited, NotEdited> {
    // Whoever is overtaken that often is told what they would be told if the store were away.
    let mut last = sqlx::Error::PoolTimedOut;
    for _ in 0..TRIES {
        match attempt(db, clock, ids, order).await {
            Ok(Tried::Done(edited)) => return Ok(edited),
            Ok(Tried::Overtaken) => tracing::debug!("Another writer of the catalogue was faster"),
            Ok(Tried::Unclear(error)) => last = error,
            Err(NotEdited::Unavailable(error)) if db::is_conflict(&error) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last.into())
}

async fn attempt(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    order: &CatalogueOrder,
) -> Result<Tried, NotEdited> {
    let workspace = &order.workspace;
    let now = clock.now();
    let mut tx = db.begin().await?;
    if let Some(edited) = receipts::marked(&mut tx, workspace, &order.receipt).await? {
        return Ok(Tried::Done(answered(edited)?));
    }
    let (version, mut catalogue) = catalogue_changes::current(&mut tx, workspace).await?;
    let edited = edit(&mut catalogue, &order.command, &ids.ulid(now), now)?;
    if edited.action != Action::Unchanged {
        let (version, actor) = (version + 1, order.actor.clone());
        let change = Change { version, at: now, actor, edited: edited.clone() };
        if !catalogue_changes::save(&mut tx, workspace, &catalogue, &change).await? {
            return Ok(Tried::Overtaken);
        }
    }
    let outcome =
        serde_json::to_value(&edited).map_err(|error| sqlx::Error::Encode(error.into()))?;
    receipts::mark(&mut tx, workspace, &[(order.receipt.clone(), outcome)], now).await?;
    match tx.commit().await {
        Ok(()) => Ok(Tried::Done(edited)),
        Err(error) if db::is_unclear(&error) => Ok(Tried::Unclear(error)),
        Err(error) => Err(error.into()),
    }
}

fn answered(edited: Value) -> Result<Edited, sqlx::Error> {
    serde_json::from_value(edited).map_err(|error| sqlx::Error::Decode(error.into()))
}
