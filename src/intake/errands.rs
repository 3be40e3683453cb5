//! What somebody here wants of alerts.

use std::collections::BTreeSet;

use crate::alert::state::{Cause, Change, Seen};
use crate::ids::{AlertId, GroupId, IncidentId};
use crate::incident::event::Actor;
use crate::intake::desk::Desk;
use crate::intake::order::{Carried, Errand, Place, Which};
use crate::intake::sweep::AT_ONCE;
use crate::store::alerts::{Sighting, Written};
use crate::store::db::{Result, Tx};
use crate::store::{alert_groups, alert_settings, alerts};

/// Groups that are looked at again at once, when something laid down has changed.
const GROUPS_AT_ONCE: i64 = 100_000;

impl Desk<'_> {
    /// Does it.
    pub(super) async fn carry(&mut self, tx: &mut Tx, errand: &Errand) -> Result<Carried> {
        match errand {
            Errand::Acknowledge { which, by } => {
                let ids = self.hold_which(tx, which).await?;
                Ok(self.each(&ids, |desk, id| desk.acknowledge(id, by)))
            }
            Errand::Unacknowledge { which, by } => {
                let ids = self.hold_which(tx, which).await?;
                Ok(self.each(&ids, |desk, id| desk.unacknowledge(id, by)))
            }
            Errand::Resolve { which, by } => {
                let ids = self.hold_which(tx, which).await?;
                let cause = Cause::Somebody { actor: by.clone() };
                Ok(self.each(&ids, |desk, id| desk.end(id, &cause)))
            }
            Errand::Move { which, to, by } => {
                let ids = self.hold_which(tx, which).await?;
                self.move_to(tx, which, &ids, to, by).await
            }
            Errand::Link { group, incident } => {
                self.load_groups(tx, std::slice::from_ref(group)).await?;
                let Some(group) = self.groups.get_mut(group) else { return Ok(Carried::default()) };
                if group.incident.is_none() {
                    group.incident = Some(incident.clone());
                    group.at_once = false;
                    group.version += 1;
                    self.touched.insert(group.id.clone());
                }
                Ok(Carried {
                    groups: vec![group.id.clone()],
                    was_there: true,
                    ..Carried::default()
                })
            }
            Errand::Repoint { from, to } => self.repoint(tx, from, to).await,
            Errand::Put { id, setting } => {
                alert_settings::put(tx, self.workspace, id, setting, self.now).await?;
                self.settings_changed(tx).await?;
                Ok(Carried { was_there: true, ..Carried::default() })
            }
            Errand::Delete { kind, id } => {
                let was_there = alert_settings::delete(tx, self.workspace, kind, id).await?;
                self.settings_changed(tx).await?;
                Ok(Carried { was_there, ..Carried::default() })
            }
            Errand::Expire => self.expire(tx).await,
        }
    }

    /// Loads the alerts that it is about, and says which these are.
    async fn hold_which(&mut self, tx: &mut Tx, which: &Which) -> Result<Vec<AlertId>> {
        let written: Vec<Written> = match which {
            Which::Alerts(ids) => alerts::written_with_ids(tx, self.workspace, ids).await?,
            Which::Group(group) => {
                alerts::written_of_groups(tx, self.workspace, std::slice::from_ref(group)).await?
            }
            Which::Incident(incident) => {
                let groups = alert_groups::of_incident(tx, self.workspace, incident).await?;
                let groups: Vec<GroupId> = groups.into_iter().map(|group| group.id).collect();
                alerts::written_of_groups(tx, self.workspace, &groups).await?
            }
        };
        self.hold_all(tx, written).await
    }

    async fn hold_all(&mut self, tx: &mut Tx, written: Vec<Written>) -> Result<Vec<AlertId>> {
        let mut ids: Vec<AlertId> = written.iter().map(|one| one.alert.id.clone()).collect();
        ids.sort();
        let seen = alerts::seen(tx, self.workspace, &ids).await?;
        for one in written {
            let unseen = Seen { last_seen: one.alert.changed_at, ends: None };
            let seen = seen.get(&one.alert.id).copied().unwrap_or(unseen);
            let check_at = seen.ends.map(|ends| ends.at).filter(|_| one.alert.phase.is_firing());
            self.hold(one, Sighting { seen, check_at });
        }
        // What was folded before in this transaction may have put them elsewhere.
        let groups: BTreeSet<GroupId> =
            ids.iter().map(|id| self.alerts[id].written.alert.group.clone()).collect();
        self.load_groups(tx, &groups.into_iter().collect::<Vec<_>>()).await?;
        Ok(ids)
    }

    fn each(
        &mut self,
        ids: &[AlertId],
        mut change: impl FnMut(&mut Self, &AlertId) -> bool,
    ) -> Carried {
        let mut carried = Carried { was_there: !ids.is_empty(), ..Carried::default() };
        let mut groups = BTreeSet::new();
        for id in ids {
            if change(self, id) {
                groups.insert(self.alerts[id].written.alert.group.clone());
                carried.alerts.push(id.clone());
            }
        }
        carried.groups = groups.into_iter().collect();
        carried
    }

    fn acknowledge(&mut self, id: &AlertId, by: &Actor) -> bool {
        let now = self.now;
        let alert = &mut self.alerts.get_mut(id).expect("it is held").written.alert;
        if !alert.phase.is_firing() || alert.acknowledged.is_some() {
            return false;
        }
        let change = alert.acknowledge(by.clone(), now);
        self.changed(id, change);
        self.count(id, true);
        true
    }

    fn unacknowledge(&mut self, id: &AlertId, by: &Actor) -> bool {
        let now = self.now;
        let alert = &mut self.alerts.get_mut(id).expect("it is held").written.alert;
        let Some(change) = alert.unacknowledge(by.clone(), now) else { return false };
        let is_firing = alert.phase.is_firing();
        self.changed(id, change);
        self.count(id, is_firing);
        true
    }

    fn end(&mut self, id: &AlertId, cause: &Cause) -> bool {
        let now = self.now;
        let alert = &mut self.alerts.get_mut(id).expect("it is held").written.alert;
        if !alert.phase.is_firing() {
            return false;
        }
        let change: Change = alert.resolve(cause.clone(), now);
        self.changed(id, change);
        self.forget_end(id);
        self.count(id, true);
        true
    }

    async fn move_to(
        &mut self,
        tx: &mut Tx,
        which: &Which,
        ids: &[AlertId],
        to: &Place,
        by: &Actor,
    ) -> Result<Carried> {
        let mut carried = Carried { was_there: !ids.is_empty(), ..Carried::default() };
        let Some(first) = ids.first() else { return Ok(carried) };
        let first = self.alerts[first].written.alert.clone();
        // A whole group is moved as it is, so that new alerts still find it.
        let whole: Vec<GroupId> = match which {
            Which::Group(group) => vec![group.clone()],
            Which::Incident(incident) => {
                let groups = alert_groups::of_incident(tx, self.workspace, incident).await?;
                groups.into_iter().map(|group| group.id).collect()
            }
            Which::Alerts(_) => Vec::new(),
        };
        if whole.is_empty() {
            let route = self.groups.get(&first.group).and_then(|group| group.route.clone());
            let mut group = self.group_apart(&first.title, route);
            let id = group.id.clone();
            point(&mut group, to);
            self.groups.insert(id.clone(), group);
            for alert in ids {
                self.move_one(alert, &id, by);
                carried.alerts.push(alert.clone());
            }
            self.touched.insert(id.clone());
            carried.groups.push(id);
        }
        for id in whole {
            let Some(group) = self.groups.get_mut(&id) else { continue };
            self.bereft.extend(group.incident.take());
            point(group, to);
            group.version += 1;
            self.touched.insert(id.clone());
            carried.groups.push(id);
            carried.alerts = ids.to_vec();
        }
        if let Place::Incident(incident) = to {
            self.bereft.remove(incident);
        }
        Ok(carried)
    }

    fn move_one(&mut self, id: &AlertId, to: &GroupId, by: &Actor) {
        let now = self.now;
        let held = self.alerts.get_mut(id).expect("it is held");
        let before = held.written.alert.clone();
        let change = held.written.alert.move_to(to.clone(), Some(by.clone()), now);
        self.changed(id, change);
        if let Some(group) = self.groups.get_mut(&before.group) {
            group.release(&before, now);
            group.version += 1;
            self.bereft.extend(group.incident.clone());
            self.touched.insert(before.group.clone());
        }
        let group = self.groups.get_mut(to).expect("it was made");
        group.size += 1;
        if before.phase.is_firing() {
            group.begin(now);
        } else if group.firing == 0 {
            group.quiet_since = Some(now);
        }
    }

    async fn repoint(
        &mut self,
        tx: &mut Tx,
        from: &IncidentId,
        to: &IncidentId,
    ) -> Result<Carried> {
        let mut carried = Carried::default();
        for group in alert_groups::of_incident(tx, self.workspace, from).await? {
            let group = self.groups.entry(group.id.clone()).or_insert(group);
            group.incident = Some(to.clone());
            group.version += 1;
            self.touched.insert(group.id.clone());
            carried.groups.push(group.id.clone());
            carried.was_there = true;
        }
        Ok(carried)
    }

    /// Takes note of what is laid down now, and has all groups looked at that wait for something.
    async fn settings_changed(&mut self, tx: &mut Tx) -> Result<()> {
        self.settings = self.all_settings.of(tx, self.workspace).await?;
        for group in alert_groups::waiting(tx, self.workspace, GROUPS_AT_ONCE).await? {
            self.touched.insert(group.id.clone());
            self.groups.entry(group.id.clone()).or_insert(group);
        }
        Ok(())
    }

    /// Ends what has run out; what goes on is looked at again at its end.
    async fn expire(&mut self, tx: &mut Tx) -> Result<Carried> {
        let due = alerts::due_of(tx, self.workspace, self.now, AT_ONCE).await?;
        let ids: Vec<AlertId> = due.iter().map(|(id, _)| id.clone()).collect();
        // What was said in this very transaction is not in the store yet.
        let due = due.into_iter().map(|(id, seen)| {
            let seen = self.sighted(&id).unwrap_or(seen);
            (id, seen)
        });
        let (over, rest): (Vec<_>, Vec<_>) = due
            .into_iter()
            .partition(|(_, seen)| seen.ends.is_some_and(|ends| ends.at <= self.now));
        for (id, seen) in rest {
            let check_at = seen.ends.map(|ends| ends.at);
            self.look_again(&id, Sighting { seen, check_at });
        }
        let over: Vec<AlertId> = over.into_iter().map(|(id, _)| id).collect();
        let written = alerts::written_with_ids(tx, self.workspace, &over).await?;
        let held = self.hold_all(tx, written).await?;
        for id in &held {
            if !self.end(id, &Cause::Expiry) {
                self.forget_end(id);
            }
        }
        for key in held.iter().map(|id| self.alerts[id].written.key).collect::<Vec<_>>() {
            self.cache.drop(self.workspace, &key);
        }
        Ok(Carried { alerts: ids, was_there: true, ..Carried::default() })
    }
}

/// Where a group belongs from now on.
fn point(group: &mut crate::alert::group::Group, to: &Place) {
    group.unrelated = *to == Place::Nowhere;
    group.at_once = *to == Place::Apart;
    group.incident = match to {
        Place::Incident(incident) => Some(incident.clone()),
        Place::Nowhere | Place::Apart => None,
    };
}
