//! Tokens that run out: the next one is fetched ahead of time, by one replica at a time.
//!
//! A refresh token is good for one use, with a short grace for who did not hear the answer. So the
//! wish is written down before Slack is asked, and the old refresh token is kept until the new
//! ones are committed: a replica that dies in between leaves a lease that ends within the grace,
//! and the next one asks again with the same refresh token. The bot token in use stays good
//! meanwhile: Slack keeps two of them alive.

use std::time::Duration;

use crate::config::Secret;
use crate::config::install::Client;
use crate::ids::WorkspaceId;
use crate::slack::client::CallError;
use crate::slack::install::answer::Granted;
use crate::slack::install::directory::Slacks;
use crate::slack::install::keys::opened;
use crate::slack::install::vault::{Purpose, Vault};
use crate::store::db;
use crate::store::installations::{self, Installation, Sealed, Standing};

/// How long before its end a token is replaced: long enough to sit out an outage of Slack. Tokens
/// live for twelve hours.
const AHEAD: Duration = Duration::from_secs(2 * 3600);
/// How long nobody else may ask: a call takes 10 s at most.
const LEASE: Duration = Duration::from_secs(20);
/// How often it is tried to write down a new token, which Slack gives only once.
const WRITE_TRIES: u32 = 10;
/// The pause between two of these.
const WRITE_PAUSE: Duration = Duration::from_millis(200);

impl Slacks {
    /// Replaces every token that runs out soon.
    pub(super) async fn renew_all(&self) -> db::Result<()> {
        let mut tx = self.db.read().await?;
        let due = installations::running_out(&mut tx, self.clock.now().plus(AHEAD)).await?;
        drop(tx);
        for (workspace, version) in due {
            self.renew(&workspace, version).await?;
        }
        Ok(())
    }

    /// Gets the token that follows on this version, unless another replica is about it or was. Says
    /// whether there is reason to hope for one.
    pub(super) async fn renew(&self, workspace: &WorkspaceId, version: i64) -> db::Result<bool> {
        let (Some(client), Some(vault)) = (&self.client, &self.vault) else { return Ok(false) };
        let now = self.clock.now();
        let lease = self.ids.ulid(now);
        let mut tx = self.db.begin().await?;
        let installation = installations::of(&mut tx, workspace).await?;
        let installation = installation.filter(|it| it.refresh_token.is_some());
        let Some(installation) = installation else { return Ok(false) };
        let until = now.plus(LEASE);
        let leased =
            installations::lease_renewal(&mut tx, workspace, version, &lease, now, until).await?;
        if !leased {
            return Ok(true);
        }
        tx.commit().await?;
        let sealed = &installation.refresh_token;
        let refresh_token = match opened(Some(vault), &installation, Purpose::RefreshToken, sealed)
        {
            Ok(token) => token,
            Err(reason) => {
                tracing::error!(%workspace, "The bot token can't be renewed: {reason}");
                return Ok(false);
            }
        };
        match ask(self, client, &refresh_token).await {
            Ok(granted) => {
                let sealed = seal(vault, workspace, &granted, now);
                self.keep_renewed(workspace, &lease, &sealed).await?;
                tracing::info!(%workspace, "Renewed the bot token");
                Ok(true)
            }
            Err(CallError::Refused { code, .. }) => self.lose(&installation, &code).await,
            // The lease ends by itself, and the next look tries again.
            Err(error) => {
                tracing::warn!(%workspace, %error, "Could not renew the bot token yet");
                Ok(true)
            }
        }
    }

    async fn keep_renewed(
        &self,
        workspace: &WorkspaceId,
        lease: &str,
        sealed: &Sealed,
    ) -> db::Result<()> {
        let mut tries = 0;
        loop {
            tries += 1;
            let written = async {
                let mut tx = self.db.begin().await?;
                let ours = installations::renewed(&mut tx, workspace, lease, sealed).await?;
                tx.commit().await.map(|()| ours)
            };
            match written.await {
                Ok(true) => return Ok(()),
                // It was installed anew meanwhile, which brought tokens of its own.
                Ok(false) => return Ok(()),
                Err(error) if tries >= WRITE_TRIES => return Err(error),
                Err(_) => tokio::time::sleep(WRITE_PAUSE).await,
            }
        }
    }

    /// Slack gives no further token. The present one may be good for a while.
    async fn lose(&self, installation: &Installation, code: &str) -> db::Result<bool> {
        let Installation { workspace, version, .. } = installation;
        tracing::error!(%workspace, code, "Slack does not renew the bot token: install Stentor there again");
        let now = self.clock.now();
        if installation.expires_at.is_some_and(|end| end <= now) {
            let reason = format!("the bot token ran out, and Slack does not renew it ({code})");
            let (state, mut tx) = (Standing::Refused, self.db.begin().await?);
            installations::set_standing(&mut tx, workspace, *version, state, Some(&reason), now)
                .await?;
            tx.commit().await?;
        }
        Ok(false)
    }
}

async fn ask(
    slacks: &Slacks,
    client: &Client,
    refresh_token: &Secret,
) -> Result<Granted, CallError> {
    let fields = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.reveal()),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.reveal()),
    ];
    let answer = slacks.connection.submit("oauth.v2.access", &fields).await?;
    Granted::read(answer).ok_or_else(|| CallError::InDoubt {
        method: "oauth.v2.access".to_owned(),
        reason: "the answer holds no bot token".to_owned(),
    })
}

/// Seals what Slack has granted.
pub(super) fn seal(
    vault: &Vault,
    workspace: &WorkspaceId,
    granted: &Granted,
    now: crate::clock::Timestamp,
) -> Sealed {
    let refresh_token = granted.refresh_token.as_ref();
    Sealed {
        with: vault.key_id().to_owned(),
        bot_token: vault.seal(workspace, Purpose::BotToken, &granted.bot_token),
        refresh_token: refresh_token
            .map(|token| vault.seal(workspace, Purpose::RefreshToken, token)),
        expires_at: granted.expires_in.map(|lasts| now.plus(lasts)),
    }
}
