//! The Events API. Slack repeats what is not answered with success, and switches off an app that
//! fails too often: what we don't know is answered like what we do.

use axum::extract::State;
use serde::Deserialize as _;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::slack::inbound::answer::Answer;
use crate::slack::inbound::door::Door;
use crate::slack::inbound::marks;
use crate::slack::inbound::payload::EventEnvelope;
use crate::slack::inbound::removal;
use crate::slack::inbound::verify::Signed;

/// Takes an event that came over HTTP.
pub async fn event(State(door): State<Door>, Signed(body): Signed) -> Answer {
    answer(&door, &serde_json::from_slice(&body).unwrap_or_default()).await
}

/// Answers an event.
pub async fn answer(door: &Door, body: &Value) -> Answer {
    let Ok(envelope) = EventEnvelope::deserialize(body) else {
        return Answer::unreadable("this is not an event");
    };
    if removal::KINDS.contains(&envelope.event_kind()) {
        return removal::removed(door, body).await;
    }
    if let ("url_verification", Some(challenge)) = (envelope.kind.as_str(), &envelope.challenge) {
        return Answer::text(challenge.clone());
    }
    match take(door, &envelope).await {
        Ok(()) => Answer::silence(),
        // Most of what is said in channels is none of our business, with or without a database.
        Err(_) if !marks::concern(&envelope) => Answer::silence(),
        Err(error) => {
            tracing::warn!(event.id = envelope.event_id, error = %error, "Could not save what an event tells");
            // Slack sends it again, but not for ever.
            door.heard.lost();
            Answer::again()
        }
    }
}

/// One arm for each family of events.
async fn take(door: &Door, envelope: &EventEnvelope) -> Result<(), sqlx::Error> {
    let Some(workspace) = door.workspace(envelope.installed_for().as_ref()).await? else {
        return Ok(());
    };
    match envelope.event_kind() {
        "reaction_added" | "reaction_removed" | "pin_added" | "pin_removed" | "message" => {
            marks::heard(door, &workspace, envelope).await?;
        }
        kind => {
            tracing::debug!(event.id = envelope.event_id, event.kind = kind, "Left an event alone")
        }
    }
    let at = Timestamp::from_micros(envelope.event_time.saturating_mul(1_000_000));
    door.heard.until(&door.app, &workspace, at).await;
    Ok(())
}
