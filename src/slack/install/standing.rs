//! Whether Slack still takes a workspace's token: doubted when it refuses one, ended when the app
//! was removed, and tried again, because Slack has been known to refuse everybody for an hour.

use std::time::Duration;

use serde_json::json;

use crate::ids::WorkspaceId;
use crate::slack::client::{CallError, Slack};
use crate::slack::install::directory::{Access, Configured, NoAccess, Slacks, Source};
use crate::store::installations::{self, RefusedToken, Standing};
use crate::store::{db, outbox};

/// Slack waits 3 s for the answer to an event; what is left is for writing it down.
const ASK_LIMIT: Duration = Duration::from_secs(2);
/// How often a token that Slack refused is tried again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(3600);

/// What came of doubting a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Slack takes it no more: there is no access now, for this reason.
    Founded(String),
    /// There is another one, or there will be soon.
    Outdated,
    /// Slack takes it elsewhere, or does not say.
    Unclear,
}

impl Slacks {
    /// After Slack has refused a token: gets the next one if it ran out; else asks Slack whether it
    /// means it, and if so, stops using it.
    pub async fn doubt(
        &self,
        workspace: &WorkspaceId,
        access: &Access,
        error: &CallError,
    ) -> db::Result<Doubt> {
        if error.is("token_expired")
            && let Source::Installation(version) = access.source
            && self.renew(workspace, version).await?
        {
            return Ok(Doubt::Outdated);
        }
        match access.slack.post("auth.test", &json!({})).await {
            Err(error) if error.is_about_the_token() => {
                let reason = format!("Slack does not take the bot token ({error})");
                self.stop(workspace, access, Standing::Refused, reason).await
            }
            Ok(_) | Err(_) => Ok(Doubt::Unclear),
        }
    }

    /// After Slack has said that the app was removed. Such a message may be old, and the app may be
    /// there again: so Slack is asked.
    pub async fn removed(&self, workspace: &WorkspaceId, event: &str) -> db::Result<()> {
        let access = match self.of(workspace).await {
            Ok(access) => access,
            // It is known already, by the other event or by a call.
            Err(NoAccess::NotInstalled(_)) => return self.confirm_removal(workspace, event).await,
            Err(NoAccess::Store(error)) => return Err(error),
        };
        let nothing = json!({});
        let asked = tokio::time::timeout(ASK_LIMIT, access.slack.post("auth.test", &nothing));
        let state = match asked.await {
            Ok(Ok(_)) => {
                tracing::info!(%workspace, event, "Slack takes the token, so the message is old");
                return Ok(());
            }
            Ok(Err(error)) if error.is_about_the_token() => Standing::Uninstalled,
            // It will be tried again.
            Ok(Err(_)) | Err(_) => Standing::Refused,
        };
        let reason = format!("Stentor was removed from this workspace ({event})");
        self.stop(workspace, &access, state, reason).await.map(drop)
    }

    /// What was only refused so far has been removed.
    async fn confirm_removal(&self, workspace: &WorkspaceId, event: &str) -> db::Result<()> {
        let reason = format!("Stentor was removed from this workspace ({event})");
        let mut tx = self.db.begin().await?;
        if let Some(known) = installations::of(&mut tx, workspace).await?
            && known.state == Standing::Refused
        {
            let (version, state) = (known.version, Standing::Uninstalled);
            let now = self.clock.now();
            installations::set_standing(&mut tx, workspace, version, state, Some(&reason), now)
                .await?;
            installations::drop_tokens(&mut tx, workspace).await?;
        }
        tx.commit().await
    }

    /// Stops using a token, unless there is another one by now.
    async fn stop(
        &self,
        workspace: &WorkspaceId,
        access: &Access,
        state: Standing,
        reason: String,
    ) -> db::Result<Doubt> {
        let at = self.clock.now();
        let mut tx = self.db.begin().await?;
        match &access.source {
            Source::Settings(hash) => {
                let refused = RefusedToken { state, reason: reason.clone(), at };
                installations::refuse_token(&mut tx, workspace, hash, &refused).await?;
            }
            Source::Installation(version) => {
                let is_the_same = installations::set_standing(
                    &mut tx,
                    workspace,
                    *version,
                    state,
                    Some(&reason),
                    at,
                );
                if !is_the_same.await? {
                    return Ok(Doubt::Outdated);
                }
                installations::drop_tokens(&mut tx, workspace).await?;
            }
        }
        tx.commit().await?;
        tracing::error!(%workspace, "{reason}; what is to be done there waits");
        Ok(Doubt::Founded(reason))
    }

    /// Tries the token of the settings once more if it was refused, as at every start.
    pub async fn try_configured_again(&self) -> db::Result<()> {
        let Some(Configured { workspace, slack, hash }) = &self.configured else { return Ok(()) };
        let mut tx = self.db.read().await?;
        let refused = installations::refused_token(&mut tx, workspace, hash).await?;
        drop(tx);
        if refused.is_none() || !works(slack).await {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        installations::accept_token(&mut tx, workspace, hash).await?;
        outbox::wake(&mut tx, workspace, self.clock.now()).await?;
        tx.commit().await?;
        tracing::info!(%workspace, "Slack takes the bot token again");
        Ok(())
    }

    /// Tries again what Slack has refused for a while. What was removed is left alone.
    pub(super) async fn try_refused_again(&self) -> db::Result<()> {
        let before = self.clock.now().minus(TRY_AGAIN_AFTER);
        let mut tx = self.db.read().await?;
        let refused = installations::refused_since(&mut tx, before).await?;
        let configured = match &self.configured {
            Some(known) => {
                installations::refused_token(&mut tx, &known.workspace, &known.hash).await?
            }
            None => None,
        };
        drop(tx);
        if configured.is_some_and(|it| it.state == Standing::Refused && it.at <= before) {
            self.try_configured_again().await?;
        }
        for installation in refused {
            let workspace = &installation.workspace;
            let Ok(slack) = self.client_for(&installation) else { continue };
            let (state, reason) = match works(&slack).await {
                true => (Standing::Active, None),
                // Not again for a while.
                false => (Standing::Refused, installation.reason.as_deref()),
            };
            let (version, now) = (installation.version, self.clock.now());
            let mut tx = self.db.begin().await?;
            installations::set_standing(&mut tx, workspace, version, state, reason, now).await?;
            if state == Standing::Active {
                outbox::wake(&mut tx, workspace, now).await?;
                tracing::info!(%workspace, "Slack takes the bot token again");
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

async fn works(slack: &Slack) -> bool {
    slack.post("auth.test", &json!({})).await.is_ok()
}
