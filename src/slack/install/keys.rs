//! Changing the key that tokens are sealed with: what an older key has sealed is sealed again.

use crate::config::Secret;
use crate::slack::install::vault::{Purpose, Vault};
use crate::store::db::Db;
use crate::store::installations::{self, Installation, Sealed};

/// Opens a token of an installation, or says why it can't be.
pub(super) fn opened(
    vault: Option<&Vault>,
    installation: &Installation,
    purpose: Purpose,
    sealed: &Option<String>,
) -> Result<Secret, String> {
    let (Some(key_id), Some(sealed)) = (&installation.sealed_with, sealed) else {
        return Err("there is no token".to_owned());
    };
    let vault = vault.ok_or("the token is sealed, and --secret-key is not set")?;
    let opened = vault.open(key_id, &installation.workspace, purpose, sealed);
    opened.map_err(|error| format!("the token can't be opened: {error}"))
}

/// Looks whether every token can be opened, and seals with the first key what another one of ours
/// has sealed. Says how many that were.
pub async fn turn(db: &Db, vault: Option<&Vault>) -> anyhow::Result<usize> {
    let mut tx = db.read().await?;
    let sealed = installations::sealed(&mut tx).await?;
    drop(tx);
    // First all of them are looked at: a start that is refused has changed nothing.
    let opens = |it: &Installation| {
        vault.is_some_and(|vault| it.sealed_with.as_deref().is_some_and(|id| vault.has(id)))
    };
    let lost: Vec<&Installation> = sealed.iter().filter(|it| !opens(it)).collect();
    if let (Some(first), count) = (lost.first(), lost.len()) {
        let key = first.sealed_with.as_deref().unwrap_or_default();
        let all = sealed.len();
        anyhow::bail!(
            "--secret-key: {count} of {all} installations were sealed with another key ({key}): add it after a comma"
        );
    }
    let Some(vault) = vault else { return Ok(0) };
    let mut turned = 0;
    for installation in &sealed {
        turned += usize::from(seal_again(db, vault, installation).await?);
    }
    Ok(turned)
}

async fn seal_again(db: &Db, vault: &Vault, installation: &Installation) -> anyhow::Result<bool> {
    if installation.sealed_with.as_deref() == Some(vault.key_id()) {
        return Ok(false);
    }
    let workspace = &installation.workspace;
    let again = |purpose, sealed: &Option<String>| {
        let secret = opened(Some(vault), installation, purpose, sealed);
        secret
            .map(|secret| vault.seal(workspace, purpose, &secret))
            .map_err(|error| anyhow::anyhow!("workspace {workspace}: {error}"))
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
    let mut tx = db.begin().await?;
    // If it has changed meanwhile, another replica has sealed it, with a key that it has.
    let turned = installations::reseal(&mut tx, workspace, installation.version, &sealed).await?;
    tx.commit().await?;
    Ok(turned)
}
