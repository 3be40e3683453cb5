//! What an event means to those who are told over webhooks. Pure.
//!
//! Whether it is public is said again when it is sent: what has become private meanwhile is sent as
//! private.

use serde_json::Value;

use crate::alert::history::{Change, What};
use crate::clock::Timestamp;
use crate::ids::{AlertId, UserId};
use crate::incident::event::{Entry, Event};
use crate::incident::paged::{Happened, Paged};
use crate::incident::papers::Filed;
use crate::incident::state::{Incident, Visibility};
use crate::outbox::webhook_work::About;
use crate::store::webhooks::Listening;
use crate::webhooks::event_type::EventType;
use crate::webhooks::format::Format;
use crate::webhooks::papers;

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
    /// The only format in which it is news; nothing if it is in all of them.
    pub only: Option<Format>,
}

impl News {
    /// News whose payload is written down when it happens, because it can't be found again later. Of
    /// what is private, only the id is sent.
    pub fn recorded(
        event: EventType,
        payload: Value,
        private_id: Option<String>,
        at: Timestamp,
    ) -> News {
        let is_private = Some(private_id.is_some());
        News { event, is_private, about: About::Recorded { payload, private_id }, at, only: None }
    }

    /// Whether this webhook would be told of it, now or if it turns out to be private.
    pub fn is_wanted_by(&self, webhook: &Listening) -> bool {
        if self.only.is_some_and(|only| only != webhook.format) {
            return false;
        }
        let wants = |event: EventType| webhook.events.iter().any(|name| name == event.as_str());
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
    let news = |event| News {
        event,
        is_private: Some(is_private),
        about: about.clone(),
        at: entry.at,
        only: None,
    };
    let mut all = match &entry.event {
        Event::Declared(_) => vec![news(EventType::INCIDENT_CREATED)],
        // Who looks at an incident together with its alerts sees these, and nobody else does.
        Event::NoteAdded { .. }
        | Event::SignalChanged { .. }
        | Event::AlertsHandled { .. }
        | Event::Absorbed(_) => {
            vec![News { only: Some(Format::Bigpanda), ..news(EventType::INCIDENT_UPDATED) }]
        }
        // These change nothing of what an incident is shown with, or are no business of others.
        Event::Undelivered { .. }
        | Event::MessagePinned { .. }
        | Event::MessageEdited { .. }
        | Event::MessageUnpinned { .. }
        | Event::UpdateOverdue { .. }
        | Event::AlertsEnded {}
        | Event::Paged(_)
        | Event::Subscribed { .. }
        | Event::Unsubscribed { .. }
        | Event::Unknown => Vec::new(),
        Event::Paperwork(filed) => return of_paper(filed, entry, incident),
        _ => vec![news(EventType::INCIDENT_UPDATED)],
    };
    if changes_status(&entry.event) {
        all.push(news(EventType::STATUS_UPDATED));
    }
    if is_private {
        let part = |event, user| {
            let (incident, by) = (incident.id.clone(), entry.actor.person().cloned());
            let about = About::Member { incident, user, by };
            News { event, is_private: Some(true), about, at: entry.at, only: None }
        };
        let members = members(entry, incident).into_iter();
        all.extend(members.map(|user| part(EventType::MEMBERSHIP_GRANTED, user)));
        if let Event::MemberRemoved { person } = &entry.event {
            all.push(part(EventType::MEMBERSHIP_REVOKED, person.clone()));
        }
    }
    all
}

fn of_paper(filed: &Filed, entry: &Entry, incident: &Incident) -> Vec<News> {
    let Some((events, id)) = papers::of_filed(filed, incident) else { return Vec::new() };
    let about = About::Paper { incident: incident.id.clone(), version: entry.version, id };
    let is_private = Some(incident.visibility == Visibility::Private);
    let news = events.into_iter().map(|event| News {
        event,
        is_private,
        about: about.clone(),
        at: entry.at,
        only: None,
    });
    news.collect()
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
        Event::Paged(Paged {
            by, happened: Happened::Acknowledged { was_paged: true }, ..
        }) => by.person().cloned().into_iter().collect(),
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
    Some(News { event, is_private: None, about, at, only: None })
}
