//! What people answer, and what ends an escalation from outside.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{EscalationId, UserId};
use crate::incident::event::Actor;
use crate::incident::paged::Happened;
use crate::oncall::escalation::advance::Effect;
use crate::oncall::escalation::state::{Answer, Escalation, Status, What, Whom};
use crate::oncall::escalation::world::World;
use crate::oncall::path::definition::AckMode;
use crate::oncall::refusal::{Refused, Unfit};

/// The longest snooze: a week.
const SNOOZE_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

impl Escalation {
    /// Somebody looks after it.
    pub fn acknowledge(&mut self, by: &Actor, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.check_not_over()?;
        if self.status == Status::Acked {
            return Err(Refused::AlreadySo { what: "Somebody has acknowledged it".to_owned() });
        }
        let has_page = self.mark(by, Answer::Acked);
        self.note(now, What::Acked { by: by.clone() });
        let mut effects = vec![Effect::Record(Happened::Acknowledged { was_paged: has_page })];
        if self.ack_mode() == AckMode::All && has_page && self.waits_for_others() {
            self.show_all(&mut effects);
            return Ok(effects);
        }
        self.status = Status::Acked;
        self.acked_by = Some(by.clone());
        (self.standing, self.due) = (None, None);
        self.show_all(&mut effects);
        Ok(effects)
    }

    /// Somebody can't take it. If nobody else was paged with them, the next ones are.
    pub fn decline(
        &mut self,
        by: &Actor,
        now: Timestamp,
        world: &World,
    ) -> Result<Vec<Effect>, Refused> {
        if by.person().is_none() {
            return Err(Refused::NotForPrograms);
        }
        self.check_open()?;
        let own = self.pages.iter().filter(|page| is_of(&page.whom, by));
        let answers: Vec<Option<Answer>> = own.map(|page| page.answer).collect();
        if answers.is_empty() {
            return Err(Refused::NotForPrograms);
        }
        if answers.iter().all(|answer| *answer == Some(Answer::Declined)) {
            return Err(Refused::AlreadySo { what: "You have said so".to_owned() });
        }
        self.mark(by, Answer::Declined);
        self.note(now, What::Declined { by: by.clone() });
        let mut effects = vec![Effect::Record(Happened::Declined)];
        self.show_all(&mut effects);
        self.go_on_if_nobody_is_left(now, world, &mut effects);
        Ok(effects)
    }

    /// Somebody wants to be paged again later.
    pub fn snooze(
        &mut self,
        by: &Actor,
        until: Timestamp,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refused> {
        self.check_open()?;
        if until <= now || now.plus(SNOOZE_LIMIT) < until {
            let why = "A snooze ends within a week from now.".to_owned();
            return Err(Unfit { field: "snooze_until".to_owned(), why }.into());
        }
        if self.level == 0 {
            return Err(Refused::AlreadySo { what: "Nobody was paged yet".to_owned() });
        }
        self.mark(by, Answer::Snoozed);
        // Where the next ones would have been paged soon, those of before are paged again.
        if self.standing.is_none() {
            self.at = self.at.min(self.steps.len().saturating_sub(1));
        }
        self.status = Status::Snoozed;
        (self.standing, self.due) = (None, Some(until));
        self.note(now, What::Snoozed { by: by.clone(), until, reason });
        let mut effects = vec![Effect::Record(Happened::Snoozed { until })];
        self.show_all(&mut effects);
        Ok(effects)
    }

    /// Somebody takes it back.
    pub fn cancel(&mut self, by: &Actor, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        match self.status {
            Status::Cancelled => return Ok(Vec::new()),
            Status::Resolved => return Err(Refused::Over { how: "resolved" }),
            Status::Expired => return Err(Refused::Over { how: "expired" }),
            _ => {}
        }
        self.note(now, What::Cancelled { by: by.clone() });
        Ok(self.finish(Status::Cancelled, Happened::Cancelled))
    }

    /// What it was about is over. Says nothing if it was over already.
    pub fn resolve(&mut self, by: &Actor, now: Timestamp) -> Vec<Effect> {
        if self.status.is_over() {
            return Vec::new();
        }
        self.note(now, What::Resolved { by: by.clone() });
        self.finish(Status::Resolved, Happened::Resolved)
    }

    /// Others are paged instead, once.
    pub fn reassign(
        &mut self,
        by: &Actor,
        to: &EscalationId,
        resolves: bool,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refused> {
        if self.reassigned_to.is_some() {
            return Err(Refused::AlreadySo { what: "It was reassigned".to_owned() });
        }
        self.check_not_over()?;
        self.reassigned_to = Some(to.clone());
        self.note(now, What::Reassigned { by: by.clone(), to: to.clone() });
        if !resolves {
            return Ok(Vec::new());
        }
        self.note(now, What::Resolved { by: by.clone() });
        Ok(self.finish(Status::Resolved, Happened::Resolved))
    }

    /// What somebody could answer now.
    pub fn options(&self, user: &UserId) -> Vec<Answer> {
        let person = Actor::Person { user: user.clone() };
        let was_paged = self.pages.iter().any(|page| is_of(&page.whom, &person));
        let can_acknowledge = !self.status.is_over() && self.status != Status::Acked;
        let options = [
            (Answer::Acked, can_acknowledge),
            (Answer::Declined, self.status.is_open() && was_paged),
            (Answer::Snoozed, self.status.is_open() && self.level > 0),
        ];
        options.into_iter().filter(|(_, can)| *can).map(|(answer, _)| answer).collect()
    }

    /// Refuses what nothing can become of any more.
    pub fn check_not_over(&self) -> Result<(), Refused> {
        if self.status.is_over() {
            return Err(Refused::Over { how: self.status.as_str() });
        }
        Ok(())
    }

    fn check_open(&self) -> Result<(), Refused> {
        match self.status {
            Status::Acked => {
                Err(Refused::AlreadySo { what: "Somebody has acknowledged it".to_owned() })
            }
            status if status.is_open() => Ok(()),
            status => Err(Refused::Over { how: status.as_str() }),
        }
    }

    fn finish(&mut self, status: Status, told: Happened) -> Vec<Effect> {
        self.status = status;
        (self.standing, self.due) = (None, None);
        let mut effects = vec![Effect::Record(told)];
        self.show_all(&mut effects);
        effects
    }

    /// Writes down what somebody answered, and says whether they were paged.
    fn mark(&mut self, by: &Actor, answer: Answer) -> bool {
        let mut was_paged = false;
        for page in self.pages.iter_mut().filter(|page| is_of(&page.whom, by)) {
            page.answer = Some(answer);
            was_paged = true;
        }
        was_paged
    }

    /// Whether somebody of the present level has not acknowledged it yet.
    fn waits_for_others(&self) -> bool {
        let here = self.pages.iter().filter(|page| page.level == self.level);
        let mut people = here.filter(|page| matches!(page.whom, Whom::Person { .. }));
        people.any(|page| page.answer != Some(Answer::Acked) && page.failed.is_none())
    }
}

fn is_of(whom: &Whom, by: &Actor) -> bool {
    let user: Option<&UserId> = by.person();
    matches!(whom, Whom::Person { user: paged } if Some(paged) == user)
}
