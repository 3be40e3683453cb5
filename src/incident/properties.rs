//! What holds for every incident, whatever people do to it.

use proptest::prelude::*;

use crate::clock::Timestamp;
use crate::ids::{ChannelId, IncidentId, MessageTs, TeamId, UserId};
use crate::incident::catalogue::edit::{
    CatalogueCommand, Edit as Change, FieldWords, OptionWords, TimestampWords, edit,
};
use crate::incident::catalogue::field::{FieldType, FieldValue};
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::channel::{ChannelChange, ChannelState};
use crate::incident::command::{Command, Declare};
use crate::incident::decide::{Context, decide, declare};
use crate::incident::edit::{Edit, Telling};
use crate::incident::event::{Absorbed, Actor, Entry, Event, Via};
use crate::incident::merge::merge;
use crate::incident::pins::{Author, Quote, Sight};
use crate::incident::reactions::{Effect, Surface, TimerKind, reactions};
use crate::incident::state::{Incident, Visibility};

fn any_command() -> impl Strategy<Value = Command> {
    let catalogue = Catalogue::default();
    let statuses: Vec<String> =
        catalogue.statuses.iter().map(|status| status.name.clone()).collect();
    let status = prop_oneof![9 => proptest::sample::select(statuses), 1 => any::<String>()];
    let severity = prop_oneof!["minor", "major", "sev1", "", "\\PC*"];
    let role = prop_oneof!["lead", "comms", "scribe", "reporter", "\\PC*"];
    let person = prop_oneof![Just("U0ALICE"), Just("U0BOB"), Just("nobody")].prop_map(UserId::from);
    let text = proptest::option::of(any::<String>());
    prop_oneof![
        (
            text.clone(),
            proptest::option::of(status.clone()),
            proptest::option::of(severity.clone()),
            proptest::option::of(0u32..20_000)
        )
            .prop_map(|(message, status, severity, next_update_in_minutes)| {
                Command::Update { message, status, severity, next_update_in_minutes }
            }),
        severity.prop_map(|severity| Command::Severity { severity }),
        status.prop_map(|status| Command::Status { status }),
        text.clone().prop_map(|message| Command::Resolve { message }),
        text.clone().prop_map(|message| Command::Close { message }),
        text.prop_map(|message| Command::Reopen { message }),
        (role, proptest::option::of(person))
            .prop_map(|(role, person)| Command::Role { role, person }),
        any::<String>().prop_map(|summary| Command::Summary { summary }),
        any::<String>().prop_map(|name| Command::Rename { name }),
        any::<String>().prop_map(|text| Command::Note { text }),
        proptest::sample::select(vec!["C0INC", "C0NEW"])
            .prop_map(|channel| Command::RecordChannel { channel: ChannelId::from(channel) }),
        (proptest::sample::select(vec!["C0INC", "C0NEW", "C0MOVED"]), any_channel_change())
            .prop_map(|(channel, change)| Command::RecordChannelChange {
                channel: ChannelId::from(channel),
                change
            }),
        Just(Command::Ring { timer: TimerKind::UpdateDue }),
        Just(Command::Ring { timer: TimerKind::SnoozeEnds }),
        any_steering(),
        any_saying(),
        any_edit(),
        ("[ab]", any_sight()).prop_map(|(ts, sight)| {
            let ts = MessageTs::new(ts);
            let sight = match sight {
                Sight::Marked { quote, by } => {
                    Sight::Marked { quote: Quote { ts: ts.clone(), ..quote }, by }
                }
                sight => sight,
            };
            Command::RecordMessage { ts, sight }
        }),
    ]
}

