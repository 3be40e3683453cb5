//! How an escalation stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{AlertId, ChannelId, EscalationId, IncidentId, PathId, ScheduleId, UserId};
use crate::incident::event::Actor;
use crate::oncall::path::definition::{Repetition, Urgency};
use crate::oncall::path::steps::{self, Step};
use crate::oncall::refusal::{Unfit, line, text, unfit};

/// The longest title, in characters.
pub const TITLE_LIMIT: usize = 200;
/// The longest description, in characters.
pub const DESCRIPTION_LIMIT: usize = 3_000;
/// The most people that can be paged by name.
pub const PEOPLE_LIMIT: usize = 50;
/// The most alerts that one is about.
pub const ALERTS_LIMIT: usize = 100;
/// The longest priority, in characters.
const PRIORITY_LIMIT: usize = 100;

/// Where an escalation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EscalationStatus)]
pub enum Status {
    /// Nobody was paged yet.
    Pending,
    /// Somebody was paged, and has not answered.
    Triggered,
    /// Somebody looks after it.
    Acked,
    /// What it was about is over.
    Resolved,
    /// All were paged, and nobody has answered.
    Expired,
    /// Somebody took it back.
    Cancelled,
    /// Somebody wants to be paged again later.
    Snoozed,
    /// It waits before the next are paged.
    Delayed,
    /// All were paged, and it begins anew soon.
    PendingRepeat,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 9] = [
        Status::Pending,
        Status::Triggered,
        Status::Acked,
        Status::Resolved,
        Status::Expired,
        Status::Cancelled,
        Status::Snoozed,
        Status::Delayed,
        Status::PendingRepeat,
    ];

    /// Its word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Triggered => "triggered",
            Status::Acked => "acked",
            Status::Resolved => "resolved",
            Status::Expired => "expired",
            Status::Cancelled => "cancelled",
            Status::Snoozed => "snoozed",
            Status::Delayed => "delayed",
            Status::PendingRepeat => "pending_repeat",
        }
    }

    /// The status of this word.
    pub fn parse(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether an answer is still waited for.
    pub fn is_open(self) -> bool {
        match self {
            Status::Pending
            | Status::Triggered
            | Status::Snoozed
            | Status::Delayed
            | Status::PendingRepeat => true,
            Status::Acked | Status::Resolved | Status::Expired | Status::Cancelled => false,
        }
    }

    /// Whether nothing can become of it any more.
    pub fn is_over(self) -> bool {
        matches!(self, Status::Resolved | Status::Cancelled)
    }
}

/// Whom an escalation pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = EscalationCourse)]
pub enum Course {
    /// Those whom a path names.
    Path {
        /// The path.
        path: PathId,
        /// What it was called.
        name: String,
    },
    /// These.
    People {
        /// Who.
        people: Vec<UserId>,
    },
}

/// Somebody, or a channel, that was paged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = EscalationWhom)]
pub enum Whom {
    /// A person.
    Person {
        /// Who.
        user: UserId,
    },
    /// A channel.
    Channel {
        /// Which.
        channel: ChannelId,
    },
}

/// What somebody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EscalationAnswer)]
pub enum Answer {
    /// They look after it.
    Acked,
    /// They can't take it.
    Declined,
    /// They want to be paged again later.
    Snoozed,
}

