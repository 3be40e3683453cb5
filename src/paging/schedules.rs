//! Schedules, and those who stand in, kept.

use crate::clock::Timestamp;
use crate::ids::{OverrideId, ScheduleId, WorkId, WorkspaceId};
use crate::incident::event::Actor;
use crate::oncall::refusal::{Refused, Unfit};
use crate::oncall::schedule::SCHEDULES_LIMIT;
use crate::oncall::schedule::definition::{NewOverride, Override, Schedule};
use crate::outbox::page_work::shift_lane;
use crate::outbox::work::{Work, for_pages};
use crate::paging::tidings::Happened;
use crate::paging::{NotDone, Paging, persist};
use crate::store::db::Tx;
use crate::store::oncall_changes::What;
use crate::store::schedules::Kept;
use crate::store::{escalation_paths, oncall_changes, outbox, schedules};

/// The most overrides of a schedule that are not over.
const OVERRIDES_LIMIT: i64 = 500;

impl Paging {
    /// Keeps a new schedule, or finds the one that the same request has made.
    pub async fn create_schedule(
        &self,
        workspace: &WorkspaceId,
        definition: Schedule,
        by: &Actor,
        request: Option<&str>,
    ) -> Result<Kept, NotDone> {
        let now = self.clock.now();
        let definition = definition.checked(|| self.ids.ulid(now))?;
        let made = persist!(async {
            let mut tx = self.db.begin().await?;
            oncall_changes::hold(&mut tx, workspace).await?;
            if let Some(request) = request
                && let Some(made) = schedules::by_request(&mut tx, workspace, request).await?
            {
                return Ok(made);
            }
            if schedules::count(&mut tx, workspace).await? >= SCHEDULES_LIMIT {
                return Err(Refused::TooMany { what: "schedules", most: SCHEDULES_LIMIT }.into());
            }
            let id = ScheduleId::new(self.ids.ulid(now));
            check_name(&mut tx, workspace, &id, &definition.name).await?;
            let kept = Kept {
                id,
                definition: definition.clone(),
                is_archived: false,
                on_call: Vec::new(),
                version: 1,
                created_at: now,
                updated_at: now,
            };
            self.look_now(&mut tx, workspace, &kept.id, now).await?;
            schedules::create(&mut tx, workspace, &kept, request).await?;
            self.tell(&mut tx, workspace, &kept, Happened::Created, now).await?;
            let schedule = Box::new(definition.clone());
            let what = What::ScheduleSaved { schedule };
            self.log(&mut tx, workspace, kept.id.as_str(), by, what).await?;
            tx.commit().await?;
            Ok(kept)
        });
        let made = made?;
        self.work_waits.notify_one();
        Ok(made)
    }

    /// Makes a schedule say something else.
    pub async fn replace_schedule(
        &self,
        workspace: &WorkspaceId,
        id: &ScheduleId,
        definition: Schedule,
        version: Option<i64>,
        by: &Actor,
    ) -> Result<Kept, NotDone> {
        let now = self.clock.now();
        let definition = definition.checked(|| self.ids.ulid(now))?;
        let changed = persist!(async {
            let mut tx = self.db.begin().await?;
            oncall_changes::hold(&mut tx, workspace).await?;
            self.look_now(&mut tx, workspace, id, now).await?;
            let mut kept = take(&mut tx, workspace, id).await?;
            if let Some(given) = version.filter(|given| *given != kept.version) {
                return Err(Refused::Stale { given, current: kept.version }.into());
            }
            check_name(&mut tx, workspace, id, &definition.name).await?;
            kept.definition = definition.clone();
            kept.version += 1;
            kept.updated_at = now;
            schedules::save(&mut tx, workspace, &kept).await?;
            self.tell(&mut tx, workspace, &kept, Happened::Updated, now).await?;
            let schedule = Box::new(definition.clone());
            let what = What::ScheduleSaved { schedule };
            self.log(&mut tx, workspace, id.as_str(), by, what).await?;
            tx.commit().await?;
            Ok(kept)
        });
        let changed = changed?;
        self.work_waits.notify_one();
        Ok(changed)
    }

    /// Archives a schedule: nobody is on call by it any more.
    pub async fn archive_schedule(
        &self,
        workspace: &WorkspaceId,
        id: &ScheduleId,
        by: &Actor,
    ) -> Result<(), NotDone> {
        persist!(async {
            let mut tx = self.db.begin().await?;
            oncall_changes::hold(&mut tx, workspace).await?;
            let now = self.clock.now();
            let lane = shift_lane(id);
            outbox::lock(&mut tx, workspace, &lane).await?;
            outbox::change(&mut tx, workspace, std::slice::from_ref(&lane), &[], now).await?;
            let mut kept = take(&mut tx, workspace, id).await?;
            let paths = escalation_paths::all(&mut tx, workspace).await?;
            if let Some(user) = paths.values().find(|path| path.schedules().contains(&id)) {
                let why = format!("The escalation path “{}” asks it.", user.name);
                return Err(Refused::InUse { why }.into());
            }
            kept.is_archived = true;
            kept.version += 1;
            kept.updated_at = now;
            schedules::save(&mut tx, workspace, &kept).await?;
            self.tell(&mut tx, workspace, &kept, Happened::Deleted, now).await?;
            self.log(&mut tx, workspace, id.as_str(), by, What::ScheduleArchived).await?;
            Ok(tx.commit().await?)
        })
    }