fn any_steering() -> impl Strategy<Value = Command> {
    let people = proptest::sample::select(vec!["U0ALICE", "U0BOB", "U0CAROL", "bob"]);
    prop_oneof![
        Just(Command::Accept {}),
        proptest::option::of(any::<String>()).prop_map(|message| Command::Decline { message }),
        "default|Default|\\PC*".prop_map(|incident_type| Command::Type { incident_type }),
        proptest::collection::vec(people.prop_map(UserId::from), 0..3)
            .prop_map(|people| Command::Invite { people }),
        (0..50_000u32, any::<bool>())
            .prop_map(|(minutes, cancel_on_news)| Command::Snooze { minutes, cancel_on_news }),
        (1..3u32).prop_map(|minutes| Command::Snooze { minutes, cancel_on_news: false }),
        Just(Command::Unsnooze {}),
        "INC-1|INC-2|\\PC*".prop_map(|into| Command::Merge { into }),
        Just(Command::RecordMerge { absorbed: Absorbed::default() }),
        ("team|\\PC*", any::<String>()).prop_map(|(tag, value)| Command::Tag { tag, value }),
        "team|\\PC*".prop_map(|tag| Command::Untag { tag }),
        (0..100_000usize)
            .prop_map(|minute| Command::SnoozeUntil { until: at(minute), cancel_on_news: false }),
        Just(Command::ResolveAll { message: None }),
    ]
}

fn any_saying() -> impl Strategy<Value = Command> {
    let point = || "Noticed|Fixed|\\PC*";
    let value = prop_oneof!["red", "blue", "red, blue", "12", "\\PC*"];
    let values = proptest::collection::vec(value, 0..3);
    prop_oneof![
        ("Colour|Colours|Text|Number|Link|\\PC*", values)
            .prop_map(|(field, values)| Command::Field { field, values }),
        (point(), proptest::option::of(0..100usize)).prop_map(|(timestamp, minute)| {
            Command::Timestamp { timestamp, at: minute.map(at) }
        }),
        "https://a.example/1|\\PC*".prop_map(|url| Command::Call { url }),
        any::<bool>().prop_map(|private| Command::Visibility { private }),
        proptest::option::of(any::<String>()).prop_map(|message| Command::Pause { message }),
        proptest::option::of(any::<String>()).prop_map(|message| Command::Cancel { message }),
        "war-room|| |inc-7|🔥".prop_map(|name| Command::NameChannel { name }),
    ]
}

fn any_edit() -> impl Strategy<Value = Command> {
    let some = |words: &'static str| proptest::option::of(words);
    let words = (some("x|y"), some("|z"), some("minor|major"), some("fixing|monitoring|closed"));
    let person = proptest::option::of("U0BEA|U0BOB".prop_map(UserId::new));
    let roles = proptest::collection::btree_map("lead|comms", person, 0..2);
    let fields = proptest::collection::btree_map(
        "Colour|Text|Number",
        proptest::collection::vec("red|blue|12", 0..2),
        0..3,
    );
    let minute = proptest::option::of((0..100usize).prop_map(at));
    let timestamps = proptest::collection::btree_map("Noticed|Fixed", minute, 0..2);
    (words, roles, fields, timestamps, any::<bool>()).prop_map(
        |((name, summary, severity, status), roles, fields, timestamps, notify)| {
            let (incident_type, call_url, channel_name) = (None, None, None);
            Command::Edit(Edit {
                name,
                summary,
                severity,
                status,
                incident_type,
                call_url,
                channel_name,
                fields,
                roles,
                timestamps,
                notify,
            })
        },
    )
}

/// The usual things, and a field of each kind.
fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    let mut make = |command: CatalogueCommand, id: &str| {
        edit(&mut catalogue, &command, id, at(0)).unwrap();
    };
    let field = |name: &str, field_type| {
        let (name, field_type) = (Some(name.to_owned()), Some(field_type));
        CatalogueCommand::Field(Change::Create(FieldWords { name, description: None, field_type }))
    };
    let option = |field: &str, value: &str| {
        let (field, value) = (Some(field.into()), Some(value.to_owned()));
        CatalogueCommand::Option(Change::Create(OptionWords { field, value, sort_key: None }))
    };
    make(field("Colour", FieldType::SingleSelect), "F1");
    make(field("Colours", FieldType::MultiSelect), "F2");
    make(field("Text", FieldType::Text), "F3");
    make(field("Number", FieldType::Numeric), "F4");
    make(field("Link", FieldType::Link), "F5");
    for (place, (field, value)) in
        [("F1", "red"), ("F1", "blue"), ("F2", "red"), ("F2", "blue")].into_iter().enumerate()
    {
        make(option(field, value), &format!("O{place}"));
    }
    let name = Some("Noticed".to_owned());
    let noticed = TimestampWords { name, ..TimestampWords::default() };
    make(CatalogueCommand::Timestamp(Change::Create(noticed)), "T1");
    catalogue
}

