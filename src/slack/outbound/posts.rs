//! What is said once: to the channel, to who declared, to who holds a role.

use serde_json::json;

use crate::ids::{ChannelId, UserId};
use crate::incident::edit::Telling;
use crate::incident::event::Entry;
use crate::incident::reactions::{Post, Surface};
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::{Failed, Trouble};
use crate::slack::outbound::remedy::UNUSABLE;
use crate::slack::outbound::standing::Spot;
use crate::slack::view::kit::message::Message;
use crate::slack::view::{notice, post};
use crate::store::timeline;

/// A message that only one person sees, and of which Slack keeps no trace, is on its way.
const WHISPERING: &str = "whispering";
/// It was refused: the person is told directly.
const DIRECTLY: &str = "directly";

impl Job<'_> {
    /// Says it, unless an earlier attempt has.
    pub(super) async fn say(&self, what: &Post) -> Result<(), Failed> {
        match what {
            Post::Channel { version } => {
                let entry = self.entry(*version).await?;
                let Some(message) = self.channel_message(&entry).await? else { return Ok(()) };
                match self.spot().await? {
                    // It may have been said before the channel was brought back.
                    Spot::Channel(_)
                        if self.incident.standing.was_archived
                            && self.was_said_under_announcement().await? =>
                    {
                        Ok(())
                    }
                    Spot::Channel(channel) => self.send_once(&channel, &message).await.map(drop),
                    Spot::Archived(channel) => self.say_elsewhere(&channel, &entry, &message).await,
                    Spot::Nowhere => Ok(()),
                }
            }
            Post::Declarer { user } => {
                let message = notice::channel_opened(&self.incident);
                self.whisper(user, &message).await
            }
            Post::Keeper { version, user } => {
                let entry = self.entry(*version).await?;
                match notice::channel_changed(&entry, &self.incident) {
                    Some(message) => self.send_directly(user, &message).await,
                    None => Ok(()),
                }
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

    /// What the channel is told of an entry, or of all that were made in one step with it.
    async fn channel_message(&self, entry: &Entry) -> Result<Option<Message>, Failed> {
        let (incident, catalogue) = (&self.incident, &self.catalogue);
        let by_itself = post::post(entry, incident, catalogue);
        let Some(Telling::Together { first }) = entry.telling else { return Ok(by_itself) };
        if first == entry.version {
            let alone = || post::together(std::slice::from_ref(entry), incident, catalogue);
            return Ok(Some(by_itself.unwrap_or_else(alone)));
        }
        let mut tx = self.performer.db.read().await?;
        let (workspace, limit) = (&self.work.workspace, entry.version - first + 1);
        let entries = timeline::after(&mut tx, workspace, &incident.id, first - 1, limit).await?;
        Ok(Some(post::together(&entries, incident, catalogue)))
    }

    pub(super) async fn entry(&self, version: i64) -> Result<Entry, Failed> {
        let mut tx = self.performer.db.read().await?;
        let entry =
            timeline::entry(&mut tx, &self.work.workspace, &self.incident.id, version).await?;
        entry.ok_or_else(|| Failed::give_up(format!("the record has no entry {version}")))
    }

    /// Says what belongs into a channel that was archived where people still hear it: under the
    /// announcement, or, if there is none, to each of those who have a part in the incident.
    async fn say_elsewhere(
        &self,
        archived: &ChannelId,
        entry: &Entry,
        message: &Message,
    ) -> Result<(), Failed> {
        if self.work.is_in_doubt() {
            // An earlier attempt may have said it before the channel was archived.
            match self.look_for(archived).await {
                Ok(Some(_)) => return Ok(()),
                Ok(None) | Err(Failed::Refused(_)) => {}
                Err(failed) => return Err(failed),
            }
        }
        let announcement = self.shown(Surface::Announcement).await?;
        if let (Some(channel), Some(ts)) = (announcement.channel, announcement.ts) {
            match self.reply_once(&channel, &ts, message).await {
                Err(failed) if UNUSABLE.iter().any(|reason| failed.is(reason)) => {}
                answer => return answer.map(drop),
            }
        }
        let mut was_said = false;
        for person in self.incident.people() {
            if entry.actor.person() == Some(&person) {
                continue;
            }
            match self.send_directly(&person, message).await {
                Ok(()) => was_said = true,
                // Somebody who can't be written to is no reason not to tell the others.
                Err(Failed::Refused(error)) => {
                    tracing::info!(work.id = %self.work.id, error = %error, "Could not tell one of them");
                }
                Err(failed) if was_said => return Err(said_in_part(failed)),
                Err(failed) => return Err(failed),
            }
        }
        Ok(())
    }

    async fn was_said_under_announcement(&self) -> Result<bool, Failed> {
        let announcement = self.shown(Surface::Announcement).await?;
        match (announcement.channel, announcement.ts) {
            (Some(channel), Some(ts)) if self.work.is_in_doubt() => {
                Ok(self.look_under(&channel, &ts).await?.is_some())
            }
            _ => Ok(false),
        }
    }

    /// Tells somebody where they are, without anybody else seeing it. Slack keeps no trace of such
    /// a message, so one that may have been seen is not sent again; one that was refused is sent
    /// directly, and of that Slack keeps a trace.
    async fn whisper(&self, user: &UserId, message: &Message) -> Result<(), Failed> {
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
            Err(failed) => Err(failed),
        }
    }

    pub(super) async fn send_directly(
        &self,
        user: &UserId,
        message: &Message,
    ) -> Result<(), Failed> {
        let answer = self.calls.post("conversations.open", &json!({"users": user})).await?;
        let channel = answer["channel"]["id"].as_str().map(ChannelId::from);
        let channel =
            channel.ok_or_else(|| Failed::give_up("conversations.open answered without an id"))?;
        self.send_once(&channel, message).await.map(drop)
    }
}

/// Some were told already: the next attempt has to look whom.
fn said_in_part(failed: Failed) -> Failed {
    Failed::Trouble(match failed.into() {
        Trouble::Again { error, .. } | Trouble::GiveUp { error } | Trouble::NoAccess { error } => {
            Trouble::Again { error, in_doubt: true }
        }
        Trouble::NotYet { .. } => {
            Trouble::Again { error: "some were told already".to_owned(), in_doubt: true }
        }
        Trouble::Away { error, until, for_all, .. } => {
            Trouble::Away { error, until, for_all, in_doubt: true }
        }
        rest @ (Trouble::NotOurs | Trouble::Store(_)) => rest,
    })
}
