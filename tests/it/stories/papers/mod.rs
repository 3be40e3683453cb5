//! What people write down around an incident, and who is around it.

mod documents;
mod items;
mod links;
mod members;
mod notes;
mod subscribers;

use serde_json::json;
use stentor::incident::state::Incident;

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL};
use crate::http::Answer;

/// Checks that what somebody sent was taken without a word.
fn taken(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
}

/// Bob and Carol come to where the incident is worked on.
async fn everybody_enters(bot: &Bot, channel: &str) {
    for person in [BOB, CAROL] {
        bot.joins(person, channel).await;
    }
}

/// Alice declares a private incident; its first message is read.
async fn declares_privately(bot: &Bot, name: &str) -> Incident {
    let fields = [("name", json!(name)), ("private", json!(["private"]))];
    bot.fills_in(ALICE, GENERAL, "declare", &fields).await;
    let incident = bot.latest().await.unwrap();
    bot.skims(channel_of(&incident));
    incident
}
