//! How an escalation goes on: by itself, and when its time has come.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{ChannelId, EscalationId, UserId};
use crate::incident::event::Actor;
use crate::incident::paged::Happened;
use crate::oncall::escalation::state::{
    Course, Escalation, Logged, Page, Request, Standing, Status, What, Whom,
};
use crate::oncall::escalation::world::World;
use crate::oncall::path::definition::{
    AckMode, Level, Path, Recipient, RoundRobin, Target, Urgency, Wait,
};
use crate::oncall::path::steps::{self, Held, Step};

/// The most messages of one escalation.
const PAGES_LIMIT: usize = 500;
/// The most lines that are kept of what happened.
const LOG_LIMIT: usize = 2_000;
/// How many steps are taken at once; more would be going round in a circle.
const STEPS_AT_ONCE: usize = 5_000;

/// What follows from a change of an escalation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// This message shows an older state, or is not there yet.
    Show {
        /// Its number.
        page: u32,
    },
    /// The incident's record is to say this.
    Record(Happened),
}

/// What an escalation needs to begin.
pub struct Beginning<'a> {
    /// What it is called.
    pub id: EscalationId,
    /// What it is about.
    pub request: Request,
    /// The path, if it is one, and all that it goes on with.
    pub path: Option<(&'a Path, &'a BTreeMap<crate::ids::PathId, Path>)>,
    /// Which of several comes first, where they are paged one at a time.
    pub turn: u64,
    /// Who wants it.
    pub by: Actor,
}

impl Escalation {
    /// A new escalation, which pages the first ones at once.
    pub fn begin(
        beginning: Beginning<'_>,
        now: Timestamp,
        world: &World,
    ) -> (Escalation, Vec<Effect>) {
        let Beginning { id, request, path, turn, by } = beginning;
        let (course, steps, repeat) = match (path, request.path) {
            (Some((path, others)), Some(id)) => {
                let course = Course::Path { path: id, name: path.name.clone() };
                (course, steps::steps(path, others), path.repeat)
            }
            _ => {
                let steps = vec![to_all(&request.people)];
                (Course::People { people: request.people }, steps, None)
            }
        };
        let mut new = Escalation {
            id,
            version: 1,
            title: request.title,
            description: request.description,
            priority: request.priority,
            course,
            incident: request.incident,
            alerts: request.alerts,
            by: by.clone(),
            ends_with_alerts: request.ends_with_alerts,
            created_at: now,
            updated_at: now,
            status: Status::Pending,
            steps,
            at: 0,
            rounds: BTreeMap::new(),
            repeat,
            turn,
            level: 0,
            standing: None,
            due: None,
            pages: Vec::new(),
            log: Vec::new(),
            acked_by: None,
            reassigned_to: None,
        };
        new.note(now, What::Triggered);
        let mut effects = vec![Effect::Record(Happened::Created { course: new.course.clone() })];
        new.go_on(now, world, &mut effects);
        (new, effects)
    }

