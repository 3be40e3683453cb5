//! How the incident's channel stands in Slack: archived, deleted, closed to Stentor, renamed.
//!
//! Events tell of it late, twice, in the wrong order or never. So an event is only a reason to
//! look, as a refused call is, and what counts is what Slack says then.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::ids::ChannelId;
use crate::incident::channel::{ChannelChange, ChannelState};
use crate::incident::command::Command;
use crate::incident::reactions::Surface;
use crate::incident::state::Incident;
use crate::outbox::work;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::{Failed, Trouble};
use crate::store::outbox;

/// Where what belongs into the channel can go.
pub(super) enum Spot {
    /// Into it.
    Channel(ChannelId),
    /// Somebody archived it: not there.
    Archived(ChannelId),
    /// It is gone, and nobody needs another one.
    Nowhere,
}

impl Job<'_> {
    /// Where what belongs into the channel can go now. Slack is asked only if the record says that
    /// it can't go there: it may be over by now.
    pub(super) async fn spot(&self) -> Result<Spot, Failed> {
        if self.incident.needs_no_channel() {
            return Ok(Spot::Nowhere);
        }
        let channel = ChannelId::from(self.channel()?);
        let state = match self.incident.standing.state {
            ChannelState::Open => ChannelState::Open,
            ChannelState::Archived | ChannelState::Left | ChannelState::ShutOut => {
                self.look().await?
            }
        };
        match state {
            ChannelState::Open => Ok(Spot::Channel(channel)),
            ChannelState::Archived => Ok(Spot::Archived(channel)),
            // Whoever is invited again goes on where they were: nothing is lost meanwhile.
            ChannelState::Left | ChannelState::ShutOut => Err(Failed::Trouble(Trouble::Again {
                error: "Stentor was removed from the channel; this waits until it is back"
                    .to_owned(),
                in_doubt: false,
            })),
        }
    }

    /// Looks how the channel stands, and lets what waits for it go on if it is there.
    pub(super) async fn look_at_channel(&self) -> Result<(), Failed> {
        let before = self.incident.standing.state;
        if self.look().await? == ChannelState::Open && before != ChannelState::Open {
            self.hurry().await?;
        }
        Ok(())
    }

    /// What waits for the channel need not wait any longer.
    async fn hurry(&self) -> Result<(), Failed> {
        let mut tx = self.performer.db.begin().await?;
        let lane = work::channel_lane(&self.incident.id);
        outbox::hurry(&mut tx, &self.work.workspace, &lane, self.performer.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Asks Slack how the channel stands, and writes down what is new about it.
    pub(super) async fn look(&self) -> Result<ChannelState, Failed> {
        // One that was not opened yet, nobody can have changed.
        let Some(channel) = &self.incident.channel else { return Ok(ChannelState::Open) };
        let asked = self.calls.get("conversations.info", &[("channel", channel.as_str())]).await;
        let found = match asked {
            Ok(mut answer) => answer["channel"].take(),
            Err(failed) if failed.is("channel_not_found") => return self.not_found().await,
            Err(failed) => return Err(failed),
        };
        let is_private = found["is_private"] == true;
        if is_private && !self.incident.has_private_channel() {
            self.found(ChannelChange::MadePrivate).await?;
        }
        self.look_at_name(&found).await?;
        if found["is_archived"] == true {
            self.found(ChannelChange::Archived).await?;
            return Ok(ChannelState::Archived);
        }
        if found["is_member"] == false {
            return self.come_back(channel, is_private).await;
        }
        if self.incident.standing.state != ChannelState::Open {
            self.found(ChannelChange::Back).await?;
        }
        Ok(ChannelState::Open)
    }

    /// Slack hides private channels from who is not in them. One that anybody could see, and that
    /// Stentor was in, is gone.
    async fn not_found(&self) -> Result<ChannelState, Failed> {
        let state = self.incident.standing.state;
        let was_in = matches!(state, ChannelState::Open | ChannelState::Archived);
        if self.incident.has_private_channel() || !was_in {
            self.found(ChannelChange::Left { shut_out: true }).await?;
            return Ok(ChannelState::ShutOut);
        }
        self.found(ChannelChange::Deleted).await?;
        self.hurry().await?;
        let error = "the channel was deleted; another one is opened".to_owned();
        Err(Failed::Trouble(Trouble::Again { error, in_doubt: false }))
    }

    /// Somebody removed Stentor. That is written down before it comes back, so that it can count.
    async fn come_back(
        &self,
        channel: &ChannelId,
        is_private: bool,
    ) -> Result<ChannelState, Failed> {
        let noted = self.found(ChannelChange::Left { shut_out: is_private }).await?;
        let state = noted.map_or(self.incident.standing.state, |after| after.standing.state);
        if state == ChannelState::ShutOut {
            return Ok(state);
        }
        match self.calls.post("conversations.join", &json!({"channel": channel})).await {
            Ok(_) => {
                self.found(ChannelChange::Back).await?;
                Ok(ChannelState::Open)
            }
            Err(Failed::Refused(error)) => {
                tracing::info!(incident.id = %self.incident.id, error = %error, "Could not come back");
                self.found(ChannelChange::Left { shut_out: true }).await?;
                Ok(ChannelState::ShutOut)
            }
            Err(failed) => Err(failed),
        }
    }

    /// Whether people gave the channel another name than the one that Stentor gave it last.
    async fn look_at_name(&self, found: &Value) -> Result<(), Failed> {
        let given = self.shown(Surface::Channel).await?.hash;
        let (Some(given), Some(name)) = (given, found["name"].as_str()) else { return Ok(()) };
        let known = self.incident.standing.named_by_people.as_deref();
        if known.is_none() && name == given || known == Some(name) {
            return Ok(());
        }
        let follows = name == given || self.may_have_named(name).await?;
        if !follows || known.is_some() {
            self.found(ChannelChange::Renamed { to: name.to_owned(), follows }).await?;
        }
        Ok(())
    }

    /// Writes down what was found, and returns the incident after it, unless it was known.
    pub(super) async fn found(
        &self,
        change: ChannelChange,
    ) -> Result<Option<Arc<Incident>>, Failed> {
        let Some(channel) = self.incident.channel.clone() else { return Ok(None) };
        let word = word(&change);
        // One attempt finds each of these once.
        let receipt = format!("look/{}/{}/{word}", self.work.id, self.work.lease);
        Ok(self.report(receipt, Command::RecordChannelChange { channel, change }).await?)
    }
}

fn word(change: &ChannelChange) -> &'static str {
    match change {
        ChannelChange::Archived => "archived",
        ChannelChange::Back => "back",
        ChannelChange::Left { shut_out: false } => "left",
        ChannelChange::Left { shut_out: true } => "shut_out",
        ChannelChange::Deleted => "deleted",
        ChannelChange::Moved { .. } => "moved",
        ChannelChange::MadePrivate => "made_private",
        ChannelChange::Renamed { .. } => "renamed",
    }
}
