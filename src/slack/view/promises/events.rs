//! Everything that can happen to an incident.

use crate::alert::signal::Signal;
use crate::ids::{ChannelId, IncidentTypeId, MessageTs, TagId, UserId};
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::channel::ChannelChange;
use crate::incident::event::{Absorbed, Actor, Event, SeverityChange, StatusChange};
use crate::incident::handled::Handled;
use crate::incident::pins::{Author, Quote};
use crate::incident::snooze::Woken;
use crate::incident::state::Visibility;
use crate::slack::view::promises::world::{destination, every_value};
use crate::slack::view::samples::{Story, minute};

pub(super) fn every_event(catalogue: &Catalogue, name: &str, text: &str) -> Vec<Event> {
    let severity = SeverityChange {
        from: Some(catalogue.severities[0].id.clone()),
        to: catalogue.severities[1].id.clone(),
    };
    let status = StatusChange {
        from: catalogue.statuses[1].id.clone(),
        from_category: StatusCategory::Live,
        to: catalogue.statuses[5].id.clone(),
        to_category: StatusCategory::Learning,
        stamps: Vec::new(),
    };
    let merged = status.clone();
    let set = every_value(text).into_iter().flat_map(|(field, value)| {
        let to = Event::FieldChanged { field: field.clone(), from: None, to: Some(value.clone()) };
        [to, Event::FieldChanged { field, from: Some(value), to: None }]
    });
    let set: Vec<Event> = set.collect();
    let timestamp = catalogue.timestamps[0].id.clone();
    let (role, person) = (catalogue.lead().id.clone(), UserId::from("U0BEA"));
    let mut declared = Story::new().record.remove(0).event;
    if let Event::Declared(declared) = &mut declared {
        declared.name = name.to_owned();
        declared.summary = text.to_owned();
        declared.roles = vec![(role.clone(), person.clone())];
    }
    let changed = |change| {
        let (channel, told) = (ChannelId::new(name), Some(UserId::new(text)));
        Event::ChannelChanged { channel, change, told }
    };
    let more = vec![
        Event::TimestampSet { timestamp: timestamp.clone(), from: None, to: Some(minute(5)) },
        Event::TimestampSet { timestamp, from: Some(minute(5)), to: None },
        Event::CallChanged { from: None, to: Some(text.to_owned()) },
        Event::CallChanged { from: Some(text.to_owned()), to: None },
        Event::ChannelNamed { from: None, to: Some(text.to_owned()) },
        Event::ChannelNamed { from: Some(text.to_owned()), to: None },
        Event::VisibilityChanged { from: Visibility::Public, to: Visibility::Private },
    ];
    let usual = vec![
        declared,
        Event::UpdatePosted {
            message: Some(text.to_owned()),
            status: Some(status.clone()),
            severity: Some(severity.clone()),
            next_update_due: Some(minute(60)),
        },
        Event::SeverityChanged { change: severity },
        Event::StatusChanged { change: status, message: Some(text.to_owned()) },
        Event::RoleAssigned {
            role: role.clone(),
            person: Some(person.clone()),
            previous: Some(UserId::new(text)),
        },
        Event::RoleAssigned { role: role.clone(), person: Some(person.clone()), previous: None },
        Event::RoleAssigned { role, person: None, previous: Some(person) },
        Event::SummaryChanged { from: String::new(), to: text.to_owned() },
        Event::Renamed { from: text.to_owned(), to: name.to_owned() },
        Event::NoteAdded { text: text.to_owned() },
        Event::ChannelOpened { channel: ChannelId::new(text), told: None },
        Event::UpdateOverdue { due: minute(60) },
        Event::TypeChanged { from: None, to: IncidentTypeId::new(text) },
        Event::TypeChanged {
            from: Some(catalogue.types[0].id.clone()),
            to: catalogue.types[0].id.clone(),
        },
        Event::Invited { people: vec![UserId::new(text); 100] },
        Event::Snoozed { until: minute(60), cancel_on_news: true },
        Event::Unsnoozed { because: Woken::Asked },
        Event::Unsnoozed { because: Woken::TimeIsUp },
        Event::Unsnoozed { because: Woken::News },
        Event::MergedInto {
            into: destination(text),
            change: StatusChange {
                to: catalogue.statuses[9].id.clone(),
                to_category: StatusCategory::Merged,
                ..merged
            },
        },
        Event::Absorbed(Absorbed::default()),
        Event::Absorbed(Absorbed {
            incident: None,
            number: Some(7),
            channel: Some(ChannelId::new(text)),
        }),
        changed(ChannelChange::Archived),
        changed(ChannelChange::Back),
        changed(ChannelChange::Left { shut_out: true }),
        changed(ChannelChange::Left { shut_out: false }),
        changed(ChannelChange::Deleted),
        changed(ChannelChange::Moved { to: ChannelId::new(text) }),
        changed(ChannelChange::MadePrivate),
        changed(ChannelChange::Renamed { to: text.to_owned(), follows: false }),
        Event::Undelivered { what: name.to_owned(), error: text.to_owned() },
        Event::MessagePinned {
            quote: Quote {
                ts: MessageTs::new(name),
                at: minute(1),
                author: Author::Program { name: name.to_owned() },
                text: text.to_owned(),
                permalink: name.to_owned(),
            },
            by: None,
        },
        Event::MessageEdited { ts: MessageTs::new("x"), text: text.to_owned(), supersedes: 1 },
        handled(Handled::Came { title: text.to_owned(), count: 1, from: Some(7) }),
        handled(Handled::Went { title: name.to_owned(), count: 2, to: None }),
        handled(Handled::Unrelated { title: text.to_owned(), count: 3 }),
        Event::TagSet {
            tag: TagId::new(text),
            from: Some(vec![text.to_owned(); 3]),
            to: vec![name.to_owned()],
        },
        Event::TagSet { tag: TagId::new(name), from: None, to: vec![text.to_owned()] },
        Event::TagRemoved { tag: TagId::new(text), from: Vec::new() },
        Event::AlertsEnded {},
        Event::SignalChanged {
            from: Some(Signal { active: true, ..Signal::default() }),
            to: Signal::default(),
            proposes: true,
            regrouped: false,
        },
    ];
    [usual, set, more].concat()
}

fn handled(done: Handled) -> Event {
    let by = Actor::Person { user: UserId::from("U0BEA") };
    Event::AlertsHandled { by, through: Some("<!here>".to_owned()), done }
}
