//! Attributes of alerts: made, changed, removed. The labels of alerts stay as they are.

use serde_json::json;

use crate::alert::attribute::{Attribute, BadAttribute};
use crate::clock::Clock;
use crate::ids::{AttributeId, IdSource, WorkspaceId};
use crate::store::alert_attributes::{self, Kept};
use crate::store::db::{Db, is_conflict};
use crate::store::receipts;

/// The most attributes of a workspace: each is looked for in every alert that is shown.
pub const MOST: usize = 200;

/// Why there is no such attribute.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It says what can't be.
    #[error("{0}")]
    Bad(#[from] BadAttribute),
    /// People know attributes by name.
    #[error("there is an attribute called \u{201c}{name}\u{201d} already; take another name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// There are as many as there can be.
    #[error("there are {MOST} attributes, which is the most")]
    Enough,
    /// It was made, and removed since.
    #[error("the attribute that was made then is not there any more")]
    Gone,
    /// The store failed.
    #[error("the attribute could not be saved")]
    NotSaved(#[from] sqlx::Error),
}

/// Makes an attribute, once for each receipt.
pub async fn create(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    workspace: &WorkspaceId,
    attribute: Attribute,
    receipt: &str,
) -> Result<Kept, NotKept> {
    if let Some(known) = repeated(db, workspace, receipt).await? {
        return Ok(known);
    }
    let now = clock.now();
    let id = AttributeId::new(ids.ulid(now));
    let new = Kept { id, attribute: attribute.checked()?, created_at: now, updated_at: now };
    let mut tx = db.begin().await?;
    if alert_attributes::all(&mut tx, workspace).await?.len() >= MOST {
        return Err(NotKept::Enough);
    }
    match alert_attributes::create(&mut tx, workspace, &new).await {
        Ok(()) => {
            let done = (receipt.to_owned(), json!({"attribute": new.id}));
            receipts::mark(&mut tx, workspace, &[done], now).await?;
            tx.commit().await?;
            Ok(new)
        }
        Err(error) if is_conflict(&error) => {
            drop(tx);
            // The same wish, sent twice at once, has the same name.
            let known = repeated(db, workspace, receipt).await?;
            known.ok_or(NotKept::NameTaken { name: new.attribute.name })
        }
        Err(error) => Err(error.into()),
    }
}

/// The attribute that the wish of this receipt has made, as it is now.
async fn repeated(
    db: &Db,
    workspace: &WorkspaceId,
    receipt: &str,
) -> Result<Option<Kept>, NotKept> {
    let mut tx = db.read().await?;
    let Some(known) = receipts::marked(&mut tx, workspace, receipt).await? else { return Ok(None) };
    let id = AttributeId::new(known["attribute"].as_str().unwrap_or_default());
    match alert_attributes::by_id(&mut tx, workspace, &id).await? {
        Some(kept) => Ok(Some(kept)),
        None => Err(NotKept::Gone),
    }
}

/// Has an attribute say this from now on. Nothing if there is none.
pub async fn replace(
    db: &Db,
    clock: &Clock,
    workspace: &WorkspaceId,
    id: &AttributeId,
    attribute: Attribute,
) -> Result<Option<Kept>, NotKept> {
    let attribute = attribute.checked()?;
    let mut tx = db.begin().await?;
    match alert_attributes::save(&mut tx, workspace, id, &attribute, clock.now()).await {
        Ok(false) => return Ok(None),
        Ok(true) => {}
        Err(error) if is_conflict(&error) => {
            return Err(NotKept::NameTaken { name: attribute.name });
        }
        Err(error) => return Err(error.into()),
    }
    let kept = alert_attributes::by_id(&mut tx, workspace, id).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Removes an attribute. Says whether it was there.
pub async fn remove(
    db: &Db,
    workspace: &WorkspaceId,
    id: &AttributeId,
) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    let was_there = alert_attributes::delete(&mut tx, workspace, id).await?;
    tx.commit().await?;
    Ok(was_there)
}
