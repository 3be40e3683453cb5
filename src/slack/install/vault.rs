//! Seals tokens, so that who gets hold of the database gets hold of none.
//!
//! What is sealed is bound to its workspace and its purpose: moved to another row, it does not
//! open. XChaCha20-Poly1305 has room for random nonces.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

use crate::config::Secret;
use crate::config::install::SecretKeys;
use crate::ids::{WorkspaceId, random_bytes};

const NONCE: usize = 24;

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Calls Slack.
    BotToken,
    /// Gets the next bot token.
    RefreshToken,
    /// Signs what a source sends.
    SourceSecret,
    /// Signs what a webhook is told.
    WebhookSecret,
}

/// The keys, opened for use.
pub struct Vault {
    /// The first one seals.
    keys: Vec<Key>,
}

struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// Why something did not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// It was sealed with a key that is not among ours.
    #[error("it was sealed with the key {0}, which is not in --secret-key")]
    UnknownKey(String),
    /// The key is right, and it does not open.
    #[error("it was changed, or it belongs to another workspace")]
    Damaged,
}

impl Vault {
    /// With these keys.
    pub fn new(keys: &SecretKeys) -> Vault {
        let key = |key: &Secret| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(key.reveal(), &mut bytes).expect("the settings take 64 digits");
            let cipher = XChaCha20Poly1305::new(&bytes.into());
            let hash = Sha256::new().chain_update(b"stentor key ").chain_update(bytes).finalize();
            zeroize::Zeroize::zeroize(&mut bytes);
            Key { id: hex::encode(&hash[..4]), cipher }
        };
        Vault { keys: keys.0.iter().map(key).collect() }
    }

    /// The name of the key that seals. It says nothing about the key.
    pub fn key_id(&self) -> &str {
        &self.keys[0].id
    }

    /// Whether what was sealed with this key can be opened.
    pub fn has(&self, key_id: &str) -> bool {
        self.keys.iter().any(|key| key.id == key_id)
    }

    /// Seals a secret of a workspace with the first key.
    pub fn seal(&self, workspace: &WorkspaceId, purpose: Purpose, secret: &Secret) -> String {
        let nonce: [u8; NONCE] = random_bytes();
        let bound = bound_to(workspace, purpose);
        let payload = Payload { msg: secret.reveal().as_bytes(), aad: bound.as_bytes() };
        let sealed = self.keys[0].cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("a token is shorter than the cipher can seal");
        hex::encode([&nonce[..], &sealed].concat())
    }

    /// Opens a sealed secret of a workspace.
    pub fn open(
        &self,
        key_id: &str,
        workspace: &WorkspaceId,
        purpose: Purpose,
        sealed: &str,
    ) -> Result<Secret, Unopened> {
        let key = self.keys.iter().find(|key| key.id == key_id);
        let key = key.ok_or_else(|| Unopened::UnknownKey(key_id.to_owned()))?;
        let bytes = hex::decode(sealed).map_err(|_| Unopened::Damaged)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Unopened::Damaged)?;
        let bound = bound_to(workspace, purpose);
        let payload = Payload { msg: sealed, aad: bound.as_bytes() };
        let opened = key.cipher.decrypt(&XNonce::from(*nonce), payload);
        let opened = opened.map_err(|_| Unopened::Damaged)?;
        String::from_utf8(opened).map(Secret::new).map_err(|_| Unopened::Damaged)
    }
}

/// A new key, in the form that the settings take.
pub fn new_key() -> Secret {
    Secret::new(hex::encode(random_bytes::<32>()))
}

fn bound_to(workspace: &WorkspaceId, purpose: Purpose) -> String {
    let purpose = match purpose {
        Purpose::BotToken => "bot token",
        Purpose::RefreshToken => "refresh token",
        Purpose::SourceSecret => "source secret",
        Purpose::WebhookSecret => "webhook secret",
    };
    format!("stentor/{purpose}/{workspace}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(keys: &[&str]) -> Vault {
        Vault::new(&SecretKeys(keys.iter().map(|key| Secret::new(key.repeat(32))).collect()))
    }

    #[test]
    fn what_is_sealed_opens_for_its_workspace_and_purpose_alone() {
        let vault = vault(&["01"]);
        let (ours, theirs) = (WorkspaceId::from("A"), WorkspaceId::from("B"));
        let secret = Secret::new("xoxb-example");
        let sealed = vault.seal(&ours, Purpose::BotToken, &secret);
        let open = |workspace, purpose, sealed: &str| {
            vault.open(vault.key_id(), workspace, purpose, sealed)
        };
        assert_eq!(open(&ours, Purpose::BotToken, &sealed), Ok(secret.clone()));
        assert_eq!(open(&theirs, Purpose::BotToken, &sealed), Err(Unopened::Damaged));
        assert_eq!(open(&ours, Purpose::RefreshToken, &sealed), Err(Unopened::Damaged));
        // One bit of it, or a part of it, is not it.
        let mut bytes = hex::decode(&sealed).unwrap();
        bytes[NONCE + 3] ^= 1;
        for wrong in [hex::encode(&bytes), sealed[..20].to_owned(), "no hex".to_owned()] {
            assert_eq!(open(&ours, Purpose::BotToken, &wrong), Err(Unopened::Damaged));
        }
        assert!(!sealed.contains(&hex::encode("xoxb")));
        // The same secret never looks the same.
        assert_ne!(vault.seal(&ours, Purpose::BotToken, &secret), sealed);
    }

    #[test]
    fn an_old_key_opens_and_a_dropped_one_is_named() {
        let (old, both, new) = (vault(&["01"]), vault(&["02", "01"]), vault(&["02"]));
        let workspace = WorkspaceId::from("A");
        let secret = Secret::new("xoxb-example");
        let sealed = old.seal(&workspace, Purpose::BotToken, &secret);
        let opened = both.open(old.key_id(), &workspace, Purpose::BotToken, &sealed);
        assert_eq!(opened, Ok(secret));
        assert!(both.has(old.key_id()) && !new.has(old.key_id()));
        assert_eq!(both.key_id(), new.key_id());
        let opened = new.open(old.key_id(), &workspace, Purpose::BotToken, &sealed);
        assert_eq!(opened, Err(Unopened::UnknownKey(old.key_id().to_owned())));
    }
}
