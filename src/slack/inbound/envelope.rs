//! What comes over a socket is what would have come over HTTP, without a signature: the socket's
//! address is the secret. It goes to the same handlers, and leaves the same receipts.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::slack::inbound::answer::Answer;
use crate::slack::inbound::door::Door;
use crate::slack::inbound::{commands, events, interactions};

/// The kinds of envelopes.
pub const COMMANDS: &str = "slash_commands";
/// Buttons, forms and shortcuts.
pub const INTERACTIVE: &str = "interactive";
/// Events.
pub const EVENTS: &str = "events_api";

/// Answers what is in an envelope: whether it was taken, and what to say to it.
pub async fn answer(door: &Door, kind: &str, payload: Value) -> (bool, Option<Vec<u8>>) {
    let answer = match kind {
        COMMANDS => match read(payload) {
            Some(command) => commands::answer(door, command).await,
            None => Answer::unreadable("this is not a slash command"),
        },
        INTERACTIVE => match read(payload) {
            Some(interaction) => interactions::answer(door, interaction).await,
            None => Answer::unreadable("this is not an interaction"),
        },
        EVENTS => events::answer(door, &payload).await,
        // What we don't know is taken like what we know.
        _ => Answer::silence(),
    };
    (answer.is_success(), answer.payload().map(<[u8]>::to_vec))
}

fn read<T: DeserializeOwned>(payload: Value) -> Option<T> {
    serde_json::from_value(payload).ok()
}