    /// Somebody stands in for another.
    pub async fn create_override(
        &self,
        workspace: &WorkspaceId,
        schedule: &ScheduleId,
        new: &NewOverride,
        by: &Actor,
        request: Option<&str>,
    ) -> Result<Override, NotDone> {
        let made = persist!(async {
            let now = self.clock.now();
            let mut tx = self.db.begin().await?;
            oncall_changes::hold(&mut tx, workspace).await?;
            if let Some(request) = request
                && let Some(made) =
                    schedules::override_by_request(&mut tx, workspace, request).await?
            {
                return Ok(made);
            }
            self.look_now(&mut tx, workspace, schedule, now).await?;
            let kept = take(&mut tx, workspace, schedule).await?;
            new.check(&kept.definition)?;
            let count = schedules::override_count(&mut tx, workspace, schedule, now).await?;
            if count >= OVERRIDES_LIMIT {
                return Err(Refused::TooMany { what: "overrides", most: OVERRIDES_LIMIT }.into());
            }
            let one = Override {
                id: OverrideId::new(self.ids.ulid(now)),
                schedule: schedule.clone(),
                rotation: new.rotation.clone(),
                layer: new.layer.clone(),
                person: new.person.clone(),
                start_at: new.start_at,
                end_at: new.end_at,
                created_at: now,
                updated_at: now,
            };
            self.save_override(&mut tx, workspace, &one, by, request).await?;
            tx.commit().await?;
            Ok(one)
        });
        let made = made?;
        self.work_waits.notify_one();
        Ok(made)
    }

    /// Somebody stands in at another time, or elsewhere. Who it is stays.
    pub async fn replace_override(
        &self,
        workspace: &WorkspaceId,
        id: &OverrideId,
        new: &NewOverride,
        by: &Actor,
    ) -> Result<Override, NotDone> {
        let changed = persist!(async {
            let now = self.clock.now();
            let mut tx = self.db.begin().await?;
            oncall_changes::hold(&mut tx, workspace).await?;
            let found = schedules::override_by_id(&mut tx, workspace, id).await?;
            let mut one = found.ok_or(Refused::NoSuch { what: "override" })?;
            self.look_now(&mut tx, workspace, &one.schedule, now).await?;
            let kept = take(&mut tx, workspace, &one.schedule).await?;
            new.check(&kept.definition)?;
            if new.person != one.person {
                let why = "Who stands in can't be changed: remove it, and make another one.";
                return Err(Unfit { field: "person".to_owned(), why: why.to_owned() }.into());
            }
            one.rotation = new.rotation.clone();
            one.layer = new.layer.clone();
            (one.start_at, one.end_at, one.updated_at) = (new.start_at, new.end_at, now);
            self.save_override(&mut tx, workspace, &one, by, None).await?;
            tx.commit().await?;
            Ok(one)
        });
        let changed = changed?;
        self.work_waits.notify_one();
        Ok(changed)
    }

    /// Nobody stands in any more. Says whether somebody did.
    pub async fn remove_override(
        &self,
        workspace: &WorkspaceId,
        id: &OverrideId,
        by: &Actor,
    ) -> Result<bool, NotDone> {
        let removed = persist!(async {
            let now = self.clock.now();
            let mut tx = self.db.begin().await?;
            oncall_changes::hold(&mut tx, workspace).await?;
            let Some(one) = schedules::override_by_id(&mut tx, workspace, id).await? else {
                return Ok(false);
            };
            self.look_now(&mut tx, workspace, &one.schedule, now).await?;
            schedules::remove_override(&mut tx, workspace, id).await?;
            let (subject, one) = (one.schedule.to_string(), Box::new(one));
            self.log(&mut tx, workspace, &subject, by, What::OverrideRemoved { one }).await?;
            tx.commit().await?;
            Ok(true)
        });
        let removed = removed?;
        self.work_waits.notify_one();
        Ok(removed)
    }

    async fn save_override(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        one: &Override,
        by: &Actor,
        request: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        schedules::save_override(tx, workspace, one, request).await?;
        let what = What::OverrideSaved { one: Box::new(one.clone()) };
        self.log(tx, workspace, one.schedule.as_str(), by, what).await
    }

    async fn tell(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        kept: &Kept,
        happened: Happened<'_>,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let work = self.schedule_tidings(tx, workspace, kept, happened, now).await?;
        outbox::change(tx, workspace, &[], &work, now).await
    }

    /// Has somebody see who is on call now. Whoever looks takes the lane first, and then the schedule.
    async fn look_now(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: &ScheduleId,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let look = Work::LookAtShift { schedule: id.clone() };
        let look = for_pages(look, None, WorkId::new(self.ids.ulid(now)), 0, now);
        outbox::change(tx, workspace, &[], &[look], now).await
    }
}

/// The schedule as nobody else changes it.
async fn take(tx: &mut Tx, workspace: &WorkspaceId, id: &ScheduleId) -> Result<Kept, NotDone> {
    let kept = schedules::hold(tx, workspace, id).await?.filter(|it| !it.is_archived);
    Ok(kept.ok_or(Refused::NoSuch { what: "schedule" })?)
}

async fn check_name(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &ScheduleId,
    name: &str,
) -> Result<(), NotDone> {
    let folded = name.to_lowercase();
    let all = schedules::page(tx, workspace, None, SCHEDULES_LIMIT).await?;
    let is_taken = |it: &Kept| it.id != *id && it.definition.name.to_lowercase() == folded;
    match all.iter().any(is_taken) {
        true => {
            let why = "Another schedule is called that.".to_owned();
            Err(Unfit { field: "name".to_owned(), why }.into())
        }
        false => Ok(()),
    }
}