fn any_sight() -> impl Strategy<Value = Sight> {
    let quote = ("x|y|\\PC*", any::<String>()).prop_map(|(text, name)| Quote {
        ts: MessageTs::from(""),
        at: at(0),
        author: Author::Program { name },
        text,
        permalink: String::new(),
    });
    prop_oneof![
        3 => quote.prop_map(|quote| Sight::Marked { quote, by: None }),
        1 => Just(Sight::Unmarked { by: None }),
        1 => Just(Sight::Gone),
    ]
}

fn any_channel_change() -> impl Strategy<Value = ChannelChange> {
    prop_oneof![
        Just(ChannelChange::Archived),
        Just(ChannelChange::Back),
        any::<bool>().prop_map(|shut_out| ChannelChange::Left { shut_out }),
        Just(ChannelChange::Deleted),
        Just(ChannelChange::Moved { to: ChannelId::from("C0MOVED") }),
        Just(ChannelChange::MadePrivate),
        (any::<String>(), any::<bool>())
            .prop_map(|(to, follows)| ChannelChange::Renamed { to, follows }),
    ]
}

fn at(minute: usize) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + i64::try_from(minute).unwrap() * 60_000_000)
}

/// Carries the commands out one a minute, checking every state on the way.
fn live_through(private: bool, triage: bool, commands: &[Command]) -> Result<(), TestCaseError> {
    let catalogue = catalogue();
    let alice = Actor::Person { user: UserId::from("U0ALICE") };
    let id = IncidentId::from("01STENT0R0000000000000TEST");
    let context = Context { now: at(0), actor: &alice, via: Via::Modal, catalogue: &catalogue };
    let slack_team = private.then(|| TeamId::from("T0ACME"));
    let request = Declare {
        name: "Checkout is slow".to_owned(),
        private,
        triage,
        slack_team,
        invite: vec![UserId::from("U0BOB")],
        ..Declare::default()
    };
    let other = declare(&request, 2, &context).unwrap();
    let other = Incident::declared(IncidentId::from("OTHER"), at(0), &alice, &other);
    let declared = declare(&request, 1, &context).unwrap();
    let mut incident = Incident::declared(id.clone(), at(0), &alice, &declared);
    let event = Event::Declared(declared);
    let mut record = vec![Entry {
        version: 1,
        at: at(0),
        actor: alice.clone(),
        via: Via::Modal,
        telling: None,
        event,
        through: None,
    }];
    for (minute, command) in commands.iter().enumerate() {
        let (actor, via) = if command.is_internal() {
            (Actor::Stentor, Via::Timer)
        } else {
            (alice.clone(), Via::Command)
        };
        let context = Context { now: at(minute + 1), actor: &actor, via, catalogue: &catalogue };
        let events = match command {
            Command::Merge { into } => {
                merge(&incident, into, (into == "INC-2").then_some(&other), &context)
            }
            command => decide(&incident, command, &context),
        };
        let Ok(events) = events else { continue };
        let may_change_nothing = matches!(command, Command::Edit(_));
        prop_assert!(
            !events.is_empty() || may_change_nothing,
            "a command that changes nothing is refused: {command:?}"
        );
        let (first, count) = (incident.version + 1, events.len());
        for (place, event) in events.into_iter().enumerate() {
            let (version, actor) = (incident.version + 1, actor.clone());
            let telling = Telling::of(command, place, count, first);
            let through = None;
            let entry = Entry { version, at: context.now, actor, via, telling, event, through };
            incident.apply(&entry);
            check_invariants(&incident, &catalogue)?;
            check_reactions(&incident, &entry)?;
            record.push(entry);
        }
    }
    let text = serde_json::to_string(&record).unwrap();
    let read_back: Vec<Entry> = serde_json::from_str(&text).unwrap();
    prop_assert_eq!(Incident::replay(id, &read_back), Some(incident));
    Ok(())
}

