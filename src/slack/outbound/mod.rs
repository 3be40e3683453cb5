//! Performs outbox work in Slack.
//!
//! Slack has no idempotency key, so every call that must not happen twice is preceded by a look
//! whether it has happened, when an earlier attempt ended without an answer. Surfaces show the
//! present state, whatever it was when the work was asked for; posts say what their entry says.

mod announcements;
mod budget;
mod calls;
mod channel;
mod members;
mod messages;
mod posts;
mod search;
mod topic;
mod workspace;

use std::sync::Arc;

use tokio::time::Instant;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::engine::order::{NotDone, Order};
use crate::incident::catalogue::Catalogue;
use crate::incident::command::Command;
use crate::incident::event::Via;
use crate::incident::reactions::Surface;
use crate::incident::state::Incident;
use crate::outbox::hold::{Held, LEASE};
use crate::outbox::work::Work;
use crate::slack::install::directory::Slacks;
use crate::slack::outbound::calls::Calls;
use crate::store::db::Db;
use crate::store::outbox::Claimed;
use crate::store::surfaces::{self, Shown};
use crate::store::workspaces::Catalogues;
use crate::store::{incidents, outbox};

pub use calls::Trouble;
pub use search::Searches;
pub use workspace::Identity;

/// Does the outbox's work in Slack.
#[derive(Clone)]
pub struct Performer {
    /// Where everything is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What things are called in a workspace.
    pub catalogues: Catalogues,
    /// Writes down what was found in Slack.
    pub engine: Engine,
    /// Slack, as each workspace's bot.
    pub slacks: Slacks,
    /// The configured announcement channel: a name or an id.
    pub announce_channel: Arc<str>,
    /// Where searches were interrupted.
    pub searches: Searches,
}

/// One piece of work, with what it needs to know.
struct Job<'a> {
    performer: &'a Performer,
    held: &'a Held,
    work: &'a Claimed,
    calls: Calls<'a>,
    incident: Incident,
    catalogue: Arc<Catalogue>,
}

impl Performer {
    /// Does a piece of work, or says why not.
    pub async fn perform(&self, held: &Held) -> Result<(), Trouble> {
        let work = &held.work;
        let mut tx = self.db.read().await?;
        let incident = incidents::by_id(&mut tx, &work.workspace, &work.incident).await?;
        let catalogue = self.catalogues.of(&mut tx, &work.workspace).await?;
        drop(tx);
        let incident = incident.ok_or_else(|| Trouble::give_up("the incident is not there"))?;
        let calls = Calls { performer: self, workspace: &work.workspace, held: Some(held) };
        let job = Job { performer: self, held, work, calls, incident, catalogue };
        match &work.work {
            Work::Refresh { surface: Surface::Channel } => job.open_channel().await,
            Work::Refresh { surface: Surface::Name } => job.rename_channel().await,
            Work::Refresh { surface: Surface::Members } => job.invite_members().await,
            Work::Refresh { surface: Surface::Topic } => job.set_topic().await,
            Work::Refresh { surface: Surface::Welcome } => job.show_welcome().await,
            Work::Refresh { surface: Surface::Announcement } => job.show_announcement().await,
            Work::Say { post } => job.say(post).await,
            // The worker rings timers itself: they are no business of Slack's.
            Work::Ring { .. } => Ok(()),
        }
    }
}

impl Job<'_> {
    async fn shown(&self, surface: Surface) -> Result<Shown, Trouble> {
        let mut tx = self.performer.db.read().await?;
        Ok(surfaces::shown(&mut tx, &self.work.workspace, &self.incident.id, surface).await?)
    }

    /// Remembers what Slack shows, unless somebody else has the lane: they know better.
    async fn save(&self, surface: Surface, shown: &Shown) -> Result<(), Trouble> {
        let (now, since) = (self.performer.clock.now(), Instant::now());
        let mut tx = self.performer.db.begin().await?;
        if !outbox::renew(&mut tx, self.work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        surfaces::save(&mut tx, &self.work.workspace, &self.incident.id, surface, shown).await?;
        tx.commit().await?;
        self.held.renewed(now, since);
        Ok(())
    }

    /// Remembers how far the work has come, unless somebody else has the lane.
    async fn reach(&self, step: &str) -> Result<(), Trouble> {
        let (now, since) = (self.performer.clock.now(), Instant::now());
        let mut tx = self.performer.db.begin().await?;
        if !outbox::renew(&mut tx, self.work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        outbox::set_step(&mut tx, self.work, step).await?;
        tx.commit().await?;
        self.held.renewed(now, since);
        Ok(())
    }

    /// Writes into the incident what was found in Slack.
    async fn report(&self, receipt: String, command: Command) -> Result<(), Trouble> {
        if !self.held.is_good(self.performer.clock.now()) {
            return Err(Trouble::NotOurs);
        }
        let (workspace, incident) = (&self.work.workspace, &self.incident.id);
        let order = Order::by_stentor(workspace, incident, receipt, Via::Delivery, command);
        match self.performer.engine.submit(order).await {
            Ok(_) | Err(NotDone::Refused(_)) => Ok(()),
            Err(NotDone::Unavailable(error)) => Err(Trouble::again_store(&error)),
        }
    }

    /// The incident's channel, which stands first in the lane of all that needs it.
    fn channel(&self) -> Result<&str, Trouble> {
        let channel = self.incident.channel.as_ref();
        channel
            .map(|id| id.as_str())
            .ok_or_else(|| Trouble::give_up("the incident has no channel in Slack"))
    }
}
