//! The incident's channel: opening it once, and keeping its name.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::ids::ChannelId;
use crate::incident::command::Command;
use crate::incident::reactions::Surface;
use crate::incident::state::Visibility;
use crate::incident::text::{CHANNEL_NAME_LIMIT, channel_name};
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Trouble;
use crate::slack::outbound::search::Search;
use crate::store::surfaces::Shown;

/// Names tried before giving up: `inc-1-x`, `inc-1-x-2`, …
const SUFFIXES: usize = 20;
/// By how much Slack's clock and ours may differ when a channel is recognised by its age.
const CLOCK_MARGIN_S: i64 = 300;

impl Job<'_> {
    /// Opens the channel, or finds the one that an earlier attempt has opened.
    pub(super) async fn open_channel(&self) -> Result<(), Trouble> {
        let mut shown = self.shown(Surface::Channel).await?;
        if shown.channel.is_none() {
            let (channel, name) = self.create_or_adopt().await?;
            shown = Shown { channel: Some(channel), hash: Some(name), ..Shown::default() };
            self.save(Surface::Channel, &shown).await?;
        }
        let Some(channel) = shown.channel else { return Ok(()) };
        if self.incident.channel.as_ref() == Some(&channel) {
            return Ok(());
        }
        let receipt = format!("channel/{}/{channel}", self.incident.id);
        self.report(receipt, Command::RecordChannel { channel }).await
    }

    async fn create_or_adopt(&self) -> Result<(ChannelId, String), Trouble> {
        if self.work.is_in_doubt()
            && let Some(found) = self.adopt().await?
        {
            return Ok(found);
        }
        let base = channel_name(self.incident.number, &self.incident.name);
        let is_private = self.incident.visibility == Visibility::Private;
        for name in candidates(&base) {
            let arguments = json!({"name": name, "is_private": is_private});
            match self.calls.post("conversations.create", &arguments).await {
                Ok(answer) => return Ok((channel_id(&answer["channel"])?, name)),
                Err(failed) if failed.is("name_taken") => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(Trouble::give_up(format!(
            "conversations.create: {base} and {SUFFIXES} variants of it are taken"
        )))
    }

    /// The channel that an attempt which ended without an answer has made, if it has: it is among
    /// our own, by us, and not older than the wish for it. Its name has the incident's number; the
    /// rest of it is what the incident was called then.
    async fn adopt(&self) -> Result<Option<(ChannelId, String)>, Trouble> {
        let us = self.performer.bot_user(&self.work.workspace).await?;
        let number = channel_name(self.incident.number, "");
        let search = Search {
            method: "users.conversations",
            arguments: &[("types", "public_channel,private_channel"), ("exclude_archived", "true")],
            list: "channels",
            what: self.work.id.as_str(),
        };
        let made = self.calls.find(&search, |channel| {
            is_called_after(channel, &number)
                && channel["creator"] == us.as_str()
                && is_as_young_as(channel, self.work.first_asked_at())
        });
        let Some(made) = made.await? else { return Ok(None) };
        let name = made["name"].as_str().unwrap_or_default().to_owned();
        Ok(Some((channel_id(&made)?, name)))
    }

    /// Gives the channel the incident's name.
    pub(super) async fn rename_channel(&self) -> Result<(), Trouble> {
        let channel = self.channel()?;
        let shown = self.shown(Surface::Channel).await?;
        let base = channel_name(self.incident.number, &self.incident.name);
        if shown
            .hash
            .as_deref()
            .is_some_and(|name| candidates(&base).any(|candidate| candidate == name))
        {
            return Ok(());
        }
        for name in candidates(&base) {
            match self
                .calls
                .post("conversations.rename", &json!({"channel": channel, "name": name}))
                .await
            {
                Ok(_) => {
                    return self.save(Surface::Channel, &Shown { hash: Some(name), ..shown }).await;
                }
                // Taken by another channel; our own of that name answers with success.
                Err(failed) if failed.is("name_taken") => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(Trouble::give_up(format!(
            "conversations.rename: {base} and {SUFFIXES} variants of it are taken"
        )))
    }
}

fn candidates(base: &str) -> impl Iterator<Item = String> {
    let again = (2..=SUFFIXES).map(|n| {
        let suffix = format!("-{n}");
        let room = CHANNEL_NAME_LIMIT - suffix.len();
        format!("{}{suffix}", &base[..base.len().min(room)])
    });
    std::iter::once(base.to_owned()).chain(again)
}

fn channel_id(channel: &Value) -> Result<ChannelId, Trouble> {
    let id = channel["id"].as_str();
    id.map(ChannelId::from)
        .ok_or_else(|| Trouble::give_up("Slack answered with a channel without an id"))
}

/// `inc-1` and `inc-1-…`, but not `inc-12`.
fn is_called_after(channel: &Value, number: &str) -> bool {
    let rest = channel["name"].as_str().and_then(|name| name.strip_prefix(number));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn is_as_young_as(channel: &Value, wish: Timestamp) -> bool {
    channel["created"].as_i64().is_some_and(|created| created >= wish.as_seconds() - CLOCK_MARGIN_S)
}
