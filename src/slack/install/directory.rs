//! The Slack of each workspace: with the token of the settings, or with the one that it gave when
//! it was installed.
//!
//! The token in the settings serves the default workspace, and wins there as long as Slack takes
//! it: what an operator has written down counts more than what was clicked.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use sha2::{Digest as _, Sha256};

use crate::clock::Clock;
use crate::config::Secret;
use crate::config::install::Client;
use crate::ids::{IdSource, WorkspaceId};
use crate::slack::client::{Connection, Slack};
use crate::slack::install::keys::opened;
use crate::slack::install::vault::{Purpose, Vault};
use crate::store::db::Db;
use crate::store::installations::{self, Installation, Standing};

/// Gives the client of a workspace. Cheap to clone.
#[derive(Clone)]
pub struct Slacks {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) ids: IdSource,
    pub(super) connection: Connection,
    pub(super) configured: Option<Configured>,
    pub(super) vault: Option<Arc<Vault>>,
    /// Gets the next token where tokens run out.
    pub(super) client: Option<Client>,
    /// Clients that were made before, by the version of their installation.
    known: Arc<RwLock<HashMap<WorkspaceId, (i64, Slack)>>>,
}

/// The token of the settings.
#[derive(Clone)]
pub(super) struct Configured {
    pub workspace: WorkspaceId,
    pub slack: Slack,
    pub hash: Arc<str>,
}

/// A client, and where its token is from.
#[derive(Clone)]
pub struct Access {
    /// The client.
    pub slack: Slack,
    pub(super) source: Source,
}

#[derive(Clone)]
pub(super) enum Source {
    /// From the settings; the token's hash.
    Settings(Arc<str>),
    /// From an installation; its version.
    Installation(i64),
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
    pub fn new(db: Db, clock: Clock, ids: IdSource, connection: Connection) -> Slacks {
        let known = Arc::default();
        Slacks { db, clock, ids, connection, configured: None, vault: None, client: None, known }
    }

    /// With the token of the settings for this workspace.
    pub fn with_configured(self, workspace: WorkspaceId, token: &Secret) -> Slacks {
        let hash = hex::encode(Sha256::digest(token.reveal())).into();
        let slack = self.connection.with_token(token);
        Slacks { configured: Some(Configured { workspace, slack, hash }), ..self }
    }

    /// With what opens the tokens of installations, and what renews them.
    pub fn with_installations(self, vault: Option<Vault>, client: Option<Client>) -> Slacks {
        Slacks { vault: vault.map(Arc::new), client, ..self }
    }

    /// How long a call may take. Tests of time-outs shorten it.
    pub fn set_time_limit(&mut self, limit: std::time::Duration) {
        self.connection.time_limit = limit;
        if let Some(configured) = &mut self.configured {
            configured.slack.connection.time_limit = limit;
        }
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
                    let source = Source::Settings(Arc::clone(&configured.hash));
                    return Ok(Access { slack: configured.slack.clone(), source });
                }
                Some(refused) => why = refused.reason,
            }
        }
        let installation = installations::of(&mut tx, workspace).await?;
        drop(tx);
        match installation {
            None => Err(NoAccess::NotInstalled(why)),
            Some(installation) if installation.state == Standing::Active => {
                let slack = self.client_for(&installation).map_err(NoAccess::NotInstalled)?;
                Ok(Access { slack, source: Source::Installation(installation.version) })
            }
            Some(installation) => Err(NoAccess::NotInstalled(installation.reason.unwrap_or(why))),
        }
    }

    /// What tokens are sealed with.
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_deref()
    }

    /// Whether the settings give a token.
    pub fn has_configured(&self) -> bool {
        self.configured.is_some()
    }

    /// Whether there is only the token of the settings, and nobody else can be installed.
    pub fn serves_one_workspace(&self) -> bool {
        self.configured.is_some() && self.vault.is_none()
    }

    pub(super) fn configured_for(&self, workspace: &WorkspaceId) -> Option<&Configured> {
        self.configured.as_ref().filter(|configured| configured.workspace == *workspace)
    }

    /// The client with the token of an installation, or why there is none.
    pub(super) fn client_for(&self, installation: &Installation) -> Result<Slack, String> {
        let Installation { workspace, version, .. } = installation;
        let known = self.known.read().expect("nothing panics with it").get(workspace).cloned();
        if let Some((_, slack)) = known.filter(|(known, _)| known == version) {
            return Ok(slack);
        }
        let sealed = &installation.bot_token;
        let token = opened(self.vault.as_deref(), installation, Purpose::BotToken, sealed)?;
        let slack = self.connection.with_token(&token);
        let mut known = self.known.write().expect("nothing panics with it");
        known.insert(workspace.clone(), (*version, slack.clone()));
        Ok(slack)
    }
}
