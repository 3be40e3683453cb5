//! An incident as it stands: the sum of its record.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::signal::Signal;
use crate::clock::Timestamp;
use crate::ids::{
    ChannelId, CustomFieldId, EscalationId, GroupId, IncidentId, IncidentTypeId, MessageTs, RoleId,
    SeverityId, StatusId, TagId, TeamId, TimestampId, UserId,
};
use crate::incident::catalogue::StatusCategory;
use crate::incident::catalogue::field::FieldValue;
use crate::incident::channel::ChannelStanding;
use crate::incident::event::{Actor, Declared, Entry, Event, StatusChange, Via};
use crate::incident::merge::Destination;
use crate::incident::origin::Origin;
use crate::incident::papers::Papers;
use crate::incident::pins::Pinned;
use crate::incident::snooze::Snooze;
use crate::incident::subscribers;
use crate::incident::tags::Tagged;

/// Who may know of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody in the workspace.
    Public,
    /// Those who have a part in it.
    Private,
}

/// Whether an incident is a real one.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is.
    #[default]
    Standard,
    /// It was, and is written down after the fact: nobody is told, and it needs no channel.
    Retrospective,
    /// People try out how it goes: it has a channel, but nobody else is told.
    Test,
    /// Somebody is shown how it goes, as in a test.
    Tutorial,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 4] = [Self::Standard, Self::Retrospective, Self::Test, Self::Tutorial];

    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Retrospective => "retrospective",
            Self::Test => "test",
            Self::Tutorial => "tutorial",
        }
    }

    /// The mode of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }

    /// Whether it is a real one that happens now.
    pub fn is_standard(&self) -> bool {
        *self == Mode::Standard
    }
}

/// An incident as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// The number people know it by (`INC-42`).
    pub number: i64,
    /// How many entries its record has.
    pub version: i64,
    /// What people see go wrong.
    pub name: String,
    /// What is known; empty if nobody has said.
    pub summary: String,
    /// Who may know of it.
    pub visibility: Visibility,
    /// How bad it is, if somebody knows.
    pub severity: Option<SeverityId>,
    /// Where it stands.
    pub status: StatusId,
    /// The part of life that status belongs to.
    pub category: StatusCategory,
    /// Who holds which role.
    pub roles: BTreeMap<RoleId, UserId>,
    /// When it reached which point; a point that is left and reached again keeps the last time.
    pub timestamps: BTreeMap<TimestampId, Timestamp>,
    /// Its channel in Slack, once that is open.
    pub channel: Option<ChannelId>,
    /// What people have done to that channel.
    #[serde(default, skip_serializing_if = "ChannelStanding::is_untouched")]
    pub standing: ChannelStanding,
    /// Where it was declared.
    pub declared_in: Option<ChannelId>,
    /// The Slack workspace of the organisation in which its channel is to be opened, if somebody
    /// has said which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack_team: Option<TeamId>,
    /// Who declared it.
    pub creator: Actor,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The last update people were given.
    pub last_update: Option<LastUpdate>,
    /// When the next update was promised for.
    pub next_update_due: Option<Timestamp>,
    /// The messages of its channel that its timeline holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pinned: BTreeMap<MessageTs, Pinned>,
    /// What kind of incident it is; nothing in those of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_type: Option<IncidentTypeId>,
    /// Who is invited, whatever roles they hold.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub invited: BTreeSet<UserId>,
    /// Its alerts are not to be heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snooze: Option<Snooze>,
    /// Where it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Destination>,
    /// Since when it has ended, or is only learnt from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The group of alerts that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<GroupId>,
    /// What its alerts say together, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<TagId, Tagged>,
    /// Who gave which role to its present holder; nothing of those that older versions gave.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assigned_by: BTreeMap<RoleId, Actor>,
    /// When something last changed that people are told of; nothing in those of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Whether it is a real one.
    #[serde(default, skip_serializing_if = "Mode::is_standard")]
    pub mode: Mode,
    /// What its fields say; those that say nothing are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<CustomFieldId, FieldValue>,
    /// Where people talk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_url: Option<String>,
    /// The escalations about it that are not over.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub escalations: BTreeSet<EscalationId>,
    /// Where the alerts come from that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What was written down around it.
    #[serde(default, skip_serializing_if = "Papers::is_empty")]
    pub papers: Papers,
    /// Who has ended it, as long as it is over; nobody in what older versions have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<Actor>,
    /// What somebody wants its channel to be called, if not after the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_name: Option<String>,
}

