//! The cards of alerts in the incident's channel: one message for each group, edited in place.

use std::collections::BTreeMap;

use crate::alert::course;
use crate::alert::group::Group;
use crate::ids::{GroupId, IncidentId};
use crate::incident::access::may_be_named;
use crate::incident::state::Incident;
use crate::outbox::work::{Work, asked_for};
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::{Failed, Trouble};
use crate::slack::outbound::standing::Spot;
use crate::slack::view::alerts::card::{Card, card, gone};
use crate::slack::view::kit::message::Message;
use crate::store::db::Tx;
use crate::store::surfaces::Kind;
use crate::store::{alert_groups, alerts, incidents, outbox};

/// How many changes of alerts are looked at for how many fired when.
const HISTORY: i64 = 5_000;

/// What the channel is to show of a group.
enum Shows {
    /// How it stands.
    Card(Message),
    /// That it is no part of the incident any more.
    Gone(Message),
}

impl Job<'_> {
    /// Shows how a group of alerts stands.
    pub(super) async fn show_alerts(&self, group: &GroupId) -> Result<(), Failed> {
        let Some(shows) = self.look_at_group(group).await? else { return Ok(()) };
        let channel = match self.spot().await? {
            Spot::Channel(channel) => channel,
            // It is shown when the channel is back.
            Spot::Archived(_) | Spot::Nowhere => return Ok(()),
        };
        let kind = Kind::Alerts(group);
        match shows {
            Shows::Card(message) => self.show(kind, &channel, &message).await.map(drop),
            Shows::Gone(message) => self.show_if_there(kind, &channel, &message).await,
        }
    }

    /// Has all groups of the incident shown, each as work of its own: a message is found again by
    /// the work that it was sent for.
    pub(super) async fn show_all_alerts(&self) -> Result<(), Failed> {
        let (performer, workspace) = (self.performer, &self.work.workspace);
        let now = performer.clock.now();
        let mut tx = performer.db.begin().await?;
        let groups = alert_groups::of_incident(&mut tx, workspace, &self.incident.id).await?;
        let work = groups.into_iter().map(|group| {
            let show = Work::ShowAlerts { group: group.id };
            asked_for(&self.incident.id, show, now, performer.ids.ulid(now))
        });
        let work: Vec<_> = work.collect();
        outbox::change(&mut tx, workspace, &[], &work, now).await?;
        Ok(tx.commit().await?)
    }

    async fn look_at_group(&self, id: &GroupId) -> Result<Option<Shows>, Trouble> {
        let workspace = &self.work.workspace;
        let mut tx = self.performer.db.read().await?;
        let ids = std::slice::from_ref(id);
        let Some(group) = alert_groups::with_ids(&mut tx, workspace, ids).await?.pop() else {
            return Ok(None);
        };
        if group.incident.as_ref() != Some(&self.incident.id) {
            let to = self.numbers(&mut tx, group.incident.iter()).await?;
            let to = group.incident.as_ref().and_then(|incident| to.get(incident)).copied();
            return Ok(Some(Shows::Gone(gone(&group, to))));
        }
        let alerts = alerts::of_groups(&mut tx, workspace, ids).await?;
        let until = alerts.iter().map(|alert| alert.changed_at).max().unwrap_or(group.opened_at);
        let since = course::beginning(until);
        let history = alerts::history_of_group(&mut tx, workspace, id, since, HISTORY).await?;
        let (continues, continued_in) = self.neighbours(&mut tx, &group).await?;
        Ok(Some(Shows::Card(card(&Card {
            incident: &self.incident,
            group: &group,
            alerts: &alerts,
            course: &course::firing(&alerts, &history, until),
            until,
            continues,
            continued_in,
            now: self.performer.clock.now(),
        }))))
    }

    /// The numbers of the incidents that this group continues and is continued in.
    async fn neighbours(
        &self,
        tx: &mut Tx,
        group: &Group,
    ) -> Result<(Option<i64>, Option<i64>), Trouble> {
        let ids: Vec<GroupId> =
            group.continues.iter().chain(&group.continued_in).cloned().collect();
        if ids.is_empty() {
            return Ok((None, None));
        }
        let others = alert_groups::with_ids(tx, &self.work.workspace, &ids).await?;
        let others: BTreeMap<GroupId, IncidentId> =
            others.into_iter().filter_map(|other| Some((other.id, other.incident?))).collect();
        let numbers = self.numbers(tx, others.values()).await?;
        let number = |group: &Option<GroupId>| {
            let incident = others.get(group.as_ref()?)?;
            numbers.get(incident).copied()
        };
        Ok((number(&group.continues), number(&group.continued_in)))
    }

    /// The numbers of these incidents, but not of those that nobody here need know of.
    async fn numbers(
        &self,
        tx: &mut Tx,
        ids: impl Iterator<Item = &IncidentId>,
    ) -> Result<BTreeMap<IncidentId, i64>, Trouble> {
        let ids: Vec<IncidentId> = ids.filter(|id| **id != self.incident.id).cloned().collect();
        let found = incidents::with_ids(tx, &self.work.workspace, &ids).await?;
        let named = found.into_iter().filter(may_be_named);
        Ok(named.map(|incident: Incident| (incident.id, incident.number)).collect())
    }
}
