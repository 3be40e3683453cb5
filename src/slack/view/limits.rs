//! Slack's limits, written down a second time and without the builders: whatever people write,
//! every message and form must satisfy them.

use proptest::prelude::*;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::ids::{ChannelId, UserId};
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::event::{Actor, Entry, Event, SeverityChange, StatusChange, Via};
use crate::incident::refusal::{Field, Refusal};
use crate::incident::state::{Incident, LastUpdate, Visibility};
use crate::slack::view::form::{self, Form, Origin};
use crate::slack::view::kit::message::Message;
use crate::slack::view::kit::modal::Modal;
use crate::slack::view::reply::Standpoint;
use crate::slack::view::samples::{Story, minute};
use crate::slack::view::verb::Verb;
use crate::slack::view::{announcement, help, list, notice, post, reply, timeline, topic, welcome};

type Checked = Result<(), TestCaseError>;

/// The only things that may stand between `<` and `>`.
const LIVE: [&str; 3] = ["<@U0ALICE>", "<@U0BEA>", "<#C0INC1>"];

fn characters(text: &str) -> usize {
    text.chars().count()
}

fn check_message(message: &Message) -> Checked {
    prop_assert!((1..=3_900).contains(&characters(&message.text)), "{}", message.text);
    check_disarmed(&message.text)?;
    prop_assert!((1..=50).contains(&message.blocks.len()));
    let total: usize = message.blocks.iter().map(all_text).sum();
    prop_assert!(total + characters(&message.text) <= 12_000, "{total} characters");
    check_blocks(&message.blocks)
}

fn check_modal(modal: &Modal) -> Checked {
    let view = modal.as_value();
    prop_assert_eq!(&view["type"], "modal");
    for title in ["title", "submit", "close"] {
        check_plain(&view[title], 24)?;
    }
    prop_assert!(characters(view["private_metadata"].as_str().unwrap()) <= 3_000);
    prop_assert!(characters(view["callback_id"].as_str().unwrap()) <= 255);
    let blocks = view["blocks"].as_array().unwrap();
    prop_assert!((1..=100).contains(&blocks.len()));
    prop_assert!(serde_json::to_string(view).unwrap().len() < 250_000);
    check_blocks(blocks)
}

fn check_blocks(blocks: &[Value]) -> Checked {
    let mut ids = Vec::new();
    for block in blocks {
        ids.extend(block["block_id"].as_str());
        match block["type"].as_str().unwrap() {
            "header" => check_plain(&block["text"], 150)?,
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                prop_assert!((1..=10).contains(&elements.len()));
                elements.iter().try_for_each(|text| check_mrkdwn(text, 3_000))?;
            }
            "section" => {
                let fields = block["fields"].as_array().unwrap();
                prop_assert!((1..=10).contains(&fields.len()));
                fields.iter().try_for_each(|text| check_mrkdwn(text, 2_000))?;
            }
            "actions" => {
                let elements = block["elements"].as_array().unwrap();
                prop_assert!((1..=25).contains(&elements.len()));
                elements.iter().try_for_each(check_button)?;
            }
            "rich_text" => {
                let elements = block["elements"].as_array().unwrap();
                prop_assert!(!elements.is_empty());
                elements.iter().try_for_each(check_rich)?;
            }
            "input" => {
                prop_assert!((1..=255).contains(&characters(block["block_id"].as_str().unwrap())));
                check_plain(&block["label"], 2_000)?;
                if !block["hint"].is_null() {
                    check_plain(&block["hint"], 2_000)?;
                }
                check_input(&block["element"])?;
            }
            other => prop_assert!(false, "an unknown block: {other}"),
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    prop_assert_eq!(ids.len(), count, "block ids are unique");
    Ok(())
}

fn check_plain(object: &Value, limit: usize) -> Checked {
    prop_assert_eq!(&object["type"], "plain_text");
    let text = object["text"].as_str().unwrap();
    prop_assert!(!text.trim().is_empty() && characters(text) <= limit, "{limit}: {text:?}");
    Ok(())
}

fn check_mrkdwn(object: &Value, limit: usize) -> Checked {
    prop_assert_eq!(&object["type"], "mrkdwn");
    prop_assert_eq!(&object["verbatim"], &Value::Bool(true), "bare words would be linked");
    let text = object["text"].as_str().unwrap();
    prop_assert!(!text.trim().is_empty() && characters(text) <= limit, "{limit}: {text:?}");
    check_disarmed(text)
}

/// Nothing is live but what Stentor put there, and no entity is cut through.
fn check_disarmed(text: &str) -> Checked {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        rest = &rest[at..];
        let date = rest.strip_prefix("<!date^").and_then(|inside| inside.split_once('>'));
        let known = ["&amp;", "&lt;", "&gt;"].iter().chain(LIVE.iter());
        let known = known.filter_map(|token| rest.strip_prefix(token)).next();
        rest = match (date, known) {
            (Some((inside, after)), _) => {
                let is_a_date = inside.ends_with(" UTC") && !inside.contains(['<', '&']);
                prop_assert!(is_a_date, "{inside:?}");
                after
            }
            (None, Some(after)) => after,
            (None, None) => return Err(TestCaseError::fail(format!("live: {rest:?}"))),
        };
    }
    Ok(())
}

fn check_button(button: &Value) -> Checked {
    prop_assert_eq!(&button["type"], "button");
    check_plain(&button["text"], 75)?;
    prop_assert!((1..=255).contains(&characters(button["action_id"].as_str().unwrap())));
    prop_assert!(characters(button["value"].as_str().unwrap()) <= 2_000);
    Ok(())
}

