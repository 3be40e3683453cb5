//! What an escalation needs to know of the world: who is on call, and who is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Timestamp;
use crate::ids::{ScheduleId, UserId};
use crate::oncall::path::definition::{Recipient, Target, Urgency, Which};
use crate::oncall::schedule::definition::{Override, Schedule};

/// What is known of the world at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// Schedules, with those who stand in.
    pub schedules: BTreeMap<ScheduleId, (Schedule, Vec<Override>)>,
    /// People who are not there any more.
    pub gone: BTreeSet<UserId>,
    /// When people last said something about the incident.
    pub active_at: Option<Timestamp>,
}

impl World {
    /// Whom the targets mean now, each once, in their order.
    pub(super) fn whom(
        &self,
        targets: &[Target],
        now: Timestamp,
    ) -> Vec<(super::state::Whom, Urgency)> {
        use super::state::Whom;
        let mut whom: Vec<(Whom, Urgency)> = Vec::new();
        for target in targets {
            let named: Vec<Whom> = match &target.to {
                Recipient::User { id } => self.present(vec![id.clone()]),
                Recipient::SlackChannel { id } => vec![Whom::Channel { channel: id.clone() }],
                Recipient::Schedule { id, who, rotation } => {
                    let Some((schedule, overrides)) = self.schedules.get(id) else { continue };
                    self.present(match (who, rotation) {
                        (Which::OnCall, None) => schedule.on_call(overrides, now),
                        (Which::OnCall, Some(rotation)) => {
                            schedule.on_call_in(rotation, overrides, now)
                        }
                        (Which::NextOnCall, rotation) => {
                            let next = schedule.next(overrides, now).into_iter();
                            let wanted = |id| rotation.as_ref().is_none_or(|it| *it == id);
                            let next = next.filter(|entry| wanted(entry.rotation.clone()));
                            next.map(|entry| entry.person).collect()
                        }
                        (Which::Everybody, None) => schedule.everybody(),
                        (Which::Everybody, Some(rotation)) => schedule.only(rotation).everybody(),
                    })
                }
            };
            for one in named {
                if !whom.iter().any(|(known, _)| *known == one) {
                    whom.push((one, target.urgency));
                }
            }
        }
        whom
    }

    /// The people among those whom the targets mean now.
    pub fn people(&self, targets: &[Target], now: Timestamp) -> Vec<UserId> {
        let whom = self.whom(targets, now).into_iter();
        let people = whom.filter_map(|(whom, _)| match whom {
            super::state::Whom::Person { user } => Some(user),
            super::state::Whom::Channel { .. } => None,
        });
        people.collect()
    }

    fn present(&self, people: Vec<UserId>) -> Vec<super::state::Whom> {
        let there = people.into_iter().filter(|person| !self.gone.contains(person));
        there.map(|person| super::state::Whom::Person { user: person }).collect()
    }
}
