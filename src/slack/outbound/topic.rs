//! The channel's topic.

use serde_json::json;

use crate::ids::ChannelId;
use crate::incident::reactions::Surface;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Failed;
use crate::slack::view::topic::topic;
use crate::store::surfaces::Shown;

impl Job<'_> {
    /// Makes the topic say how things are.
    pub(super) async fn set_topic(&self, channel: &ChannelId) -> Result<(), Failed> {
        let topic = topic(&self.incident, &self.catalogue);
        let shown = self.shown_in(channel, Surface::Topic).await?;
        if shown.hash.as_deref() == Some(topic.as_str()) {
            return Ok(());
        }
        self.calls
            .post("conversations.setTopic", &json!({"channel": channel, "topic": topic}))
            .await?;
        Ok(self.save(Surface::Topic, &Shown { hash: Some(topic), ..shown }).await?)
    }
}
