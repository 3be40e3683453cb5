//! API tokens: made once, shown once, and kept as a hash.
//!
//! A token is 32 random bytes, so a plain SHA-256 of it can't be guessed back; the lookup by hash
//! takes the same time whatever the token.

use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::ids::{IdSource, WorkspaceId, random_bytes};
use crate::incident::text::clean_line;
use crate::store;
use crate::store::db::{Db, is_conflict};

/// What every token begins with, so that one that leaked can be recognised.
const PREFIX: &str = "stn_";
/// Random bytes in a token.
const RANDOM: usize = 32;
/// The longest name of a token, in characters.
pub const NAME_LIMIT: usize = 100;

/// Why there is no new token.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The name says nothing.
    #[error("give the token a name that says what it is for, such as `ci`")]
    NoName,
    /// The name is too long.
    #[error("the name has {length} characters; {NAME_LIMIT} is the most")]
    NameTooLong {
        /// How long it is, in characters.
        length: usize,
    },
    /// The record says who did something by the token's name, so two can't share one.
    #[error("there is a token called \u{201c}{name}\u{201d} already; take another name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The store failed.
    #[error("the token could not be saved")]
    NotSaved(#[from] sqlx::Error),
}

/// Makes a token and returns it. This is the only time that anybody sees it.
pub async fn create(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<String, NotMade> {
    let name = clean_line(name);
    let length = name.chars().count();
    if length == 0 {
        return Err(NotMade::NoName);
    }
    if length > NAME_LIMIT {
        return Err(NotMade::NameTooLong { length });
    }
    let token = format!("{PREFIX}{}", hex::encode(random_bytes::<RANDOM>()));
    let hash = hash(&token).expect("it has the shape of a token");
    let now = clock.now();
    let mut tx = db.begin().await?;
    let id = ids.ulid(now);
    match store::tokens::create(&mut tx, workspace, &id, &name, &hash, now).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(token)
        }
        Err(error) if is_conflict(&error) => Err(NotMade::NameTaken { name }),
        Err(error) => Err(error.into()),
    }
}

/// What is kept of a token; nothing if the text can't be one.
pub fn hash(token: &str) -> Option<String> {
    let secret = token.strip_prefix(PREFIX)?;
    let is_secret = secret.len() == 2 * RANDOM && secret.bytes().all(|c| c.is_ascii_hexdigit());
    is_secret.then(|| hex::encode(Sha256::digest(token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_token_is_hashed() {
        let token = format!("stn_{}", "0f".repeat(32));
        assert_eq!(hash(&token).unwrap().len(), 64);
        for text in
            ["", "stn_", "stn_0f", &format!("xoxb{}", "0f".repeat(32)), &format!("{token}0")]
        {
            assert_eq!(hash(text), None, "{text}");
        }
    }
}
