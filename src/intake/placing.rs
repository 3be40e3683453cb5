//! Which group a new alert belongs to, and where alerts go that somebody moves.

use std::collections::{BTreeSet, HashMap};

use crate::alert::filter::AlertFields;
use crate::alert::fingerprint::Key;
use crate::alert::group::{Group, Matched, Room, Standing};
use crate::alert::state::Alert;
use crate::ids::{GroupId, IncidentId, WorkspaceId};
use crate::intake::desk::Desk;
use crate::store::db::{Result, Tx};
use crate::store::sources::AlertSource;
use crate::store::{alert_groups, incidents};

/// By what groups are found in this transaction.
#[derive(Default)]
pub(super) struct Placing {
    by_key: HashMap<Key, Vec<GroupId>>,
    incidents: HashMap<IncidentId, Standing>,
    new: Vec<(Key, GroupId)>,
    over: BTreeSet<(Key, GroupId)>,
}

impl Placing {
    /// Takes what the store has found, and how the incidents of these groups stand.
    pub async fn load(
        &mut self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        candidates: Vec<(Key, GroupId)>,
        groups: &HashMap<GroupId, Group>,
    ) -> Result<()> {
        let of_candidates = candidates.iter().filter_map(|(_, group)| groups.get(group));
        let ids: BTreeSet<IncidentId> =
            of_candidates.filter_map(|group| group.incident.clone()).collect();
        let ids: Vec<IncidentId> = ids.into_iter().collect();
        for incident in incidents::with_ids(tx, workspace, &ids).await? {
            self.incidents.insert(incident.id, Standing { ended_at: incident.ended_at });
        }
        for (key, group) in candidates {
            self.by_key.entry(key).or_default().push(group);
        }
        for groups in self.by_key.values_mut() {
            // The newest first.
            groups.sort_by(|a, b| b.cmp(a));
            groups.dedup();
        }
        Ok(())
    }

    /// Writes by what groups are found from now on.
    pub async fn write(&mut self, tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
        alert_groups::save_keys(tx, workspace, &self.new).await?;
        let over: Vec<(Key, GroupId)> = std::mem::take(&mut self.over).into_iter().collect();
        alert_groups::forget_keys(tx, workspace, &over).await
    }

    fn open(&mut self, group: &GroupId, matched: &[Matched]) {
        for one in matched {
            let key = one.key();
            self.by_key.entry(key).or_default().insert(0, group.clone());
            self.new.push((key, group.clone()));
        }
    }
}

impl Desk<'_> {
    /// Finds the group that a new alert belongs to, or makes one; the alert is counted there.
    pub(super) fn place(&mut self, alert: &Alert, source: &AlertSource) -> GroupId {
        let system = source.system();
        let about = AlertFields::of(alert, &system);
        let matched = self.settings.matched(&alert.source, &about);
        let found = self.find(alert, &matched);
        let full = match found {
            Some((id, Room::Here)) => {
                let group = self.groups.get_mut(&id).expect("it was found");
                group.admit(&matched, alert.starts_at, self.now);
                group.version += 1;
                self.touched.insert(id.clone());
                return id;
            }
            Some((id, _)) => Some(id),
            None => None,
        };
        let (route, _) = self.settings.route(&alert.source, &about);
        let id = GroupId::new(self.ids.ulid(self.now));
        let (started, now) = (alert.starts_at, self.now);
        let mut group =
            Group::first(id.clone(), &alert.title, route, matched.clone(), started, now);
        group.admit(&matched, started, now);
        if let Some(full) = full {
            group.continues = Some(full.clone());
            let before = self.groups.get_mut(&full).expect("it was found");
            before.continued_in = Some(id.clone());
            before.version += 1;
            self.touched.insert(full);
        }
        self.groups.insert(id.clone(), group);
        self.touched.insert(id.clone());
        self.placing.open(&id, &matched);
        id
    }

    /// The group that an alert belongs to, by the pattern with the longest window, and whether there
    /// is room in it.
    fn find(&mut self, alert: &Alert, matched: &[Matched]) -> Option<(GroupId, Room)> {
        let mut full = None;
        for one in matched {
            let key = one.key();
            for id in self.placing.by_key.get(&key).into_iter().flatten() {
                let Some(group) = self.groups.get(id) else { continue };
                let incident = group.incident.as_ref();
                let standing = incident.and_then(|id| self.placing.incidents.get(id)).copied();
                let limits = self.settings.limits(group.route.as_ref());
                match group.room(one, alert.starts_at, self.now, limits, standing) {
                    Room::Here => return Some((id.clone(), Room::Here)),
                    // Only of the newest one it matters that it is full.
                    Room::Full => full = full.or(Some((id.clone(), Room::Full))),
                    Room::Over => {
                        self.placing.over.insert((key, id.clone()));
                    }
                    Room::No => {}
                }
            }
        }
        full
    }

    /// A group for alerts that somebody puts together; new ones do not find it by themselves.
    pub(super) fn group_apart(
        &mut self,
        title: &str,
        route: Option<crate::ids::SettingId>,
    ) -> Group {
        let id = GroupId::new(self.ids.ulid(self.now));
        Group::first(id, title, route, Vec::new(), self.now, self.now)
    }
}
