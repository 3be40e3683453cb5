//! Lines of the log: what the record says, in the words that the format has for it.
//!
//! The format knows fewer kinds of things than happen here. What it has no word for is left out, and
//! what it has a word for but no details of has none.

mod course;
mod details;
mod papers;
mod words;

use serde::Serialize;
use serde_json::{Value, json};

use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::activity::details::{Details, Told};
use crate::api::incident_io::shape::actor::Actor;
use crate::clock::Timestamp;
use crate::ids::{IncidentId, UserId};
use crate::incident::event::{Entry, Event};
use crate::incident::paged::{Happened, Paged};
use crate::incident::papers::Filed;
use crate::incident::papers::place::Place;
use crate::incident::state::Incident;
use crate::incident::text::{clean_line, shorten};
use crate::oncall::escalation::state::Course;

/// The longest title, in characters.
const TITLE_LIMIT: usize = 200;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    id: Place,
    incident_id: IncidentId,
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    occurred_at: Timestamp,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Value>,
}

/// What has to be known to draw lines of an incident's log.
pub struct Log<'a> {
    /// The incident, as it is now.
    pub incident: &'a Incident,
    /// Those that were merged into it and that the caller may know of.
    pub absorbed: &'a [Incident],
    /// What things and people are called.
    pub terms: &'a Terms<'a>,
}

impl Log<'_> {
    /// The line that tells of this entry; nothing if the format has no word for it.
    pub fn line(&self, entry: &Entry) -> Option<LogEntry> {
        let Told { kind, title, details } = self.told(entry)?;
        Some(LogEntry {
            id: self.place(entry),
            incident_id: self.incident.id.clone(),
            kind,
            title: shorten(&clean_line(&title), TITLE_LIMIT),
            occurred_at: entry.at,
            created_at: entry.at,
            content: details.map(|details| json!({ kind: details })),
        })
    }

    fn place(&self, entry: &Entry) -> Place {
        Place { incident: self.incident.id.clone(), version: entry.version }
    }

    fn told(&self, entry: &Entry) -> Option<Told> {
        match &entry.event {
            Event::Declared(_)
            | Event::UpdatePosted { .. }
            | Event::SeverityChanged { .. }
            | Event::StatusChanged { .. }
            | Event::MergedInto { .. }
            | Event::Absorbed(_) => self.course(entry),
            Event::Paperwork(filed) => self.filed(filed, &Actor::show(&entry.actor, self.terms)),
            Event::Paged(paged) => self.paged(paged),
            Event::ChannelOpened { .. } => {
                Told::plain("incident_channel_created", "The channel was opened")
            }
            Event::MemberRemoved { .. } => {
                Told::plain("incident_membership_revoked", "Somebody was taken out of it")
            }
            // The closest word there is: somebody wants it kept.
            Event::NoteAdded { text } if !text.is_empty() => {
                Told::plain("slack_pin", format!("Note: {text}"))
            }
            Event::MessagePinned { quote, .. } => {
                Told::plain("slack_pin", format!("Message: {}", quote.text))
            }
            event => self.words(event, &Actor::show(&entry.actor, self.terms)),
        }
    }

    fn paged(&self, paged: &Paged) -> Option<Told> {
        let details = Details::default().say("escalation_id", &paged.escalation);
        let by = Actor::show(&paged.by, self.terms);
        match &paged.happened {
            Happened::Created { course } => {
                let details = match course {
                    Course::Path { path, .. } => details.say("escalation_path_id", path),
                    Course::People { people } => {
                        let people = people.iter().map(|person| self.terms.people.show(person));
                        details.say("escalated_to_users", people.collect::<Vec<_>>())
                    }
                };
                let title = format!("Escalation: {}", paged.title);
                Told::with("escalation_created", title, details.say("creator", by))
            }
            Happened::Acknowledged { .. } => {
                let person = paged.by.person().map(|person| self.terms.people.show(person));
                let title = format!("Acknowledged: {}", paged.title);
                Told::with(
                    "escalation_acknowledged",
                    title,
                    details.may_say("acknowledger", person),
                )
            }
            _ => None,
        }
    }
}

/// Everybody whom the lines of these entries name.
pub fn people(entries: &[Entry]) -> Vec<UserId> {
    let mut people = Vec::new();
    for entry in entries {
        people.extend(entry.actor.person().cloned());
        match &entry.event {
            Event::RoleAssigned { person, previous, .. } => {
                people.extend([person, previous].into_iter().flatten().cloned());
            }
            Event::Paperwork(Filed::ItemChanged { edit, .. }) => {
                let handed = edit.assignee.iter().flat_map(|step| [&step.from, &step.to]);
                people.extend(handed.flatten().cloned());
            }
            Event::Paged(paged) => {
                people.extend(paged.by.person().cloned());
                if let Happened::Created { course: Course::People { people: paged } } =
                    &paged.happened
                {
                    people.extend(paged.iter().cloned());
                }
            }
            _ => {}
        }
    }
    people
}
