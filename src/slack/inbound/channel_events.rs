//! What people do to channels and to Stentor's messages in them, as Slack tells of it.
//!
//! An event is a hint: it may be late, doubled or older than the one before it. So most of them
//! only ask the worker to look how the channel stands; what it finds is what counts. That a channel
//! was deleted, or has another id, can't be seen afterwards, and is taken as it is told.

use std::sync::Arc;

use serde_json::Value;

use crate::engine::order::{NotDone, Order};
use crate::ids::{ChannelId, MessageTs, WorkId, WorkspaceId};
use crate::incident::channel::{ChannelChange, ChannelState};
use crate::incident::command::Command;
use crate::incident::event::{Actor, Via};
use crate::incident::reactions::Surface;
use crate::incident::state::Incident;
use crate::incident::wanted::Wanted;
use crate::outbox::work::{self, NewWork};
use crate::slack::inbound::door::Door;
use crate::store::db::Tx;
use crate::store::surfaces::{self, Detail, Shown};
use crate::store::{incident_lists, incidents, outbox, teams, workspaces};

/// Open incidents whose announcement is tried again when Stentor gets into a channel.
const ANNOUNCED_AGAIN: usize = 100;

/// Why an event was not taken: the store is away, and Slack has to send it again.
pub type NotTaken = Arc<sqlx::Error>;

/// Whether anything can follow from an event for a channel.
pub fn concern(event: &Value) -> bool {
    match text(event, "type") {
        "message" => {
            matches!(text(event, "subtype"), "message_deleted" | "channel_convert_to_private")
        }
        kind => ["channel_", "group_", "member_"].iter().any(|family| kind.starts_with(family)),
    }
}

