//! Performs outbox work in Slack.
//!
//! Slack has no idempotency key, so every call that must not happen twice is preceded by a look
//! whether it has happened, when an earlier attempt ended without an answer. Surfaces show the
//! present state, whatever it was when the work was asked for; posts say what their entry says.

mod announcements;
mod budget;
mod calls;
mod cards;
mod channel;
mod looks;
mod members;
mod messages;
mod posts;
mod remedy;
mod rules;
mod search;
mod standing;
mod teams;
mod topic;
mod workspace;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::engine::order::{NotDone, Order};
use crate::ids::{ChannelId, IdSource};
use crate::incident::catalogue::Catalogue;
use crate::incident::command::Command;
use crate::incident::event::Via;
use crate::incident::reactions::Surface;
use crate::incident::state::Incident;
use crate::outbox::hold::{Held, LEASE};
use crate::outbox::work::Work;
use crate::slack::install::directory::Slacks;
use crate::slack::outbound::calls::{Calls, Failed};
use crate::slack::outbound::standing::Spot;
use crate::slack::view::notice;
use crate::store::db::Db;
use crate::store::outbox::Claimed;
use crate::store::surfaces::{self, Kind, Shown};
use crate::store::workspaces::Catalogues;
use crate::store::{incidents, outbox};

pub use calls::Trouble;
pub use looks::PIN;
pub use search::Searches;
pub use workspace::Identity;

/// How long work that only a newer version knows is left to other replicas.
const LEAVE_TO_OTHERS: Duration = Duration::from_secs(30);

/// Does the outbox's work in Slack.
#[derive(Clone)]
pub struct Performer {
    /// Where everything is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What new things are called.
    pub ids: IdSource,
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
        match job.perform().await {
            Err(Failed::Refused(error)) => Err(job.remedy(error).await),
            Err(Failed::Trouble(trouble)) => Err(trouble),
            Ok(()) => Ok(()),
        }
    }
}

impl Job<'_> {
    async fn perform(&self) -> Result<(), Failed> {
        match &self.work.work {
            Work::Refresh { surface: Surface::Channel } => self.open_channel().await,
            Work::Refresh { surface: Surface::Standing } => self.look_at_channel().await,
            Work::Refresh { surface: Surface::Announcement } => self.show_announcement().await,
            Work::Refresh { surface } => match self.spot().await? {
                Spot::Channel(channel) => self.show_in_channel(*surface, &channel).await,
                // It is shown when the channel is back.
                Spot::Archived(_) | Spot::Nowhere => Ok(()),
            },
            Work::Say { post } => self.say(post).await,
            Work::Warn { user, warning } => {
                self.send_directly(user, &notice::warning(warning)).await
            }
            // The worker does these itself: they are no business of Slack's, or of no incident's.
            Work::Ring { .. }
            | Work::Wake
            | Work::RecordMerge { .. }
            | Work::RecordAlerts { .. }
            | Work::Settle { .. }
            | Work::Signal
            | Work::Evaluate { .. }
            | Work::Report(_)
            | Work::Act(_)
            | Work::Deliver(_) => Ok(()),
            Work::ShowAlerts { group } => self.show_alerts(group).await,
            Work::ShowAllAlerts => self.show_all_alerts().await,
            Work::Look { ts, by } => self.look_at(ts, by.as_ref()).await,
            Work::ReadBack(stretch) => self.read_back(stretch).await,
            Work::Unknown => {
                let until = self.performer.clock.now().plus(LEAVE_TO_OTHERS);
                Err(Failed::Trouble(Trouble::NotYet { until, turn: None }))
            }
        }
    }

    async fn show_in_channel(&self, surface: Surface, channel: &ChannelId) -> Result<(), Failed> {
        match surface {
            Surface::Name => self.rename_channel(channel).await,
            Surface::Members => self.invite_members(channel).await,
            Surface::Topic => self.set_topic(channel).await,
            Surface::Welcome => self.show_welcome(channel).await,
            // These are not in it.
            Surface::Channel | Surface::Standing | Surface::Announcement => Ok(()),
        }
    }

    /// What is known of a surface in the present channel: what was shown in one that was deleted
    /// is of no use.
    async fn shown_in(&self, channel: &ChannelId, surface: Surface) -> Result<Shown, Trouble> {
        let shown = self.shown(surface).await?;
        let is_here = match &shown.channel {
            Some(known) => known == channel,
            None => self.incident.standing.deleted.is_empty(),
        };
        let shown = if is_here { shown } else { Shown::default() };
        Ok(Shown { channel: Some(channel.clone()), ..shown })
    }

    async fn shown(&self, surface: impl Into<Kind<'_>>) -> Result<Shown, Trouble> {
        let mut tx = self.performer.db.read().await?;
        Ok(surfaces::shown(&mut tx, &self.work.workspace, &self.incident.id, surface).await?)
    }

    /// Remembers what Slack shows, unless somebody else has the lane: they know better.
    async fn save(&self, surface: impl Into<Kind<'_>>, shown: &Shown) -> Result<(), Trouble> {
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

    /// Writes into the incident what was found in Slack, and returns it as it is then; nothing if
    /// that was known.
    async fn report(
        &self,
        receipt: String,
        command: Command,
    ) -> Result<Option<Arc<Incident>>, Trouble> {
        if !self.held.is_good(self.performer.clock.now()) {
            return Err(Trouble::NotOurs);
        }
        let (workspace, incident) = (&self.work.workspace, &self.incident.id);
        let order = Order::by_stentor(workspace, incident, receipt, Via::Delivery, command);
        match self.performer.engine.submit(order).await {
            Ok(done) => Ok(Some(done.incident)),
            Err(NotDone::Refused(_)) => Ok(None),
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
