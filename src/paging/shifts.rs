//! Who takes over from whom: found by a timer of each schedule's own, and told once.

use tokio::time::Instant;

use crate::clock::Timestamp;
use crate::ids::{ScheduleId, UserId, WorkId};
use crate::incident::event::Actor;
use crate::oncall::schedule::definition::{Override, Schedule};
use crate::outbox::hold::{Held, LEASE};
use crate::outbox::page_work::ShiftNews;
use crate::outbox::work::{NewWork, Work, for_pages};
use crate::paging::Paging;
use crate::paging::tidings::Happened;
use crate::slack::outbound::Trouble;
use crate::store::oncall_changes::What;
use crate::store::{outbox, schedules};

impl Paging {
    /// Sees who is on call, if that may have changed. Whom to tell is written in one transaction with
    /// who is on call now and the time of the next look; while the lease is not ours, nothing is.
    pub async fn look_at_shift(&self, held: &Held, id: &ScheduleId) -> Result<(), Trouble> {
        let workspace = &held.work.workspace;
        let (now, since) = (self.clock.now(), Instant::now());
        let mut tx = self.db.begin().await?;
        if !outbox::renew(&mut tx, &held.work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        let Some(mut kept) = schedules::hold(&mut tx, workspace, id).await? else { return Ok(()) };
        if kept.is_archived {
            return Ok(());
        }
        let overrides = schedules::overrides(&mut tx, workspace, id, now).await?;
        let on_call = kept.definition.on_call(&overrides, now);
        let mut work = Vec::new();
        if on_call != kept.on_call {
            let (before, now_on_call) = (kept.on_call.clone(), on_call.clone());
            work = self.news(id, &kept.definition, &overrides, &before, &now_on_call, now);
            let happened = Happened::ShiftChanged { before: &before, now: &now_on_call };
            work.extend(self.schedule_tidings(&mut tx, workspace, &kept, happened, now).await?);
            let what = What::ShiftChanged { before, now: now_on_call };
            self.log(&mut tx, workspace, id.as_str(), &Actor::Stentor, what).await?;
            kept.on_call = on_call;
            schedules::save(&mut tx, workspace, &kept).await?;
        }
        let next = kept.definition.changes_at(&overrides, now);
        let look = Work::LookAtShift { schedule: id.clone() };
        work.push(for_pages(look, None, WorkId::new(self.ids.ulid(now)), 0, next));
        outbox::change(&mut tx, workspace, &[], &work, now).await?;
        tx.commit().await?;
        held.renewed(now, since);
        self.work_waits.notify_one();
        Ok(())
    }

    fn news(
        &self,
        id: &ScheduleId,
        schedule: &Schedule,
        overrides: &[Override],
        before: &[UserId],
        on_call: &[UserId],
        now: Timestamp,
    ) -> Vec<NewWork> {
        let only = |some: &[UserId], others: &[UserId]| -> Vec<UserId> {
            some.iter().filter(|user| !others.contains(user)).cloned().collect()
        };
        let (begun, ended) = (only(on_call, before), only(before, on_call));
        let news = |user: &UserId, begins: bool, others: &[UserId]| ShiftNews {
            schedule: id.clone(),
            name: schedule.name.clone(),
            user: user.clone(),
            begins,
            others: others.to_vec(),
            until: begins.then(|| schedule.on_call_until(overrides, user, now)).flatten(),
            at: now,
        };
        let begun_news = begun.iter().map(|user| news(user, true, &ended));
        let ended_news = ended.iter().map(|user| news(user, false, &begun));
        let all = begun_news.chain(ended_news);
        let work = all.map(|news| {
            let id = WorkId::new(self.ids.ulid(now));
            for_pages(Work::TellShift(news), None, id, now.as_micros(), now)
        });
        work.collect()
    }
}
