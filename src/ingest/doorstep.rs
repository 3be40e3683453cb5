//! What several doors ask of a request.

use serde_json::Value;

use crate::ingest::knock::{Knock, Trouble, from_json};

impl Knock {
    /// The body, which has to be a JSON object, whatever its type is called.
    pub fn object(&self) -> Result<Value, Trouble> {
        object_in(&self.body)
    }

    /// The path behind the source, part by part, without a secret that it begins with.
    pub fn path_behind_key(&self) -> Vec<String> {
        let mut parts = self.path();
        if parts.first().is_some_and(|first| first == "key") {
            parts.drain(..parts.len().min(2));
        }
        parts
    }

    /// Whether the body is a form.
    pub fn is_form(&self) -> bool {
        self.header("content-type").is_some_and(|kind| {
            kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
        })
    }

    /// Whether it is to the source's own address, with or without the secret in it.
    pub fn is_at_the_door(&self) -> bool {
        self.path_behind_key().is_empty()
    }

    /// Settings were checked when they were made. If they can't be read now, nothing can be taken
    /// until somebody mends them.
    pub fn settings_are_broken(&self, reason: &str) -> Trouble {
        tracing::error!(reason, source.id = %self.source.id, "The settings of a source can't be read");
        Trouble::Unavailable
    }
}

/// The JSON object in these bytes.
pub fn object_in(bytes: &[u8]) -> Result<Value, Trouble> {
    let value: Value = from_json(bytes)?;
    if value.is_object() {
        return Ok(value);
    }
    Err(Trouble::Unreadable("The body has to be a JSON object.".to_owned()))
}

/// A form as an object of texts.
pub fn form(bytes: &[u8]) -> Result<Value, Trouble> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes)
        .map_err(|error| Trouble::Unreadable(format!("The form can't be read: {error}.")))?;
    Ok(Value::Object(pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::header::RETRY_AFTER;

    use super::*;
    use crate::ingest::{bigpanda, cloudevents, generic, github, sentry, sns};

    /// What makes each sender come again when more comes than can be saved, and when nothing can.
    #[test]
    fn each_sender_is_told_in_its_way_to_come_again() {
        let busy = Trouble::Busy(Duration::from_secs(7));
        for (door, response, status) in [
            ("sentry", sentry::refuse(busy.clone()), 503),
            ("sns", sns::refuse(busy.clone()), 503),
            ("generic", generic::refuse(busy.clone()), 503),
            ("github", github::refuse(busy.clone()), 429),
            ("cloudevents", cloudevents::refuse(busy.clone()), 429),
            ("bigpanda", bigpanda::refuse(busy), 429),
        ] {
            assert_eq!(response.status().as_u16(), status, "{door}");
            assert_eq!(response.headers()[RETRY_AFTER], "7", "{door}");
        }
        for response in [
            sentry::refuse(Trouble::Unavailable),
            sns::refuse(Trouble::Unavailable),
            generic::refuse(Trouble::Unavailable),
            github::refuse(Trouble::Unavailable),
            cloudevents::refuse(Trouble::Unavailable),
            bigpanda::refuse(Trouble::Unavailable),
        ] {
            assert_eq!(response.status().as_u16(), 503);
            assert_eq!(response.headers()[RETRY_AFTER], "1");
        }
    }
}
