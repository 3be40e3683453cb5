//! Webhooks, and how each attempt to tell one something went.

use std::str::FromStr;

use serde_json::Value;
use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{WebhookId, WorkspaceId};
use crate::outbox::webhook_work::Delivery;
use crate::store::db::{Result, Sql, Tx};
use crate::webhooks::format::{Format, UnknownFormat};

/// Whether a webhook is told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    On,
    /// Somebody has said that it is not to be.
    Off,
    /// It has failed for days.
    Broken,
}

impl State {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            State::On => "on",
            State::Off => "off",
            State::Broken => "broken",
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(word: &str) -> Result<State, String> {
        let all = [State::On, State::Off, State::Broken];
        let found = all.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| format!("{word} is no state of a webhook"))
    }
}

/// A webhook as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The workspace whose news it is told.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: WebhookId,
    /// Where it is.
    pub url: String,
    /// What its maker says about it.
    pub description: String,
    /// The names of the events that it is told of.
    pub events: Vec<String>,
    /// In whose words it is told.
    pub format: Format,
    /// Whether it is told anything.
    pub state: State,
    /// What signs, as it is kept.
    pub kept_secret: String,
    /// The secret before, as it is kept, and until when it signs, too.
    pub kept_old: Option<(String, Timestamp)>,
    /// The key that sealed both; nothing if they lie open.
    pub sealed_with: Option<String>,
    /// Since when it has taken nothing.
    pub failing_since: Option<Timestamp>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    workspace: WorkspaceId,
    id: WebhookId,
    url: String,
    description: String,
    events: Json<Vec<String>>,
    format: String,
    state: String,
    kept_secret: String,
    kept_old: Option<String>,
    old_until: Option<Timestamp>,
    sealed_with: Option<String>,
    failing_since: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Webhook {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Webhook {
            workspace: row.workspace,
            id: row.id,
            url: row.url,
            description: row.description,
            events: row.events.0,
            format: format_of(&row.format)?,
            state: row.state.parse().map_err(|error: String| sqlx::Error::Decode(error.into()))?,
            kept_secret: row.kept_secret,
            kept_old: row.kept_old.zip(row.old_until),
            sealed_with: row.sealed_with,
            failing_since: row.failing_since,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn format_of(word: &str) -> Result<Format> {
    word.parse().map_err(|error: UnknownFormat| sqlx::Error::Decode(error.into()))
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT workspace, id, url, description, events, format, state, kept_secret, kept_old, old_until, \
             sealed_with, failing_since, created_at, updated_at FROM webhook ",
            $rest
        )
    };
}

/// Keeps a new webhook.
pub async fn create(tx: &mut Tx, workspace: &WorkspaceId, webhook: &Webhook) -> Result<()> {
    tx.query(
        "INSERT INTO webhook (workspace, id, url, description, events, state, kept_secret, kept_old, old_until,
                              sealed_with, failing_since, created_at, updated_at, format)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(workspace.clone())
    .bind(webhook.id.clone())
    .bind(webhook.url.clone())
    .bind(webhook.description.clone())
    .bind(Json(webhook.events.clone()))
    .bind(webhook.state.as_str().to_owned())
    .bind(webhook.kept_secret.clone())
    .bind(webhook.kept_old.as_ref().map(|(old, _)| old.clone()))
    .bind(webhook.kept_old.as_ref().map(|(_, until)| *until))
    .bind(webhook.sealed_with.clone())
    .bind(webhook.failing_since)
    .bind(webhook.created_at)
    .bind(webhook.updated_at)
    .bind(webhook.format.as_str().to_owned())
    .execute()
    .await?;
    Ok(())
}

/// Writes down what became of a webhook; says whether it is there.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, webhook: &Webhook) -> Result<bool> {
    let saved = tx
        .query(
            "UPDATE webhook SET url = $3, description = $4, events = $5, state = $6, kept_secret = $7, kept_old = $8,
                                old_until = $9, sealed_with = $10, failing_since = $11, updated_at = $12,
                                format = $13
             WHERE workspace = $1 AND id = $2",
        )
        .bind(workspace.clone())
        .bind(webhook.id.clone())
        .bind(webhook.url.clone())
        .bind(webhook.description.clone())
        .bind(Json(webhook.events.clone()))
        .bind(webhook.state.as_str().to_owned())
        .bind(webhook.kept_secret.clone())
        .bind(webhook.kept_old.as_ref().map(|(old, _)| old.clone()))
        .bind(webhook.kept_old.as_ref().map(|(_, until)| *until))
        .bind(webhook.sealed_with.clone())
        .bind(webhook.failing_since)
        .bind(webhook.updated_at)
        .bind(webhook.format.as_str().to_owned())
        .execute()
        .await?;
    Ok(saved == 1)
}

