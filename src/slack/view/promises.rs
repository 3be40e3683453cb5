//! Whatever people write, every message and form is one that Slack accepts, and nothing in it pings
//! or links.

use proptest::prelude::*;

use crate::alert::history::Cause;
use crate::alert::observation::{Link, Observation};
use crate::alert::rule::report::Report;
use crate::alert::rule::standing::Level;
use crate::alert::signal::Signal;
use crate::alert::state::{Alert, Circumstances};
use crate::clock::Timestamp;
use crate::ids::{
    ChannelId, CustomFieldId, EscalationId, IncidentId, IncidentTypeId, MessageTs, PathId, RuleId,
    ScheduleId, TagId, UserId,
};
use crate::incident::catalogue::field::{CustomField, FieldOption, FieldType, FieldValue};
use crate::incident::catalogue::{Catalogue, IncidentType, StatusCategory};
use crate::incident::channel::ChannelChange;
use crate::incident::event::{Absorbed, Actor, Entry, Event, SeverityChange, StatusChange, Via};
use crate::incident::handled::Handled;
use crate::incident::merge::{BadMerge, Destination};
use crate::incident::paged::{Happened, Paged};
use crate::incident::pins::{Author, Quote};
use crate::incident::refusal::{Field, Refusal};
use crate::incident::snooze::{Snooze, Woken};
use crate::incident::state::{Incident, LastUpdate, Mode, Visibility};
use crate::incident::tags::Tagged;
use crate::incident::tags::definition::{BadTag, TagDefinition, TagKind};
use crate::oncall::escalation::Beginning;
use crate::oncall::escalation::state::{
    Course, Escalation, Request, Status as EscalationStatus, Whom,
};
use crate::oncall::escalation::world::World;
use crate::oncall::refusal::{Refused, Unfit};
use crate::outbox::page_work::ShiftNews;
use crate::outbox::work::{NotAnnounced, Warning};
use crate::slack::view::alerts::card::{Card, card, gone};
use crate::slack::view::form::{self, Form, Origin};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Button, Choice, Element};
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::kit::modal::Modal;
use crate::slack::view::limits::{Checked, characters, check_disarmed, check_message, check_modal};
use crate::slack::view::oncall::OnCall;
use crate::slack::view::reply::Standpoint;
use crate::slack::view::samples::{Story, group_of, minute};
use crate::slack::view::verb::Verb;
use crate::slack::view::{
    alerts, announcement, help, list, notice, oncall, page, post, reply, rule, timeline, topic,
    welcome,
};

/// Text as nobody should write it, and somebody will.
pub(super) fn nasty_text() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just("<!channel>"),
        Just("<!here|x>"),
        Just("<@U0EVIL>"),
        Just("<#C0EVIL|x>"),
        Just("<https://evil.example|Click>"),
        Just("&lt;!channel&gt;"),
        Just("&<>"),
        Just("*_~`"),
        Just("\u{202e}desrever"),
        Just("\u{200b}"),
        Just("\0\r\n\t"),
        Just("Z\u{301}\u{302}\u{303}"),
        Just("👩‍👩‍👧‍👦"),
        Just("   "),
        Just("\n> quote\n"),
        Just("```"),
        Just("日本語"),
        Just("@here #general"),
    ];
    let piece = prop_oneof![special.prop_map(str::to_owned), any::<String>(), "[a-z ]{0,20}"];
    let pieces = proptest::collection::vec(piece, 0..6);
    (pieces, prop_oneof![4 => Just(1usize), 1 => 2..900usize]).prop_map(|(pieces, times)| {
        let text = pieces.concat().repeat(times);
        text.chars().take(12_000).collect()
    })
}

/// A field of each kind.
const FIELDS: [(&str, FieldType); 5] = [
    ("F0SINGLE", FieldType::SingleSelect),
    ("F0MULTI", FieldType::MultiSelect),
    ("F0TEXT", FieldType::Text),
    ("F0LINK", FieldType::Link),
    ("F0NUMBER", FieldType::Numeric),
];

fn every_value(text: &str) -> Vec<(CustomFieldId, FieldValue)> {
    let options = |count: usize| FieldValue::Options {
        options: (0..count).map(|n| format!("O{n}").as_str().into()).collect(),
    };
    let values = [
        options(1),
        options(100),
        FieldValue::Text { text: text.to_owned() },
        FieldValue::Link { url: text.to_owned() },
        FieldValue::Numeric { number: text.to_owned() },
    ];
    FIELDS.into_iter().map(|(id, _)| id.into()).zip(values).collect()
}

