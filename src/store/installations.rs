//! Installations: which workspace let Stentor in, and the tokens it gave, sealed.
//!
//! Every change of an installation gives it another version. Who acts on what they know of it names
//! the version they saw, so that nobody switches off what was installed anew meanwhile.

use crate::clock::Timestamp;
use crate::ids::{TeamId, UserId, WorkspaceId};
use crate::store::db::{Result, Tx};

/// How an installation, or a token, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "TEXT", rename_all = "snake_case")]
pub enum Standing {
    /// Slack takes the token.
    Active,
    /// Slack takes the token no more. It may be Slack's mistake, so it is tried again.
    Refused,
    /// Slack has said that it was removed.
    Uninstalled,
}

/// An installation as it is kept.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Installation {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Another one with every change.
    pub version: i64,
    /// How it stands.
    pub state: Standing,
    /// Why it is not active.
    pub reason: Option<String>,
    /// When it became so.
    pub changed_at: Timestamp,
    /// Which key the tokens are sealed with.
    pub sealed_with: Option<String>,
    /// The bot's token, sealed; gone once it was uninstalled.
    pub bot_token: Option<String>,
    /// Gets the next one, sealed; only where tokens run out.
    pub refresh_token: Option<String>,
    /// When the bot's token runs out.
    pub expires_at: Option<Timestamp>,
}

/// The sealed tokens of an installation.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key they are sealed with.
    pub with: String,
    /// The bot's token.
    pub bot_token: String,
    /// Gets the next one.
    pub refresh_token: Option<String>,
    /// When the bot's token runs out.
    pub expires_at: Option<Timestamp>,
}

/// An installation that has just been made.
pub struct New<'a> {
    /// The workspace.
    pub workspace: &'a WorkspaceId,
    /// What it is called in Slack.
    pub name: &'a str,
    /// Our app there.
    pub app: &'a str,
    /// What Stentor may do, as Slack says it.
    pub scopes: &'a str,
    /// Who installed it.
    pub installed_by: &'a UserId,
    /// Its tokens.
    pub tokens: Sealed,
}

const COLUMNS: &str =
    "SELECT workspace, version, state, reason, changed_at, sealed_with, bot_token, refresh_token,
    expires_at FROM installation WHERE workspace = $1";

/// The installation of a workspace.
pub async fn of(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Installation>> {
    tx.query(COLUMNS).bind(workspace.clone()).optional().await
}

/// Writes down an installation, in place of the one before.
pub async fn save(tx: &mut Tx, new: New<'_>, now: Timestamp) -> Result<()> {
    tx.query(
        "INSERT INTO installation (workspace, version, state, name, app, scopes, installed_by, installed_at,
             changed_at, sealed_with, bot_token, refresh_token, expires_at)
         VALUES ($1, 1, 'active', $2, $3, $4, $5, $6, $6, $7, $8, $9, $10)
         ON CONFLICT (workspace) DO UPDATE SET version = installation.version + 1, state = 'active', reason = NULL,
             name = excluded.name, app = excluded.app, scopes = excluded.scopes,
             installed_by = excluded.installed_by, installed_at = excluded.installed_at,
             changed_at = excluded.changed_at, sealed_with = excluded.sealed_with,
             bot_token = excluded.bot_token, refresh_token = excluded.refresh_token,
             expires_at = excluded.expires_at, refresher = NULL, refresh_until = NULL",
    )
    .bind(new.workspace.clone())
    .bind(new.name.to_owned())
    .bind(new.app.to_owned())
    .bind(new.scopes.to_owned())
    .bind(new.installed_by.clone())
    .bind(now)
    .bind(new.tokens.with)
    .bind(new.tokens.bot_token)
    .bind(new.tokens.refresh_token)
    .bind(new.tokens.expires_at)
    .execute()
    .await?;
    Ok(())
}

/// Writes down how an installation stands, unless it has changed since this version.
pub async fn set_standing(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    version: i64,
    state: Standing,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let changed = tx
        .query(
            "UPDATE installation SET version = version + 1, state = $3, reason = $4, changed_at = $5
             WHERE workspace = $1 AND version = $2",
        )
        .bind(workspace.clone())
        .bind(version)
        .bind(state)
        .bind(reason.map(str::to_owned))
        .bind(now)
        .execute()
        .await?;
    Ok(changed == 1)
}

/// A workspace, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// The word for it.
    pub slug: String,
    /// The team or organisation in Slack, once known.
    pub slack_team: Option<TeamId>,
    name: Option<String>,
    state: Option<Standing>,
    reason: Option<String>,
    /// When it was installed last, if it was.
    pub installed_at: Option<Timestamp>,
    refused: Option<String>,
}

impl Listed {
    /// What it is called in Slack; nothing is known of who gave a token by hand.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("-")
    }

    /// How it stands.
    pub fn standing(&self) -> String {
        match (self.state, &self.reason, &self.refused) {
            (Some(Standing::Active), ..) => "installed".to_owned(),
            (Some(_), Some(reason), _) => reason.clone(),
            (Some(_), None, _) => "not installed".to_owned(),
            (None, _, Some(refused)) => refused.clone(),
            (None, _, None) => "served with --slack-bot-token, if with any".to_owned(),
        }
    }
}

