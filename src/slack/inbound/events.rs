//! The Events API. Slack repeats what is not answered with success, and switches off an app that
//! fails too often: what we don't know is answered like what we do.

use axum::extract::State;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::slack::inbound::answer::Answer;
use crate::slack::inbound::door::Door;
use crate::slack::inbound::payload::{self, EventEnvelope};
use crate::slack::inbound::removal;
use crate::slack::inbound::verify::Signed;
use crate::slack::inbound::{channel_events, marks, people_events};

/// Takes an event that came over HTTP.
pub async fn event(State(door): State<Door>, Signed(body): Signed) -> Answer {
    match payload::read_value(&body) {
        Some(event) => answer(&door, &event).await,
        None => Answer::unreadable("this is not an event"),
    }
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
        Err(_)
            if !marks::concern(&envelope)
                && !channel_events::concern(&envelope.event)
                && !people_events::concern(&envelope.event) =>
        {
            Answer::silence()
        }
        Err(error) => {
            tracing::warn!(event.id = envelope.event_id, error = %error, "Could not save what an event tells");
            // Slack sends it again, but not for ever.
            door.heard.lost();
            Answer::again()
        }
    }
}

/// Does what follows from an event, for each family of them. It is taken only when that is durable.
async fn take(door: &Door, envelope: &EventEnvelope) -> Result<(), Arc<sqlx::Error>> {
    let Some(workspace) = door.workspace(envelope.installed_for().as_ref()).await? else {
        return Ok(());
    };
    tracing::debug!(event.id = envelope.event_id, event.kind = envelope.event_kind(), "An event");
    marks::heard(door, &workspace, envelope).await?;
    channel_events::handle(door, &workspace, &envelope.event).await?;
    people_events::handle(door, &workspace, &envelope.event).await?;
    let at = Timestamp::from_micros(envelope.event_time.saturating_mul(1_000_000));
    door.heard.until(&door.app, &workspace, at).await;
    Ok(())
}
