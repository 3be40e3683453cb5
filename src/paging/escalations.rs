//! Escalations: begun, answered, gone on with, and ended.
//!
//! Each of these takes the lane of the escalation's timer first and then its row, in the order of the
//! worker that goes on with it.

use tokio::time::Instant;

use crate::clock::Timestamp;
use crate::ids::{EscalationId, IncidentId, PathId, UserId, WorkId, WorkspaceId};
use crate::incident::event::Actor;
use crate::incident::paged::Paged;
use crate::oncall::escalation::Effect;
use crate::oncall::escalation::state::{Escalation, Request, Status};
use crate::oncall::escalation::world::World;
use crate::oncall::path::steps;
use crate::oncall::refusal::{Refused, Unfit};
use crate::outbox::hold::{Held, LEASE};
use crate::outbox::page_work::{RecordPaged, timer_lane};
use crate::outbox::work::{NewWork, Work, for_pages};
use crate::paging::{NotDone, Paging, persist};
use crate::slack::outbound::Trouble;
use crate::store::db::Tx;
use crate::store::escalations::Asked;
use crate::store::{escalation_paths, escalations, incidents, outbox, people};

/// Who is paged instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reassignment {
    /// The path, if it is one.
    pub path: Option<PathId>,
    /// The people, if they are named.
    pub people: Vec<UserId>,
    /// Another title.
    pub title: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Whether the first escalation is over then.
    pub resolves: bool,
}

impl Paging {
    /// Pages somebody, or finds whom the same request has paged.
    pub async fn begin(
        &self,
        workspace: &WorkspaceId,
        request: Request,
        by: &Actor,
        asked: &Asked,
    ) -> Result<Escalation, NotDone> {
        let request = request.checked()?;
        let begun = persist!(self.try_begin(workspace, &request, by, asked));
        let begun = begun?;
        self.work_waits.notify_one();
        Ok(begun)
    }

    async fn try_begin(
        &self,
        workspace: &WorkspaceId,
        request: &Request,
        by: &Actor,
        asked: &Asked,
    ) -> Result<Escalation, NotDone> {
        let mut tx = self.db.begin().await?;
        if let Some(key) = &asked.request
            && let Some(known) = escalations::by_request(&mut tx, workspace, key).await?
        {
            return Ok(known);
        }
        let now = self.clock.now();
        let id = EscalationId::new(self.ids.ulid(now));
        let new = self.make(&mut tx, workspace, id, request, by, asked, now).await?;
        tx.commit().await?;
        Ok(new)
    }