/// Removes a webhook, with the log of its attempts and what was given up for it. Says whether it was
/// there.
pub async fn delete(tx: &mut Tx, workspace: &WorkspaceId, id: &WebhookId) -> Result<bool> {
    let deleted = tx
        .query("DELETE FROM webhook WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    tx.query("DELETE FROM webhook_attempt WHERE workspace = $1 AND webhook = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    // What still waits finds nobody to be told, and ends.
    tx.query("DELETE FROM outbox WHERE workspace = $1 AND state = 1 AND key LIKE $2")
        .bind(workspace.clone())
        .bind(format!("webhook/{id}/%"))
        .execute()
        .await?;
    Ok(deleted == 1)
}

/// The webhook with this id.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &WebhookId,
) -> Result<Option<Webhook>> {
    let row: Option<Row> = tx
        .query(select!("WHERE workspace = $1 AND id = $2"))
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    row.map(Webhook::try_from).transpose()
}

/// The same, so that nobody else changes it before the commit.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId, id: &WebhookId) -> Result<Option<Webhook>> {
    let row: Option<Row> = tx
        .query(Sql {
            sqlite: select!("WHERE workspace = $1 AND id = $2"),
            postgres: select!("WHERE workspace = $1 AND id = $2 FOR UPDATE"),
        })
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    row.map(Webhook::try_from).transpose()
}

/// The webhooks of a workspace, oldest first.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Webhook>> {
    let rows: Vec<Row> =
        tx.query(select!("WHERE workspace = $1 ORDER BY id")).bind(workspace.clone()).all().await?;
    rows.into_iter().map(Webhook::try_from).collect()
}

/// A webhook that is told of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// Its id.
    pub id: WebhookId,
    /// The names of the events.
    pub events: Vec<String>,
    /// In whose words it is told.
    pub format: Format,
}

