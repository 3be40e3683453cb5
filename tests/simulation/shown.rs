//! What Slack must show when all is quiet.

use std::collections::BTreeMap;

use stentor::incident::catalogue::Catalogue;
use stentor::incident::event::Event;
use stentor::incident::reactions::{Effect, Post, reactions};
use stentor::incident::state::Incident;
use stentor::incident::text::channel_name;
use stentor::simulator::Simulator;
use stentor::simulator::state::State;
use stentor::simulator::state::channel::Channel;
use stentor::simulator::state::message::Message;
use stentor::slack::view::announcement::announcement;
use stentor::slack::view::kit;
use stentor::slack::view::notice::role_instructions;
use stentor::slack::view::post::post;
use stentor::slack::view::topic::topic;
use stentor::slack::view::welcome::welcome;

use crate::books::Book;

const STENTOR: &str = "U0STENTOR";
const INCIDENTS: &str = "C0INCIDENTS";

/// Compares Slack with what the books ask for.
pub fn check(slack: &Simulator, books: &[Book], catalogue: &Catalogue, wrong: &mut Vec<String>) {
    slack.read(|state| {
        for book in books {
            let before = wrong.len();
            check_incident(state, book, catalogue, wrong);
            for line in &mut wrong[before..] {
                *line = format!("{}: {line}", book.incident.reference());
            }
        }
        let made = state.channels.values().filter(|channel| channel.creator == STENTOR).count();
        if made != books.len() {
            wrong.push(format!("{made} channels were made for {} incidents", books.len()));
        }
        check_announcements(state, books, catalogue, wrong);
        check_direct(state, books, catalogue, wrong);
        check_ids(state, wrong);
    });
    for call in slack.refusals() {
        wrong.push(format!("Slack refused {} with {:?}: {}", call.method, call.error, call.args));
    }
    for call in slack.oddities() {
        wrong.push(format!("{} knows no {:?}", call.method, call.unknown_args));
    }
}

fn check_incident(state: &State, book: &Book, catalogue: &Catalogue, wrong: &mut Vec<String>) {
    let incident = &book.incident;
    let channel = incident.channel.as_ref().and_then(|id| state.channels.get(id.as_str()));
    let Some(channel) = channel else { return wrong.push("it has no channel".to_owned()) };
    if !channel.name.starts_with(&channel_name(incident.number, &incident.name)) {
        wrong.push(format!("{:?} is called {}", incident.name, channel.name));
    }
    if channel.topic.value != topic(incident, catalogue) {
        wrong.push(format!("the topic says {:?}", channel.topic.value));
    }
    let missing = incident.people().into_iter().filter(|user| !channel.has(user.as_str()));
    wrong.extend(missing.map(|user| format!("{user} is not in the channel")));
    let said = said(channel);
    let (first, posts) = match said.split_first() {
        Some((first, posts)) => (*first, posts),
        None => return wrong.push("its channel is empty".to_owned()),
    };
    if !shows(first, &welcome(incident, catalogue)) {
        let wanted = welcome(incident, catalogue);
        wrong.push(format!("the welcome message says {} and not {}", json(first), json(&wanted)));
    }
    if channel.pins.iter().map(|pin| pin.ts).collect::<Vec<_>>() != [first.ts] {
        wrong.push(format!("pinned are {:?}", channel.pins));
    }
    check_posts(posts, book, catalogue, wrong);
}

/// Each post is there once, in the order of the record.
fn check_posts(posts: &[&Message], book: &Book, catalogue: &Catalogue, wrong: &mut Vec<String>) {
    let asked = effects(book).into_iter().filter_map(|effect| match effect {
        Effect::Say(Post::Channel { version }) => Some(version),
        _ => None,
    });
    let entry = |version: i64| &book.record[usize::try_from(version).unwrap() - 1];
    let wanted: Vec<String> = asked
        .filter_map(|version| post(entry(version), &book.incident, catalogue))
        .map(|message| message.text)
        .collect();
    let said: Vec<&str> = posts.iter().map(|post| post.text.as_str()).collect();
    if said != wanted {
        wrong.push(format!("its channel says {said:#?} and not {wanted:#?}"));
    }
}