fn check_invariants(incident: &Incident, catalogue: &Catalogue) -> Result<(), TestCaseError> {
    let status = catalogue.status(&incident.status).unwrap();
    prop_assert_eq!(status.category, incident.category);
    prop_assert!(incident.severity.as_ref().is_none_or(|id| catalogue.severity(id).is_some()));
    prop_assert!(incident.roles.keys().all(|id| catalogue.role(id).is_some()));
    prop_assert!(incident.roles.values().all(UserId::is_well_formed));
    prop_assert!(!incident.name.is_empty() && incident.name.chars().count() <= 200);
    prop_assert_eq!(incident.roles.get(&catalogue.reporter().id), Some(&UserId::from("U0ALICE")));
    prop_assert!(incident.category.is_active() || incident.next_update_due.is_none());
    prop_assert!(incident.category.is_active() || incident.snooze.is_none());
    let is_merged = incident.category == StatusCategory::Merged;
    prop_assert_eq!(is_merged, incident.merged_into.is_some());
    prop_assert!(incident.invited.iter().all(UserId::is_well_formed));
    let kind = incident.incident_type.as_ref();
    prop_assert!(kind.is_some_and(|id| catalogue.incident_type(id).is_some()));
    let standing = &incident.standing;
    prop_assert!(incident.channel.is_some() || standing.state == ChannelState::Open);
    prop_assert!(!standing.deleted.iter().any(|gone| incident.channel.as_ref() == Some(gone)));
    for (id, value) in &incident.fields {
        let field = catalogue.field(id).unwrap();
        let words = match value {
            FieldValue::Options { options } => options.iter().map(ToString::to_string).collect(),
            value => field.readable(value),
        };
        let read_again = field.read(&words, None).unwrap();
        prop_assert_eq!(read_again.as_ref(), Some(value));
    }
    let has = |name: &str| {
        let kind = catalogue.timestamps.iter().find(|kind| kind.name == name).unwrap();
        incident.timestamps.contains_key(&kind.id)
    };
    prop_assert!(has("Reported"));
    let is_accepted = !matches!(
        incident.category,
        StatusCategory::Triage
            | StatusCategory::Declined
            | StatusCategory::Canceled
            | StatusCategory::Merged
    );
    prop_assert!(has("Accepted") || !is_accepted);
    prop_assert!(incident.category != StatusCategory::Closed || (has("Resolved") && has("Closed")));
    Ok(())
}

fn check_reactions(incident: &Incident, entry: &Entry) -> Result<(), TestCaseError> {
    let effects = reactions(entry, incident);
    let is_taken_back = matches!(entry.event, Event::VisibilityChanged { .. });
    if incident.visibility == Visibility::Private && !is_taken_back {
        prop_assert!(!effects.contains(&Effect::Refresh(Surface::Announcement)));
    }
    let said = effects.iter().filter(|effect| matches!(effect, Effect::Say(post) if matches!(post, crate::incident::reactions::Post::Channel { .. })));
    let said = said.count();
    prop_assert!(said <= 1, "one change, one message: {effects:?}");
    prop_assert!(said == 0 || entry.telling != Some(Telling::Quiet), "{effects:?}");
    let of_other = effects.iter().filter_map(|effect| match effect {
        Effect::RecordMerge { absorbed, .. } => Some(absorbed),
        _ => None,
    });
    for absorbed in of_other {
        let is_private = incident.visibility == Visibility::Private;
        prop_assert_eq!(is_private, *absorbed == Absorbed::default());
    }
    // A timer is set as long as there is something to think of, and not longer.
    let keeps_timer = |timer| effects.contains(&Effect::ClearTimer(timer));
    if !incident.category.is_active() && incident.version == entry.version && entry_ends(entry) {
        prop_assert!(keeps_timer(TimerKind::UpdateDue) && keeps_timer(TimerKind::SnoozeEnds));
    }
    Ok(())
}

/// Whether the entry changes the status.
fn entry_ends(entry: &Entry) -> bool {
    matches!(
        entry.event,
        Event::StatusChanged { .. }
            | Event::MergedInto { .. }
            | Event::UpdatePosted { status: Some(_), .. }
    )
}

proptest! {
    #[test]
    fn any_life_keeps_the_invariants_and_replays_to_the_same_state(
        private in any::<bool>(),
        triage in any::<bool>(),
        commands in proptest::collection::vec(any_command(), 0..40),
    ) {
        live_through(private, triage, &commands)?;
    }
}

