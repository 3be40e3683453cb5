//! What somebody here wants of alerts.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::history::{Cause, Change};
use crate::alert::settings::Setting;
use crate::alert::state::Seen;
use crate::ids::{AlertId, GroupId, IncidentId, SettingId};
use crate::incident::event::Actor;
use crate::incident::handled::Handled;
use crate::intake::desk::Desk;
use crate::intake::order::{Carried, Errand, Which};
use crate::intake::sweep::AT_ONCE;
use crate::outbox::work::Noted;
use crate::store::alerts::{Sighting, Written};
use crate::store::db::{Result, Tx};
use crate::store::{alert_groups, alert_settings, alerts, receipts, written_as};

/// Groups that are looked at again at once, when something laid down has changed.
const GROUPS_AT_ONCE: i64 = 100_000;
/// Alerts that the record of an incident names at once.
const NAMED: usize = 300;

impl Desk<'_> {
    /// Does it, unless its receipt says that it was done.
    pub(super) async fn carry_once(
        &mut self,
        tx: &mut Tx,
        receipt: Option<&str>,
        errand: &Errand,
    ) -> Result<Carried> {
        let Some(receipt) = receipt else { return self.carry(tx, errand).await };
        let mut new = self.new_receipts.iter();
        let known = match new.find(|(key, _)| key == receipt) {
            Some((_, known)) => Some(known.clone()),
            None => receipts::marked(tx, self.workspace, receipt).await?,
        };
        if let Some(known) = known {
            let carried: Carried =
                serde_json::from_value(known).map_err(|error| sqlx::Error::Decode(error.into()))?;
            return Ok(Carried { was_repeated: true, ..carried });
        }
        let carried = self.carry(tx, errand).await?;
        if leaves_receipt(errand, &carried) {
            self.new_receipts.push((receipt.to_owned(), carried.to_receipt()));
        }
        Ok(carried)
    }

    /// Does it.
    async fn carry(&mut self, tx: &mut Tx, errand: &Errand) -> Result<Carried> {
        match errand {
            Errand::Acknowledge { which, by } => {
                let ids = self.hold_which(tx, which).await?;
                let carried = self.each(&ids, |desk, id| desk.acknowledge(id, by));
                Ok(self.noted(carried, by, |count, _| Handled::Acknowledged { count }))
            }
            Errand::Unacknowledge { which, by } => {
                let ids = self.hold_which(tx, which).await?;
                let carried = self.each(&ids, |desk, id| desk.unacknowledge(id, by));
                Ok(self.noted(carried, by, |count, _| Handled::Unacknowledged { count }))
            }
            Errand::Resolve { which, by } => {
                let ids = self.hold_which(tx, which).await?;
                let cause = Cause::Somebody { actor: by.clone() };
                let carried = self.each(&ids, |desk, id| desk.end(id, &cause));
                Ok(self.noted(carried, by, |count, alerts| Handled::Resolved { count, alerts }))
            }
            Errand::Tag { which, tagging, by } => {
                let tagging = self.known_tags(tx, tagging).await?;
                let ids = self.hold_which(tx, which).await?;
                Ok(self.each(&ids, |desk, id| desk.tag(id, &tagging, by)))
            }
            Errand::Move { which, to, by } => {
                let ids = self.hold_which(tx, which).await?;
                self.move_to(tx, which, &ids, to, by).await
            }
            Errand::Link { group: id, incident } => {
                self.load_groups(tx, std::slice::from_ref(id)).await?;
                let Some(group) = self.groups.get_mut(id) else { return Ok(Carried::default()) };
                if group.incident.is_none() {
                    group.incident = Some(incident.clone());
                    group.at_once = false;
                    group.version += 1;
                    self.touched.insert(id.clone());
                    self.show_neighbours(tx, id).await?;
                }
                Ok(Carried { groups: vec![id.clone()], was_there: true, ..Carried::default() })
            }
            Errand::Repoint { from, to } => self.repoint(tx, from, to).await,
            Errand::Put { id, setting } => self.put(tx, id, setting).await,
            Errand::Replace { id, setting, version } => {
                let kind = setting.kind();
                match alert_settings::by_id(tx, self.workspace, kind, id).await? {
                    Some(kept) if version.is_some_and(|seen| seen != kept.version) => {
                        Ok(Carried { was_there: true, was_stale: true, ..Carried::default() })
                    }
                    Some(_) => self.put(tx, id, setting).await,
                    None => Ok(Carried::default()),
                }
            }
            Errand::Delete { kind, id } => {
                let was_there = alert_settings::delete(tx, self.workspace, kind, id).await?;
                written_as::forget(tx, self.workspace, id.as_str()).await?;
                self.settings_changed(tx).await?;
                Ok(Carried { was_there, setting: Some(id.clone()), ..Carried::default() })
            }
            Errand::Expire => self.expire(tx).await,
            Errand::Ping { source } => self.ping(tx, source).await,
            Errand::Miss => self.miss(tx).await,
        }
    }

    async fn put(&mut self, tx: &mut Tx, id: &SettingId, setting: &Setting) -> Result<Carried> {
        alert_settings::put(tx, self.workspace, id, setting, self.now).await?;
        self.settings_changed(tx).await?;
        Ok(Carried { was_there: true, setting: Some(id.clone()), ..Carried::default() })
    }

    /// Loads the alerts that it is about, and says which these are.
    async fn hold_which(&mut self, tx: &mut Tx, which: &Which) -> Result<Vec<AlertId>> {
        let written: Vec<Written> = match which {
            Which::Alerts(ids) => alerts::written_with_ids(tx, self.workspace, ids).await?,
            Which::Group(group) => {
                alerts::written_of_groups(tx, self.workspace, std::slice::from_ref(group)).await?
            }
            Which::GroupOf { group, incident } => {
                self.load_groups(tx, std::slice::from_ref(group)).await?;
                let known = self.groups.get(group);
                let known = known.filter(|known| known.incident.as_ref() == Some(incident));
                let groups: Vec<GroupId> =
                    known.into_iter().map(|known| known.id.clone()).collect();
                alerts::written_of_groups(tx, self.workspace, &groups).await?
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

    /// Lets the records of the incidents say what somebody did about their alerts.
    fn noted(
        &mut self,
        carried: Carried,
        by: &Actor,
        done: impl Fn(u32, Vec<AlertId>) -> Handled,
    ) -> Carried {
        let mut changed: BTreeMap<IncidentId, Vec<AlertId>> = BTreeMap::new();
        for id in &carried.alerts {
            let group = self.groups.get(&self.alerts[id].written.alert.group);
            if let Some(incident) = group.and_then(|group| group.incident.clone()) {
                changed.entry(incident).or_default().push(id.clone());
            }
        }
        let noted = changed.into_iter().map(|(incident, mut alerts)| {
            let count = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
            alerts.truncate(NAMED);
            (incident, done(count, alerts))
        });
        let noted: Vec<(IncidentId, Handled)> = noted.collect();
        self.note(noted, by);
        carried
    }

    /// Lets the records of incidents say what somebody did.
    pub(super) fn note(&mut self, all: Vec<(IncidentId, Handled)>, by: &Actor) {
        let (by, through) = (by.clone(), self.through.clone());
        let noted = all.into_iter().map(|(incident, done)| Noted {
            incident,
            by: by.clone(),
            through: through.clone(),
            done,
        });
        self.handled.extend(noted);
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
            self.stale_cards.insert((from.clone(), group.id.clone()));
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
        let ids: Vec<AlertId> = due.iter().map(|due| due.alert.clone()).collect();
        let mut over = BTreeMap::new();
        for due in due {
            // What was said in this very transaction is not in the store yet.
            let seen = self.sighted(&due.alert).unwrap_or(due.seen);
            if !self.is_there(tx, &due.source).await? {
                over.insert(due.alert, Cause::SourceRemoved);
            } else if seen.ends.is_some_and(|ends| ends.at <= self.now) {
                over.insert(due.alert, Cause::Expiry);
            } else {
                let check_at = seen.ends.map(|ends| ends.at);
                self.look_again(&due.alert, Sighting { seen, check_at });
            }
        }
        let all: Vec<AlertId> = over.keys().cloned().collect();
        let written = alerts::written_with_ids(tx, self.workspace, &all).await?;
        let held = self.hold_all(tx, written).await?;
        for id in &held {
            if !self.end(id, &over[id]) {
                self.forget_end(id);
            }
        }
        for key in held.iter().map(|id| self.alerts[id].written.key).collect::<Vec<_>>() {
            self.cache.drop(self.workspace, &key);
        }
        Ok(Carried { alerts: ids, was_there: true, ..Carried::default() })
    }
}

/// Whether it was done. Of single alerts, nothing was if none of them could be changed: whoever asks is
/// told so, and may ask again.
fn leaves_receipt(errand: &Errand, carried: &Carried) -> bool {
    let of_single = match errand {
        Errand::Acknowledge { which, .. }
        | Errand::Unacknowledge { which, .. }
        | Errand::Tag { which, .. }
        | Errand::Resolve { which, .. }
        | Errand::Move { which, .. } => matches!(which, Which::Alerts(_)),
        _ => false,
    };
    carried.was_there && !carried.was_stale && !(of_single && carried.alerts.is_empty())
}
