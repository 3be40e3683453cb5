//! To be written.

use axum::response::{IntoResponse as _, Response};

use crate::ingest::knock::{Knock, Trouble};

/// Takes a request.
pub async fn receive(_knock: Knock) -> Response {
    refuse(Trouble::NotThere)
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    trouble.into_response()
}

/// Whether the settings are understood.
pub fn check_settings(door: &serde_json::Value) -> Result<(), String> {
    if door.is_null() { Ok(()) } else { Err("there are no settings".to_owned()) }
}
