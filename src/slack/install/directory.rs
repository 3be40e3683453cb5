//! The Slack of each workspace: with the token of the settings, or with the one that it gave when
//! it was installed.
//!
//! The token in the settings serves the default workspace, and wins there as long as Slack takes
//! it: what an operator has written down counts more than what was clicked.

use std::sync::Arc;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::clock::Clock;
use crate::config::Secret;
use crate::ids::WorkspaceId;
use crate::slack::client::{CallError, Connection, Slack};
use crate::store::db::Db;
use crate::store::installations::{self, RefusedToken, Standing};
use crate::store::outbox;

/// Gives the client of a workspace. Cheap to clone.
#[derive(Clone)]
pub struct Slacks {
    db: Db,
    clock: Clock,
    connection: Connection,
    configured: Option<Configured>,
}

/// The token of the settings.
#[derive(Clone)]
struct Configured {
    workspace: WorkspaceId,
    slack: Slack,
    hash: Arc<str>,
}

/// A client, and where its token is from.
#[derive(Clone)]
pub struct Access {
    /// The client.
    pub slack: Slack,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Settings { hash: Arc<str> },
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoAccess {
    /// The workspace has no token that Slack takes: what waits for it goes on waiting.
    #[error("{0}")]
    NotInstalled(String),
    /// The database could not say.
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

impl Slacks {
    /// The clients of every workspace in this database.
    pub fn new(db: Db, clock: Clock, connection: Connection) -> Slacks {
        Slacks { db, clock, connection, configured: None }
    }

    /// With the token of the settings for this workspace.
    pub fn with_configured(self, workspace: WorkspaceId, token: &Secret) -> Slacks {
        let hash = hex::encode(Sha256::digest(token.reveal())).into();
        let slack = self.connection.with_token(token);
        Slacks { configured: Some(Configured { workspace, slack, hash }), ..self }
    }

    /// The way to Slack, for what needs no workspace's token.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The client of a workspace.
    ///
    /// Each time the database is asked whether it is still the same one: another replica may have
    /// learned of a new token, or that there is none any more.
    pub async fn of(&self, workspace: &WorkspaceId) -> Result<Access, NoAccess> {
        let mut tx = self.db.read().await?;
        let mut why = "Stentor is not installed in this workspace".to_owned();
        if let Some(configured) = self.configured_for(workspace) {
            match installations::refused_token(&mut tx, workspace, &configured.hash).await? {
                None => {
                    let source = Source::Settings { hash: Arc::clone(&configured.hash) };
                    return Ok(Access { slack: configured.slack.clone(), source });
                }
                Some(refused) => why = refused.reason,
            }
        }
        Err(NoAccess::NotInstalled(why))
    }

    fn configured_for(&self, workspace: &WorkspaceId) -> Option<&Configured> {
        self.configured.as_ref().filter(|configured| configured.workspace == *workspace)
    }

    /// After Slack has refused a token: asks it whether it means it, and if so, stops using the
    /// token. Says why there is no access now, or `None` if there is.
    pub async fn doubt(
        &self,
        workspace: &WorkspaceId,
        access: &Access,
    ) -> Result<Option<String>, sqlx::Error> {
        match access.slack.post("auth.test", &json!({})).await {
            Err(error) if error.is_about_the_token() => {
                self.stop(workspace, access, Standing::Refused, &error).await.map(Some)
            }
            Ok(_) | Err(_) => Ok(None),
        }
    }

    async fn stop(
        &self,
        workspace: &WorkspaceId,
        access: &Access,
        state: Standing,
        error: &CallError,
    ) -> Result<String, sqlx::Error> {
        let reason = format!("Slack does not take the bot token ({error})");
        let at = self.clock.now();
        let mut tx = self.db.begin().await?;
        match &access.source {
            Source::Settings { hash } => {
                let refused = RefusedToken { state, reason: reason.clone(), at };
                installations::refuse_token(&mut tx, workspace, hash, &refused).await?;
            }
        }
        tx.commit().await?;
        tracing::error!(%workspace, "{reason}; what is to be done in Slack waits");
        Ok(reason)
    }

    /// Tries the token of the settings once more if it was refused, as at every start.
    pub async fn try_configured_again(&self) -> Result<(), sqlx::Error> {
        let Some(Configured { workspace, slack, hash }) = &self.configured else { return Ok(()) };
        let mut tx = self.db.read().await?;
        let refused = installations::refused_token(&mut tx, workspace, hash).await?;
        drop(tx);
        if refused.is_none() || slack.post("auth.test", &json!({})).await.is_err() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        installations::accept_token(&mut tx, workspace, hash).await?;
        outbox::wake(&mut tx, workspace, now).await?;
        tx.commit().await?;
        tracing::info!(%workspace, "Slack takes the bot token again");
        Ok(())
    }
}
