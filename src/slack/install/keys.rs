//! Changing the key that tokens are sealed with: what an older key has sealed is sealed again.

use crate::slack::install::directory::Slacks;
use crate::slack::install::vault::{Purpose, Vault};
use crate::store::installations::{self, Installation, Sealed};

impl Slacks {
    /// Looks whether every token can be opened, and seals with the first key what another one of
    /// ours has sealed. Says how many that were.
    pub async fn turn_keys(&self) -> anyhow::Result<usize> {
        let mut tx = self.db.read().await?;
        let sealed = installations::sealed(&mut tx).await?;
        drop(tx);
        // First all of them are looked at: a start that is refused has changed nothing.
        let unknown = |it: &&Installation| {
            let known = |vault: &Vault| it.sealed_with.as_deref().is_some_and(|id| vault.has(id));
            !self.vault.as_ref().is_some_and(|vault| known(vault))
        };
        let lost: Vec<&Installation> = sealed.iter().filter(unknown).collect();
        if let Some(first) = lost.first() {
            anyhow::bail!(
                "--secret-key: {} of {} installations were sealed with another key, such as {}: add it after a comma",
                lost.len(),
                sealed.len(),
                first.sealed_with.as_deref().unwrap_or_default()
            );
        }
        let mut turned = 0;
        for installation in &sealed {
            turned += usize::from(self.seal_again(installation).await?);
        }
        Ok(turned)
    }

    async fn seal_again(&self, installation: &Installation) -> anyhow::Result<bool> {
        let Some(vault) = &self.vault else { return Ok(false) };
        if installation.sealed_with.as_deref() == Some(vault.key_id()) {
            return Ok(false);
        }
        let workspace = &installation.workspace;
        let again = |purpose, sealed: &Option<String>| {
            let opened = self.opened(installation, purpose, sealed).map_err(anyhow::Error::msg);
            opened.map(|secret| vault.seal(workspace, purpose, &secret))
        };
        let refresh = &installation.refresh_token;
        let sealed = Sealed {
            with: vault.key_id().to_owned(),
            bot_token: again(Purpose::BotToken, &installation.bot_token)?,
            refresh_token: match refresh {
                Some(_) => Some(again(Purpose::RefreshToken, refresh)?),
                None => None,
            },
            expires_at: installation.expires_at,
        };
        let mut tx = self.db.begin().await?;
        // If it has changed meanwhile, another replica has sealed it, with a key that it has.
        let version = installation.version;
        let turned = installations::reseal(&mut tx, workspace, version, &sealed).await?;
        tx.commit().await?;
        Ok(turned)
    }
}
