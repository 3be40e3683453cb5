//! The one message about an incident in the announcement channel.

use crate::incident::reactions::Surface;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Trouble;
use crate::slack::view::announcement::announcement;

impl Job<'_> {
    /// Makes the announcement say how things are. Where it was made is where it stays.
    pub(super) async fn show_announcement(&self) -> Result<(), Trouble> {
        if !self.incident.is_announced() {
            return Ok(());
        }
        let known = self.shown(Surface::Announcement).await?.channel;
        let channel = match known {
            Some(channel) => channel,
            None => self.performer.announcement_channel(&self.calls).await?,
        };
        let message = announcement(&self.incident, &self.catalogue);
        let result = self.show(Surface::Announcement, &channel, &message).await;
        if let Err(Trouble::GiveUp { error }) = &result
            && ["channel_not_found", "is_archived", "is_inactive"]
                .iter()
                .any(|gone| error.ends_with(gone))
        {
            // The next announcement looks for the channel by its name again.
            self.performer.forget_announcement_channel(&self.calls).await?;
        }
        result.map(drop)
    }
}
