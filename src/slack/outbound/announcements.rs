//! The one message about an incident in the announcement channel.

use crate::ids::ChannelId;
use crate::incident::reactions::Surface;
use crate::outbox::work::{NotAnnounced, Warning};
use crate::slack::client::CallError;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Failed;
use crate::slack::view::announcement::{announcement, withdrawn};

impl Job<'_> {
    /// Makes the announcement say how things are. Where it was made is where it stays, as long as
    /// that channel is there.
    pub(super) async fn show_announcement(&self) -> Result<(), Failed> {
        if !self.incident.is_announced() {
            return self.take_announcement_back().await;
        }
        match self.announce().await {
            Err(Failed::Refused(error)) => {
                self.warn_of_announcements(&error).await?;
                Err(Failed::Refused(error))
            }
            result => result,
        }
    }

    /// Leaves nothing in the announcement that only few may know. Without one, there is nothing to do.
    async fn take_announcement_back(&self) -> Result<(), Failed> {
        let Some(channel) = self.shown(Surface::Announcement).await?.channel else { return Ok(()) };
        let message = withdrawn(&self.incident);
        match self.show_if_there(Surface::Announcement, &channel, &message).await {
            Err(Failed::Refused(error)) if is_gone(&error) => Ok(()),
            result => result,
        }
    }

    async fn announce(&self) -> Result<(), Failed> {
        let known = self.shown(Surface::Announcement).await?.channel;
        let was_shown = known.is_some();
        let channel = match known {
            Some(channel) => channel,
            None => self.announcement_channel().await?,
        };
        let message = announcement(&self.incident, &self.catalogue);
        let error = match self.show(Surface::Announcement, &channel, &message).await {
            Err(Failed::Refused(error)) if is_gone(&error) => error,
            result => return result.map(drop),
        };
        // What is over is not worth announcing anew.
        if was_shown && self.incident.category.is_ended() {
            return Ok(());
        }
        let next = self.next_channel(&channel).await?;
        if next == channel {
            return Err(Failed::Refused(error));
        }
        self.show(Surface::Announcement, &next, &message).await.map(drop)
    }

    /// Where to announce now that this channel is of no use.
    async fn next_channel(&self, gone: &ChannelId) -> Result<ChannelId, Failed> {
        self.performer.forget_announcement_channel(&self.calls, gone).await?;
        self.announcement_channel().await
    }

    /// Each workspace of an organisation has its own, where those are who can read it.
    async fn announcement_channel(&self) -> Result<ChannelId, Failed> {
        if let Some(channel) = self.performer.configured_announcement_channel() {
            return Ok(channel);
        }
        let team = self.team().await?;
        match self.performer.announcement_channel(&self.calls, &team).await {
            Err(failed) => Err(self.refused_in(&team, failed).await?),
            found => found,
        }
    }

    /// Somebody can do something about it, and has to know.
    async fn warn_of_announcements(&self, error: &CallError) -> Result<(), Failed> {
        let channel = self.performer.announce_channel.to_string();
        let key = format!("announcements/{}", error.words().0);
        // To find out why costs calls, which every incident would make.
        if self.is_told(&key).await? {
            return Ok(());
        }
        let Some(because) = self.why_not_announced(error, &channel).await? else { return Ok(()) };
        Ok(self.warn(&key, Warning::Announcements { channel, because }).await?)
    }

    async fn why_not_announced(
        &self,
        error: &CallError,
        channel: &str,
    ) -> Result<Option<NotAnnounced>, Failed> {
        let (code, _) = error.words();
        Ok(Some(match code {
            "is_archived" | "is_inactive" => NotAnnounced::Archived,
            "channel_not_found" => NotAnnounced::NotThere,
            "not_in_channel" | "method_not_supported_for_channel_type" | "too_many_members" => {
                NotAnnounced::NotInvited
            }
            // Of all channels, only private ones and archived ones were not found by their name.
            "name_taken" => {
                let team = self.team().await?;
                match self.performer.is_archived(&self.calls, &team, channel).await? {
                    true => NotAnnounced::Archived,
                    false => NotAnnounced::NotInvited,
                }
            }
            code if code.starts_with("restricted_action")
                && error.is_of("conversations.create") =>
            {
                NotAnnounced::NotMade
            }
            code if code.starts_with("restricted_action") => NotAnnounced::Restricted,
            _ => return Ok(None),
        }))
    }
}

fn is_gone(error: &CallError) -> bool {
    ["channel_not_found", "is_archived", "is_inactive"].iter().any(|reason| error.is(reason))
}
