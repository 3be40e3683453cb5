//! Takes work from the queue and has it performed, as long as the lease on its lane is good.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::alert::rule::definition::Action;
use crate::clock::{Clock, Timestamp};
use crate::engine::Engine;
use crate::engine::order::{NotDone, Order};
use crate::ids::{GroupId, IdSource, IncidentId};
use crate::incident::command::Command;
use crate::incident::event::{Actor, Via};
use crate::intake::order::{Errand, Which};
use crate::intake::settle::Settler;
use crate::outbox::hold::{Held, LEASE, RENEW_EVERY};
use crate::outbox::holder::Holder;
use crate::outbox::rule_work::Act;
use crate::outbox::work::Work;
use crate::paging::Paging;
use crate::rules::Rules;
use crate::slack::outbound::{Performer, Trouble};
use crate::store::db::Db;
use crate::store::outbox::{self, Claimed};
use crate::webhooks::Courier;

/// Lanes worked on at once. Slack is what is slow, and it allows some hundred calls a minute.
const LANES_AT_ONCE: usize = 16;
/// How often to look for work that nobody announced: another replica's, or a dead one's.
const POLL: Duration = Duration::from_secs(1);
/// The shortest wait between two looks that find nothing: what is due may be in another replica's
/// hands.
const LEAST_WAIT: Duration = Duration::from_millis(10);
/// How long work in hand may go on after the order to stop. A call that takes longer is left to
/// whoever goes on, who looks first what came of it.
const LAST_WORK: Duration = Duration::from_secs(5);
/// How long the lanes of a dead process rest before somebody looks what it has done: its last
/// request may still be on its way to Slack.
const QUIET: Duration = Duration::from_secs(1);
/// By how much this machine's clock may differ from the database's. Twice this much between two
/// replicas is what a lease has room for.
const SKEW_LIMIT: Duration = Duration::from_millis(1_500);
/// How often the clocks are compared.
const COMPARE_CLOCKS: Duration = Duration::from_secs(30);

/// Takes work and has it performed.
#[derive(Clone)]
pub struct Worker {
    /// Where the queue is.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Names leases.
    pub ids: IdSource,
    /// Whose leases they are.
    pub holder: Holder,
    /// Writes down in the incident what could not be done.
    pub engine: Engine,
    /// Does the work.
    pub performer: Performer,
    /// Evaluates alert rules, and does for them what is no business of Slack's.
    pub rules: Arc<Rules>,
    /// Goes on with escalations.
    pub paging: Paging,
    /// Tells webhooks.
    pub courier: Arc<Courier>,
    /// Sees what follows from alerts.
    pub settler: Settler,
    /// Says that there is work.
    pub work_waits: Arc<Notify>,
}

impl Worker {
    /// Works until `shutdown` is told, then finishes what is in hand, or leaves it to others.
    pub async fn run(self, shutdown: Arc<Notify>) {
        let mut in_hand = JoinSet::new();
        let stop = shutdown.notified();
        tokio::pin!(stop);
        let mut looked = Looked::default();
        loop {
            // Interest first, then the look: what comes in between is not missed.
            let work_waits = self.work_waits.notified();
            let room = LANES_AT_ONCE.saturating_sub(in_hand.len());
            let wait = match self.look(room, &mut looked).await {
                Ok(taken) => {
                    let found = !taken.is_empty();
                    for held in taken {
                        let worker = self.clone();
                        in_hand.spawn(async move { worker.perform(held).await });
                    }
                    if found { Duration::ZERO } else { self.until_next_due().await }
                }
                Err(error) => {
                    tracing::warn!(error = %error, "Could not look for work");
                    POLL
                }
            };
            let full = in_hand.len() >= LANES_AT_ONCE;
            tokio::select! {
                // In this order: what a run does must depend on nothing but what happens to it.
                biased;
                () = &mut stop => break,
                // A lane has moved on: what stands behind can be taken now.
                Some(_) = in_hand.join_next() => {}
                () = work_waits, if !full => {}
                () = sleep(wait), if !full => {}
            }
        }
        let last = timeout(LAST_WORK, async { while in_hand.join_next().await.is_some() {} });
        if last.await.is_err() {
            tracing::warn!(lanes = in_hand.len(), "Left work in hand to whoever goes on");
            in_hand.shutdown().await;
        }
        if let Err(error) = self.release().await {
            tracing::warn!(error = %error, "Could not give back leases; they end by themselves");
        }
    }

