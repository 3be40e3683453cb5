//! The source that rules send from: each workspace has one, made when a rule speaks first.

use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::ids::{IdSource, SourceId, WorkspaceId, random_bytes};
use crate::ingest::kind::Kind;
use crate::store::db::{Result, Tx};
use crate::store::sources::{self, AlertSource, SourceSettings};

/// What it is called, unless somebody has called a source of theirs that.
const NAME: &str = "Alert rules";

/// The workspace's source of rules.
pub async fn ensure(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &IdSource,
    now: Timestamp,
) -> Result<AlertSource> {
    let all = sources::all(tx, workspace).await?;
    if let Some(known) = all.iter().find(|source| source.kind == Kind::Rules) {
        return Ok(known.clone());
    }
    let is_taken = |name: &str| all.iter().any(|source| source.name == name);
    let mut names = std::iter::once(NAME.to_owned()).chain((2..).map(|n| format!("{NAME} {n}")));
    let name = names.find(|name| !is_taken(name)).unwrap_or_else(|| ids.ulid(now));
    let source = AlertSource {
        workspace: workspace.clone(),
        id: SourceId::new(ids.ulid(now)),
        kind: Kind::Rules,
        name,
        // Nobody knows the secret: nothing comes through a door.
        secret_hash: hex::encode(Sha256::digest(random_bytes::<32>())),
        old: None,
        kept_secret: None,
        kept_old: None,
        sealed_with: None,
        settings: SourceSettings::default(),
        created_at: now,
    };
    sources::create(tx, &source).await?;
    Ok(source)
}
