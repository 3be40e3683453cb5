//! How the people of one level are paged, and when nobody of them is waited for any more.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{ChannelId, UserId};
use crate::incident::paged::Happened;
use crate::oncall::escalation::advance::Effect;
use crate::oncall::escalation::state::{Answer, Escalation, Page, Standing, Status, What, Whom};
use crate::oncall::escalation::world::World;
use crate::oncall::path::definition::{AckMode, Level, RoundRobin, Urgency};
use crate::oncall::path::steps::{self, Step};

/// The most messages of one escalation.
pub(super) const PAGES_LIMIT: usize = 500;

impl Escalation {
    /// Pages the people of a level, and says whether there is anybody to wait for.
    pub(super) fn begin_level(
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
        let first = match level.one_at_a_time() {
            Some(_) => one_of(&whom, self.turn),
            None => whom.clone(),
        };
        self.enter(now, whom);
        self.status = Status::Triggered;
        self.send(first, now, effects);
        true
    }

    pub(super) fn enter(&mut self, now: Timestamp, whom: Vec<(Whom, Urgency)>) {
        self.level += 1;
        self.due = None;
        self.standing = Some(Standing { began_at: now, attempt: 1, whom, waits_from: None });
    }

    pub(super) fn send(
        &mut self,
        whom: Vec<(Whom, Urgency)>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
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

    pub(super) fn ring_level(&mut self, now: Timestamp, world: &World, effects: &mut Vec<Effect>) {
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
            let can = !is_out && page.answer != Some(Answer::Declined);
            latest.insert(&page.whom, can);
        }
        latest.values().any(|can| *can)
    }

    pub(super) fn leave_level(&mut self) {
        self.standing = None;
        self.due = None;
        self.at += 1;
    }

    /// Whose answers count at the present level.
    pub(super) fn ack_mode(&self) -> AckMode {
        self.present_level().map_or(AckMode::First, |(level, _)| level.ack_mode)
    }

    fn present_level(&self) -> Option<(&Level, Option<RoundRobin>)> {
        match self.steps.get(self.at) {
            Some(Step::Page { level, .. }) => Some((level, level.one_at_a_time())),
            _ => None,
        }
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
}

fn one_of(whom: &[(Whom, Urgency)], turn: u64) -> Vec<(Whom, Urgency)> {
    let count = u64::try_from(whom.len()).unwrap_or(1).max(1);
    let nth = usize::try_from(turn % count).unwrap_or(0);
    whom.get(nth).cloned().into_iter().collect()
}
