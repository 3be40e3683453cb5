//! Who calls, in this format's terms: the holder of an API key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};

use crate::api::caller::Caller;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::rate;
use crate::app::App;

/// The longest idempotency key that is kept as it is.
const KEY_LIMIT: usize = 255;

/// A program that showed a valid key.
#[derive(Clone, Debug)]
pub struct Key(pub Caller);

impl Key {
    /// The receipt of what is done once for each of the caller's keys of this name. Those keys are any
    /// text: what is too long for an index, or is no plain text, is known by its digest.
    pub fn receipt(&self, what: &str, idempotency_key: &str) -> String {
        let is_plain = idempotency_key.len() <= KEY_LIMIT
            && idempotency_key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let key = match is_plain {
            true => idempotency_key.to_owned(),
            false => format!("sha256/{}", hex::encode(Sha256::digest(idempotency_key))),
        };
        self.0.receipt(&format!("incident-io/{what}/{key}"))
    }

    /// The same, where a key that says nothing is none.
    pub fn once(&self, what: &str, idempotency_key: &str) -> Result<String, Failure> {
        if idempotency_key.trim().is_empty() {
            return Err(Failure::missing("idempotency_key"));
        }
        Ok(self.receipt(what, idempotency_key))
    }
}

impl FromRequestParts<App> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Key, Failure> {
        let caller = Caller::known(parts, app).await?;
        // What it may not do counts too: it was looked up.
        rate::count(parts, app, &caller)?;
        let caller = caller.admitted(parts, app).await?;
        if !is_text(parts.uri.path()) {
            return Err(Failure::not_found("thing"));
        }
        Ok(Key(caller))
    }
}

/// Whether a path can name something: what is no text, and what no database takes, is nothing's.
fn is_text(path: &str) -> bool {
    percent_decode_str(path).decode_utf8().is_ok_and(|path| !path.contains('\0'))
}
