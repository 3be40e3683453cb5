//! What an escalation needs to know, looked up.

use crate::clock::Timestamp;
use crate::ids::{ScheduleId, UserId, WorkspaceId};
use crate::oncall::escalation::world::World;
use crate::oncall::path::definition::{Does, Path};
use crate::paging::Paging;
use crate::store::db::{Result, Tx};
use crate::store::{incidents, people, schedules};

impl Paging {
    /// The world, as far as these schedules and people go.
    pub(super) async fn world(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        asked: &[ScheduleId],
        named: Vec<UserId>,
        now: Timestamp,
    ) -> Result<World> {
        let mut world = World::default();
        let mut everybody = named;
        for kept in schedules::with_ids(tx, workspace, asked).await? {
            let overrides = schedules::overrides(tx, workspace, &kept.id, now).await?;
            everybody.extend(kept.definition.everybody());
            everybody.extend(overrides.iter().map(|it| it.person.clone()));
            world.schedules.insert(kept.id, (kept.definition, overrides));
        }
        everybody.sort();
        everybody.dedup();
        let known = people::with_ids(tx, workspace, &everybody).await?;
        let gone = known.into_iter().filter(|person| !person.is_active);
        world.gone = gone.map(|person| person.id).collect();
        Ok(world)
    }

    /// Whom a path would page first now.
    pub async fn responders(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        path: &Path,
        now: Timestamp,
    ) -> Result<Vec<UserId>> {
        let asked: Vec<ScheduleId> = path.schedules().into_iter().cloned().collect();
        let world = self.world(tx, workspace, &asked, Vec::new(), now).await?;
        let first = path.all_nodes().into_iter().find_map(|node| match &node.does {
            Does::Level(level) => Some(level),
            _ => None,
        });
        Ok(first.map(|level| world.people(&level.targets, now)).unwrap_or_default())
    }

    /// The same, with what is said of an incident.
    pub(super) async fn world_of(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        escalation: &crate::oncall::escalation::state::Escalation,
        now: Timestamp,
    ) -> Result<World> {
        let (asked, named) = (escalation.schedules(), escalation.named());
        let mut world = self.world(tx, workspace, &asked, named, now).await?;
        if let Some(incident) = &escalation.incident {
            let incident = incidents::by_id(tx, workspace, incident).await?;
            world.active_at = incident.and_then(|it| it.last_update).map(|update| update.at);
        }
        Ok(world)
    }
}
