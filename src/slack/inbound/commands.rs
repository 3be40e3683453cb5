//! Slash commands. Slack sends each once, waits 3 s, and shows what we answer to who typed it.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::State;
use bytes::Bytes;

use crate::engine::order::Target;
use crate::incident::event::Via;
use crate::slack::inbound::act::Asking;
use crate::slack::inbound::answer::{Answer, whispered};
use crate::slack::inbound::door::Door;
use crate::slack::inbound::grammar::{Intent, Show, parse};
use crate::slack::inbound::payload::SlashCommand;
use crate::slack::inbound::verify::Signed;
use crate::slack::view::verb::Verb;
use crate::slack::view::{help, reply};

/// Takes a slash command that came over HTTP.
pub async fn command(State(door): State<Door>, Signed(body): Signed) -> Answer {
    match serde_urlencoded::from_bytes::<SlashCommand>(&body) {
        Ok(command) => answer(&door, command).await,
        Err(_) => Answer::unreadable("this is not a slash command"),
    }
}

/// Answers a slash command.
pub async fn answer(door: &Door, command: SlashCommand) -> Answer {
    let parsed = parse(&command.text, &command.user_id);
    // Help needs no database: it is there when nothing else is.
    if let Intent::Show(Show::Help(verb)) = parsed.intent {
        return standing_help(verb);
    }
    let slack_team = command.workspace_of_organisation();
    let found = door.workspace_in(command.installed_for().as_ref(), slack_team.as_ref()).await;
    let workspace = match found {
        Ok(Some(workspace)) => workspace,
        Ok(None) => return Answer::whisper(&reply::not_installed()),
        Err(error) => {
            tracing::warn!(error = %error, "Could not look up the workspace of a command");
            return Answer::whisper(&reply::not_saved());
        }
    };
    let asking = Asking {
        door,
        workspace,
        slack_team,
        user: command.user_id,
        channel: Some(command.channel_id),
        target: parsed.reference.map(Target::Number),
        trigger_id: command.trigger_id,
        via: Via::Command,
    };
    match asking.act(parsed.intent).await {
        Some(message) => Answer::whisper(&message),
        None => Answer::silence(),
    }
}

/// Help is always the same, so it is drawn once: it is what is asked for most when much is asked.
fn standing_help(verb: Option<Verb>) -> Answer {
    static DRAWN: LazyLock<HashMap<Option<Verb>, Bytes>> = LazyLock::new(|| {
        let topics = Verb::ALL.into_iter().map(Some).chain([None]);
        topics.map(|topic| (topic, whispered(&help::help(topic)))).collect()
    });
    match DRAWN.get(&verb) {
        Some(body) => Answer::json(body.clone()),
        None => Answer::whisper(&help::help(verb)),
    }
}
