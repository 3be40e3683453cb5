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
use crate::store::surfaces::Shown;

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
    pub(super) async fn show_welcome(&self) -> Result<(), Trouble> {
        let channel = ChannelId::from(self.channel()?);
        let message = welcome(&self.incident, &self.catalogue);
        let mut shown = self.show(Surface::Welcome, &channel, &message).await?;
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
            Err(failed) => return Err(failed.into()),
        }
        shown.detail.pinned = true;
        self.save(Surface::Welcome, &shown).await
    }

    /// A welcome message that hangs nowhere is still one, and no reason to try again with all news.
    async fn record_unpinned(&self, error: &CallError) -> Result<(), Trouble> {
        let (what, error) = ("pin the welcome message".to_owned(), error.to_string());
        let receipt = format!("unpinned/{}", self.incident.id);
        self.report(receipt, Command::RecordUndelivered { what, error }).await
    }

    /// Makes the one message of a surface show this: sends it the first time, edits it after.
    pub(super) async fn show(
        &self,
        surface: Surface,
        channel: &ChannelId,
        message: &Message,
    ) -> Result<Shown, Trouble> {
        let shown = self.shown(surface).await?;
        let hash = hash(message);
        if shown.ts.is_none() || shown.channel.as_ref() != Some(channel) {
            return self.show_first(surface, channel, message, hash).await;
        }
        if shown.hash.as_ref() == Some(&hash) {
            return Ok(shown);
        }
        match self.edit(surface, shown, message, &hash).await {
            Ok(shown) => Ok(shown),
            // Somebody deleted it. There is news, so it is worth showing again.
            Err(failed) if failed.is("message_not_found") => {
                self.show_first(surface, channel, message, hash).await
            }
            Err(failed) => Err(failed.into()),
        }
    }

    async fn edit(
        &self,
        surface: Surface,
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
        surface: Surface,
        channel: &ChannelId,
        message: &Message,
        hash: String,
    ) -> Result<Shown, Trouble> {
        let sent = self.send_once(channel, message).await?;
        let mut shown =
            Shown { channel: Some(channel.clone()), ts: Some(sent.ts), ..Shown::default() };
        if sent.earlier {
            // It shows how things were then.
            self.save(surface, &shown).await?;
            return Ok(self.edit(surface, shown, message, &hash).await?);
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
    ) -> Result<Sent, Trouble> {
        if self.work.is_in_doubt()
            && let Some(ts) = self.look_for(channel).await?
        {
            return Ok(Sent { ts, earlier: true });
        }
        let arguments = json!({
            "channel": channel,
            "text": message.text,
            "blocks": message.blocks,
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"id": self.work.id}},
        });
        match self.calls.send("chat.postMessage", channel.as_str(), &arguments).await {
            Ok(answer) => {
                let ts = answer["ts"].as_str().map(MessageTs::from);
                let ts = ts.ok_or_else(|| Trouble::Again {
                    error: "Slack sent no ts".to_owned(),
                    in_doubt: true,
                })?;
                Ok(Sent { ts, earlier: false })
            }
            Err(failed) if failed.is("not_in_channel") => {
                self.join(channel).await?;
                Err(Trouble::Again {
                    error: "chat.postMessage: not_in_channel, so Stentor joined first".to_owned(),
                    in_doubt: false,
                })
            }
            Err(failed) => Err(failed.into()),
        }
    }

    /// Looks whether the message is there after all.
    async fn look_for(&self, channel: &ChannelId) -> Result<Option<MessageTs>, Trouble> {
        let oldest = seconds_before(self.work.first_asked_at());
        let search = Search {
            method: "conversations.history",
            arguments: &[
                ("channel", channel.as_str()),
                ("oldest", &oldest),
                ("include_all_metadata", "true"),
            ],
            list: "messages",
            what: self.work.id.as_str(),
        };
        match self.calls.find(&search, |message| self.is_ours(message)).await {
            Ok(sent) => Ok(sent.and_then(|message| message["ts"].as_str().map(MessageTs::from))),
            Err(failed) if failed.is("not_in_channel") => {
                self.join(channel).await?;
                Err(Trouble::Again {
                    error: "conversations.history: not_in_channel, so Stentor joined first"
                        .to_owned(),
                    in_doubt: false,
                })
            }
            Err(failed) => Err(failed.into()),
        }
    }

    fn is_ours(&self, message: &Value) -> bool {
        message["metadata"]["event_type"] == EVENT_TYPE
            && message["metadata"]["event_payload"]["id"] == self.work.id.as_str()
    }

    async fn join(&self, channel: &ChannelId) -> Result<(), Trouble> {
        match self.calls.post("conversations.join", &json!({"channel": channel})).await {
            Ok(_) => Ok(()),
            Err(Failed::Refused(error)) => Err(Trouble::give_up(format!(
                "Stentor is not in {channel} and could not join ({error}); invite it with /invite"
            ))),
            Err(failed) => Err(failed.into()),
        }
    }
}

fn seconds_before(wish: Timestamp) -> String {
    format!("{}.000000", (wish.as_seconds() - CLOCK_MARGIN_S).max(0))
}

fn hash(message: &Message) -> String {
    let json = serde_json::to_vec(message).expect("a message is JSON");
    hex::encode(Sha256::digest(&json))
}
