//! What a program wrote is shown to it again as it wrote it, for as long as that is what is so.
//!
//! Several documents of this format can mean the same, and programs that lay things down from files
//! compare word for word. Beside what a document means stands a hash of that: once somebody has changed
//! it by another door, what is shown is drawn from what it is now.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::alert::fingerprint::of_parts;
use crate::api::incident_io::failure::Failure;
use crate::ids::WorkspaceId;
use crate::store::alert_attributes::Kept;
use crate::store::db::Tx;
use crate::store::written_as::{self, Written};

/// A document that can be shown again.
pub trait Document: Serialize + DeserializeOwned {
    /// What kind of thing it is about.
    const ABOUT: &'static str;

    /// The ids of the attributes that it names.
    fn attributes(&self) -> Vec<&str>;
}

/// Keeps what was written about this thing.
pub async fn keep<D: Document>(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
    thing: &impl Serialize,
    document: &D,
) -> Result<(), Failure> {
    let document = serde_json::to_value(document).map_err(|error| failed(error.into()))?;
    let written = Written { id: id.to_owned(), says: hash(thing)?, document };
    Ok(written_as::put(tx, workspace, D::ABOUT, &written).await?)
}

/// What was written about this thing, if it is still so.
pub fn still<D: Document>(
    written: Option<Written>,
    thing: &impl Serialize,
    attributes: &[Kept],
) -> Result<Option<D>, Failure> {
    let Some(written) = written else { return Ok(None) };
    if written.says != hash(thing)? {
        return Ok(None);
    }
    // A later version may have written what this one can't read: then it is drawn.
    let document = D::deserialize(written.document).ok();
    let is_there = |id: &&str| attributes.iter().any(|kept| kept.id.as_str() == *id);
    Ok(document.filter(|document| document.attributes().iter().all(is_there)))
}

fn hash(thing: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(thing).map_err(|error| failed(error.into()))?;
    Ok(of_parts(&[&text]).to_text())
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    sqlx::Error::Encode(error).into()
}
