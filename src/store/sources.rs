//! Who may send alerts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use crate::alert::observation::{LABELS_LIMIT, NAME_LIMIT, Observation, Said, VALUE_LIMIT};
use crate::clock::Timestamp;
use crate::ids::{SourceId, WorkspaceId};
use crate::ingest::kind::Kind;
use crate::store::db::{Result, Sql, Tx};

/// The most labels that a source gives its alerts.
const SOURCE_LABELS: usize = 32;

/// How what a source sends is understood.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// For how many minutes after its end an alert that comes back is the same one; 0 makes it always
    /// a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopen_window_minutes: Option<u32>,
    /// After how many minutes without news an alert resolves by itself. Without it, only what the
    /// sender says counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_after_minutes: Option<u32>,
    /// Labels that every alert of this source gets, in place of what it brings of that name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What the door of this kind wants to know besides; each has its own words.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub door: serde_json::Value,
}

/// A source as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertSource {
    /// The workspace that its alerts belong to.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: SourceId,
    /// What it sends.
    pub kind: Kind,
    /// What its maker called it.
    pub name: String,
    /// Its secret, hashed.
    pub secret_hash: String,
    /// The secret before, hashed, and until when it still opens.
    pub old: Option<(String, Timestamp)>,
    /// The secret of one that signs, as it is kept.
    pub kept_secret: Option<String>,
    /// The secret before, as it is kept.
    pub kept_old: Option<String>,
    /// The key that sealed both; nothing if they lie open.
    pub sealed_with: Option<String>,
    /// How what it sends is understood.
    pub settings: SourceSettings,
    /// Since when it is there.
    pub created_at: Timestamp,
}

impl SourceSettings {
    /// Whether the labels can be given to alerts; the reason, if not.
    pub fn check_labels(&self) -> Result<(), String> {
        let is_good =
            |text: &str, most| (1..=most).contains(&text.chars().count()) && !text.contains('\0');
        let fits = |(name, value): (&String, &String)| {
            is_good(name, NAME_LIMIT) && is_good(value, VALUE_LIMIT)
        };
        if self.labels.len() > SOURCE_LABELS || !self.labels.iter().all(fits) {
            return Err(format!(
                "`labels` has at most {SOURCE_LABELS} names of 1 to {NAME_LIMIT} characters, each with a value \
                 of 1 to {VALUE_LIMIT}"
            ));
        }
        Ok(())
    }
}

impl AlertSource {
    /// Gives an observation the labels that every alert of this source gets.
    pub fn label(&self, observation: &mut Observation) {
        // What changes or ends an alert says nothing of what it is about.
        if observation.said != Said::Firing {
            return;
        }
        for (name, value) in &self.settings.labels {
            if observation.labels.len() < LABELS_LIMIT || observation.labels.contains_key(name) {
                observation.labels.insert(name.clone(), value.clone());
            }
        }
    }

