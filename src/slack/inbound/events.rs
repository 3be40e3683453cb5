//! The Events API. Slack repeats what is not answered with success, and switches off an app that
//! fails too often: what we don't know is answered like what we do.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::slack::inbound::door::{Door, silence};
use crate::slack::inbound::removal;
use crate::slack::inbound::verify::Signed;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    challenge: Option<String>,
    event_id: String,
    event: Event,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
}

/// Answers an event.
pub async fn event(State(door): State<Door>, Signed(body): Signed) -> Response {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
        return (StatusCode::BAD_REQUEST, "this is not an event").into_response();
    };
    match (envelope.kind.as_str(), envelope.challenge) {
        ("url_verification", Some(challenge)) => {
            ([(CONTENT_TYPE, "text/plain")], challenge).into_response()
        }
        _ if removal::KINDS.contains(&envelope.event.kind.as_str()) => {
            removal::removed(&door, &body).await
        }
        _ => {
            tracing::debug!(
                event.id = envelope.event_id,
                event.kind = envelope.event.kind,
                "Left an event alone"
            );
            silence()
        }
    }
}
