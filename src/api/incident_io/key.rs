//! Who calls, in this format's terms: the holder of an API key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::api::caller::Caller;
use crate::api::incident_io::failure::Failure;
use crate::app::App;

/// A program that showed a valid key.
#[derive(Clone, Debug)]
pub struct Key(pub Caller);

impl Key {
    /// The receipt of what is done once for each of the caller's keys of this name.
    pub fn receipt(&self, what: &str, idempotency_key: &str) -> String {
        self.0.receipt(&format!("incident-io/{what}/{idempotency_key}"))
    }
}

impl FromRequestParts<App> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Key, Failure> {
        Ok(Key(Caller::from_request_parts(parts, app).await?))
    }
}