    /// What expressions know it by: its kind and its name.
    pub fn system(&self) -> String {
        format!("{}.{}", self.kind, self.name)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    workspace: WorkspaceId,
    id: SourceId,
    kind: String,
    name: String,
    secret_hash: String,
    old_hash: Option<String>,
    old_until: Option<Timestamp>,
    kept_secret: Option<String>,
    kept_old: Option<String>,
    sealed_with: Option<String>,
    settings: Json<SourceSettings>,
    created_at: Timestamp,
}

impl TryFrom<Row> for AlertSource {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(AlertSource {
            workspace: row.workspace,
            id: row.id,
            kind: row.kind.parse().map_err(|error: String| sqlx::Error::Decode(error.into()))?,
            name: row.name,
            secret_hash: row.secret_hash,
            old: row.old_hash.zip(row.old_until),
            kept_secret: row.kept_secret,
            kept_old: row.kept_old,
            sealed_with: row.sealed_with,
            settings: row.settings.0,
            created_at: row.created_at,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT workspace, id, kind, name, secret_hash, old_hash, old_until, kept_secret, kept_old, \
             sealed_with, settings, created_at FROM source ",
            $rest
        )
    };
}

/// Keeps a new source. Fails as a conflict if one of that name is there.
pub async fn create(tx: &mut Tx, source: &AlertSource) -> Result<()> {
    tx.query(
        "INSERT INTO source (workspace, id, kind, name, secret_hash, old_hash, old_until, kept_secret, kept_old,
                             sealed_with, settings, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(source.workspace.clone())
    .bind(source.id.clone())
    .bind(source.kind.as_str().to_owned())
    .bind(source.name.clone())
    .bind(source.secret_hash.clone())
    .bind(source.old.as_ref().map(|(hash, _)| hash.clone()))
    .bind(source.old.as_ref().map(|(_, until)| *until))
    .bind(source.kept_secret.clone())
    .bind(source.kept_old.clone())
    .bind(source.sealed_with.clone())
    .bind(Json(&source.settings))
    .bind(source.created_at)
    .execute()
    .await?;
    Ok(())
}

/// Writes down what became of a source; says whether it is there.
pub async fn save(tx: &mut Tx, source: &AlertSource) -> Result<bool> {
    let saved = tx
        .query(
            "UPDATE source SET name = $3, secret_hash = $4, old_hash = $5, old_until = $6, kept_secret = $7,
                               kept_old = $8, sealed_with = $9, settings = $10
             WHERE workspace = $1 AND id = $2",
        )
        .bind(source.workspace.clone())
        .bind(source.id.clone())
        .bind(source.name.clone())
        .bind(source.secret_hash.clone())
        .bind(source.old.as_ref().map(|(hash, _)| hash.clone()))
        .bind(source.old.as_ref().map(|(_, until)| *until))
        .bind(source.kept_secret.clone())
        .bind(source.kept_old.clone())
        .bind(source.sealed_with.clone())
        .bind(Json(&source.settings))
        .execute()
        .await?;
    Ok(saved == 1)
}

/// Lets nobody else change a source until the transaction ends: who reads one to change it takes turns
/// this way. Says whether it is there.
pub async fn lock(tx: &mut Tx, source: &AlertSource) -> Result<bool> {
    let locked = tx
        .query("UPDATE source SET name = name WHERE workspace = $1 AND id = $2")
        .bind(source.workspace.clone())
        .bind(source.id.clone())
        .execute()
        .await?;
    Ok(locked == 1)
}

/// Removes a source; what it has sent stays. Says whether it was there.
pub async fn delete(tx: &mut Tx, workspace: &WorkspaceId, id: &SourceId) -> Result<bool> {
    let deleted = tx
        .query("DELETE FROM source WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    Ok(deleted == 1)
}

/// The source that a request names, of whatever workspace.
pub async fn by_id(tx: &mut Tx, id: &SourceId) -> Result<Option<AlertSource>> {
    let row: Option<Row> = tx.query(select!("WHERE id = $1")).bind(id.clone()).optional().await?;
    row.map(AlertSource::try_from).transpose()
}

/// Whether there is such a source in this workspace.
pub async fn is_there(tx: &mut Tx, workspace: &WorkspaceId, id: &SourceId) -> Result<bool> {
    let found: Option<(String,)> = tx
        .query("SELECT id FROM source WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(found.is_some())
}

/// The source whose secret, or secret before, has this hash.
pub async fn by_secret(tx: &mut Tx, hash: &str) -> Result<Option<AlertSource>> {
    let row: Option<Row> = tx
        .query(select!("WHERE secret_hash = $1 OR old_hash = $1 ORDER BY id LIMIT 1"))
        .bind(hash.to_owned())
        .optional()
        .await?;
    row.map(AlertSource::try_from).transpose()
}

/// A source of this workspace.
pub async fn of_workspace(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &SourceId,
) -> Result<Option<AlertSource>> {
    let row: Option<Row> = tx
        .query(select!("WHERE workspace = $1 AND id = $2"))
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    row.map(AlertSource::try_from).transpose()
}

/// The same, so that nobody else changes it before the commit.
pub async fn hold(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &SourceId,
) -> Result<Option<AlertSource>> {
    let row: Option<Row> = tx
        .query(Sql {
            sqlite: select!("WHERE workspace = $1 AND id = $2"),
            postgres: select!("WHERE workspace = $1 AND id = $2 FOR UPDATE"),
        })
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    row.map(AlertSource::try_from).transpose()
}

/// The sources of a workspace, by name.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<AlertSource>> {
    let rows: Vec<Row> = tx
        .query(select!("WHERE workspace = $1 ORDER BY name"))
        .bind(workspace.clone())
        .all()
        .await?;
    rows.into_iter().map(AlertSource::try_from).collect()
}

/// The secrets that lie open, or were sealed with another key than this one.
pub async fn not_sealed_with(tx: &mut Tx, key: &str) -> Result<Vec<AlertSource>> {
    let rows: Vec<Row> = tx
        .query(select!(
            "WHERE kept_secret IS NOT NULL AND (sealed_with IS NULL OR sealed_with <> $1) ORDER BY id"
        ))
        .bind(key.to_owned())
        .all()
        .await?;
    rows.into_iter().map(AlertSource::try_from).collect()
}
