//! A browser's way to Slack and back: what it takes along, and how it is known again.
//!
//! Slack hands back a word of ours. It counts once, for a while, and only together with what this
//! browser alone has: so nobody is made to finish what somebody else began. The database keeps
//! only hashes of both.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::ids::random_bytes;
use crate::store::db::{Db, Result};
use crate::store::install_attempts;

/// How long somebody may take to decide. Slack's own code lives as long.
pub const LASTS: Duration = Duration::from_secs(600);
/// Attempts that may be under way at once. Anybody can begin one; the rest is a flood.
const AT_ONCE: i64 = 10_000;

/// An attempt that has begun.
pub struct Begun {
    /// What Slack hands back.
    pub state: String,
    /// What the browser keeps.
    pub browser: String,
}

/// Begins an attempt for a browser, which may have begun others; nothing, if there are too many.
pub async fn begin(db: &Db, known: Option<String>, now: Timestamp) -> Result<Option<Begun>> {
    let state = hex::encode(random_bytes::<32>());
    let browser = known.unwrap_or_else(|| hex::encode(random_bytes::<32>()));
    let mut tx = db.begin().await?;
    install_attempts::forget_ended(&mut tx, now).await?;
    if install_attempts::count(&mut tx).await? >= AT_ONCE {
        tx.commit().await?;
        return Ok(None);
    }
    install_attempts::add(&mut tx, &hash(&state), &hash(&browser), now.plus(LASTS)).await?;
    tx.commit().await?;
    Ok(Some(Begun { state, browser }))
}

/// Ends an attempt, and says whether there was one, by this browser and not too long ago.
pub async fn end(db: &Db, state: &str, browser: &str, now: Timestamp) -> Result<bool> {
    let mut tx = db.begin().await?;
    let ended = install_attempts::take(&mut tx, &hash(state), &hash(browser), now).await?;
    tx.commit().await?;
    Ok(ended)
}

fn hash(word: &str) -> String {
    hex::encode(Sha256::digest(word))
}

/// The cookie that a browser keeps. Over https its name keeps others, such as neighbouring
/// subdomains, from setting it.
pub struct Cookie {
    name: &'static str,
    attributes: &'static str,
}

impl Cookie {
    /// The cookie for this address.
    pub fn at(public_url: &str) -> Cookie {
        match public_url.starts_with("https:") {
            true => Cookie {
                name: "__Host-stentor-install",
                attributes: "; Path=/; Secure; HttpOnly; SameSite=Lax",
            },
            false => {
                Cookie { name: "stentor-install", attributes: "; Path=/; HttpOnly; SameSite=Lax" }
            }
        }
    }

    /// What the browser sends, if it is of ours.
    pub fn read(&self, headers: &HeaderMap) -> Option<String> {
        let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = all.flat_map(|all| all.split(';')).filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.trim() == self.name)?;
        let is_ours =
            value.len() == 64 && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_ours.then(|| value.to_owned())
    }

    /// The header that makes a browser keep it.
    pub fn keep(&self, value: &str) -> String {
        format!("{}={value}; Max-Age={}{}", self.name, LASTS.as_secs(), self.attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_a_cookie_that_no_script_and_no_neighbour_can_touch() {
        let cookie = Cookie::at("https://stentor.example.com");
        let value = "0a".repeat(32);
        assert_eq!(
            cookie.keep(&value),
            format!(
                "__Host-stentor-install={value}; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax"
            )
        );
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, text.parse().unwrap());
            cookie.read(&headers)
        };
        assert_eq!(read(&format!("a=b; __Host-stentor-install={value}")), Some(value.clone()));
        assert_eq!(read(&format!("stentor-install={value}")), None);
        assert_eq!(read("__Host-stentor-install=short"), None);
        assert!(!Cookie::at("http://127.0.0.1:3000").keep(&value).contains("Secure"));
    }
}
