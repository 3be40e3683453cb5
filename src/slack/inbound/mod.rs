//! What comes from Slack: verified first, then read, then turned into commands.
//!
//! No handler can be called with a request whose signature, age and size were not checked: only
//! [`verify::Signed`] holds such a body.

mod act;
mod alerts;
mod answer;
mod channel_events;
mod commands;
mod door;
pub mod envelope;
mod events;
pub mod grammar;
mod interactions;
mod marks;
pub mod oncall;
mod papers;
mod payload;
mod people_events;
mod removal;
pub mod submission;
pub mod verify;

use axum::Router;
use axum::routing::post;

pub use door::Door;

/// The addresses that Slack calls.
pub fn router(door: Door) -> Router {
    Router::new()
        .route("/slack/commands", post(commands::command))
        .route("/slack/interactions", post(interactions::interaction))
        .route("/slack/events", post(events::event))
        .with_state(door)
}