/// A message that pages somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EscalationMessage)]
pub struct Page {
    /// Its number, from 1.
    pub number: u32,
    /// Whom it pages.
    pub whom: Whom,
    /// How urgent it is.
    pub urgency: Urgency,
    /// When it was asked for.
    pub at: Timestamp,
    /// Which level of people it belongs to, from 1.
    pub level: u32,
    /// When it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// Why it could not be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// What was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// Something that happened to an escalation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EscalationHappening)]
pub struct Logged {
    /// Its number, from 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schema(as = EscalationEvent)]
pub enum What {
    /// It began, or began anew.
    Triggered,
    /// It waits before the next are paged.
    EnteredGracePeriod,
    /// People were paged.
    NotifiedUsers {
        /// Who.
        people: Vec<UserId>,
        /// How urgently.
        urgency: Urgency,
    },
    /// Channels were told.
    NotifiedChannels {
        /// Which.
        channels: Vec<ChannelId>,
    },
    /// Nobody was on call whom this level could page.
    FoundNobody,
    /// Somebody could not be reached.
    NotDelivered {
        /// Who.
        whom: Whom,
        /// Why.
        error: String,
    },
    /// Somebody looks after it.
    Acked {
        /// Who.
        by: Actor,
    },
    /// Somebody can't take it.
    Declined {
        /// Who.
        by: Actor,
    },
    /// Somebody wants to be paged again.
    Snoozed {
        /// Who.
        by: Actor,
        /// When.
        until: Timestamp,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody took it back.
    Cancelled {
        /// Who.
        by: Actor,
    },
    /// What it was about is over.
    Resolved {
        /// Who says so.
        by: Actor,
    },
    /// Somebody pages others instead.
    Reassigned {
        /// Who.
        by: Actor,
        /// The escalation that takes its place.
        to: EscalationId,
    },
    /// All were paged, and nobody has answered.
    Expired,
    /// What a newer version of Stentor has written.
    #[serde(other)]
    Unknown,
}

/// How the people of one level stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// When they were paged first.
    pub began_at: Timestamp,
    /// How often they were paged, or how many of them, if it is one at a time.
    pub attempt: u32,
    /// Whom the level means.
    pub whom: Vec<(Whom, Urgency)>,
    /// Since when an answer is waited for: since the first page has arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_from: Option<Timestamp>,
}

/// Somebody being paged, until somebody answers, or all have been paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Its id.
    pub id: EscalationId,
    /// How often it has changed.
    pub version: i64,
    /// What it is about, in a line.
    pub title: String,
    /// What else there is to know.
    pub description: String,
    /// How important it is, in a word of the workspace's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Whom it pages.
    pub course: Course,
    /// The incident it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The alerts it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertId>,
    /// Who began it.
    pub by: Actor,
    /// It was begun by a route of alerts, and is over when they are.
    #[serde(default)]
    pub ends_with_alerts: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// What it does, one after another.
    pub steps: Vec<Step>,
    /// Which of them is next, or goes on.
    pub at: usize,
    /// How often it has gone back, by step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rounds: BTreeMap<usize, u32>,
    /// When it begins anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repetition>,
    /// Which of several it begins with, where they are paged one at a time.
    #[serde(default)]
    pub turn: u64,
    /// How many levels were paged.
    #[serde(default)]
    pub level: u32,
    /// How the present level stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// When something is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// The messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<Page>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<Logged>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked_by: Option<Actor>,
    /// The escalation that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reassigned_to: Option<EscalationId>,
}

/// What somebody is to be paged for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it is about, in a line of at most 200 characters.
    pub title: String,
    /// What else there is to know, in at most 3,000 characters.
    pub description: String,
    /// How important it is.
    pub priority: Option<String>,
    /// The path, if it is one.
    pub path: Option<PathId>,
    /// The people, if they are named.
    pub people: Vec<UserId>,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// The alerts.
    pub alerts: Vec<AlertId>,
    /// Whether it is over when the incident's alerts are.
    pub ends_with_alerts: bool,
}

impl Request {
    /// The request with its texts cleaned, if it makes sense.
    pub fn checked(mut self) -> Result<Request, Unfit> {
        self.title = line("title", &self.title, TITLE_LIMIT)?;
        self.description = text("description", &self.description, DESCRIPTION_LIMIT)?;
        if let Some(priority) = &self.priority {
            self.priority = Some(line("priority", priority, PRIORITY_LIMIT)?);
        }
        let mut people: Vec<UserId> = Vec::new();
        for (nth, person) in self.people.into_iter().enumerate() {
            if !person.is_well_formed() {
                let why = "Somebody in Slack is an id such as `U012AB3CD`.";
                return unfit(format!("people.{nth}"), why);
            }
            if !people.contains(&person) {
                people.push(person);
            }
        }
        self.people = people;
        if self.people.len() > PEOPLE_LIMIT {
            return unfit("people", format!("{PEOPLE_LIMIT} people are the most."));
        }
        if self.alerts.len() > ALERTS_LIMIT {
            return unfit("alerts", format!("{ALERTS_LIMIT} alerts are the most."));
        }
        match (&self.path, self.people.is_empty()) {
            (None, true) => unfit("path", "Say whom to page: a path, or people."),
            (Some(_), false) => unfit("people", "Name a path or people, not both."),
            _ => Ok(self),
        }
    }
}

impl Escalation {
    /// The page of this number.
    pub fn page(&self, number: u32) -> Option<&Page> {
        self.pages.iter().find(|page| page.number == number)
    }

    /// The schedules that it may ask.
    pub fn schedules(&self) -> Vec<ScheduleId> {
        steps::schedules(&self.steps)
    }

    /// The people whom it names, whether they are on call or not.
    pub fn named(&self) -> Vec<UserId> {
        steps::named(&self.steps)
    }
}