#[test]
fn a_private_incident_does_not_exist_for_others() {
    let catalogue = Catalogue::default();
    let alice = Actor::Person { user: UserId::from("U0ALICE") };
    let bob = Actor::Person { user: UserId::from("U0BOB") };
    let context = Context { now: at(0), actor: &alice, via: Via::Modal, catalogue: &catalogue };
    let request = Declare { name: "Leak".to_owned(), private: true, ..Declare::default() };
    let declared = declare(&request, 1, &context).unwrap();
    let incident = Incident::declared(IncidentId::from("x"), at(0), &alice, &declared);
    let note = Command::Note { text: "seen".to_owned() };
    let asked_by_bob = Context { actor: &bob, ..context };
    let refusal = decide(&incident, &note, &asked_by_bob).unwrap_err();
    assert_eq!(refusal.code(), "no-such-incident");
    assert!(decide(&incident, &note, &context).is_ok());
}

#[test]
fn who_is_invited_may_see_a_private_incident() {
    let catalogue = Catalogue::default();
    let alice = Actor::Person { user: UserId::from("U0ALICE") };
    let bob = Actor::Person { user: UserId::from("U0BOB") };
    let context = Context { now: at(0), actor: &alice, via: Via::Modal, catalogue: &catalogue };
    let invite = vec![UserId::from("U0BOB"), UserId::from("U0BOB")];
    let name = "Leak".to_owned();
    let request = Declare { name, private: true, invite, ..Declare::default() };
    let declared = declare(&request, 1, &context).unwrap();
    assert_eq!(declared.invited.len(), 1);
    let incident = Incident::declared(IncidentId::from("x"), at(0), &alice, &declared);
    let asked_by_bob = Context { actor: &bob, ..context };
    let invite = |who: &str| {
        let command = Command::Invite { people: vec![UserId::from(who)] };
        decide(&incident, &command, &asked_by_bob).map_err(|refusal| refusal.to_string())
    };
    assert!(invite("U0CAROL").is_ok());
    assert!(invite("U0BOB").unwrap_err().starts_with("They are invited already"));
    assert!(invite("carol").unwrap_err().contains("\u{201c}carol\u{201d}"));
}

#[test]
fn an_incident_of_an_older_version_can_be_read() {
    let catalogue = Catalogue::default();
    let alice = Actor::Person { user: UserId::from("U0ALICE") };
    let context = Context { now: at(0), actor: &alice, via: Via::Modal, catalogue: &catalogue };
    let declared =
        declare(&Declare { name: "x".to_owned(), ..Declare::default() }, 1, &context).unwrap();
    let incident = Incident::declared(IncidentId::from("x"), at(0), &alice, &declared);
    let mut state = serde_json::to_value(&incident).unwrap();
    state.as_object_mut().unwrap().remove("incident_type");
    for new in ["invited", "snooze", "merged_into"] {
        assert_eq!(state.get(new), None, "what is not there takes no room");
    }
    let read: Incident = serde_json::from_value(state).unwrap();
    assert_eq!(read, Incident { incident_type: None, ..incident });
    let mut event = serde_json::to_value(Event::Declared(declared)).unwrap();
    event.as_object_mut().unwrap().remove("incident_type");
    assert!(serde_json::from_value::<Event>(event).is_ok());
}

#[test]
fn people_can_not_say_what_only_stentor_may() {
    let catalogue = Catalogue::default();
    let alice = Actor::Person { user: UserId::from("U0ALICE") };
    let context = Context { now: at(0), actor: &alice, via: Via::Api, catalogue: &catalogue };
    let declared =
        declare(&Declare { name: "x".to_owned(), ..Declare::default() }, 1, &context).unwrap();
    let incident = Incident::declared(IncidentId::from("x"), at(0), &alice, &declared);
    let command = Command::RecordChannel { channel: ChannelId::from("C0HERS") };
    assert_eq!(decide(&incident, &command, &context).unwrap_err().code(), "not-for-people");
    let as_json = r#"{"type":"record_channel","channel":"C0HERS"}"#;
    assert!(serde_json::from_str::<Command>(as_json).is_err());
}