/// The last update people were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastUpdate {
    /// What it said.
    pub message: String,
    /// When.
    pub at: Timestamp,
    /// Who said it.
    pub by: Actor,
}

impl Incident {
    /// The incident that a declaration makes.
    pub fn declared(id: IncidentId, at: Timestamp, by: &Actor, declared: &Declared) -> Self {
        let stamped = declared.stamps.iter().map(|stamp| (stamp.clone(), at));
        Incident {
            id,
            number: declared.number,
            version: 1,
            name: declared.name.clone(),
            summary: declared.summary.clone(),
            visibility: declared.visibility,
            severity: declared.severity.clone(),
            status: declared.status.clone(),
            category: declared.category,
            roles: declared.roles.iter().cloned().collect(),
            // What somebody has said counts more than the time of the declaration.
            timestamps: stamped.chain(declared.timestamps.iter().cloned()).collect(),
            channel: None,
            standing: ChannelStanding::default(),
            declared_in: declared.declared_in.clone(),
            slack_team: declared.slack_team.clone(),
            creator: by.clone(),
            declared_at: at,
            updated_at: at,
            last_update: None,
            next_update_due: None,
            pinned: BTreeMap::new(),
            incident_type: declared.incident_type.clone(),
            invited: declared.invited.iter().cloned().collect(),
            snooze: None,
            merged_into: None,
            ended_at: (!declared.category.is_active()).then_some(at),
            opened_by: declared.opened_by.clone(),
            signal: None,
            tags: BTreeMap::new(),
            assigned_by: declared
                .roles
                .iter()
                .map(|(role, _)| (role.clone(), by.clone()))
                .collect(),
            changed_at: Some(at),
            mode: declared.mode,
            fields: declared.fields.iter().cloned().collect(),
            call_url: declared.call_url.clone(),
            escalations: BTreeSet::new(),
            origin: declared.origin.clone(),
            papers: Papers::default(),
            ended_by: (!declared.category.is_active()).then(|| by.clone()),
            channel_name: declared.channel_name.clone(),
        }
    }

