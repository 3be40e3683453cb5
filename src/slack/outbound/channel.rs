//! The incident's channel: opening it once, and keeping its name.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::ids::ChannelId;
use crate::incident::channel::ChannelChange;
use crate::incident::command::Command;
use crate::incident::event::Event;
use crate::incident::reactions::Surface;
use crate::incident::state::Visibility;
use crate::incident::text::{CHANNEL_NAME_LIMIT, channel_name};
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Failed;
use crate::slack::outbound::search::Search;
use crate::slack::outbound::teams::Team;
use crate::store::surfaces::Shown;
use crate::store::timeline;

/// Names tried before giving up: `inc-1-x`, `inc-1-x-2`, …
const SUFFIXES: usize = 20;
/// By how much Slack's clock and ours may differ when a channel is recognised by its age.
const CLOCK_MARGIN_S: i64 = 300;

impl Job<'_> {
    /// Opens the channel, or finds the one that an earlier attempt has opened.
    pub(super) async fn open_channel(&self) -> Result<(), Failed> {
        if self.incident.needs_no_channel() {
            return Ok(());
        }
        let mut shown = self.shown(Surface::Channel).await?;
        let deleted = &self.incident.standing.deleted;
        if shown.channel.as_ref().is_none_or(|channel| deleted.contains(channel)) {
            let team = self.team_to_open_in(&mut shown).await?;
            let opened = self.create_or_adopt(&team).await;
            let (channel, name) = match opened {
                Ok(opened) => opened,
                Err(failed) => return Err(self.not_opened_in(&team, shown, failed).await?),
            };
            let (channel, hash) = (Some(channel), Some(name));
            shown = Shown { channel, hash, detail: shown.detail, ..Shown::default() };
            self.save(Surface::Channel, &shown).await?;
        }
        let Some(channel) = shown.channel else { return Ok(()) };
        if self.incident.channel.as_ref() == Some(&channel) {
            return Ok(());
        }
        let receipt = format!("channel/{}/{channel}", self.incident.id);
        self.report(receipt, Command::RecordChannel { channel }).await?;
        Ok(())
    }

    async fn create_or_adopt(&self, team: &Team) -> Result<(ChannelId, String), Failed> {
        if self.work.is_in_doubt()
            && let Some(found) = self.adopt(team).await?
        {
            return Ok(found);
        }
        // Whatever name somebody chose: by the number, the channel is known again after an attempt
        // that ended without an answer.
        let base = channel_name(self.incident.number, &self.incident.name);
        let is_private = self.incident.visibility == Visibility::Private;
        for name in candidates(&base) {
            let arguments = team.named_in(json!({"name": name, "is_private": is_private}));
            match self.calls.post("conversations.create", &arguments).await {
                Ok(answer) => return Ok((channel_id(&answer["channel"])?, name)),
                Err(failed) if failed.is("name_taken") => {
                    // By our own earlier attempt, perhaps, which Slack carried out after the look.
                    if self.work.is_in_doubt()
                        && let Some(found) = self.adopt(team).await?
                    {
                        return Ok(found);
                    }
                }
                Err(failed) => return Err(failed),
            }
        }
        Err(Failed::give_up(format!(
            "conversations.create: {base} and {SUFFIXES} variants of it are taken"
        )))
    }

    /// The channel that an attempt which ended without an answer has made, if it has: it is among
    /// our own, by us, and not older than the wish for it. Its name has the incident's number; the
    /// rest of it is what the incident was called then.
    async fn adopt(&self, team: &Team) -> Result<Option<(ChannelId, String)>, Failed> {
        let us = self.performer.bot_user(&self.work.workspace).await?;
        let number = channel_name(self.incident.number, "");
        let mut arguments =
            vec![("types", "public_channel,private_channel"), ("exclude_archived", "true")];
        arguments.extend(team.argument());
        let search = Search {
            method: "users.conversations",
            arguments: &arguments,
            list: "channels",
            what: &format!("{} {}", self.work.id, team.word()),
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

    /// Gives the channel the incident's name, or the one that was chosen for it, unless people have given
    /// it another. What it is called is looked at first: the event that tells of a new name may be late
    /// or lost.
    pub(super) async fn rename_channel(&self, channel: &ChannelId) -> Result<(), Failed> {
        if self.incident.standing.named_by_people.is_some() {
            return Ok(());
        }
        let shown = self.shown(Surface::Channel).await?;
        let name = self.present_name(channel).await?;
        let is_given = shown.hash.as_ref() == Some(&name);
        if self.is_own_name(&name) {
            if !is_given {
                let shown = Shown { hash: Some(name), ..shown };
                self.save(Surface::Channel, &shown).await?;
            }
            return Ok(());
        }
        if !is_given && !self.may_have_named(&name).await? {
            self.found(ChannelChange::Renamed { to: name, follows: false }).await?;
            return Ok(());
        }
        let base = self.wanted_name();
        for name in candidates(&base) {
            match self
                .calls
                .post("conversations.rename", &json!({"channel": channel, "name": name}))
                .await
            {
                Ok(_) => {
                    let shown = Shown { hash: Some(name), ..shown };
                    return Ok(self.save(Surface::Channel, &shown).await?);
                }
                // Taken by another channel; our own of that name answers with success.
                Err(failed) if failed.is("name_taken") => {}
                Err(failed) => return Err(failed),
            }
        }
        Err(Failed::give_up(format!(
            "conversations.rename: {base} and {SUFFIXES} variants of it are taken"
        )))
    }

    /// Whether Stentor would give the channel this name as the incident is called now.
    pub(super) fn is_own_name(&self, name: &str) -> bool {
        is_variant_of(&self.wanted_name(), name)
    }

    /// The name that somebody chose for the channel, or the one that it has by itself.
    fn wanted_name(&self) -> String {
        let own = || channel_name(self.incident.number, &self.incident.name);
        self.incident.channel_name.clone().unwrap_or_else(own)
    }

    fn would_be_named(&self, called: &str, name: &str) -> bool {
        is_variant_of(&channel_name(self.incident.number, called), name)
    }

    /// Whether Stentor would have given the channel this name, whatever the incident was called:
    /// an attempt may have done so whose answer was lost.
    pub(super) async fn may_have_named(&self, name: &str) -> Result<bool, Failed> {
        if self.is_own_name(name) || self.would_be_named(&self.incident.name, name) {
            return Ok(true);
        }
        let mut tx = self.performer.db.read().await?;
        let record =
            timeline::after(&mut tx, &self.work.workspace, &self.incident.id, 0, i64::MAX).await?;
        let chosen = record.iter().rposition(|it| matches!(it.event, Event::ChannelNamed { .. }));
        Ok(record.iter().enumerate().any(|(place, entry)| match &entry.event {
            Event::Renamed { from, .. } => self.would_be_named(from, name),
            Event::ChannelNamed { from: Some(from), .. } => is_variant_of(from, name),
            // What people called it before somebody chose a name here is not theirs to keep.
            Event::ChannelChanged { change: ChannelChange::Renamed { to, .. }, .. } => {
                to == name && Some(place) < chosen
            }
            _ => false,
        }))
    }

    async fn present_name(&self, channel: &ChannelId) -> Result<String, Failed> {
        let answer = self.calls.get("conversations.info", &[("channel", channel.as_str())]).await?;
        Ok(answer["channel"]["name"].as_str().unwrap_or_default().to_owned())
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

fn is_variant_of(base: &str, name: &str) -> bool {
    candidates(base).any(|candidate| candidate == name)
}

fn channel_id(channel: &Value) -> Result<ChannelId, Failed> {
    let id = channel["id"].as_str();
    id.map(ChannelId::from)
        .ok_or_else(|| Failed::give_up("Slack answered with a channel without an id"))
}

/// `inc-1` and `inc-1-…`, but not `inc-12`.
fn is_called_after(channel: &Value, number: &str) -> bool {
    let rest = channel["name"].as_str().and_then(|name| name.strip_prefix(number));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn is_as_young_as(channel: &Value, wish: Timestamp) -> bool {
    channel["created"].as_i64().is_some_and(|created| created >= wish.as_seconds() - CLOCK_MARGIN_S)
}
