//! What is said once: to the channel, to who declared, to who holds a role.

use serde_json::json;

use crate::ids::{ChannelId, UserId};
use crate::incident::event::Entry;
use crate::incident::reactions::Post;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Trouble;
use crate::slack::view::kit::message::Message;
use crate::slack::view::{notice, post};
use crate::store::timeline;

/// A message that only one person sees, and of which Slack keeps no trace, is on its way.
const WHISPERING: &str = "whispering";
/// It was refused: the person is told directly.
const DIRECTLY: &str = "directly";

impl Job<'_> {
    /// Says it, unless an earlier attempt has.
    pub(super) async fn say(&self, what: &Post) -> Result<(), Trouble> {
        match what {
            Post::Channel { version } => {
                let entry = self.entry(*version).await?;
                let channel = ChannelId::from(self.channel()?);
                match post::post(&entry, &self.incident, &self.catalogue) {
                    Some(message) => self.send_once(&channel, &message).await.map(drop),
                    None => Ok(()),
                }
            }
            Post::Declarer { user } => {
                let message = notice::channel_opened(&self.incident);
                self.whisper(user, &message).await
            }
            Post::RoleHolder { version, user } => {
                let entry = self.entry(*version).await?;
                match notice::role_instructions(&entry, user, &self.incident, &self.catalogue) {
                    Some(message) => self.send_directly(user, &message).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn entry(&self, version: i64) -> Result<Entry, Trouble> {
        let mut tx = self.performer.db.read().await?;
        let entry =
            timeline::entry(&mut tx, &self.work.workspace, &self.incident.id, version).await?;
        entry.ok_or_else(|| Trouble::give_up(format!("the record has no entry {version}")))
    }

    /// Tells somebody where they are, without anybody else seeing it. Slack keeps no trace of such
    /// a message, so one that may have been seen is not sent again; one that was refused is sent
    /// directly, and of that Slack keeps a trace.
    async fn whisper(&self, user: &UserId, message: &Message) -> Result<(), Trouble> {
        let Some(channel) = self.incident.declared_in.as_ref() else { return Ok(()) };
        if self.work.step.as_deref() == Some(DIRECTLY) {
            return self.send_directly(user, message).await;
        }
        // Without this step the attempt that has no answer had not come so far.
        if self.work.step.as_deref() == Some(WHISPERING) && self.work.is_in_doubt() {
            return Ok(());
        }
        self.reach(WHISPERING).await?;
        let arguments = json!({"channel": channel, "user": user, "text": message.text, "blocks": message.blocks});
        match self.calls.post("chat.postEphemeral", &arguments).await {
            Ok(_) => Ok(()),
            Err(failed) if failed.is_in_doubt() => {
                tracing::info!(work.id = %self.work.id, "It is not known whether somebody was told where the channel is");
                Ok(())
            }
            // Stentor can't speak there: in a DM, or a channel it is not in.
            Err(failed)
                if [
                    "channel_not_found",
                    "not_in_channel",
                    "user_not_in_channel",
                    "is_archived",
                ]
                .iter()
                .any(|reason| failed.is(reason)) =>
            {
                self.reach(DIRECTLY).await?;
                self.send_directly(user, message).await
            }
            Err(failed) => Err(failed.into()),
        }
    }

    async fn send_directly(&self, user: &UserId, message: &Message) -> Result<(), Trouble> {
        let answer = self.calls.post("conversations.open", &json!({"users": user})).await?;
        let channel = answer["channel"]["id"].as_str().map(ChannelId::from);
        let channel =
            channel.ok_or_else(|| Trouble::give_up("conversations.open answered without an id"))?;
        self.send_once(&channel, message).await.map(drop)
    }
}