    /// The incident that a whole record makes; nothing if the record does not begin with a
    /// declaration.
    pub fn replay<'a>(id: IncidentId, record: impl IntoIterator<Item = &'a Entry>) -> Option<Self> {
        let mut record = record.into_iter();
        let first = record.next()?;
        let Event::Declared(declared) = &first.event else { return None };
        let mut incident = Incident::declared(id, first.at, &first.actor, declared);
        for entry in record {
            incident.apply(entry);
        }
        Some(incident)
    }

    /// Folds one more entry of the record into the state.
    pub fn apply(&mut self, entry: &Entry) {
        self.version = entry.version;
        self.updated_at = entry.at;
        if is_told(&entry.event) {
            self.changed_at = Some(entry.at);
        }
        match &entry.event {
            // Only the first entry declares; `declared` has made the state of it.
            Event::Declared(_) => {}
            Event::UpdatePosted { message, status, severity, next_update_due } => {
                self.next_update_due = *next_update_due;
                if let Some(change) = severity {
                    self.severity = Some(change.to.clone());
                }
                self.heed(message.as_deref(), entry);
                if let Some(change) = status {
                    self.move_to(change, entry);
                }
            }
            Event::SeverityChanged { change } => self.severity = Some(change.to.clone()),
            Event::StatusChanged { change, message } => {
                self.heed(message.as_deref(), entry);
                self.move_to(change, entry);
            }
            Event::RoleAssigned { role, person, .. } => match person {
                Some(person) => {
                    self.papers.removed.remove(person);
                    self.roles.insert(role.clone(), person.clone());
                    self.assigned_by.insert(role.clone(), entry.actor.clone());
                }
                None => {
                    self.roles.remove(role);
                    self.assigned_by.remove(role);
                }
            },
            Event::SummaryChanged { to, .. } => self.summary.clone_from(to),
            Event::Renamed { to, .. } => self.name.clone_from(to),
            Event::ChannelOpened { channel, .. } => self.channel = Some(channel.clone()),
            Event::ChannelChanged { change, .. } => self.apply_to_channel(change),
            Event::UpdateOverdue { .. } => self.next_update_due = None,
            Event::MessagePinned { quote, .. } => {
                self.pinned.insert(quote.ts.clone(), Pinned::new(entry.version, &quote.text));
            }
            Event::MessageEdited { ts, text, .. } => {
                self.pinned.insert(ts.clone(), Pinned::new(entry.version, text));
            }
            Event::MessageUnpinned { ts, .. } => {
                self.pinned.remove(ts);
            }
            Event::TypeChanged { to, .. } => self.incident_type = Some(to.clone()),
            Event::Invited { people } => {
                self.papers.removed.retain(|person| !people.contains(person));
                self.invited.extend(people.iter().cloned());
            }
            Event::Snoozed { until, cancel_on_news } => {
                self.snooze = Some(Snooze::begun(entry, *until, *cancel_on_news));
            }
            Event::Unsnoozed { .. } => self.snooze = None,
            Event::MergedInto { into, change } => {
                self.merged_into = Some(into.clone());
                self.move_to(change, entry);
            }
            Event::SignalChanged { to, .. } => self.signal = Some(*to),
            Event::TagSet { tag, to, .. } => {
                let tagged = Tagged { values: to.clone(), by: entry.actor.clone(), at: entry.at };
                self.tags.insert(tag.clone(), tagged);
            }
            Event::TagRemoved { tag, .. } => {
                self.tags.remove(tag);
            }
            Event::FieldChanged { field, to, .. } => {
                match to {
                    Some(value) => self.fields.insert(field.clone(), value.clone()),
                    None => self.fields.remove(field),
                };
            }
            Event::TimestampSet { timestamp, to, .. } => {
                match to {
                    Some(at) => self.timestamps.insert(timestamp.clone(), *at),
                    None => self.timestamps.remove(timestamp),
                };
            }
            Event::CallChanged { to, .. } => self.call_url.clone_from(to),
            Event::ChannelNamed { to, .. } => {
                self.channel_name.clone_from(to);
                // Whoever says so to Stentor comes after those who said so to Slack.
                self.standing.named_by_people = None;
            }
            Event::VisibilityChanged { to, .. } => self.visibility = *to,
            Event::Paged(paged) => paged.apply_to(self),
            // Who comments from elsewhere hears how it goes on; who writes in Slack reads the channel.
            Event::NoteAdded { .. } if entry.via == Via::Api => {
                self.subscribe(entry.actor.person());
            }
            Event::NoteAdded { .. } => {}
            Event::Paperwork(filed) => self.papers.apply(filed, entry),
            Event::MemberRemoved { person } => {
                self.invited.remove(person);
                self.papers.subscribers.remove(person);
                self.papers.removed.insert(person.clone());
            }
            Event::Subscribed { people } => self.subscribe(people),
            Event::Unsubscribed { person } => {
                self.papers.subscribers.remove(person);
            }
            Event::Related { incident, number } => {
                self.papers.related.insert(incident.clone(), *number);
            }
            Event::Unrelated { incident, .. } => {
                self.papers.related.remove(incident);
            }
            Event::Undelivered { .. }
            | Event::AlertsHandled { .. }
            | Event::Absorbed(_)
            | Event::AlertsEnded {}
            | Event::Unknown => {}
        }
    }

    fn subscribe<'p>(&mut self, people: impl IntoIterator<Item = &'p UserId>) {
        for person in people {
            if self.papers.subscribers.len() < subscribers::MOST {
                self.papers.subscribers.insert(person.clone());
            }
        }
    }

    fn heed(&mut self, message: Option<&str>, entry: &Entry) {
        if let Some(message) = message {
            let by = entry.actor.clone();
            self.last_update = Some(LastUpdate { message: message.to_owned(), at: entry.at, by });
        }
    }

    fn move_to(&mut self, change: &StatusChange, entry: &Entry) {
        let at = entry.at;
        self.status = change.to.clone();
        self.category = change.to_category;
        for stamp in &change.stamps {
            self.timestamps.insert(stamp.clone(), at);
        }
        if self.category.is_active() {
            self.ended_at = None;
            self.ended_by = None;
        } else {
            self.next_update_due = None;
            self.snooze = None;
            if self.ended_at.is_none() {
                self.ended_at = Some(at);
                self.ended_by = Some(entry.actor.clone());
            }
        }
    }

    /// What people call it: `INC-42`.
    pub fn reference(&self) -> String {
        reference(self.number)
    }

    /// Whether the workspace is told about it: of real ones that happen now, if all may know.
    pub fn is_announced(&self) -> bool {
        self.visibility == Visibility::Public && self.mode == Mode::Standard
    }

    /// Who has a part in it: whoever declared it, the holders of roles, and those invited.
    pub fn people(&self) -> Vec<UserId> {
        let holders = self.creator.person().into_iter().chain(self.roles.values());
        let mut people: Vec<UserId> = holders.chain(&self.invited).cloned().collect();
        people.sort();
        people.dedup();
        people
    }
}

