//! Alerts that somebody puts elsewhere: into another incident, into none, or into one of their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::group::Group;
use crate::ids::{AlertId, GroupId, IncidentId, UserId};
use crate::incident::access::may_be_named;
use crate::incident::event::Actor;
use crate::incident::handled::Handled;
use crate::incident::state::{Incident, Visibility};
use crate::intake::desk::Desk;
use crate::intake::order::{Carried, Place, Which};
use crate::store::db::{Result, Tx};
use crate::store::{alert_groups, incidents};

/// How many alerts an incident loses.
type Losses = BTreeMap<Option<IncidentId>, u32>;

impl Desk<'_> {
    /// Moves these alerts, which are held.
    pub(super) async fn move_to(
        &mut self,
        tx: &mut Tx,
        which: &Which,
        ids: &[AlertId],
        to: &Place,
        by: &Actor,
    ) -> Result<Carried> {
        let nowhere = Carried::default();
        let Some(first) = ids.first() else { return Ok(nowhere) };
        let title = self.alerts[first].written.alert.title.clone();
        let losses = self.losses(ids);
        let known = self.incidents_among(tx, &losses, to).await?;
        if let Place::Incident(incident) = to
            && !known.contains_key(incident)
        {
            return Ok(nowhere);
        }
        let insiders = match to {
            Place::Apart | Place::Nowhere => self.insiders(ids, &known),
            Place::Incident(_) => None,
        };
        let carried = match self.whole(tx, which).await? {
            Some(groups) => {
                let carried = self.move_groups(&groups, ids, to, by, insiders.as_ref());
                for group in &groups {
                    self.show_neighbours(tx, group).await?;
                }
                carried
            }
            None => self.move_alerts(ids, to, by, insiders),
        };
        if let Place::Incident(incident) = to {
            self.bereft.remove(incident);
        }
        self.tell_of_move(&title, &losses, to, by, &known);
        Ok(carried)
    }

    /// A whole group is moved as it is, so that new alerts still find it.
    async fn whole(&self, tx: &mut Tx, which: &Which) -> Result<Option<Vec<GroupId>>> {
        Ok(match which {
            Which::Group(group) | Which::GroupOf { group, .. } => Some(vec![group.clone()]),
            Which::Incident(incident) => {
                let groups = alert_groups::of_incident(tx, self.workspace, incident).await?;
                Some(groups.into_iter().map(|group| group.id).collect())
            }
            Which::Alerts(_) => None,
        })
    }

    /// The cards of the groups that this one continues, or that continue it, say where it is.
    pub(super) async fn show_neighbours(&mut self, tx: &mut Tx, id: &GroupId) -> Result<()> {
        let Some(group) = self.groups.get(id) else { return Ok(()) };
        let ids: Vec<GroupId> =
            group.continues.iter().chain(&group.continued_in).cloned().collect();
        self.load_groups(tx, &ids).await?;
        for neighbour in ids.iter().filter_map(|id| self.groups.get(id)) {
            let incident = neighbour.incident.clone();
            self.stale_cards.extend(incident.map(|incident| (incident, neighbour.id.clone())));
        }
        Ok(())
    }

    /// Who may know of these alerts, if they come from a private incident, now or some moves ago.
    fn insiders(
        &self,
        ids: &[AlertId],
        from: &BTreeMap<IncidentId, Incident>,
    ) -> Option<Vec<UserId>> {
        let private = from.values().filter(|incident| incident.visibility == Visibility::Private);
        let of_incidents = private.map(Incident::people);
        let groups: BTreeSet<&GroupId> =
            ids.iter().map(|id| &self.alerts[id].written.alert.group).collect();
        let groups = groups.into_iter().filter_map(|id| self.groups.get(id));
        let of_groups = groups.filter_map(|group| group.insiders.clone());
        let all: Vec<Vec<UserId>> = of_incidents.chain(of_groups).collect();
        (!all.is_empty()).then(|| all.concat())
    }

    fn losses(&self, ids: &[AlertId]) -> Losses {
        let mut losses = Losses::new();
        for id in ids {
            let group = self.groups.get(&self.alerts[id].written.alert.group);
            let incident = group.and_then(|group| group.incident.clone());
            *losses.entry(incident).or_default() += 1;
        }
        losses
    }

    async fn incidents_among(
        &self,
        tx: &mut Tx,
        losses: &Losses,
        to: &Place,
    ) -> Result<BTreeMap<IncidentId, Incident>> {
        let mut ids: BTreeSet<IncidentId> = losses.keys().flatten().cloned().collect();
        if let Place::Incident(incident) = to {
            ids.insert(incident.clone());
        }
        let ids: Vec<IncidentId> = ids.into_iter().collect();
        let found = incidents::with_ids(tx, self.workspace, &ids).await?;
        Ok(found.into_iter().map(|incident| (incident.id.clone(), incident)).collect())
    }

    fn move_groups(
        &mut self,
        groups: &[GroupId],
        alerts: &[AlertId],
        to: &Place,
        by: &Actor,
        insiders: Option<&Vec<UserId>>,
    ) -> Carried {
        let mut carried = Carried { was_there: true, ..Carried::default() };
        for id in groups {
            let Some(group) = self.groups.get_mut(id) else { continue };
            let before = group.incident.take();
            point(group, to, by);
            group.insiders = insiders.cloned();
            if before != group.incident {
                self.stale_cards.extend(before.clone().map(|incident| (incident, id.clone())));
                self.bereft.extend(before);
            }
            group.version += 1;
            self.touched.insert(id.clone());
            carried.groups.push(id.clone());
            carried.alerts = alerts.to_vec();
        }
        carried
    }

    fn move_alerts(
        &mut self,
        alerts: &[AlertId],
        to: &Place,
        by: &Actor,
        insiders: Option<Vec<UserId>>,
    ) -> Carried {
        let mut carried = Carried { was_there: true, ..Carried::default() };
        let Some(first) = alerts.first() else { return carried };
        let first = self.alerts[first].written.alert.clone();
        let route = self.groups.get(&first.group).and_then(|group| group.route.clone());
        let mut group = self.group_apart(&first.title, route);
        let id = group.id.clone();
        point(&mut group, to, by);
        group.insiders = insiders;
        self.groups.insert(id.clone(), group);
        for alert in alerts {
            self.move_one(alert, &id, by);
            carried.alerts.push(alert.clone());
        }
        self.touched.insert(id.clone());
        carried.groups.push(id);
        carried
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

    /// Lets the records of all incidents that are concerned say what was moved, by whom, from where
    /// and to where; but no record names a private incident that is not its own.
    fn tell_of_move(
        &mut self,
        title: &str,
        losses: &Losses,
        to: &Place,
        by: &Actor,
        known: &BTreeMap<IncidentId, Incident>,
    ) {
        let number = |incident: &IncidentId| {
            let named = known.get(incident).filter(|incident| may_be_named(incident));
            named.map(|incident| incident.number)
        };
        let destination = match to {
            Place::Incident(incident) => Some(incident),
            Place::Nowhere | Place::Apart => None,
        };
        let mut handled = Vec::new();
        for (from, &count) in losses.iter().filter(|(from, _)| from.as_ref() != destination) {
            let title = title.to_owned();
            if let Some(from) = from {
                let title = title.clone();
                let lost = match to {
                    Place::Incident(to) => Handled::Went { title, count, to: number(to) },
                    Place::Apart => Handled::Went { title, count, to: None },
                    Place::Nowhere => Handled::Unrelated { title, count },
                };
                handled.push((from.clone(), lost));
            }
            if let Some(to) = destination {
                let from = from.as_ref().and_then(number);
                handled.push((to.clone(), Handled::Came { title, count, from }));
            }
        }
        self.note(handled, by);
    }
}

/// Where a group belongs from now on.
fn point(group: &mut Group, to: &Place, by: &Actor) {
    group.unrelated = *to == Place::Nowhere;
    group.at_once = *to == Place::Apart;
    group.asked_by = (!matches!(to, Place::Incident(_))).then(|| by.clone());
    group.incident = match to {
        Place::Incident(incident) => Some(incident.clone()),
        Place::Nowhere | Place::Apart => None,
    };
}