/// The webhooks that are told of events now.
pub async fn listening(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Listening>> {
    let rows: Vec<(WebhookId, Json<Vec<String>>, String)> = tx
        .query("SELECT id, events, format FROM webhook WHERE workspace = $1 AND state = 'on' ORDER BY id")
        .bind(workspace.clone())
        .all()
        .await?;
    let listening = rows.into_iter().map(|(id, events, format)| {
        Ok(Listening { id, events: events.0, format: format_of(&format)? })
    });
    listening.collect()
}

/// Notes that a webhook has taken nothing, and says since when that is so.
pub async fn set_failing(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &WebhookId,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let row: Option<(Option<Timestamp>,)> = tx
        .query(
            "UPDATE webhook SET failing_since = COALESCE(failing_since, $3) WHERE workspace = $1 AND id = $2
             RETURNING failing_since",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .bind(now)
        .optional()
        .await?;
    Ok(row.and_then(|(since,)| since))
}

/// Notes that a webhook has taken something.
pub async fn set_well(tx: &mut Tx, workspace: &WorkspaceId, id: &WebhookId) -> Result<()> {
    tx.query(
        "UPDATE webhook SET failing_since = NULL WHERE workspace = $1 AND id = $2 AND failing_since IS NOT NULL",
    )
    .bind(workspace.clone())
    .bind(id.clone())
    .execute()
    .await?;
    Ok(())
}

/// Switches a webhook off that has failed for days. Says whether it was on.
pub async fn break_off(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &WebhookId,
    now: Timestamp,
) -> Result<bool> {
    let broken = tx
        .query(
            "UPDATE webhook SET state = 'broken', updated_at = $3 WHERE workspace = $1 AND id = $2 AND state = 'on'",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .bind(now)
        .execute()
        .await?;
    Ok(broken == 1)
}

/// The webhooks whose secrets lie open, or were sealed with another key than this one.
pub async fn not_sealed_with(tx: &mut Tx, key: &str) -> Result<Vec<Webhook>> {
    let rows: Vec<Row> = tx
        .query(select!("WHERE sealed_with IS NULL OR sealed_with <> $1 ORDER BY id"))
        .bind(key.to_owned())
        .all()
        .await?;
    rows.into_iter().map(Webhook::try_from).collect()
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id; a later one's sorts behind it.
    pub id: String,
    /// What was to be sent, and where.
    pub delivery: Delivery,
    /// The name under which it was.
    pub event: String,
    /// When.
    pub at: Timestamp,
    /// How long it took.
    pub took_ms: i64,
    /// `delivered`, `failed`, `given_up` or `skipped`.
    pub outcome: String,
    /// What was answered, if anything was.
    pub status: Option<i64>,
    /// Why it was not taken.
    pub error: Option<String>,
    /// The beginning of what was answered besides.
    pub answer: Option<String>,
}

/// Writes down how an attempt went.
pub async fn note(tx: &mut Tx, workspace: &WorkspaceId, attempt: &Attempt) -> Result<()> {
    tx.query(
        "INSERT INTO webhook_attempt (workspace, id, webhook, message, event, delivery, at, took_ms, outcome, status,
                                      error, answer)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(workspace.clone())
    .bind(attempt.id.clone())
    .bind(attempt.delivery.webhook.clone())
    .bind(attempt.delivery.message.clone())
    .bind(attempt.event.clone())
    .bind(Json(attempt.delivery.clone()))
    .bind(attempt.at)
    .bind(attempt.took_ms)
    .bind(attempt.outcome.clone())
    .bind(attempt.status)
    .bind(attempt.error.clone())
    .bind(attempt.answer.clone())
    .execute()
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct AttemptRow {
    id: String,
    event: String,
    delivery: Json<Value>,
    at: Timestamp,
    took_ms: i64,
    outcome: String,
    status: Option<i64>,
    error: Option<String>,
    answer: Option<String>,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = sqlx::Error;

    fn try_from(row: AttemptRow) -> Result<Self> {
        Ok(Attempt {
            id: row.id,
            delivery: serde_json::from_value(row.delivery.0)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            event: row.event,
            at: row.at,
            took_ms: row.took_ms,
            outcome: row.outcome,
            status: row.status,
            error: row.error,
            answer: row.answer,
        })
    }
}

/// The latest attempts to tell a webhook something, newest first, before this one.
pub async fn attempts(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    webhook: &WebhookId,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Attempt>> {
    let rows: Vec<AttemptRow> = tx
        .query(
            "SELECT id, event, delivery, at, took_ms, outcome, status, error, answer FROM webhook_attempt
             WHERE workspace = $1 AND webhook = $2 AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(webhook.clone())
        .bind(before.map(str::to_owned))
        .bind(limit)
        .all()
        .await?;
    rows.into_iter().map(Attempt::try_from).collect()
}

/// The latest attempt to tell a webhook this.
pub async fn latest_attempt(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    webhook: &WebhookId,
    message: &str,
) -> Result<Option<Attempt>> {
    let row: Option<AttemptRow> = tx
        .query(
            "SELECT id, event, delivery, at, took_ms, outcome, status, error, answer FROM webhook_attempt
             WHERE workspace = $1 AND webhook = $2 AND message = $3 ORDER BY id DESC LIMIT 1",
        )
        .bind(workspace.clone())
        .bind(webhook.clone())
        .bind(message.to_owned())
        .optional()
        .await?;
    row.map(Attempt::try_from).transpose()
}

/// Forgets attempts before then, some at a time, and says how many that was.
pub async fn forget_attempts(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    tx.query(
        "DELETE FROM webhook_attempt WHERE workspace = $1 AND id IN (
             SELECT id FROM webhook_attempt WHERE workspace = $1 AND at < $2 ORDER BY id LIMIT $3)",
    )
    .bind(workspace.clone())
    .bind(before)
    .bind(limit)
    .execute()
    .await
}

/// Forgets all attempts of a webhook but the latest ones, and says how many that was.
pub async fn forget_surplus(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    webhook: &WebhookId,
    kept: i64,
) -> Result<u64> {
    tx.query(
        "DELETE FROM webhook_attempt WHERE workspace = $1 AND webhook = $2 AND id <= (
             SELECT id FROM webhook_attempt WHERE workspace = $1 AND webhook = $2
             ORDER BY id DESC LIMIT 1 OFFSET $3)",
    )
    .bind(workspace.clone())
    .bind(webhook.clone())
    .bind(kept)
    .execute()
    .await
}