/// A workspace that calls everything by these names.
fn catalogue_of(name: &str, description: &str) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for severity in &mut catalogue.severities {
        severity.name = name.to_owned();
        severity.description = description.to_owned();
    }
    for status in &mut catalogue.statuses {
        status.name = name.to_owned();
        status.description = description.to_owned();
    }
    for role in &mut catalogue.roles {
        role.name = name.to_owned();
        role.instructions = description.to_owned();
    }
    let other = IncidentTypeId::from("01STENT0RTYP00000000000002");
    catalogue.types.push(IncidentType::plain(other, ""));
    for kind in &mut catalogue.types {
        kind.name = name.to_owned();
    }
    catalogue.tags = (0..120).map(|number| tag_called(number, name, description)).collect();
    for duration in &mut catalogue.durations {
        duration.name = name.to_owned();
    }
    for (id, field_type) in FIELDS {
        let now = minute(0);
        let options = (0..130).map(|n| FieldOption {
            id: format!("O{n}").as_str().into(),
            value: name.to_owned(),
            sort_key: n,
            created_at: now,
            updated_at: now,
        });
        catalogue.fields.push(CustomField {
            id: id.into(),
            name: name.to_owned(),
            description: description.to_owned(),
            field_type,
            options: options.filter(|_| field_type.has_options()).collect(),
            removed_options: Vec::new(),
            created_at: now,
            updated_at: now,
        });
    }
    catalogue
}

fn tag_called(number: i64, name: &str, description: &str) -> TagDefinition {
    TagDefinition {
        id: TagId::new(format!("T{number}")),
        name: name.to_owned(),
        kind: TagKind::MultiValue,
        description: description.to_owned(),
        active: true,
        choices: Vec::new(),
        created_by: Actor::Stentor,
        created_at: minute(0),
        updated_at: minute(0),
    }
}

fn incident_of(name: &str, text: &str, category: StatusCategory, filled: bool) -> Incident {
    let story = Story::new();
    let catalogue = &story.catalogue;
    let mut incident = story.incident.clone();
    incident.name = name.to_owned();
    incident.summary = text.to_owned();
    incident.category = category;
    incident.status = catalogue.first_status(category).unwrap().id.clone();
    if filled {
        incident.signal = Some(Signal { active: true, flapping: true, ..Signal::default() });
        incident.visibility = Visibility::Private;
        incident.next_update_due = Some(minute(60));
        incident.timestamps =
            catalogue.timestamps.iter().map(|kind| (kind.id.clone(), minute(90))).collect();
        let bea = || UserId::from("U0BEA");
        incident.roles = catalogue.roles.iter().map(|role| (role.id.clone(), bea())).collect();
        incident.creator = Actor::ApiToken { name: name.to_owned() };
        let by = Actor::Person { user: UserId::new(text) };
        incident.merged_into = Some(destination(text));
        incident.snooze = Some(Snooze {
            since: minute(1),
            until: minute(60),
            cancel_on_news: true,
            by: Actor::ApiToken { name: name.to_owned() },
        });
        let tagged = Tagged { values: vec![text.to_owned(); 3], by: by.clone(), at: minute(1) };
        incident.tags =
            (0..120).map(|number| (TagId::new(format!("T{number}")), tagged.clone())).collect();
        incident.fields = every_value(text).into_iter().collect();
        incident.call_url = Some(text.to_owned());
        incident.mode = Mode::Test;
        incident.last_update = Some(LastUpdate { message: text.to_owned(), at: minute(5), by });
    } else {
        incident.severity = None;
        incident.channel = None;
    }
    incident
}

