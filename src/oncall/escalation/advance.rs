//! How an escalation goes on: by itself, and when its time has come.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{EscalationId, UserId};
use crate::incident::event::Actor;
use crate::incident::paged::Happened;
use crate::oncall::escalation::level::PAGES_LIMIT;
use crate::oncall::escalation::state::{Course, Escalation, Logged, Request, Status, What, Whom};
use crate::oncall::escalation::world::World;
use crate::oncall::path::definition::{
    AckMode, Level, Path, Recipient, Retry, Target, Urgency, Wait,
};
use crate::oncall::path::steps::{self, Held, Step};

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
                Step::Tell { channels, urgency, wait, .. } => {
                    let whom =
                        channels.into_iter().map(|channel| (Whom::Channel { channel }, urgency));
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

/// The one step of those who were paged by name: all of them, and one answer is enough.
fn to_all(people: &[UserId]) -> Step {
    let targets = people
        .iter()
        .map(|user| Target { to: Recipient::User { id: user.clone() }, urgency: Urgency::High });
    let level = Level {
        targets: targets.collect(),
        ack_mode: AckMode::First,
        time_to_ack: Wait::Seconds(NAMED_WAIT),
        retry: Some(Retry { attempts: 3, interval_seconds: NAMED_WAIT / 3 }),
        round_robin: None,
    };
    Step::Page { level, hours: None }
}

/// How many seconds those who were paged by name have for an answer: they are paged three times.
const NAMED_WAIT: u32 = 900;
