//! A path as a list of steps, which an escalation takes along: whatever becomes of the path, what was
//! promised when somebody was paged is done.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::{ChannelId, HoursId, NodeId, PathId, ScheduleId, UserId};
use crate::oncall::hours::{self, Interval};
use crate::oncall::path::definition::{
    Condition, Does, Level, Node, Path, Recipient, Urgency, Wait, WorkingHours,
};

/// How deep paths can go on with one another.
const DEPTH_LIMIT: usize = 5;
/// The most steps of one escalation.
const STEPS_LIMIT: usize = 1_000;

/// Something an escalation does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Page people.
    Page {
        /// Whom, and how.
        level: Level,
        /// Which hours it waits for, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Hours>,
    },
    /// Tell channels.
    Tell {
        /// Which.
        channels: Vec<ChannelId>,
        /// How urgent it is for them.
        #[serde(default)]
        urgency: Urgency,
        /// How long to wait for an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Wait>,
        /// Which hours it waits for, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Hours>,
    },
    /// Wait.
    Delay {
        /// How long.
        wait: Wait,
        /// Which hours it waits for, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Hours>,
    },
    /// Go elsewhere unless all of these hold.
    Branch {
        /// What has to hold.
        conditions: Vec<Held>,
        /// Where to go if it does not.
        otherwise: usize,
    },
    /// Go elsewhere.
    Jump {
        /// Where.
        to: usize,
    },
    /// Go back, so often.
    Repeat {
        /// Where.
        to: usize,
        /// How often.
        times: u32,
    },
}

/// Hours of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The IANA name of their time zone.
    pub time_zone: String,
    /// The hours.
    pub intervals: Vec<Interval>,
}

impl Hours {
    fn zone(&self) -> TimeZone {
        hours::zone(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Whether it is within them.
    pub fn holds(&self, at: Timestamp) -> bool {
        hours::holds(&self.intervals, &self.zone(), at)
    }
}

/// Something that holds or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "if", rename_all = "snake_case")]
pub enum Held {
    /// It is within these hours, or is not.
    Hours {
        /// Which.
        hours: Hours,
        /// Within.
        active: bool,
    },
    /// The priority is one of these.
    Priority {
        /// Which.
        one_of: Vec<String>,
    },
}

/// Until when something is waited for that began then.
pub fn until(wait: &Wait, hours: Option<&Hours>, began: Timestamp) -> Timestamp {
    let change = |active: bool| {
        let found = hours.and_then(|it| hours::next(&it.intervals, &it.zone(), began, active));
        // Hours that never come are no reason to wait for ever.
        found.unwrap_or_else(|| began.plus(std::time::Duration::from_secs(7 * 24 * 3600)))
    };
    match wait {
        Wait::Seconds(seconds) => began.plus(std::time::Duration::from_secs((*seconds).into())),
        Wait::UntilActive(_) => change(true),
        Wait::UntilInactive(_) => change(false),
    }
}

/// The steps of a path, and of those that it goes on with, as far as they are there.
pub fn steps(path: &Path, others: &BTreeMap<PathId, Path>) -> Vec<Step> {
    let mut maker = Maker { steps: Vec::new(), others, looked_at: 0 };
    maker.nodes(&path.nodes, &path.working_hours, 0);
    maker.steps.truncate(STEPS_LIMIT);
    maker.steps
}

/// The schedules that steps ask, each once.
pub fn schedules(steps: &[Step]) -> Vec<ScheduleId> {
    let ids = recipients(steps).filter_map(|recipient| match recipient {
        Recipient::Schedule { id, .. } => Some(id.clone()),
        _ => None,
    });
    let mut ids: Vec<ScheduleId> = ids.collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The people whom steps name.
pub fn named(steps: &[Step]) -> Vec<UserId> {
    let people = recipients(steps).filter_map(|recipient| match recipient {
        Recipient::User { id } => Some(id.clone()),
        _ => None,
    });
    people.collect()
}

fn recipients(steps: &[Step]) -> impl Iterator<Item = &Recipient> {
    let levels = steps.iter().filter_map(|step| match step {
        Step::Page { level, .. } => Some(level),
        _ => None,
    });
    levels.flat_map(|level| &level.targets).map(|target| &target.to)
}

struct Maker<'a> {
    steps: Vec<Step>,
    others: &'a BTreeMap<PathId, Path>,
    looked_at: usize,
}

impl Maker<'_> {
    fn nodes(&mut self, nodes: &[Node], hours: &[WorkingHours], depth: usize) {
        let mut places: BTreeMap<&NodeId, usize> = BTreeMap::new();
        for node in nodes {
            self.looked_at += 1;
            if self.steps.len() >= STEPS_LIMIT || self.looked_at > STEPS_LIMIT * 10 {
                return;
            }
            places.insert(&node.id, self.steps.len());
            match &node.does {
                Does::Level(level) => {
                    let hours = hours_of(&level.time_to_ack, hours);
                    self.steps.push(Step::Page { level: level.clone(), hours });
                }
                Does::NotifyChannel { channels, urgency, time_to_ack } => {
                    self.steps.push(Step::Tell {
                        channels: channels.clone(),
                        urgency: *urgency,
                        wait: time_to_ack.clone(),
                        hours: time_to_ack.as_ref().and_then(|wait| hours_of(wait, hours)),
                    });
                }
                Does::Delay { wait } => {
                    let hours = hours_of(wait, hours);
                    self.steps.push(Step::Delay { wait: wait.clone(), hours });
                }
                Does::Repeat { to_node, repeat_times } => {
                    let to = places.get(to_node).copied();
                    self.steps.extend(to.map(|to| Step::Repeat { to, times: *repeat_times }));
                }
                Does::IfElse { conditions, then_path, else_path } => {
                    self.branch(conditions, then_path, else_path, hours, depth);
                }
                Does::EscalationPath { path } => {
                    if let Some(other) = self.others.get(path).filter(|_| depth < DEPTH_LIMIT) {
                        self.nodes(&other.nodes, &other.working_hours, depth + 1);
                    }
                }
            }
        }
    }

    fn branch(
        &mut self,
        conditions: &[Condition],
        then_path: &[Node],
        else_path: &[Node],
        hours: &[WorkingHours],
        depth: usize,
    ) {
        let held = conditions.iter().filter_map(|condition| match condition {
            Condition::WorkingHours { hours: id, active } => {
                Some(Held::Hours { hours: hours_named(id, hours)?, active: *active })
            }
            Condition::Priority { one_of } => Some(Held::Priority { one_of: one_of.clone() }),
        });
        let branch = self.steps.len();
        self.steps.push(Step::Branch { conditions: held.collect(), otherwise: 0 });
        self.nodes(then_path, hours, depth);
        let jump = self.steps.len();
        self.steps.push(Step::Jump { to: 0 });
        if let Step::Branch { otherwise, .. } = &mut self.steps[branch] {
            *otherwise = jump + 1;
        }
        self.nodes(else_path, hours, depth);
        self.steps[jump] = Step::Jump { to: self.steps.len() };
    }
}

fn hours_of(wait: &Wait, hours: &[WorkingHours]) -> Option<Hours> {
    match wait {
        Wait::Seconds(_) => None,
        Wait::UntilActive(id) | Wait::UntilInactive(id) => hours_named(id, hours),
    }
}

fn hours_named(id: &HoursId, hours: &[WorkingHours]) -> Option<Hours> {
    let found = hours.iter().find(|it| it.id == *id)?;
    Some(Hours { time_zone: found.time_zone.clone(), intervals: found.intervals.clone() })
}