/// Whether people are told of it, wherever they follow the incident. What is only Stentor's own
/// bookkeeping, or about its channel, is nothing new about the incident; nor are alerts that come and
/// go in maintenance.
fn is_told(event: &Event) -> bool {
    match event {
        Event::SignalChanged { from, to, .. } => from.is_none_or(|from| {
            (from.status, from.active, from.flapping, from.peak)
                != (to.status, to.active, to.flapping, to.peak)
        }),
        Event::ChannelOpened { .. }
        | Event::ChannelChanged { .. }
        | Event::ChannelNamed { .. }
        | Event::UpdateOverdue { .. }
        | Event::Undelivered { .. }
        | Event::MessagePinned { .. }
        | Event::MessageEdited { .. }
        | Event::MessageUnpinned { .. }
        | Event::Invited { .. }
        | Event::RoleAssigned { .. }
        | Event::MemberRemoved { .. }
        | Event::Subscribed { .. }
        | Event::Unsubscribed { .. }
        | Event::Unknown => false,
        _ => true,
    }
}

/// What people call the incident with this number.
pub fn reference(number: i64) -> String {
    format!("INC-{number}")
}

/// The number in a reference (`INC-42`, `inc 42`, `#42`, `42`), if it is one.
pub fn parse_reference(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches('#');
    let digits = match text.get(..3) {
        Some(prefix) if prefix.eq_ignore_ascii_case("inc") => {
            text[3..].trim_start_matches(['-', ' ', '#'])
        }
        _ => text,
    };
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_forgivingly() {
        for text in ["INC-42", "inc-42", "inc42", "#42", "42", " INC 42 "] {
            assert_eq!(parse_reference(text), Some(42), "{text}");
        }
        for text in
            ["", "INC-", "INC-0", "-1", "incident", "4 2", "+5", "99999999999999999999", "日本語"]
        {
            assert_eq!(parse_reference(text), None, "{text}");
        }
    }
}
