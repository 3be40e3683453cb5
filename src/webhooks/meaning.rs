//! What an event means to those who are told over webhooks. Pure.
//!
//! Whether it is public is said again when it is sent: what has become private meanwhile is sent as
//! private.

use crate::alert::history::{Change, What};
use crate::clock::Timestamp;
use crate::ids::{AlertId, UserId};
use crate::incident::event::{Entry, Event};
use crate::incident::state::{Incident, Visibility};
use crate::outbox::webhook_work::About;
use crate::webhooks::event_type::EventType;

/// Something that webhooks may be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// What kind of event it is; the public name, where there are two.
    pub event: EventType,
    /// Whether it may not be spoken of, as far as is known now.
    pub is_private: Option<bool>,
    /// What it is about.
    pub about: About,
    /// When it happened.
    pub at: Timestamp,
}

impl News {
    /// Whether somebody who wants to be told of these would be told of it, now or if it turns out to
    /// be private.
    pub fn is_wanted(&self, wanted: &[String]) -> bool {
        let wants = |event: EventType| wanted.iter().any(|name| name == event.as_str());
        let twin = self.event.private_twin();
        match self.is_private {
            Some(true) => twin.is_some_and(wants),
            Some(false) => wants(self.event),
            None => wants(self.event) || twin.is_some_and(wants),
        }
    }
}

/// What an entry of an incident's record means. The incident is as the entry has left it.
pub fn of_incident(entry: &Entry, incident: &Incident) -> Vec<News> {
    let about = About::Incident { incident: incident.id.clone(), version: entry.version };
    let is_private = incident.visibility == Visibility::Private;
    let news =
        |event| News { event, is_private: Some(is_private), about: about.clone(), at: entry.at };
    let mut all = match &entry.event {
        Event::Declared(_) => vec![news(EventType::INCIDENT_CREATED)],
        // These change nothing of what an incident is shown with, or are no business of others.
        Event::NoteAdded { .. }
        | Event::Undelivered { .. }
        | Event::MessagePinned { .. }
        | Event::MessageEdited { .. }
        | Event::MessageUnpinned { .. }
        | Event::AlertsHandled { .. }
        | Event::SignalChanged { .. }
        | Event::UpdateOverdue { .. }
        | Event::Absorbed(_)
        | Event::Unknown => Vec::new(),
        _ => vec![news(EventType::INCIDENT_UPDATED)],
    };
    if changes_status(&entry.event) {
        all.push(news(EventType::STATUS_UPDATED));
    }
    if is_private {
        all.extend(members(entry, incident).into_iter().map(|user| News {
            event: EventType::MEMBERSHIP_GRANTED,
            is_private: Some(true),
            about: About::Member {
                incident: incident.id.clone(),
                user,
                by: entry.actor.person().cloned(),
            },
            at: entry.at,
        }));
    }
    all
}

fn changes_status(event: &Event) -> bool {
    matches!(
        event,
        Event::StatusChanged { .. }
            | Event::UpdatePosted { status: Some(_), .. }
            | Event::MergedInto { .. }
    )
}

/// Who may see a private incident since this entry.
fn members(entry: &Entry, incident: &Incident) -> Vec<UserId> {
    let mut people = match &entry.event {
        Event::Declared(_) => incident.people(),
        Event::Invited { people } => people.clone(),
        Event::RoleAssigned { person: Some(person), previous, .. }
            if previous.as_ref() != Some(person) && !incident.invited.contains(person) =>
        {
            vec![person.clone()]
        }
        _ => Vec::new(),
    };
    people.sort();
    people.dedup();
    people
}

/// What a change of an alert means.
pub fn of_alert(alert: &AlertId, version: i64, at: Timestamp, change: &Change) -> Option<News> {
    let event = match &change.what {
        Some(What::Seen) => EventType::ALERT_CREATED,
        Some(What::Resolved { .. }) => EventType::ALERT_RESOLVED,
        _ => return None,
    };
    let about = About::Alert { alert: alert.clone(), version };
    // Which incident it belongs to, and whether that is private, is seen later.
    Some(News { event, is_private: None, about, at })
}
