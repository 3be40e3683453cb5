//! What is so: told by the test to itself, step by step, and never read from Stentor where it can be
//! known otherwise.

use stentor::clock::Timestamp;

/// The part of its life that an incident is in, with the status it begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Somebody finds out what is wrong.
    Investigating,
    /// Somebody mends it.
    Fixing,
    /// It is over, and is written down.
    Documenting,
    /// Nothing is left to do.
    Closed,
}

impl Stage {
    /// What people call the status.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Investigating => "Investigating",
            Stage::Fixing => "Fixing",
            Stage::Documenting => "Documenting",
            Stage::Closed => "Closed",
        }
    }

    /// Whether it still hurts.
    pub fn is_active(self) -> bool {
        matches!(self, Stage::Investigating | Stage::Fixing)
    }
}

/// What is true of an incident.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Its number.
    pub number: i64,
    /// What people see go wrong.
    pub title: String,
    /// What is known.
    pub summary: String,
    /// How bad people find it: the name of a severity.
    pub severity: &'static str,
    /// Where it stands.
    pub stage: Stage,
    /// Who leads it.
    pub lead: Option<&'static str>,
    /// What people have said, oldest first, their words about its end among it.
    pub said: Vec<String>,
    /// Until when its alerts are quiet.
    pub snoozed_until: Option<Timestamp>,
    /// The value of the tag that the house has.
    pub tag: Option<&'static str>,
    /// Whether its alert fires; nothing without one.
    pub fires: Option<bool>,
    /// When its alert was heard of, or else when it was declared.
    pub began_at: Timestamp,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// Since when it is over.
    pub ended_at: Option<Timestamp>,
}

impl Truth {
    /// Whether it goes on in the eyes of who thinks in alerts.
    pub fn goes_on(&self) -> bool {
        self.stage.is_active() && self.fires != Some(false)
    }

    /// It stands elsewhere from then on.
    pub fn moves_to(&mut self, stage: Stage, at: Timestamp) {
        self.stage = stage;
        if stage.is_active() {
            self.ended_at = None;
        } else {
            self.ended_at = self.ended_at.or(Some(at));
            self.snoozed_until = None;
        }
    }
}