fn check_announcements(
    state: &State,
    books: &[Book],
    catalogue: &Catalogue,
    wrong: &mut Vec<String>,
) {
    let public: Vec<&Incident> =
        books.iter().map(|book| &book.incident).filter(|one| one.is_announced()).collect();
    let announced = said(&state.channels[INCIDENTS]);
    if announced.len() != public.len() {
        let said: Vec<&str> = announced.iter().map(|message| message.text.as_str()).collect();
        wrong.push(format!("{} incidents were announced as {said:#?}", public.len()));
    }
    for incident in public {
        let wanted = announcement(incident, catalogue);
        if announced.iter().filter(|message| shows(message, &wanted)).count() != 1 {
            let said: Vec<String> = announced.iter().map(json).collect();
            let name = incident.reference();
            wrong.push(format!(
                "{name} is announced by none or several of {said:?}, not as {}",
                json(&wanted)
            ));
        }
    }
}

/// Whoever was given a role by somebody else was told once what it asks, and whoever declared was
/// shown the channel at most once.
fn check_direct(state: &State, books: &[Book], catalogue: &Catalogue, wrong: &mut Vec<String>) {
    let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
    let mut declared: BTreeMap<String, usize> = BTreeMap::new();
    for book in books {
        for effect in effects(book) {
            match effect {
                Effect::Say(Post::RoleHolder { version, user }) => {
                    let entry = &book.record[usize::try_from(version).unwrap() - 1];
                    let told = role_instructions(entry, &user, &book.incident, catalogue).is_some();
                    *wanted.entry(user.to_string()).or_default() += usize::from(told);
                }
                Effect::Say(Post::Declarer { user }) => {
                    *declared.entry(user.to_string()).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    for user in ["U0ALICE", "U0BOB", "U0CAROL"] {
        let between = |channel: &&Channel| channel.is_im && channel.has(user);
        let told = state.channels.values().filter(between).map(|im| said(im).len()).sum::<usize>();
        let whispers = state.channels.values().filter_map(|channel| channel.ephemerals.get(user));
        let heard = whispers.map(BTreeMap::len).sum::<usize>();
        let wanted = wanted.get(user).copied().unwrap_or(0);
        let declared = declared.get(user).copied().unwrap_or(0);
        // Where Stentor can't whisper it tells them directly.
        if told < wanted || told + heard > wanted + declared {
            wrong.push(format!(
                "{user} was told {told} and whispered {heard} times, for {wanted} roles and {declared} channels"
            ));
        }
    }
}

/// No message was sent twice.
fn check_ids(state: &State, wrong: &mut Vec<String>) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for message in state.channels.values().flat_map(|channel| channel.messages.values()) {
        if let Some(metadata) = &message.metadata {
            let id = metadata["event_payload"]["id"].to_string();
            *times.entry(id).or_default() += 1;
        }
    }
    let twice = times.into_iter().filter(|(_, times)| *times > 1);
    wrong.extend(
        twice.map(|(id, times)| format!("the message of work {id} is there {times} times")),
    );
}

/// What followed from each entry, the incident being as it was then.
fn effects(book: &Book) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut incident: Option<Incident> = None;
    for entry in &book.record {
        match (&entry.event, &mut incident) {
            (Event::Declared(declared), None) => {
                let id = book.incident.id.clone();
                incident = Some(Incident::declared(id, entry.at, &entry.actor, declared));
            }
            (_, Some(incident)) => incident.apply(entry),
            _ => {}
        }
        effects.extend(incident.iter().flat_map(|incident| reactions(entry, incident)));
    }
    effects
}

/// What Stentor said there, oldest first.
fn said(channel: &Channel) -> Vec<&Message> {
    let ours = |message: &&Message| message.bot_id.is_some() && message.subtype.is_none();
    channel.messages.values().filter(ours).collect()
}

fn shows(message: &Message, wanted: &kit::message::Message) -> bool {
    let mut blocks = serde_json::Value::from(message.blocks.clone());
    let mut wanted_blocks = serde_json::to_value(&wanted.blocks).unwrap();
    strip_ids(&mut blocks);
    strip_ids(&mut wanted_blocks);
    message.text == wanted.text && blocks == wanted_blocks
}

fn json(message: impl serde::Serialize) -> String {
    serde_json::to_string(&message).unwrap()
}

/// Slack names blocks that have no name.
fn strip_ids(blocks: &mut serde_json::Value) {
    for block in blocks.as_array_mut().into_iter().flatten() {
        if let Some(block) = block.as_object_mut() {
            block.remove("block_id");
        }
    }
}