fn every_event(catalogue: &Catalogue, name: &str, text: &str) -> Vec<Event> {
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

fn destination(text: &str) -> Destination {
    let channel = Some(ChannelId::new(text));
    Destination { incident: IncidentId::new(text), number: 7, channel }
}

/// Many alerts whose senders say whatever they like.
fn check_alerts_of(incident: &Incident, name: &str, text: &str) -> Checked {
    let mut alerts: Vec<Alert> =
        (0..23).map(|n| senders_alert(&n.to_string(), name, text)).collect();
    alerts[0].labels.insert(name.to_owned(), text.to_owned());
    alerts[1].acknowledge(Actor::ApiToken { name: name.to_owned() }, minute(1));
    alerts[2].acknowledge(Actor::Person { user: UserId::new(text) }, minute(1));
    alerts[3].resolve(Cause::Expiry, minute(2));
    let mut group = group_of(&Story::new(), text);
    group.continued_in = Some("01H".into());
    for alerts in [&alerts[..], &alerts[..1], &[]] {
        check_message(&card(&Card {
            incident,
            group: &group,
            alerts,
            course: &[0, 1, 2, 300],
            until: minute(60),
            continues: Some(7),
            continued_in: None,
            now: minute(60),
        }))?;
        check_message(&alerts::list::alerts(incident, alerts))?;
    }
    check_message(&gone(&group, Some(7)))?;
    let origin = Origin { group: Some(group.id.clone()), ..Origin::default() };
    check_modal(&form::attach(&vec![incident.clone(); 120], &origin))?;
    check_modal(&form::attach(&[], &origin))
}

fn check_pages_about(incident: &Incident, name: &str, text: &str) -> Checked {
    let people: Vec<UserId> =
        ["U0ALICE", "U0BEA"].iter().cycle().take(60).copied().map(UserId::from).collect();
    let request = Request {
        title: name.to_owned(),
        description: text.to_owned(),
        priority: Some(text.to_owned()),
        path: None,
        people: people.clone(),
        incident: Some(incident.id.clone()),
        alerts: Vec::new(),
        ends_with_alerts: false,
    };
    let by = Actor::ApiToken { name: text.to_owned() };
    let beginning =
        Beginning { id: EscalationId::from("E"), request, path: None, turn: 0, by: by.clone() };
    let (mut escalation, _) = Escalation::begin(beginning, minute(0), &World::default());
    let course = Course::Path { path: PathId::from("P"), name: name.to_owned() };
    escalation.course = course.clone();
    for status in EscalationStatus::ALL {
        escalation.status = status;
        escalation.acked_by = Some(by.clone());
        for incident in [None, Some(incident)] {
            let first = escalation.pages.first().expect("somebody is paged");
            check_message(&page::page(&escalation, first, incident))?;
        }
    }
    check_message(&page::begun(&escalation))?;
    let whom: Vec<Whom> = people.iter().map(|user| Whom::Person { user: user.clone() }).collect();
    let happened = [
        Happened::Created { course },
        Happened::Created { course: Course::People { people: people.clone() } },
        Happened::Paged { whom: whom.clone(), level: 2 },
        Happened::NotDelivered { whom: whom[0].clone(), error: text.to_owned() },
        Happened::Acknowledged { was_paged: true },
        Happened::Declined,
        Happened::Snoozed { until: minute(1) },
        Happened::Expired,
        Happened::Cancelled,
        Happened::Resolved,
        Happened::Unknown,
    ];
    let entries = happened.map(|happened| Entry {
        version: 2,
        at: minute(1),
        actor: Actor::Stentor,
        via: Via::Delivery,
        telling: None,
        event: Event::Paged(Paged {
            escalation: EscalationId::from("E"),
            title: name.to_owned(),
            by: by.clone(),
            happened,
        }),
        through: None,
    });
    let catalogue = Catalogue::default();
    for entry in &entries {
        post::post(entry, incident, &catalogue).map_or(Ok(()), |said| check_message(&said))?;
    }
    check_message(&timeline::timeline(incident, &entries, &catalogue))?;
    for begins in [true, false] {
        let news = ShiftNews {
            schedule: ScheduleId::from("S"),
            name: name.to_owned(),
            user: people[0].clone(),
            begins,
            others: people.clone(),
            until: Some(minute(2)),
            at: minute(1),
        };
        check_message(&page::shift(&news))?;
    }
    let on_call = OnCall { name: name.to_owned(), now: people, next: Vec::new() };
    check_message(&oncall::on_call(&vec![on_call; 20], 99, text))?;
    check_message(&oncall::on_call(&[], 0, text))?;
    let paths = vec![(PathId::from("P"), name.to_owned()); 120];
    check_modal(&form::page(&paths, &Origin::default()))?;
    check_modal(&form::page(&[], &Origin::default()))
}

fn senders_alert(key: &str, name: &str, text: &str) -> Alert {
    let mut said = Observation::firing(key, text);
    said.description = text.to_owned();
    said.labels = [(name, text), ("host", name), ("service", text)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    said.annotations = [("runbook_url".to_owned(), text.to_owned())].into();
    for href in [text, "https://a.example/1", "javascript:alert(1)"] {
        said.links.push(Link { href: href.to_owned(), text: name.to_owned() });
    }
    let said = said.within_limits();
    let circumstances = Circumstances { now: minute(0), reopens_within: None, window: None };
    Alert::first(key.into(), "S".into(), &said, "01G".into(), circumstances)
}

fn handled(done: Handled) -> Event {
    let by = Actor::Person { user: UserId::from("U0BEA") };
    Event::AlertsHandled { by, through: Some("<!here>".to_owned()), done }
}

fn every_warning(name: &str, text: &str) -> Vec<Warning> {
    let because = [
        NotAnnounced::Archived,
        NotAnnounced::NotInvited,
        NotAnnounced::NotThere,
        NotAnnounced::Restricted,
        NotAnnounced::NotMade,
    ];
    let unannounced = because
        .map(|because| Warning::Announcements { channel: name.to_owned(), because })
        .into_iter();
    let scope = |needed| Warning::Scope { method: name.to_owned(), needed };
    unannounced.chain([Warning::Channels, scope(None), scope(Some(text.to_owned()))]).collect()
}

fn every_report(name: &str, text: &str) -> Vec<Report> {
    use Level::{Critical, Resolved, Warning};
    let turns =
        [(Resolved, Warning), (Warning, Critical), (Critical, Warning), (Critical, Resolved)];
    let report = |(from, to)| Report {
        rule: RuleId::from("01RULE"),
        name: name.to_owned(),
        note: text.to_owned(),
        owner: Some(UserId::new(name)),
        team: Some(name.to_owned()),
        project: text.to_owned(),
        environment: Some(name.to_owned()),
        from,
        to,
        at: minute(5),
        began_at: minute(3),
        reading: text.to_owned(),
    };
    turns.map(report).into()
}

fn every_refusal(catalogue: &Catalogue, name: &str, text: &str) -> Vec<Refusal> {
    vec![
        Refusal::NoSuchIncident { reference: "INC-7".to_owned() },
        catalogue.find_severity(text).err().unwrap_or(Refusal::BadReminder),
        catalogue.find_status(text).err().unwrap_or(Refusal::BadReminder),
        catalogue.find_role(text).err().unwrap_or(Refusal::BadReminder),
        catalogue.find_type(text).err().unwrap_or(Refusal::BadSnooze),
        Refusal::UnknownPerson { given: text.to_owned() },
        Refusal::UnknownTeam { given: text.to_owned() },
        Refusal::TooManyPeople { count: 101, limit: 100 },
        Refusal::BadSnooze,
        Refusal::BadDuration { given: text.to_owned() },
        Refusal::BadMerge(BadMerge::NoSuchDestination { given: text.to_owned() }),
        Refusal::BadMerge(BadMerge::Circle { destination: "INC-7".to_owned() }),
        Refusal::Missing { field: Field::People },
        Refusal::Missing { field: Field::Message },
        Refusal::AlreadySo { what: name.to_owned() },
        Refusal::WrongStep { from: StatusCategory::Learning, to: StatusCategory::Live },
        Refusal::AlertsElsewhere,
        Refusal::OnCall(Refused::NotForPrograms),
        Refusal::OnCall(Refused::NobodyOnCall { schedule: name.to_owned() }),
        Refusal::OnCall(Unfit { field: "people.3".to_owned(), why: text.to_owned() }.into()),
        Refusal::OnCall(
            Unfit { field: "path".to_owned(), why: oncall::unknown(text, [name].into_iter()) }
                .into(),
        ),
        Refusal::NoDestination,
        catalogue.find_tag(text).map_or_else(Refusal::BadTag, |_| Refusal::BadSnooze),
        Refusal::BadTag(BadTag::NoValue { name: text.to_owned() }),
        Refusal::BadTag(BadTag::NoChoice {
            name: name.to_owned(),
            given: text.to_owned(),
            choices: text.to_owned(),
        }),
        Refusal::BadField { field: "F0TEXT".into(), name: name.to_owned(), why: text.to_owned() },
        catalogue.find_field(text).err().unwrap_or(Refusal::NoFields),
        catalogue.find_timestamp(text).err().unwrap_or(Refusal::TimestampAhead),
        Refusal::TimestampAhead,
        Refusal::BadCall,
        Refusal::StaysPrivate,
        Refusal::BadStart { category: StatusCategory::Merged },
    ]
}

fn any_category() -> impl Strategy<Value = StatusCategory> {
    proptest::sample::select(StatusCategory::ALL.to_vec())
}

fn check_messages_about(
    incident: &Incident,
    catalogue: &Catalogue,
    name: &str,
    text: &str,
) -> Checked {
    check_message(&announcement::announcement(incident, catalogue))?;
    check_message(&welcome::welcome(incident, catalogue))?;
    let topic = topic::topic(incident, catalogue);
    prop_assert!(characters(&topic) <= 250);
    check_disarmed(&topic)?;
    check_message(&notice::channel_opened(incident))?;
    for warning in every_warning(name, text) {
        check_message(&notice::warning(&warning))?;
    }
    for report in every_report(name, text) {
        check_message(&rule::report(&report))?;
    }
    check_message(&reply::declared(incident))?;
    check_message(&list::incidents(&vec![incident.clone(); 23], 40, name, catalogue))?;
    let events = every_event(catalogue, name, text);
    let entries = events.into_iter().zip(1i64..).map(|(event, version)| Entry {
        version,
        at: Timestamp::from_micros(version),
        actor: Actor::ApiToken { name: name.to_owned() },
        via: Via::Api,
        telling: None,
        event,
        through: Some(name.to_owned()),
    });
    let entries: Vec<Entry> = entries.collect();
    check_message(&post::together(&entries, incident, catalogue))?;
    check_message(&announcement::withdrawn(incident))?;
    for entry in &entries {
        if let Some(message) = post::post(entry, incident, catalogue) {
            check_message(&message)?;
        }
        let bea = UserId::from("U0BEA");
        if let Some(message) = notice::role_instructions(entry, &bea, incident, catalogue) {
            check_message(&message)?;
        }
        if let Some(message) = notice::channel_changed(entry, incident) {
            check_message(&message)?;
        }
        for standpoint in [Standpoint::InItsChannel, Standpoint::Elsewhere] {
            if let Some(message) = reply::done(entry, incident, catalogue, standpoint) {
                check_message(&message)?;
            }
        }
        let plain = timeline::sentence(entry, catalogue).to_plain(2_000);
        prop_assert!(!plain.is_empty() && characters(&plain) <= 2_000);
    }
    check_message(&timeline::timeline(
        incident,
        &[&entries[..], &entries, &entries].concat(),
        catalogue,
    ))
}

fn check_forms_about(incident: &Incident, catalogue: &Catalogue, name: &str) -> Checked {
    let origin = Origin { incident: Some(incident.id.clone()), ..Origin::default() };
    check_modal(&form::declare(name, catalogue, &origin))?;
    let of_fields = [
        Form::Timestamps,
        Form::Field { field: None },
        Form::Field { field: Some(name.to_owned()) },
    ];
    for form in every_form(name).into_iter().chain(of_fields) {
        let modal = form.open(incident, catalogue, &origin);
        check_modal(&modal)?;
        prop_assert_eq!(modal.callback_id(), form.word());
        let metadata = modal.as_value()["private_metadata"].as_str().unwrap();
        prop_assert_eq!(&Origin::parse(metadata), &origin);
    }
    Ok(())
}

fn every_form(word: &str) -> Vec<Form> {
    vec![
        Form::Update,
        Form::Resolve,
        Form::Close,
        Form::Role { role: Some(word.to_owned()), person: Some(UserId::new(word)) },
        Form::Role { role: Some("lead".to_owned()), person: None },
        Form::Severity,
        Form::Status,
        Form::Summary,
        Form::Rename,
        Form::Note,
        Form::Decline,
        Form::Type,
        Form::Invite,
        Form::Snooze,
        Form::Merge,
        Form::Tag { tag: None },
        Form::Tag { tag: Some(word.to_owned()) },
        Form::Untag,
        Form::Action,
        Form::Call,
        Form::Cancel,
        Form::FollowUp,
        Form::Link,
        Form::Pause,
        Form::Relate,
        Form::Remove,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_people_write_slack_accepts_it_and_nothing_in_it_is_live(
        name in nasty_text(),
        text in nasty_text(),
        called in nasty_text(),
        category in any_category(),
        filled in any::<bool>(),
    ) {
        let catalogue = catalogue_of(&called, &text);
        let incident = incident_of(&name, &text, category, filled);
        check_messages_about(&incident, &catalogue, &name, &text)?;
        check_forms_about(&incident, &catalogue, &name)?;
        check_alerts_of(&incident, &name, &text)?;
        check_pages_about(&incident, &name, &text)?;
        for refusal in every_refusal(&catalogue, &name, &text) {
            check_message(&reply::refusal(&refusal))?;
        }
        check_message(&reply::misunderstood(&text, None))?;
        check_message(&reply::misunderstood(&text, Some(Verb::Update)))?;
    }
}

#[test]
fn a_refusal_stands_under_an_input_that_the_form_has() {
    let story = Story::new();
    let catalogue = &story.catalogue;
    let origin = Origin::default();
    let mut modals: Vec<Modal> = every_form("comms")
        .iter()
        .map(|form| form.open(&story.incident, catalogue, &origin))
        .collect();
    modals.push(form::declare("", catalogue, &origin));
    modals.push(form::attach(&[], &origin));
    modals.push(form::page(&[], &origin));
    modals.push(form::attach(std::slice::from_ref(&story.incident), &origin));
    for modal in modals {
        let blocks = modal.as_value()["blocks"].as_array().unwrap();
        let inputs: Vec<&str> =
            blocks.iter().map(|block| block["block_id"].as_str().unwrap()).collect();
        let answers = every_refusal(catalogue, "It is so", "no such thing");
        let answers = answers.iter().map(|refusal| form::refused(modal.callback_id(), refusal));
        for answer in answers.chain([form::failed(modal.callback_id())]) {
            for field in answer["errors"].as_object().unwrap().keys() {
                assert!(inputs.contains(&field.as_str()), "{field} in {}", modal.callback_id());
            }
        }
    }
}

#[test]
fn what_stentor_says_of_itself_fits_too() {
    let check = |message: Message| check_message(&message).unwrap();
    check(help::help(None));
    for verb in Verb::ALL {
        check(help::help(Some(verb)));
        check(reply::form_did_not_open(verb));
    }
    check(reply::not_saved());
    check(reply::not_installed());
}

/// More of everything than Slack takes.
fn too_much(text: &str) -> Vec<Block> {
    let line =
        Line::of(text).bold(text).code(text).link(text, text).link("https://a.example", text);
    let line = line.user(&UserId::new(text)).channel(&ChannelId::new(text)).date(minute(0));
    let buttons = vec![Button::new("press", text, text).primary(); 30];
    let blocks = vec![
        Block::header(text),
        Block::text(&line),
        Block::quote(&line),
        Block::list(&vec![line.clone(); 3]),
        Block::list(&[]),
        Block::preformatted(text),
        Block::context(&line),
        Block::facts(&[("Fact", line.clone()), ("Empty", Line::new())]),
        Block::facts(&vec![("Fact", line); 12]),
        Block::facts(&[]),
    ];
    blocks.into_iter().chain(Block::actions(buttons)).collect()
}

fn too_many_inputs(text: &str) -> Vec<Block> {
    let choices = |count: usize| -> Vec<Choice> {
        (0..count).map(|n| Choice::new(&format!("{n}"), text).described(text)).collect()
    };
    assert_eq!(Element::select(choices(0), None), None);
    let elements = [
        Some(Element::line(text, 9_000)),
        Some(Element::lines(text, 0)),
        Element::select(choices(130), Some("120")),
        Element::select(choices(3), Some("2")),
        Element::multi_select(choices(130), &["1", "120"]),
        Some(Element::person(Some(&UserId::new(text)))),
        Some(Element::tick(Choice::new("yes", text))),
    ];
    let elements = elements.into_iter().flatten();
    let inputs = elements.enumerate().map(|(index, element)| {
        Block::input(&format!("field_{index}"), text, element).with_hint(text)
    });
    inputs.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_builders_keep_every_limit(text in nasty_text(), times in 1usize..8) {
        let blocks = vec![too_much(&text); times].concat();
        let message = Message::new(&Line::of(&text), blocks);
        check_message(&message)?;
        check_modal(&Modal::new("form", &text, &text, "{}", too_many_inputs(&text)))?;
    }
}