    #[expect(clippy::too_many_arguments, reason = "they are what a new escalation is made of")]
    async fn make(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: EscalationId,
        request: &Request,
        by: &Actor,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Escalation, NotDone> {
        if let Some(incident) = &request.incident
            && incidents::by_id(tx, workspace, incident).await?.is_none()
        {
            return Err(Refused::NoSuch { what: "incident" }.into());
        }
        self.check_people(tx, workspace, &request.people).await?;
        let paths = escalation_paths::all(tx, workspace).await?;
        let path = match &request.path {
            Some(id) => Some(paths.get(id).ok_or(Refused::NoSuch { what: "escalation path" })?),
            None => None,
        };
        let turn = match &request.path {
            Some(id) => escalation_paths::take_turn(tx, workspace, id).await?,
            None => 0,
        };
        let planned = path.map(|path| steps::steps(path, &paths)).unwrap_or_default();
        let asks = steps::schedules(&planned);
        let named = [request.people.clone(), steps::named(&planned)].concat();
        let world = self.world(tx, workspace, &asks, named, now).await?;
        let beginning = crate::oncall::escalation::Beginning {
            id,
            request: request.clone(),
            path: path.map(|path| (path, &paths)),
            turn: u64::try_from(turn).unwrap_or(0),
            by: by.clone(),
        };
        let (new, effects) = Escalation::begin(beginning, now, &world);
        let mut work = self.work(&new, effects, by, now);
        work.extend(self.tidings(tx, workspace, &new, None, by, now).await?);
        escalations::create(tx, workspace, &new, asked).await?;
        outbox::change(tx, workspace, &[], &work, now).await?;
        Ok(new)
    }

    async fn check_people(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        named: &[UserId],
    ) -> Result<(), NotDone> {
        let known = people::with_ids(tx, workspace, named).await?;
        let gone = |user: &UserId| known.iter().any(|it| it.id == *user && !it.is_active);
        match named.iter().position(gone) {
            Some(nth) => {
                let why = "They are not in this Slack any more.".to_owned();
                Err(Unfit { field: format!("people.{nth}"), why }.into())
            }
            None => Ok(()),
        }
    }

    /// Somebody looks after it.
    pub async fn acknowledge(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        by: &Actor,
    ) -> Result<Escalation, NotDone> {
        self.change(workspace, id, by, |escalation, _, now| escalation.acknowledge(by, now)).await
    }

    /// Somebody can't take it.
    pub async fn decline(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        by: &Actor,
    ) -> Result<Escalation, NotDone> {
        self.change(workspace, id, by, |escalation, world, now| escalation.decline(by, now, world))
            .await
    }

    /// Somebody wants to be paged again later.
    pub async fn snooze(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        by: &Actor,
        until: Timestamp,
        reason: Option<&str>,
    ) -> Result<Escalation, NotDone> {
        let reason = reason.map(|reason| {
            crate::incident::text::shorten(&crate::incident::text::clean_line(reason), 300)
        });
        let snooze = |escalation: &mut Escalation, _: &World, now| {
            escalation.snooze(by, until, reason.clone(), now)
        };
        self.change(workspace, id, by, snooze).await
    }

    /// Somebody takes it back.
    pub async fn cancel(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        by: &Actor,
    ) -> Result<Escalation, NotDone> {
        self.change(workspace, id, by, |escalation, _, now| escalation.cancel(by, now)).await
    }

    /// Pages others instead, once; returns the escalation that takes its place.
    pub async fn reassign(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        to: &Reassignment,
        by: &Actor,
    ) -> Result<Escalation, NotDone> {
        let new = persist!(self.try_reassign(workspace, id, to, by))?;
        self.work_waits.notify_one();
        Ok(new)
    }

    async fn try_reassign(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        to: &Reassignment,
        by: &Actor,
    ) -> Result<Escalation, NotDone> {
        let mut tx = self.db.begin().await?;
        let mut first = self.take(&mut tx, workspace, id).await?;
        let now = self.clock.now().max(first.updated_at);
        let request = Request {
            title: to.title.clone().unwrap_or_else(|| first.title.clone()),
            description: to.description.clone().unwrap_or_else(|| first.description.clone()),
            priority: first.priority.clone(),
            path: to.path.clone(),
            people: to.people.clone(),
            incident: first.incident.clone(),
            alerts: first.alerts.clone(),
            ends_with_alerts: first.ends_with_alerts,
        };
        let request = request.checked()?;
        let new_id = EscalationId::new(self.ids.ulid(now));
        let was = first.status;
        let effects = first.reassign(by, &new_id, to.resolves, now)?;
        self.write(&mut tx, workspace, &mut first, was, effects, by, now, true).await?;
        let asked = Asked::default();
        let new = self.make(&mut tx, workspace, new_id, &request, by, &asked, now).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Ends what an incident was paged for: all of it, or only what its alerts were.
    pub async fn end_for(
        &self,
        workspace: &WorkspaceId,
        incident: &IncidentId,
        alerts_only: bool,
    ) -> Result<(), NotDone> {
        let mut tx = self.db.read().await?;
        let all = escalations::of_incident(&mut tx, workspace, incident).await?;
        let now = incidents::by_id(&mut tx, workspace, incident).await?;
        drop(tx);
        // Work may be late: what was over may go on again.
        let goes_on = now.is_some_and(|now| match alerts_only {
            true => now.signal.is_some_and(|signal| signal.active),
            false => now.category.is_active(),
        });
        if goes_on {
            return Ok(());
        }
        let ends = all.into_iter().filter(|escalation| {
            !escalation.status.is_over() && (escalation.ends_with_alerts || !alerts_only)
        });
        for escalation in ends {
            let by = Actor::Stentor;
            let end =
                |escalation: &mut Escalation, _: &World, now| Ok(escalation.resolve(&by, now));
            self.change(workspace, &escalation.id, &by, end).await?;
        }
        Ok(())
    }

    /// A page has arrived.
    pub async fn delivered(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        page: u32,
    ) -> Result<(), NotDone> {
        let by = Actor::Stentor;
        let note = |escalation: &mut Escalation, _: &World, now| {
            let is_news = escalation.delivered(page, now);
            if is_news { Ok(Vec::new()) } else { Err(known()) }
        };
        unless_known(self.change(workspace, id, &by, note).await)
    }

    /// A page can't be delivered, for this reason.
    pub async fn failed(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        page: u32,
        error: &str,
    ) -> Result<(), NotDone> {
        let by = Actor::Stentor;
        let note = |escalation: &mut Escalation, world: &World, now| {
            escalation.failed(page, error, now, world).ok_or_else(known)
        };
        unless_known(self.change(workspace, id, &by, note).await)
    }

    /// Goes on with an escalation, if its time has come.
    pub async fn ring(&self, held: &Held, id: &EscalationId) -> Result<(), Trouble> {
        let workspace = &held.work.workspace;
        let (began, since) = (self.clock.now(), Instant::now());
        let mut tx = self.db.begin().await?;
        if !outbox::renew(&mut tx, &held.work, began.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        let Some(mut escalation) = escalations::hold(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        let Some(due) = escalation.due else { return Ok(()) };
        let now = began.max(escalation.updated_at);
        if now < due {
            return Err(Trouble::NotYet { until: due, turn: None });
        }
        let world = self.world_of(&mut tx, workspace, &escalation, now).await?;
        let was = escalation.status;
        let effects = escalation.ring(now, &world);
        let by = Actor::Stentor;
        self.write(&mut tx, workspace, &mut escalation, was, effects, &by, now, false).await?;
        tx.commit().await?;
        held.renewed(began, since);
        self.work_waits.notify_one();
        Ok(())
    }

    /// Changes an escalation, and has done what follows.
    async fn change(
        &self,
        workspace: &WorkspaceId,
        id: &EscalationId,
        by: &Actor,
        change: impl Fn(&mut Escalation, &World, Timestamp) -> Result<Vec<Effect>, Refused> + Sync,
    ) -> Result<Escalation, NotDone> {
        let changed = persist!(async {
            let mut tx = self.db.begin().await?;
            let mut escalation = self.take(&mut tx, workspace, id).await?;
            // Clocks of several replicas differ; a record's times never run backwards.
            let now = self.clock.now().max(escalation.updated_at);
            let world = self.world_of(&mut tx, workspace, &escalation, now).await?;
            let before = escalation.clone();
            let effects = change(&mut escalation, &world, now)?;
            if escalation != before {
                let was = before.status;
                self.write(&mut tx, workspace, &mut escalation, was, effects, by, now, true)
                    .await?;
                tx.commit().await?;
            }
            Ok(escalation)
        });
        let changed = changed?;
        self.work_waits.notify_one();
        Ok(changed)
    }

    async fn take(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: &EscalationId,
    ) -> Result<Escalation, NotDone> {
        outbox::lock(tx, workspace, &timer_lane(id)).await?;
        let found = escalations::hold(tx, workspace, id).await?;
        Ok(found.ok_or(Refused::NoSuch { what: "escalation" })?)
    }

    #[expect(clippy::too_many_arguments, reason = "they are what one change comes to")]
    async fn write(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        escalation: &mut Escalation,
        was: Status,
        effects: Vec<Effect>,
        by: &Actor,
        now: Timestamp,
        cancels: bool,
    ) -> Result<(), sqlx::Error> {
        escalation.version += 1;
        escalation.updated_at = now;
        let mut work = self.work(escalation, effects, by, now);
        work.extend(self.tidings(tx, workspace, escalation, Some(was), by, now).await?);
        escalations::save(tx, workspace, escalation).await?;
        // The timer that rings need not be stopped: it is done.
        let stops = cancels && escalation.due.is_none();
        let canceled = if stops { vec![timer_lane(&escalation.id)] } else { Vec::new() };
        outbox::change(tx, workspace, &canceled, &work, now).await
    }

    /// What follows from a change, as work.
    fn work(
        &self,
        escalation: &Escalation,
        effects: Vec<Effect>,
        by: &Actor,
        now: Timestamp,
    ) -> Vec<NewWork> {
        let incident = escalation.incident.as_ref();
        let new_id = || WorkId::new(self.ids.ulid(now));
        let mut work = Vec::new();
        for (effect, nth) in effects.into_iter().zip(0..) {
            let seq = now.as_micros().saturating_add(nth.into());
            match effect {
                Effect::Show { page } => {
                    let show = Work::ShowPage { escalation: escalation.id.clone(), page };
                    work.push(for_pages(show, incident, new_id(), seq, now));
                }
                Effect::Record(happened) => {
                    let Some(incident) = incident else { continue };
                    let paged = Paged {
                        escalation: escalation.id.clone(),
                        title: escalation.title.clone(),
                        by: by.clone(),
                        happened,
                    };
                    let version = escalation.version;
                    let record = Work::RecordPaged(Box::new(RecordPaged { paged, version, nth }));
                    work.push(for_pages(record, Some(incident), new_id(), seq, now));
                }
            }
        }
        if let Some(due) = escalation.due {
            let timer = Work::Escalate { escalation: escalation.id.clone() };
            work.push(for_pages(timer, incident, new_id(), 0, due));
        }
        work
    }
}

/// What was written down before need not be again.
fn known() -> Refused {
    Refused::AlreadySo { what: "That is known".to_owned() }
}

fn unless_known(result: Result<Escalation, NotDone>) -> Result<(), NotDone> {
    match result {
        Ok(_) | Err(NotDone::Refused(Refused::AlreadySo { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}
