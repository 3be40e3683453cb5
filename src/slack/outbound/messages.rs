//! Messages: sent once, recognised by the id they carry, and edited in place.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::ids::{ChannelId, MessageTs};
use crate::incident::command::Command;
use crate::incident::reactions::Surface;
use crate::slack::client::CallError;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::{Failed, Trouble};
use crate::slack::outbound::search::Search;
use crate::slack::view::kit::message::Message;
use crate::slack::view::welcome::welcome;
use crate::store::surfaces::{Detail, Kind, Shown};

/// What our messages call their metadata.
const EVENT_TYPE: &str = "stentor";
/// The channel takes no more pins, or none from us. That does not change by itself.
const UNPINNABLE: [&str; 3] = ["too_many_pins", "not_pinnable", "restricted_action"];
/// By how much Slack's clock and ours may differ when a message is looked for by its age.
const CLOCK_MARGIN_S: i64 = 300;

/// A message that was sent.
pub(super) struct Sent {
    ts: MessageTs,
    /// By an earlier attempt, which may have said something else.
    earlier: bool,
}

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
            Err(Failed::Refused(error)) if UNPINNABLE.iter().any(|code| error.is(code)) => {
                self.record_unpinned(&error).await?;
            }
            Err(failed) => return Err(failed),
        }
        shown.detail.pinned = true;
        Ok(self.save(Surface::Welcome, &shown).await?)
    }

    /// A welcome message that hangs nowhere is still one, and no reason to try again with all news.
    async fn record_unpinned(&self, error: &CallError) -> Result<(), Trouble> {
        let (what, error) = ("pin the welcome message".to_owned(), error.to_string());
        let receipt = format!("unpinned/{}", self.incident.id);
        self.report(receipt, Command::RecordUndelivered { what, error }).await?;
        Ok(())
    }

    /// Makes the one message of a surface show this: sends it the first time, edits it after.
    pub(super) async fn show(
        &self,
        surface: impl Into<Kind<'_>>,
        channel: &ChannelId,
        message: &Message,
    ) -> Result<Shown, Failed> {
        let surface = surface.into();
        let shown = self.shown(surface).await?;
        let hash = hash(message);
        if shown.ts.is_none() || shown.channel.as_ref() != Some(channel) {
            return self.show_first(surface, channel, message, hash, &shown).await;
        }
        if shown.hash.as_ref() == Some(&hash) {
            return Ok(shown);
        }
        match self.edit(surface, shown.clone(), message, &hash).await {
            Ok(shown) => Ok(shown),
            // Somebody deleted it. There is news, so it is worth showing again.
            Err(failed) if failed.is("message_not_found") => {
                self.show_first(surface, channel, message, hash, &shown).await
            }
            Err(failed) => Err(failed),
        }
    }

    /// Makes a message that is there, or not any more, show this; nothing is sent anew.
    pub(super) async fn show_if_there(
        &self,
        surface: impl Into<Kind<'_>>,
        channel: &ChannelId,
        message: &Message,
    ) -> Result<(), Failed> {
        let surface = surface.into();
        let mut shown = self.shown(surface).await?;
        let is_known = shown.ts.is_some() && shown.channel.as_ref() == Some(channel);
        if !is_known && self.work.is_in_doubt() {
            // It was sent, and is no longer wanted.
            let ts = self.look_for(channel).await?;
            shown = Shown { channel: Some(channel.clone()), ts, ..Shown::default() };
        } else if !is_known {
            return Ok(());
        }
        let hash = hash(message);
        if shown.ts.is_none() || shown.hash.as_ref() == Some(&hash) {
            return Ok(());
        }
        match self.edit(surface, shown, message, &hash).await {
            Err(failed) if failed.is("message_not_found") => Ok(()),
            answer => answer.map(drop),
        }
    }

    async fn edit(
        &self,
        surface: Kind<'_>,
        shown: Shown,
        message: &Message,
        hash: &str,
    ) -> Result<Shown, Failed> {
        let arguments = json!({"channel": shown.channel, "ts": shown.ts, "text": message.text, "blocks": message.blocks, "parse": "none"});
        self.calls.post("chat.update", &arguments).await?;
        let shown = Shown { hash: Some(hash.to_owned()), ..shown };
        self.save(surface, &shown).await.map_err(Failed::Trouble)?;
        Ok(shown)
    }

    async fn show_first(
        &self,
        surface: Kind<'_>,
        channel: &ChannelId,
        message: &Message,
        hash: String,
        before: &Shown,
    ) -> Result<Shown, Failed> {
        let sent = self.send_once(channel, message).await?;
        let mut shown = Shown {
            channel: Some(channel.clone()),
            ts: Some(sent.ts),
            hash: None,
            // It is another message, and not pinned yet.
            detail: Detail { restored: before.detail.restored, ..Detail::default() },
        };
        if sent.earlier {
            // It shows how things were then.
            self.save(surface, &shown).await?;
            return self.edit(surface, shown, message, &hash).await;
        }
        shown.hash = Some(hash);
        self.save(surface, &shown).await?;
        Ok(shown)
    }

    /// Sends a message with the id of this work, unless an earlier attempt has.
    pub(super) async fn send_once(
        &self,
        channel: &ChannelId,
        message: &Message,
    ) -> Result<Sent, Failed> {
        if self.work.is_in_doubt()
            && let Some(ts) = self.look_for(channel).await?
        {
            return Ok(Sent { ts, earlier: true });
        }
        self.send(channel, None, message).await
    }

    /// The same, in the thread under a message.
    pub(super) async fn reply_once(
        &self,
        channel: &ChannelId,
        thread: &MessageTs,
        message: &Message,
    ) -> Result<Sent, Failed> {
        if self.work.is_in_doubt()
            && let Some(ts) = self.look_under(channel, thread).await?
        {
            return Ok(Sent { ts, earlier: true });
        }
        self.send(channel, Some(thread), message).await
    }

    async fn send(
        &self,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        message: &Message,
    ) -> Result<Sent, Failed> {
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
                Ok(Sent { ts: ts.ok_or_else(no_ts)?, earlier: false })
            }
            Err(failed) if failed.is("not_in_channel") => {
                self.join(channel, failed).await?;
                Err(Failed::again("chat.postMessage: not_in_channel, so Stentor joined first"))
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
        // Where it is looked for belongs to the place in the list.
        let what = format!("{} {channel}", self.work.id);
        let arguments =
            [place, &[("oldest", oldest.as_str()), ("include_all_metadata", "true")]].concat();
        let search = Search { method, arguments: &arguments, list: "messages", what: &what };
        match self.calls.find(&search, |message| self.is_ours(message)).await {
            Ok(sent) => Ok(sent.and_then(|message| message["ts"].as_str().map(MessageTs::from))),
            Err(failed) if failed.is("not_in_channel") => {
                self.join(channel, failed).await?;
                // Whether it was sent is as open as before.
                Err(Failed::again(format!("{method}: not_in_channel, so Stentor joined first")))
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
