//! Messages: sent once, recognised by the id they carry, and edited in place.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::ids::{ChannelId, MessageTs};
use crate::incident::reactions::Surface;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::{Failed, Trouble};
use crate::slack::view::kit::message::Message;
use crate::slack::view::welcome::welcome;
use crate::store::surfaces::{Detail, Shown};

/// What our messages call their metadata.
const EVENT_TYPE: &str = "stentor";
/// By how much Slack's clock and ours may differ when a message is looked for by its age.
const CLOCK_MARGIN_S: i64 = 300;

impl Job<'_> {
    /// Shows the welcome message with the buttons, and keeps it pinned.
    pub(super) async fn show_welcome(&self, channel: &ChannelId) -> Result<(), Failed> {
        let message = welcome(&self.incident, &self.catalogue);
        let mut shown = self.show(Surface::Welcome, channel, &message).await?;
        if shown.detail.pinned {
            return Ok(());
        }
        let ts = shown.ts.as_ref().map(MessageTs::as_str);
        match self.calls.post("pins.add", &json!({"channel": channel, "timestamp": ts})).await {
            Ok(_) => {}
            Err(failed) if failed.is("already_pinned") => {}
            Err(failed) => return Err(failed),
        }
        shown.detail.pinned = true;
        Ok(self.save(Surface::Welcome, &shown).await?)
    }

    /// Makes the one message of a surface show this: sends it the first time, edits it after.
    pub(super) async fn show(
        &self,
        surface: Surface,
        channel: &ChannelId,
        message: &Message,
    ) -> Result<Shown, Failed> {
        let shown = self.shown(surface).await?;
        let hash = hash(message);
        let known = shown.ts.clone().filter(|_| shown.channel.as_ref() == Some(channel));
        let Some(ts) = known else {
            return self.show_first(surface, channel, message, hash, &shown).await;
        };
        if shown.hash.as_ref() == Some(&hash) {
            return Ok(shown);
        }
        let arguments = json!({"channel": channel, "ts": ts, "text": message.text, "blocks": message.blocks, "parse": "none"});
        match self.calls.post("chat.update", &arguments).await {
            Ok(_) => {
                let shown = Shown { hash: Some(hash), ..shown };
                self.save(surface, &shown).await?;
                Ok(shown)
            }
            // Somebody deleted it. There is news, so it is worth showing again.
            Err(failed) if failed.is("message_not_found") => {
                self.show_first(surface, channel, message, hash, &shown).await
            }
            Err(failed) => Err(failed),
        }
    }

    async fn show_first(
        &self,
        surface: Surface,
        channel: &ChannelId,
        message: &Message,
        hash: String,
        before: &Shown,
    ) -> Result<Shown, Failed> {
        let ts = self.send_once(channel, message).await?;
        let shown = Shown {
            channel: Some(channel.clone()),
            ts: Some(ts),
            hash: Some(hash),
            // It is another message, and not pinned yet.
            detail: Detail { restored: before.detail.restored, ..Detail::default() },
        };
        self.save(surface, &shown).await?;
        Ok(shown)
    }

    /// Sends a message with the id of this work, unless an earlier attempt has.
    pub(super) async fn send_once(
        &self,
        channel: &ChannelId,
        message: &Message,
    ) -> Result<MessageTs, Failed> {
        if self.work.is_in_doubt()
            && let Some(ts) = self.look_for(channel).await?
        {
            return Ok(ts);
        }
        self.send(channel, None, message).await
    }

    /// The same, in the thread under a message.
    pub(super) async fn reply_once(
        &self,
        channel: &ChannelId,
        thread: &MessageTs,
        message: &Message,
    ) -> Result<MessageTs, Failed> {
        if self.work.is_in_doubt()
            && let Some(ts) = self.look_under(channel, thread).await?
        {
            return Ok(ts);
        }
        self.send(channel, Some(thread), message).await
    }

    async fn send(
        &self,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        message: &Message,
    ) -> Result<MessageTs, Failed> {
        let mut arguments = json!({
            "channel": channel,
            "text": message.text,
            "blocks": message.blocks,
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"id": self.work.id}},
        });
        if let Some(thread) = thread {
            arguments["thread_ts"] = json!(thread);
        }
        match self.calls.send("chat.postMessage", channel.as_str(), &arguments).await {
            Ok(answer) => {
                let ts = answer["ts"].as_str().map(MessageTs::from);
                let no_ts =
                    || Trouble::Again { error: "Slack sent no ts".to_owned(), in_doubt: true };
                Ok(ts.ok_or_else(no_ts)?)
            }
            Err(failed) if failed.is("not_in_channel") => {
                self.join(channel, failed).await?;
                Err(Failed::again("had to join the channel first"))
            }
            Err(failed) => Err(failed),
        }
    }

    /// Looks whether the message is there after all.
    pub(super) async fn look_for(&self, channel: &ChannelId) -> Result<Option<MessageTs>, Failed> {
        self.find_ours("conversations.history", channel, &[("channel", channel.as_str())]).await
    }

    /// Looks whether the message is there, in the thread under another one.
    pub(super) async fn look_under(
        &self,
        channel: &ChannelId,
        thread: &MessageTs,
    ) -> Result<Option<MessageTs>, Failed> {
        let replies = [("channel", channel.as_str()), ("ts", thread.as_str())];
        match self.find_ours("conversations.replies", channel, &replies).await {
            // Where there is no thread, nothing was said under it.
            Err(failed) if failed.is("thread_not_found") => Ok(None),
            found => found,
        }
    }

    async fn find_ours(
        &self,
        method: &str,
        channel: &ChannelId,
        place: &[(&str, &str)],
    ) -> Result<Option<MessageTs>, Failed> {
        let oldest = seconds_before(self.work.first_asked_at());
        let since =
            [place, &[("oldest", oldest.as_str()), ("include_all_metadata", "true")]].concat();
        let sent = self.calls.find(method, &since, "messages", |message| self.is_ours(message));
        match sent.await {
            Ok(sent) => Ok(sent.and_then(|message| message["ts"].as_str().map(MessageTs::from))),
            Err(failed) if failed.is("not_in_channel") => {
                self.join(channel, failed).await?;
                // Whether it was sent is as open as before.
                Err(Failed::again("had to join the channel first"))
            }
            Err(failed) => Err(failed),
        }
    }

    fn is_ours(&self, message: &Value) -> bool {
        message["metadata"]["event_type"] == EVENT_TYPE
            && message["metadata"]["event_payload"]["id"] == self.work.id.as_str()
    }

    /// Enters a channel that is not the incident's own: from that one somebody has removed Stentor,
    /// which is a matter of its own.
    async fn join(&self, channel: &ChannelId, because: Failed) -> Result<(), Failed> {
        if self.incident.channel.as_ref() == Some(channel) {
            return Err(because);
        }
        self.calls.post("conversations.join", &json!({"channel": channel})).await.map(drop)
    }
}

fn seconds_before(wish: Timestamp) -> String {
    format!("{}.000000", (wish.as_seconds() - CLOCK_MARGIN_S).max(0))
}

fn hash(message: &Message) -> String {
    let json = serde_json::to_vec(message).expect("a message is JSON");
    hex::encode(Sha256::digest(&json))
}