/// Every workspace, for operators.
pub async fn listed(tx: &mut Tx) -> Result<Vec<Listed>> {
    tx.query(
        "SELECT w.slug, w.slack_team, i.name, i.state, i.reason, i.installed_at,
             (SELECT MAX(r.reason) FROM refused_token r WHERE r.workspace = w.id) AS refused
         FROM workspace w LEFT JOIN installation i ON i.workspace = w.id ORDER BY w.created_at, w.slug",
    )
    .all()
    .await
}

/// Installations that Slack has refused since before then.
pub async fn refused_since(tx: &mut Tx, before: Timestamp) -> Result<Vec<Installation>> {
    tx.query(
        "SELECT workspace, version, state, reason, changed_at, sealed_with, bot_token, refresh_token, expires_at
         FROM installation WHERE state = 'refused' AND changed_at <= $1",
    )
    .bind(before)
    .all()
    .await
}

/// Installations that hold a sealed token.
pub async fn sealed(tx: &mut Tx) -> Result<Vec<Installation>> {
    tx.query(
        "SELECT workspace, version, state, reason, changed_at, sealed_with, bot_token, refresh_token, expires_at
         FROM installation WHERE sealed_with IS NOT NULL ORDER BY workspace",
    )
    .all()
    .await
}

/// Replaces what is sealed by the same, sealed with another key.
pub async fn reseal(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    version: i64,
    sealed: &Sealed,
) -> Result<bool> {
    let changed = tx
        .query(
            "UPDATE installation SET version = version + 1, sealed_with = $3, bot_token = $4, refresh_token = $5
             WHERE workspace = $1 AND version = $2",
        )
        .bind(workspace.clone())
        .bind(version)
        .bind(sealed.with.clone())
        .bind(sealed.bot_token.clone())
        .bind(sealed.refresh_token.clone())
        .execute()
        .await?;
    Ok(changed == 1)
}

/// Workspaces whose token runs out before then, and can be renewed; with the version that says so.
pub async fn running_out(tx: &mut Tx, before: Timestamp) -> Result<Vec<(WorkspaceId, i64)>> {
    tx.query(
        "SELECT workspace, version FROM installation
         WHERE state = 'active' AND refresh_token IS NOT NULL AND expires_at < $1 ORDER BY expires_at",
    )
    .bind(before)
    .all()
    .await
}

/// Takes the right to renew this version of a workspace's token, until then, unless somebody has it
/// or has made use of it.
pub async fn lease_renewal(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    version: i64,
    lease: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let taken = tx
        .query(
            "UPDATE installation SET refresher = $3, refresh_until = $5
             WHERE workspace = $1 AND version = $2 AND (refresh_until IS NULL OR refresh_until <= $4)",
        )
        .bind(workspace.clone())
        .bind(version)
        .bind(lease.to_owned())
        .bind(now)
        .bind(until)
        .execute()
        .await?;
    Ok(taken == 1)
}

/// Writes down the tokens that came of it, if the right is still ours.
pub async fn renewed(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    lease: &str,
    sealed: &Sealed,
) -> Result<bool> {
    let written = tx
        .query(
            "UPDATE installation SET version = version + 1, state = 'active', reason = NULL, sealed_with = $3,
                 bot_token = $4, refresh_token = $5, expires_at = $6, refresher = NULL, refresh_until = NULL
             WHERE workspace = $1 AND refresher = $2",
        )
        .bind(workspace.clone())
        .bind(lease.to_owned())
        .bind(sealed.with.clone())
        .bind(sealed.bot_token.clone())
        .bind(sealed.refresh_token.clone())
        .bind(sealed.expires_at)
        .execute()
        .await?;
    Ok(written == 1)
}

/// Forgets the tokens of an installation that is gone for good.
pub async fn drop_tokens(tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
    tx.query(
        "UPDATE installation SET sealed_with = NULL, bot_token = NULL, refresh_token = NULL, expires_at = NULL
         WHERE workspace = $1 AND state = 'uninstalled'",
    )
    .bind(workspace.clone())
    .execute()
    .await?;
    Ok(())
}

/// A token of the settings that Slack takes no more.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RefusedToken {
    /// How it stands.
    pub state: Standing,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// Whether the token with this hash is known to be taken no more.
pub async fn refused_token(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    hash: &str,
) -> Result<Option<RefusedToken>> {
    tx.query("SELECT state, reason, at FROM refused_token WHERE workspace = $1 AND hash = $2")
        .bind(workspace.clone())
        .bind(hash.to_owned())
        .optional()
        .await
}

/// Remembers that the token with this hash is taken no more.
pub async fn refuse_token(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    hash: &str,
    refused: &RefusedToken,
) -> Result<()> {
    tx.query(
        "INSERT INTO refused_token (workspace, hash, state, reason, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace, hash) DO UPDATE SET state = excluded.state, reason = excluded.reason, at = excluded.at",
    )
    .bind(workspace.clone())
    .bind(hash.to_owned())
    .bind(refused.state)
    .bind(refused.reason.clone())
    .bind(refused.at)
    .execute()
    .await?;
    Ok(())
}

/// Forgets that: Slack takes the token again.
pub async fn accept_token(tx: &mut Tx, workspace: &WorkspaceId, hash: &str) -> Result<bool> {
    let forgotten = tx
        .query("DELETE FROM refused_token WHERE workspace = $1 AND hash = $2")
        .bind(workspace.clone())
        .bind(hash.to_owned())
        .execute()
        .await?;
    Ok(forgotten == 1)
}
