//! API tokens: made once, shown once, and kept as a hash.
//!
//! A token is 32 random bytes, so a plain SHA-256 of it can't be guessed back; the lookup by hash
//! takes the same time whatever the token.

use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::config::Secret;
use crate::ids::{IdSource, WorkspaceId, random_bytes};
use crate::incident::text::clean_line;
use crate::scope::Scopes;
use crate::store;
use crate::store::db::{Db, is_conflict};
use crate::store::tokens::Kept;

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

/// A token with what it is shown as, this once.
#[derive(Debug)]
pub struct Made {
    /// The token.
    pub token: Kept,
    /// What a request shows.
    pub secret: Secret,
}

/// Makes a token that may do the usual, and returns what it is shown as. This is the only time that
/// anybody sees that.
pub async fn create(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<String, NotMade> {
    let made = create_with(db, clock, ids, workspace, name, &Scopes::default()).await?;
    Ok(made.secret.reveal().to_owned())
}

/// Makes a token that may do this.
pub async fn create_with(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    workspace: &WorkspaceId,
    name: &str,
    scopes: &Scopes,
) -> Result<Made, NotMade> {
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
    let kept = Kept::new(ids.ulid(now), name.clone(), scopes, now);
    match store::tokens::create(&mut tx, workspace, &kept, &hash).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(Made { token: kept, secret: Secret::new(token) })
        }
        Err(error) if is_conflict(&error) => Err(NotMade::NameTaken { name }),
        Err(error) => Err(error.into()),
    }
}

/// Revokes a token: it opens nothing from then on. Says whether it was there.
pub async fn revoke(db: &Db, workspace: &WorkspaceId, id: &str) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    let was_there = store::tokens::delete(&mut tx, workspace, id).await?;
    tx.commit().await?;
    Ok(was_there)
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