    /// Performs everything that is due now, once, and says how much that was.
    pub async fn step(&self) -> Result<usize, sqlx::Error> {
        let mut in_hand = JoinSet::new();
        for held in self.take(LANES_AT_ONCE).await? {
            let worker = self.clone();
            in_hand.spawn(async move { worker.perform(held).await });
        }
        Ok(in_hand.join_all().await.len())
    }

    /// Looks for work, and now and then for what keeps it from being done.
    async fn look(&self, room: usize, looked: &mut Looked) -> Result<Vec<Held>, sqlx::Error> {
        if looked.is_time_for_orphans() {
            self.free_orphans().await?;
        }
        if looked.is_time_for_clocks() {
            looked.skewed = self.is_skewed().await?;
        }
        // Whose clock is wrong would take work that others still have, or keep what is theirs.
        if looked.skewed { Ok(Vec::new()) } else { self.take(room).await }
    }

    /// At most one poll: other replicas add work too.
    async fn until_next_due(&self) -> Duration {
        match self.next_due().await {
            Ok(Some(due)) => due.since(self.clock.now()).clamp(LEAST_WAIT, POLL),
            Ok(None) | Err(_) => POLL,
        }
    }

    async fn take(&self, limit: usize) -> Result<Vec<Held>, sqlx::Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (now, since) = (self.clock.now(), Instant::now());
        // A look that finds nothing must not take the write lock.
        if self.next_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let lease = self.holder.lease(&self.ids.ulid(now));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.db.begin().await?;
        let claimed = outbox::claim(&mut tx, &lease, now, LEASE, limit).await?;
        tx.commit().await?;
        Ok(claimed.into_iter().map(|work| Held::new(work, now, since)).collect())
    }

    /// When there is something to do next. Leases count: a lane is due again when one ends.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, sqlx::Error> {
        let mut tx = self.db.read().await?;
        outbox::next_due(&mut tx, self.clock.now()).await
    }

    async fn perform(&self, held: Held) {
        let work = &held.work;
        let started = self.clock.now();
        let result = tokio::select! {
            biased;
            () = self.keep(&held) => Err(Trouble::NotOurs),
            result = self.do_work(&held) => result,
        };
        let outcome = self.conclude(&held, &result).await;
        metrics::counter!("stentor_outbox_attempts_total", "outcome" => outcome).increment(1);
        tracing::debug!(work.id = %work.id, incident.id = %work.incident, outcome,
            duration_ms = self.clock.now().since(started).as_millis(), "{}", work.work.describe());
    }

    async fn do_work(&self, held: &Held) -> Result<(), Trouble> {
        if let Some(timer) = held.work.work.timer() {
            return self.ring(held, Command::Ring { timer }).await;
        }
        match &held.work.work {
            Work::RecordMerge { into, absorbed } => {
                // An incident is merged once for all, so its id is receipt enough.
                let receipt = format!("merged/{}", held.work.incident);
                let command = Command::RecordMerge { absorbed: absorbed.clone() };
                self.record(held, into, receipt, command).await
            }
            Work::Evaluate { rule } => self.rules.evaluate(held, rule).await,
            Work::Report(report) => self.rules.hand_over(held, report).await,
            Work::Act(act) => self.act(held, act).await,
            Work::ShowPage { escalation, page } => {
                self.performer.show_page(held, &self.paging, escalation, *page).await
            }
            Work::Escalate { escalation } => self.paging.ring(held, escalation).await,
            Work::RecordPaged(record) => {
                let command = Command::RecordPaged { paged: record.paged.clone() };
                self.record(held, &held.work.incident, record.receipt(), command).await
            }
            Work::EndEscalations { alerts_only } => {
                let work = &held.work;
                let ended = self.paging.end_for(&work.workspace, &work.incident, *alerts_only);
                ended.await.map_err(|error| Trouble::again_later(&error.into()))
            }
            Work::LookAtShift { schedule } => self.paging.look_at_shift(held, schedule).await,
            Work::TellShift(news) => self.performer.tell_shift(held, news).await,
            Work::ReadPeople(stretch) => self.performer.read_people(held, stretch).await,
            Work::ReadPerson { user } => self.performer.read_person(held, user).await,
            Work::Deliver(delivery) => self.courier.deliver(held, delivery).await,
            Work::Settle { group } => self.settle(held, group).await,
            Work::Signal => self.signal(held).await,
            Work::RecordAlerts { by, through, done } => {
                let receipt = format!("handled/{}", held.work.id);
                let (by, through, done) = (by.clone(), through.clone(), done.clone());
                let command = Command::RecordAlerts { by, through, done };
                self.record(held, &held.work.incident, receipt, command).await
            }
            Work::EndAlerts { by, through, version } => {
                self.end_alerts(held, by, through.clone(), *version).await
            }
            _ => self.performer.perform(held).await,
        }
    }

    /// Tells what an alert rule says, unless somebody wants to hear nothing of it for a while.
    async fn act(&self, held: &Held, act: &Act) -> Result<(), Trouble> {
        if self.rules.is_snoozed(&held.work.workspace, act).await? {
            return Ok(());
        }
        match &act.action {
            Action::Webhook { url } => self.rules.post(held, url, &act.report).await,
            Action::SlackChannel { channel } => {
                self.performer.say_of_rule(held, channel, &act.report).await
            }
            Action::SlackPerson { user } => {
                self.performer.tell_of_rule(held, user, &act.report).await
            }
        }
    }

    /// Keeps the lease alive, and returns when that failed.
    async fn keep(&self, held: &Held) {
        loop {
            sleep(RENEW_EVERY).await;
            let (now, since) = (self.clock.now(), Instant::now());
            match self.renew(held, now).await {
                Ok(true) => held.renewed(now, since),
                Ok(false) => return,
                Err(error) => {
                    tracing::debug!(error = %error, work.id = %held.work.id, "Could not renew a lease");
                    if !held.is_good(self.clock.now()) {
                        return;
                    }
                }
            }
        }
    }

    async fn renew(&self, held: &Held, now: Timestamp) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let ours = outbox::renew(&mut tx, &held.work, now.plus(LEASE)).await?;
        tx.commit().await?;
        Ok(ours)
    }

    async fn ring(&self, held: &Held, command: Command) -> Result<(), Trouble> {
        let work = &held.work;
        let receipt = format!("timer/{}/{}", work.id, work.generation);
        let order =
            Order::by_stentor(&work.workspace, &work.incident, receipt, Via::Timer, command);
        match self.engine.submit(order).await {
            // What the timer was for has been seen to.
            Ok(_) | Err(NotDone::Refused(_)) => Ok(()),
            Err(NotDone::Unavailable(error)) => Err(Trouble::again_store(&error)),
        }
    }

    /// Writes into an incident's record what is not to be lost: whatever refuses it is told aloud.
    async fn record(
        &self,
        held: &Held,
        incident: &IncidentId,
        receipt: String,
        command: Command,
    ) -> Result<(), Trouble> {
        let work = &held.work;
        let order = Order::by_stentor(&work.workspace, incident, receipt, Via::Delivery, command);
        match self.engine.submit(order).await {
            Ok(_) => Ok(()),
            Err(NotDone::Refused(refusal)) => Err(Trouble::give_up(refusal.to_string())),
            Err(NotDone::Unavailable(error)) => Err(Trouble::again_store(&error)),
        }
    }

    async fn end_alerts(
        &self,
        held: &Held,
        by: &Actor,
        through: Option<String>,
        version: i64,
    ) -> Result<(), Trouble> {
        let Claimed { workspace, incident, .. } = &held.work;
        let receipt = format!("end-alerts/{incident}/{version}");
        let which = Which::Incident(incident.clone());
        let errand = Errand::Resolve { which, by: by.clone() };
        let intake = &self.settler.intake;
        match intake.carry_through(workspace, through, Some(receipt), errand).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Trouble::again_later(&error.into())),
        }
    }

    async fn settle(&self, held: &Held, group: &GroupId) -> Result<(), Trouble> {
        match self.settler.settle(&held.work.workspace, group).await {
            Ok(None) => Ok(()),
            Ok(Some(until)) => Err(Trouble::NotYet { until, turn: None }),
            Err(error) => Err(Trouble::again_later(&error)),
        }
    }

    async fn signal(&self, held: &Held) -> Result<(), Trouble> {
        let told = self.settler.tell(&held.work.workspace, &held.work.incident).await;
        told.map_err(|error| Trouble::again_later(&error))
    }

    /// Ends the leases of processes on this machine that are dead, and says how many lanes that
    /// were.
    pub async fn free_orphans(&self) -> Result<u64, sqlx::Error> {
        let mut tx = self.db.read().await?;
        let leases = outbox::leases(&mut tx).await?;
        drop(tx);
        let mut freed = 0;
        for lease in leases.iter().filter(|lease| self.holder.is_orphan(lease)) {
            freed += self.end_lease(lease).await?;
        }
        if freed > 0 {
            tracing::info!(lanes = freed, "Goes on with the work of a process that died");
        }
        Ok(freed)
    }

    async fn end_lease(&self, lease: &str) -> Result<u64, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let lanes = outbox::end_lease(&mut tx, lease, self.clock.now().plus(QUIET)).await?;
        tx.commit().await?;
        Ok(lanes)
    }

    /// Gives back the leases of work that was not finished.
    async fn release(&self) -> Result<(), sqlx::Error> {
        let mut tx = self.db.read().await?;
        let leases = outbox::leases(&mut tx).await?;
        drop(tx);
        for lease in leases.iter().filter(|lease| self.holder.has_taken(lease)) {
            self.end_lease(lease).await?;
        }
        Ok(())
    }

    async fn is_skewed(&self) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.read().await?;
        // Between the two readings of ours lies that of the database.
        let before = self.clock.now();
        let Some(database) = tx.server_time().await? else { return Ok(false) };
        let after = self.clock.now();
        let ahead = before.since(database);
        let behind = database.since(after);
        let skewed = ahead.max(behind) > SKEW_LIMIT;
        if skewed {
            tracing::error!(
                ahead_ms = ahead.as_millis(),
                behind_ms = behind.as_millis(),
                "This machine's clock differs from the database's; no work is taken until it is set right"
            );
        }
        Ok(skewed)
    }
}

/// When what was looked at last.
#[derive(Default)]
struct Looked {
    orphans: Option<Instant>,
    clocks: Option<Instant>,
    skewed: bool,
}

impl Looked {
    fn is_time_for_orphans(&mut self) -> bool {
        is_time(&mut self.orphans, POLL)
    }

    fn is_time_for_clocks(&mut self) -> bool {
        is_time(&mut self.clocks, if self.skewed { POLL } else { COMPARE_CLOCKS })
    }
}

fn is_time(last: &mut Option<Instant>, every: Duration) -> bool {
    let is_time = last.is_none_or(|last| last.elapsed() >= every);
    if is_time {
        *last = Some(Instant::now());
    }
    is_time
}
