//! What paging asks of the outbox: messages, timers, and looks at who is there.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::{EscalationId, IncidentId, ScheduleId, TeamId, UserId};
use crate::incident::paged::Paged;

/// Whoever is paged comes before all incidents: their lanes begin with the year.
const FIRST: &str = "00page";

/// Something to be written into an incident's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPaged {
    /// What.
    pub paged: Paged,
    /// The escalation's version after it.
    pub version: i64,
    /// Its place among what the same change asks for.
    pub nth: u32,
}

impl RecordPaged {
    /// Under what it is known, however often it is handed over.
    pub fn receipt(&self) -> String {
        format!("paged/{}/{}/{}", self.paged.escalation, self.version, self.nth)
    }

    pub(super) fn key(&self, incident: &IncidentId) -> String {
        format!("{incident}/{}", self.receipt())
    }
}

/// Somebody's time on call has begun or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftNews {
    /// In which schedule.
    pub schedule: ScheduleId,
    /// What it is called.
    pub name: String,
    /// Who.
    pub user: UserId,
    /// Whether it has begun.
    pub begins: bool,
    /// Those who were on call before, or are now.
    pub others: Vec<UserId>,
    /// Until when it goes on, if it has begun.
    pub until: Option<Timestamp>,
    /// When that was seen.
    pub at: Timestamp,
}

impl ShiftNews {
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.lane(), self.at.as_micros())
    }

    /// Everybody hears of a schedule in order, and waits for nobody else.
    pub(super) fn lane(&self) -> String {
        format!("schedule/{}/person/{}", self.schedule, self.user)
    }
}

/// As many people as Slack tells of in one answer. What follows is work of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleStretch {
    /// Where the stretch before this one ended.
    pub from: Option<String>,
    /// When the first one was begun; nothing in that one.
    pub began_at: Option<Timestamp>,
    /// How many stretches came before this one.
    pub place: u32,
    /// Where Stentor is installed for an organisation: whose people are read.
    #[serde(default)]
    pub team: Option<TeamId>,
    /// And whose are read after them.
    #[serde(default)]
    pub other_teams: Vec<TeamId>,
}

impl PeopleStretch {
    /// Whether it is the one that is read again each day.
    pub fn is_first(&self) -> bool {
        self.began_at.is_none()
    }

    /// What is read after the stretch before: where that one ended, or the next workspace's people.
    pub fn following(mut self) -> Option<PeopleStretch> {
        if self.from.is_none() {
            if self.other_teams.is_empty() {
                return None;
            }
            self.team = Some(self.other_teams.remove(0));
        }
        Some(self)
    }

    pub(super) fn key(&self) -> String {
        match self.began_at {
            None => "people/timer/read".to_owned(),
            Some(began_at) => format!("people/more/{}/{}", began_at.as_micros(), self.place),
        }
    }

    /// It waits for Slack, as all that asks Slack.
    pub fn lane(&self) -> String {
        if self.is_first() { "people/read".to_owned() } else { "people/more".to_owned() }
    }
}

/// The lane of an escalation's timer, in which nothing else is.
pub fn timer_lane(escalation: &EscalationId) -> String {
    format!("{FIRST}/{escalation}/timer/escalate")
}

/// The lane of a message that pages somebody, in which nothing else is.
pub(super) fn page_lane(escalation: &EscalationId, page: u32) -> String {
    format!("{FIRST}/{escalation}/page/{page}")
}

/// The lane of a schedule's timer, in which nothing else is.
pub fn shift_lane(schedule: &ScheduleId) -> String {
    format!("schedule/{schedule}/timer/shift")
}

/// Like a timer, the record is no business of Slack's: it does not wait until Slack is there.
pub(super) fn record_lane(incident: &IncidentId) -> String {
    format!("{incident}/timer/paged")
}

pub(super) fn ending_lane(incident: &IncidentId) -> String {
    format!("{incident}/timer/escalations")
}

pub(super) fn ending_key(incident: &IncidentId, alerts_only: bool) -> String {
    let which = if alerts_only { "alerts" } else { "all" };
    format!("{incident}/timer/escalations/{which}")
}

pub(super) fn person_key(user: &UserId) -> String {
    format!("people/{user}")
}