    /// Does what is due. Nothing happens before its time.
    pub fn ring(&mut self, now: Timestamp, world: &World) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.due.is_none_or(|due| now < due) {
            return effects;
        }
        self.due = None;
        match self.status {
            Status::Triggered => self.ring_level(now, world, &mut effects),
            Status::Delayed => {
                self.at += 1;
                self.go_on(now, world, &mut effects);
            }
            // Whoever was to be paged is paged again.
            Status::Snoozed => {
                self.go_on(now, world, &mut effects);
            }
            Status::PendingRepeat => self.begin_anew(now, world, &mut effects),
            Status::Pending
            | Status::Acked
            | Status::Resolved
            | Status::Expired
            | Status::Cancelled => {}
        }
        effects
    }

    /// A page has arrived: from the first one on an answer is waited for.
    pub fn delivered(&mut self, page: u32, now: Timestamp) -> bool {
        let Some(found) = self.pages.iter_mut().find(|it| it.number == page) else { return false };
        if found.delivered_at.is_some() {
            return false;
        }
        found.delivered_at = Some(now);
        let level = found.level;
        if self.status == Status::Triggered
            && level == self.level
            && let Some(standing) = &mut self.standing
            && standing.waits_from.is_none()
        {
            standing.waits_from = Some(now);
            self.due = self.next_of_level();
        }
        true
    }

    /// A page can't be delivered. If nobody is left who could answer, the next ones are paged.
    pub fn failed(
        &mut self,
        page: u32,
        error: &str,
        now: Timestamp,
        world: &World,
    ) -> Option<Vec<Effect>> {
        let found = self.pages.iter_mut().find(|it| it.number == page)?;
        if found.failed.is_some() || found.delivered_at.is_some() {
            return None;
        }
        found.failed = Some(error.to_owned());
        let whom = found.whom.clone();
        let told = Happened::NotDelivered { whom: whom.clone(), error: error.to_owned() };
        self.note(now, What::NotDelivered { whom, error: error.to_owned() });
        let mut effects = vec![Effect::Record(told)];
        self.go_on_if_nobody_is_left(now, world, &mut effects);
        Some(effects)
    }

    /// Goes on with the next ones if nobody of this level can answer any more.
    pub(super) fn go_on_if_nobody_is_left(
        &mut self,
        now: Timestamp,
        world: &World,
        effects: &mut Vec<Effect>,
    ) {
        if self.status != Status::Triggered || self.has_somebody() {
            return;
        }
        // One at a time: the next of them comes first.
        if let (Some((_, Some(_))), Some(standing)) = (self.present_level(), &self.standing)
            && usize::try_from(standing.attempt).is_ok_and(|it| it < standing.whom.len())
        {
            return self.page_again(now, effects);
        }
        self.leave_level();
        self.go_on(now, world, effects);
    }

    fn has_somebody(&self) -> bool {
        let here = self.pages.iter().filter(|page| page.level == self.level);
        // Whoever has failed or declined may have had another message before.
        let mut latest: BTreeMap<&Whom, bool> = BTreeMap::new();
        for page in here {
            let is_out = page.failed.is_some() && page.delivered_at.is_none();
            let can = !is_out && page.answer != Some(super::state::Answer::Declined);
            latest.insert(&page.whom, can);
        }
        latest.values().any(|can| *can)
    }

    pub(super) fn leave_level(&mut self) {
        self.standing = None;
        self.due = None;
        self.at += 1;
    }

    fn present_level(&self) -> Option<(&Level, Option<RoundRobin>)> {
        match self.steps.get(self.at) {
            Some(Step::Page { level, .. }) => Some((level, level.round_robin)),
            _ => None,
        }
    }

    /// Whose answers count at the present level.
    pub(super) fn ack_mode(&self) -> AckMode {
        self.present_level().map_or(AckMode::First, |(level, _)| level.ack_mode)
    }

    /// When the present level wants something: to page again, or to go on.
    fn next_of_level(&self) -> Option<Timestamp> {
        let standing = self.standing.as_ref()?;
        let from = standing.waits_from?;
        let over = self.level_is_over(from)?;
        let again = self.again_at(standing, from);
        Some(again.map_or(over, |again| again.min(over)))
    }

    fn level_is_over(&self, from: Timestamp) -> Option<Timestamp> {
        match self.steps.get(self.at)? {
            Step::Page { level, hours } => {
                Some(steps::until(&level.time_to_ack, hours.as_ref(), from))
            }
            Step::Tell { wait: Some(wait), hours, .. } => {
                Some(steps::until(wait, hours.as_ref(), from))
            }
            _ => None,
        }
    }

    fn again_at(&self, standing: &Standing, from: Timestamp) -> Option<Timestamp> {
        let (level, round_robin) = self.present_level()?;
        let (most, seconds) = match (round_robin, level.retry) {
            (Some(round), _) => {
                (u32::try_from(standing.whom.len()).ok()?, round.rotate_after_seconds?)
            }
            (None, Some(retry)) => (retry.attempts, retry.interval_seconds),
            (None, None) => return None,
        };
        let after = Duration::from_secs(u64::from(seconds) * u64::from(standing.attempt));
        (standing.attempt < most).then(|| from.plus(after))
    }

    fn ring_level(&mut self, now: Timestamp, world: &World, effects: &mut Vec<Effect>) {
        let from = self.standing.as_ref().and_then(|standing| standing.waits_from);
        let over = from.and_then(|from| self.level_is_over(from));
        if over.is_none_or(|over| over <= now) {
            self.leave_level();
            return self.go_on(now, world, effects);
        }
        self.page_again(now, effects);
    }

    /// Pages those of the present level again, or the next of them.
    fn page_again(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let one_at_a_time = self.present_level().is_some_and(|(_, round)| round.is_some());
        let turn = self.turn;
        let Some(standing) = &mut self.standing else { return };
        let nth = u64::from(standing.attempt);
        standing.attempt += 1;
        let whom = match one_at_a_time {
            true => one_of(&standing.whom, turn.wrapping_add(nth)),
            false => standing.whom.clone(),
        };
        // Who can't take it is left alone.
        let level = self.level;
        let out: Vec<Whom> = self
            .pages
            .iter()
            .filter(|page| page.level == level && page.answer.is_some())
            .map(|page| page.whom.clone())
            .collect();
        let whom: Vec<_> = whom.into_iter().filter(|(whom, _)| !out.contains(whom)).collect();
        self.send(whom, now, effects);
        self.due = self.next_of_level();
    }

    /// Takes steps until one has to be waited for.
    pub(super) fn go_on(&mut self, now: Timestamp, world: &World, effects: &mut Vec<Effect>) {
        for _ in 0..STEPS_AT_ONCE {
            let Some(step) = self.steps.get(self.at).cloned() else {
                return self.end(now, effects);
            };
            match step {
                Step::Page { level, .. } => {
                    if self.begin_level(&level, now, world, effects) {
                        return;
                    }
                    self.at += 1;
                }
                Step::Tell { channels, wait, .. } => {
                    let whom = channels
                        .into_iter()
                        .map(|channel| (Whom::Channel { channel }, Urgency::High));
                    let whom: Vec<_> = whom.collect();
                    self.enter(now, whom.clone());
                    self.send(whom, now, effects);
                    if wait.is_some() && self.pages.len() < PAGES_LIMIT {
                        self.status = Status::Triggered;
                        return;
                    }
                    self.standing = None;
                    self.at += 1;
                }
                Step::Delay { wait, hours } => {
                    self.status = Status::Delayed;
                    self.due = Some(steps::until(&wait, hours.as_ref(), now));
                    self.note(now, What::EnteredGracePeriod);
                    return;
                }
                Step::Branch { conditions, otherwise } => {
                    let holds = conditions.iter().all(|it| self.holds(it, now));
                    self.at = if holds { self.at + 1 } else { otherwise };
                }
                Step::Jump { to } => self.at = to,
                Step::Repeat { to, times } => {
                    let done = self.rounds.entry(self.at).or_default();
                    if *done < times {
                        *done += 1;
                        self.at = to;
                    } else {
                        self.rounds.remove(&self.at);
                        self.at += 1;
                    }
                }
            }
        }
        self.end(now, effects);
    }

    fn holds(&self, held: &Held, now: Timestamp) -> bool {
        match held {
            Held::Hours { hours, active } => hours.holds(now) == *active,
            Held::Priority { one_of } => self.priority.as_ref().is_some_and(|priority| {
                let priority = priority.to_lowercase();
                one_of.iter().any(|name| name.trim().to_lowercase() == priority)
            }),
        }
    }

    fn enter(&mut self, now: Timestamp, whom: Vec<(Whom, Urgency)>) {
        self.level += 1;
        self.due = None;
        self.standing = Some(Standing { began_at: now, attempt: 1, whom, waits_from: None });
    }

    /// Pages the people of a level, and says whether there is anybody to wait for.
    fn begin_level(
        &mut self,
        level: &Level,
        now: Timestamp,
        world: &World,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let whom = world.whom(&level.targets, now);
        if whom.is_empty() {
            self.note(now, What::FoundNobody);
            return false;
        }
        if self.pages.len() >= PAGES_LIMIT {
            return false;
        }
        let first = match level.round_robin {
            Some(_) => one_of(&whom, self.turn),
            None => whom.clone(),
        };
        self.enter(now, whom);
        self.status = Status::Triggered;
        self.send(first, now, effects);
        true
    }

    fn send(&mut self, whom: Vec<(Whom, Urgency)>, now: Timestamp, effects: &mut Vec<Effect>) {
        let room = PAGES_LIMIT.saturating_sub(self.pages.len());
        let whom: Vec<_> = whom.into_iter().take(room).collect();
        if whom.is_empty() {
            return;
        }
        for (one, urgency) in &whom {
            let number = u32::try_from(self.pages.len()).unwrap_or(u32::MAX) + 1;
            self.pages.push(Page {
                number,
                whom: one.clone(),
                urgency: *urgency,
                at: now,
                level: self.level,
                delivered_at: None,
                failed: None,
                answer: None,
            });
            effects.push(Effect::Show { page: number });
        }
        for wanted in [Urgency::High, Urgency::Low] {
            let people: Vec<UserId> = whom
                .iter()
                .filter(|(_, urgency)| *urgency == wanted)
                .filter_map(|(one, _)| match one {
                    Whom::Person { user } => Some(user.clone()),
                    Whom::Channel { .. } => None,
                })
                .collect();
            if !people.is_empty() {
                self.note(now, What::NotifiedUsers { people, urgency: wanted });
            }
        }
        let channels: Vec<ChannelId> = whom
            .iter()
            .filter_map(|(one, _)| match one {
                Whom::Channel { channel } => Some(channel.clone()),
                Whom::Person { .. } => None,
            })
            .collect();
        if !channels.is_empty() {
            self.note(now, What::NotifiedChannels { channels });
        }
        let whom: Vec<Whom> = whom.into_iter().map(|(one, _)| one).collect();
        let is_again = self.standing.as_ref().is_some_and(|standing| standing.attempt > 1);
        if !is_again {
            effects.push(Effect::Record(Happened::Paged { whom, level: self.level }));
        }
    }

    /// All have been paged.
    fn end(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.standing = None;
        self.due = None;
        match self.repeat {
            Some(repeat) if self.pages.len() < PAGES_LIMIT && !self.pages.is_empty() => {
                self.status = Status::PendingRepeat;
                self.due = Some(now.plus(Duration::from_secs(repeat.after_seconds.into())));
                self.note(now, What::EnteredGracePeriod);
            }
            _ => {
                self.status = Status::Expired;
                self.note(now, What::Expired);
                effects.push(Effect::Record(Happened::Expired));
                self.show_all(effects);
            }
        }
    }

    fn begin_anew(&mut self, now: Timestamp, world: &World, effects: &mut Vec<Effect>) {
        let Some(repeat) = self.repeat else { return self.end(now, effects) };
        let wait = Duration::from_secs(repeat.after_seconds.into());
        // Somebody works on it: they are left in peace for a while longer.
        if repeat.delay_on_activity
            && let Some(active_at) = world.active_at
            && now < active_at.plus(wait)
        {
            self.due = Some(active_at.plus(wait));
            return;
        }
        (self.at, self.rounds) = (0, BTreeMap::new());
        self.note(now, What::Triggered);
        self.go_on(now, world, effects);
    }

    pub(super) fn show_all(&self, effects: &mut Vec<Effect>) {
        effects.extend(self.pages.iter().map(|page| Effect::Show { page: page.number }));
    }

    pub(super) fn note(&mut self, at: Timestamp, what: What) {
        let number = u32::try_from(self.log.len()).unwrap_or(u32::MAX) + 1;
        if self.log.len() < LOG_LIMIT {
            self.log.push(Logged { number, at, what });
        }
    }
}

fn one_of(whom: &[(Whom, Urgency)], turn: u64) -> Vec<(Whom, Urgency)> {
    let count = u64::try_from(whom.len()).unwrap_or(1).max(1);
    let nth = usize::try_from(turn % count).unwrap_or(0);
    whom.get(nth).cloned().into_iter().collect()
}

/// The one step of those who were paged by name: all of them, and one answer is enough.
fn to_all(people: &[UserId]) -> Step {
    let targets = people
        .iter()
        .map(|user| Target { to: Recipient::User { id: user.clone() }, urgency: Urgency::High });
    let level = Level {
        targets: targets.collect(),
        ack_mode: AckMode::First,
        time_to_ack: Wait::Seconds(NAMED_WAIT),
        retry: Some(crate::oncall::path::definition::Retry {
            attempts: 3,
            interval_seconds: NAMED_WAIT / 3,
        }),
        round_robin: None,
    };
    Step::Page { level, hours: None }
}

/// How many seconds those who were paged by name have for an answer: they are paged three times.
const NAMED_WAIT: u32 = 900;
