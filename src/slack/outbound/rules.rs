//! What alert rules say in Slack. It is about no incident, and sent once, as all messages.

use serde_json::json;

use crate::alert::rule::report::Report;
use crate::ids::{ChannelId, UserId};
use crate::outbox::hold::Held;
use crate::slack::outbound::Performer;
use crate::slack::outbound::calls::{Calls, Failed, Trouble};
use crate::slack::outbound::messages::{find_ours, message_arguments};
use crate::slack::view::kit::message::Message;
use crate::slack::view::rule;

impl Performer {
    /// Says in a channel what a rule says.
    pub async fn say_of_rule(
        &self,
        held: &Held,
        channel: &ChannelId,
        report: &Report,
    ) -> Result<(), Trouble> {
        let calls = self.calls_for(held);
        match send_once(&calls, held, channel, &rule::report(report)).await {
            // A public channel that Stentor is not in, it can enter.
            Err(failed) if failed.is("not_in_channel") => {
                calls.post("conversations.join", &json!({"channel": channel})).await?;
                Ok(send_once(&calls, held, channel, &rule::report(report)).await?)
            }
            result => Ok(result?),
        }
    }

    /// Tells somebody what a rule says.
    pub async fn tell_of_rule(
        &self,
        held: &Held,
        user: &UserId,
        report: &Report,
    ) -> Result<(), Trouble> {
        let calls = self.calls_for(held);
        let answer = calls.post("conversations.open", &json!({"users": user})).await?;
        let channel = answer["channel"]["id"].as_str().map(ChannelId::from);
        let channel =
            channel.ok_or_else(|| Trouble::give_up("conversations.open answered without an id"))?;
        Ok(send_once(&calls, held, &channel, &rule::report(report)).await?)
    }

    fn calls_for<'a>(&'a self, held: &'a Held) -> Calls<'a> {
        Calls { performer: self, workspace: &held.work.workspace, held: Some(held) }
    }
}

/// Sends a message with the id of this work, unless an earlier attempt has.
async fn send_once(
    calls: &Calls<'_>,
    held: &Held,
    channel: &ChannelId,
    message: &Message,
) -> Result<(), Failed> {
    let work = &held.work;
    if work.is_in_doubt() {
        let place = [("channel", channel.as_str())];
        if find_ours(calls, work, "conversations.history", channel, &place).await?.is_some() {
            return Ok(());
        }
    }
    let arguments = message_arguments(work, channel, None, message);
    calls.send("chat.postMessage", channel.as_str(), &arguments).await.map(drop)
}
