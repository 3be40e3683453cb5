//! Writes what a workspace calls its tags and environments: in its catalogue, once for each receipt.
//!
//! Catalogues change seldom, so each change is a transaction of its own. Whoever was slower than
//! another writer reads the catalogue again and decides again.

use serde_json::{Value, json};

use crate::clock::{Clock, Timestamp};
use crate::engine::order::NotDone;
use crate::ids::WorkspaceId;
use crate::incident::catalogue::Catalogue;
use crate::incident::refusal::Refusal;
use crate::store::db::{self, Db};
use crate::store::{receipts, workspaces};

/// How often it is tried again when somebody else was faster, or when it is not known whether it
/// happened.
const TRIES: usize = 8;

/// What was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// The catalogue after it; after a repetition, as it is now.
    pub catalogue: Catalogue,
}

/// Changes a catalogue by this, which gives the id of what it was about. A second time with the same
/// receipt nothing is changed, and the id is the same.
pub async fn name(
    db: &Db,
    clock: &Clock,
    workspace: &WorkspaceId,
    receipt: &str,
    change: impl Fn(&mut Catalogue, Timestamp) -> Result<String, Refusal>,
) -> Result<Named, NotDone> {
    let mut last = sqlx::Error::RowNotFound;
    for _ in 0..TRIES {
        match attempt(db, clock.now(), workspace, receipt, &change).await {
            Ok(Some(named)) => return Ok(named),
            Ok(None) => tracing::debug!("Another writer of the catalogue was faster"),
            Err(Failed::Refused(refusal)) => return Err(refusal.into()),
            // If the answer to a commit was lost, the receipt tells the next attempt what became of it.
            Err(Failed::Store(error)) if db::is_conflict(&error) || db::is_unclear(&error) => {
                last = error;
            }
            Err(Failed::Store(error)) => return Err(unavailable(error)),
        }
    }
    Err(unavailable(last))
}

fn unavailable(error: sqlx::Error) -> NotDone {
    NotDone::Unavailable(std::sync::Arc::new(error))
}

enum Failed {
    Refused(Refusal),
    Store(sqlx::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Failed {
        Failed::Store(error)
    }
}

async fn attempt(
    db: &Db,
    now: Timestamp,
    workspace: &WorkspaceId,
    receipt: &str,
    change: &impl Fn(&mut Catalogue, Timestamp) -> Result<String, Refusal>,
) -> Result<Option<Named>, Failed> {
    let mut tx = db.begin().await?;
    let (version, mut catalogue) = workspaces::catalogue(&mut tx, workspace).await?;
    if let Some(known) = receipts::marked(&mut tx, workspace, receipt).await? {
        let id = known["named"].as_str().map(str::to_owned);
        let id = id.ok_or_else(|| sqlx::Error::Decode("the receipt is another's".into()))?;
        return Ok(Some(Named { id, catalogue }));
    }
    let id = change(&mut catalogue, now).map_err(Failed::Refused)?;
    if !workspaces::keep_catalogue(&mut tx, workspace, version, &catalogue).await? {
        return Ok(None);
    }
    let outcome: Value = json!({ "named": id });
    receipts::mark(&mut tx, workspace, &[(receipt.to_owned(), outcome)], now).await?;
    tx.commit().await?;
    Ok(Some(Named { id, catalogue }))
}