fn check_rich(element: &Value) -> Checked {
    let elements = element["elements"].as_array().unwrap();
    prop_assert!(!elements.is_empty());
    match element["type"].as_str().unwrap() {
        "rich_text_list" => elements.iter().try_for_each(check_rich),
        "rich_text_section" | "rich_text_quote" | "rich_text_preformatted" => {
            elements.iter().try_for_each(check_leaf)
        }
        other => Err(TestCaseError::fail(format!("an unknown element: {other}"))),
    }
}

fn check_leaf(leaf: &Value) -> Checked {
    let string = |field: &str| leaf[field].as_str().unwrap();
    match string("type") {
        "text" => prop_assert!((1..=3_000).contains(&characters(string("text")))),
        "user" => prop_assert!(UserId::from(string("user_id")).is_well_formed()),
        "channel" => prop_assert!(ChannelId::from(string("channel_id")).is_well_formed()),
        "date" => prop_assert!(leaf["timestamp"].is_i64() && !string("fallback").is_empty()),
        other => prop_assert!(false, "an unknown leaf: {other}"),
    }
    Ok(())
}

fn check_input(element: &Value) -> Checked {
    prop_assert_eq!(&element["action_id"], "value");
    if !element["placeholder"].is_null() {
        check_plain(&element["placeholder"], 150)?;
    }
    match element["type"].as_str().unwrap() {
        "plain_text_input" => {
            let most = usize::try_from(element["max_length"].as_u64().unwrap()).unwrap();
            prop_assert!((1..=3_000).contains(&most));
            let initial = element["initial_value"].as_str().unwrap_or("not empty");
            prop_assert!((1..=most).contains(&characters(initial)));
        }
        "static_select" => {
            let options = element["options"].as_array().unwrap();
            prop_assert!((1..=100).contains(&options.len()));
            options.iter().try_for_each(check_option)?;
            let initial = &element["initial_option"];
            prop_assert!(initial.is_null() || options.contains(initial));
        }
        "checkboxes" => {
            let options = element["options"].as_array().unwrap();
            prop_assert!((1..=10).contains(&options.len()));
            options.iter().try_for_each(check_option)?;
        }
        "users_select" => {
            let initial = element["initial_user"].as_str().unwrap_or("U0ALICE");
            prop_assert!(UserId::from(initial).is_well_formed());
        }
        other => prop_assert!(false, "an unknown input: {other}"),
    }
    Ok(())
}

fn check_option(option: &Value) -> Checked {
    check_plain(&option["text"], 75)?;
    if !option["description"].is_null() {
        check_plain(&option["description"], 75)?;
    }
    prop_assert!((1..=75).contains(&characters(option["value"].as_str().unwrap())));
    Ok(())
}

/// All characters that a block shows, however deep.
fn all_text(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            let own = fields.get("text").and_then(Value::as_str).map_or(0, characters);
            own + fields.values().map(all_text).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(all_text).sum(),
        _ => 0,
    }
}

/// Text as nobody should write it, and somebody will.
fn nasty_text() -> impl Strategy<Value = String> {
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
    catalogue
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
        incident.visibility = Visibility::Private;
        incident.next_update_due = Some(minute(60));
        incident.timestamps =
            catalogue.timestamps.iter().map(|kind| (kind.id.clone(), minute(90))).collect();
        let bea = || UserId::from("U0BEA");
        incident.roles = catalogue.roles.iter().map(|role| (role.id.clone(), bea())).collect();
        incident.creator = Actor::ApiToken { name: name.to_owned() };
        let by = Actor::Person { user: UserId::new(text) };
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
    let (role, person) = (catalogue.lead().id.clone(), UserId::from("U0BEA"));
    let mut declared = Story::new().record.remove(0).event;
    if let Event::Declared(declared) = &mut declared {
        declared.name = name.to_owned();
        declared.summary = text.to_owned();
        declared.roles = vec![(role.clone(), person.clone())];
    }
    vec![
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
        Event::ChannelOpened { channel: ChannelId::new(text) },
        Event::UpdateOverdue { due: minute(60) },
        Event::Undelivered { what: name.to_owned(), error: text.to_owned() },
    ]
}

fn every_refusal(catalogue: &Catalogue, name: &str, text: &str) -> Vec<Refusal> {
    vec![
        Refusal::NoSuchIncident { reference: "INC-7".to_owned() },
        catalogue.find_severity(text).err().unwrap_or(Refusal::BadReminder),
        catalogue.find_status(text).err().unwrap_or(Refusal::BadReminder),
        catalogue.find_role(text).err().unwrap_or(Refusal::BadReminder),
        Refusal::UnknownPerson { given: text.to_owned() },
        Refusal::Missing { field: Field::Message },
        Refusal::AlreadySo { what: name.to_owned() },
        Refusal::WrongStep { from: StatusCategory::Learning, to: StatusCategory::Live },
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
    check_message(&reply::declared(incident))?;
    check_message(&list::incidents(&vec![incident.clone(); 23], 40, name, catalogue))?;
    let events = every_event(catalogue, name, text);
    let entries = events.into_iter().zip(1i64..).map(|(event, version)| Entry {
        version,
        at: Timestamp::from_micros(version),
        actor: Actor::ApiToken { name: name.to_owned() },
        via: Via::Api,
        event,
    });
    let entries: Vec<Entry> = entries.collect();
    for entry in &entries {
        if let Some(message) = post::post(entry, incident, catalogue) {
            check_message(&message)?;
        }
        let bea = UserId::from("U0BEA");
        if let Some(message) = notice::role_instructions(entry, &bea, incident, catalogue) {
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
    let origin = Origin { incident: Some(incident.id.clone()), declared_in: None };
    check_modal(&form::declare(name, catalogue, &origin))?;
    for form in every_form(name) {
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