/// Acts on an event about a channel. When this returns `Ok`, what follows from it is durable.
pub async fn handle(door: &Door, workspace: &WorkspaceId, event: &Value) -> Result<(), NotTaken> {
    let Some(channel) = channel_of(event) else { return moved(door, workspace, event).await };
    let desk = Desk { door, workspace, channel };
    match text(event, "type") {
        "channel_archive" | "group_archive" | "channel_left" | "group_left" => {
            desk.look(|_| true).await
        }
        "channel_unarchive" | "group_unarchive" => desk.is_usable_again(true).await,
        "channel_rename" | "group_rename" => desk.renamed(text(&event["channel"], "name")).await,
        "channel_deleted" | "group_deleted" => desk.deleted().await,
        "member_left_channel" if desk.is_us(event).await? => desk.look(|_| true).await,
        "member_joined_channel" if desk.is_us(event).await? => {
            // Who comes by itself, into a channel that it makes or enters, needs no help.
            desk.is_usable_again(!text(event, "inviter").is_empty()).await
        }
        "message" => match text(event, "subtype") {
            "message_deleted" => desk.message_deleted(text(event, "deleted_ts")).await,
            "channel_convert_to_private" => desk.look(|_| true).await,
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

struct Desk<'a> {
    door: &'a Door,
    workspace: &'a WorkspaceId,
    channel: ChannelId,
}

impl Desk<'_> {
    /// Asks the worker to look at the channel, if it is that of an incident for which this matters.
    async fn look(&self, matters: impl Fn(&Incident) -> bool) -> Result<(), NotTaken> {
        match self.incident().await? {
            Some(incident) if matters(&incident) => {
                let app = &self.door.app;
                let now = app.clock.now();
                let id = WorkId::new(app.ids.ulid(now));
                self.ask_for(vec![work::look_at_channel(&incident.id, id, now)]).await
            }
            _ => Ok(()),
        }
    }

    /// Stentor was invited, or the channel unarchived.
    async fn is_usable_again(&self, by_people: bool) -> Result<(), NotTaken> {
        if self.incident().await?.is_some() {
            // That it is in a channel which it has just opened is no news.
            return self.look(|incident| incident.standing.state != ChannelState::Open).await;
        }
        if !by_people {
            return Ok(());
        }
        // It may be where incidents are announced: those that could not be are tried again, and
        // where the announcement stands, nothing is done.
        let (stentor, most) = (Actor::Stentor, ANNOUNCED_AGAIN);
        let mut tx = self.door.app.db.read().await?;
        let open =
            incident_lists::newest(&mut tx, self.workspace, &stentor, Wanted::open(), None, most)
                .await?;
        drop(tx);
        let now = self.door.app.clock.now();
        let announced = open.iter().filter(|incident| incident.is_announced());
        let work = announced.map(|incident| {
            let id = WorkId::new(self.door.app.ids.ulid(now));
            work::refresh(&incident.id, Surface::Announcement, id, now)
        });
        self.ask_for(work.collect()).await
    }

    async fn renamed(&self, name: &str) -> Result<(), NotTaken> {
        let Some(incident) = self.incident().await? else { return Ok(()) };
        let mut tx = self.door.app.db.read().await?;
        let shown =
            surfaces::shown(&mut tx, self.workspace, &incident.id, Surface::Channel).await?;
        drop(tx);
        // Stentor has given it that name itself.
        let is_known =
            shown.hash.as_deref() == Some(name) && incident.standing.named_by_people.is_none();
        if is_known { Ok(()) } else { self.look(|_| true).await }
    }

    async fn deleted(&self) -> Result<(), NotTaken> {
        let Some(incident) = self.incident().await? else { return Ok(()) };
        let receipt = format!("deleted/{}", self.channel);
        self.record(&incident, receipt, ChannelChange::Deleted).await?;
        let app = &self.door.app;
        let mut tx = app.db.begin().await?;
        let lane = work::channel_lane(&incident.id);
        outbox::hurry(&mut tx, self.workspace, &lane, app.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The pinned message comes back at once, the first time: without it nobody finds the buttons.
    /// An announcement that somebody deleted comes back with the next news, as does a pinned
    /// message that is deleted again.
    async fn message_deleted(&self, ts: &str) -> Result<(), NotTaken> {
        let Some(incident) = self.incident().await? else { return Ok(()) };
        if !incident.category.is_active() {
            return Ok(());
        }
        let (app, ts) = (&self.door.app, MessageTs::from(ts));
        let mut tx = app.db.begin().await?;
        let surface = Surface::Welcome;
        let shown = surfaces::shown(&mut tx, self.workspace, &incident.id, surface).await?;
        if shown.ts.as_ref() != Some(&ts) || shown.detail.restored {
            return Ok(());
        }
        let gone = Shown {
            channel: Some(self.channel.clone()),
            detail: Detail { restored: true, ..Detail::default() },
            ..Shown::default()
        };
        surfaces::save(&mut tx, self.workspace, &incident.id, surface, &gone).await?;
        let now = app.clock.now();
        let id = WorkId::new(app.ids.ulid(now));
        let again = work::refresh(&incident.id, surface, id, now);
        outbox::change(&mut tx, self.workspace, &[], &[again], now).await?;
        tx.commit().await?;
        app.work_waits.notify_one();
        Ok(())
    }

    async fn incident(&self) -> Result<Option<Incident>, NotTaken> {
        let mut tx = self.door.app.db.read().await?;
        Ok(incidents::by_channel(&mut tx, self.workspace, &self.channel).await?)
    }

    async fn is_us(&self, event: &Value) -> Result<bool, NotTaken> {
        let mut tx = self.door.app.db.read().await?;
        let us = workspaces::by_id(&mut tx, self.workspace).await?.bot_user;
        Ok(us.is_some_and(|us| us.as_str() == text(event, "user")))
    }

    async fn ask_for(&self, work: Vec<NewWork>) -> Result<(), NotTaken> {
        let app = &self.door.app;
        let mut tx: Tx = app.db.begin().await?;
        outbox::change(&mut tx, self.workspace, &[], &work, app.clock.now()).await?;
        tx.commit().await?;
        app.work_waits.notify_one();
        Ok(())
    }

    async fn record(
        &self,
        incident: &Incident,
        receipt: String,
        change: ChannelChange,
    ) -> Result<(), NotTaken> {
        let command = Command::RecordChannelChange { channel: self.channel.clone(), change };
        let order =
            Order::by_stentor(self.workspace, &incident.id, receipt, Via::Delivery, command);
        match self.door.app.engine.submit(order).await {
            // Refused means known: the event came twice, or a call has found it first.
            Ok(_) | Err(NotDone::Refused(_)) => Ok(()),
            Err(NotDone::Unavailable(error)) => Err(error),
        }
    }
}

/// Slack has given a channel another id, by which it is known from now on.
async fn moved(door: &Door, workspace: &WorkspaceId, event: &Value) -> Result<(), NotTaken> {
    let (old, new) = (text(event, "old_channel_id"), text(event, "new_channel_id"));
    if text(event, "type") != "channel_id_changed" || old.is_empty() || new.is_empty() {
        return Ok(());
    }
    let (old, new) = (ChannelId::from(old), ChannelId::from(new));
    let desk = Desk { door, workspace, channel: old.clone() };
    let incident = desk.incident().await?;
    // First what can be repeated: if the rest fails, the event comes again.
    let mut tx = door.app.db.begin().await?;
    surfaces::move_channel(&mut tx, workspace, &old, &new).await?;
    workspaces::move_announce_channel(&mut tx, workspace, &old, &new).await?;
    teams::move_announce_channel(&mut tx, workspace, &old, &new).await?;
    tx.commit().await?;
    let Some(incident) = incident else { return Ok(()) };
    let receipt = format!("moved/{old}/{new}");
    desk.record(&incident, receipt, ChannelChange::Moved { to: new }).await
}

/// Most events name their channel; some show it whole.
fn channel_of(event: &Value) -> Option<ChannelId> {
    let channel = &event["channel"];
    channel.as_str().or_else(|| channel["id"].as_str()).map(ChannelId::from)
}

fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event[name].as_str().unwrap_or_default()
}
