//! The third book: what people see in Slack, against the record.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use axum::http::Method;
use serde_json::Value;
use stentor::incident::catalogue::Catalogue;
use stentor::incident::event::{Actor, Entry, Event};
use stentor::simulator::state::channel::Channel;
use stentor::simulator::state::message::Message;
use stentor::slack::view::announcement::announcement;
use stentor::slack::view::notice::role_instructions;
use stentor::slack::view::post::post;
use stentor::slack::view::topic::topic;
use stentor::slack::view::welcome::welcome;

use crate::alerts::Grouped;
use crate::books::{Recorded, Tally};
use crate::world::World;

const STENTOR: &str = "U0STENTOR";
const ANNOUNCEMENTS: &str = "C0INCIDENTS";

/// What the local Slack shows.
pub struct Shown {
    channels: BTreeMap<String, Channel>,
    /// Whether it was this program that wrote it: another one may put it in other words.
    in_our_words: bool,
}

impl Shown {
    pub async fn read(world: &World) -> Result<Shown> {
        let state = world.control(Method::GET, "/control/state", &Value::Null).await?;
        let channels = serde_json::from_value(state["channels"].clone())?;
        Ok(Shown { channels, in_our_words: world.in_our_words })
    }

    /// Stentor's own messages in a channel, in order; the client writes some in its name.
    fn said(&self, channel: &str) -> Vec<&Message> {
        let messages = self.channels.get(channel).into_iter().flat_map(|it| it.messages.values());
        messages.filter(|it| it.user == STENTOR && it.subtype.is_none()).collect()
    }

    fn channels_of(&self, number: i64) -> Vec<&Channel> {
        let prefix = format!("inc-{number}-");
        let is_its = |channel: &&Channel| {
            let names = channel.previous_names.iter().chain([&channel.name]);
            channel.creator == STENTOR && names.into_iter().any(|name| name.starts_with(&prefix))
        };
        self.channels.values().filter(is_its).collect()
    }
}

/// Second book against third.
pub fn check(
    record: &[Recorded],
    groups: &BTreeMap<String, Grouped>,
    shown: &Shown,
    tally: &mut Tally,
) {
    let catalogue = Catalogue::default();
    for recorded in record {
        check_incident(recorded, groups, shown, &catalogue, tally);
    }
    check_direct(record, shown, &catalogue, tally);
    check_strays(record, shown, tally);
}

fn check_incident(
    recorded: &Recorded,
    groups: &BTreeMap<String, Grouped>,
    shown: &Shown,
    catalogue: &Catalogue,
    tally: &mut Tally,
) {
    let incident = &recorded.incident;
    let reference = incident.reference();
    let channels = shown.channels_of(incident.number);
    let [channel] = channels.as_slice() else {
        let what = format!("{reference} has {} channels in Slack", channels.len());
        let book = if channels.is_empty() { &mut tally.lost } else { &mut tally.doubled };
        return book.push(what);
    };
    if incident.channel.as_ref().map(|id| id.as_str()) != Some(&channel.id) {
        tally
            .lost
            .push(format!("{reference}: the record knows {:?} as its channel", incident.channel));
    }
    for person in incident.people().iter().filter(|person| !channel.has(person.as_str())) {
        tally.lost.push(format!("{reference}: {person} is not in the channel"));
    }
    let wanted = topic(incident, catalogue);
    if channel.topic.value != wanted && (shown.in_our_words || channel.topic.value.is_empty()) {
        tally
            .lost
            .push(format!("{reference}: the topic is {:?}, not {wanted:?}", channel.topic.value));
    }
    let said = shown.said(&channel.id);
    let (welcomes, posts): (Vec<&Message>, Vec<&Message>) =
        said.into_iter().partition(|said| channel.pins.iter().any(|pin| pin.ts == said.ts));
    if welcomes.len() != 1 || channel.pins.len() != 1 {
        tally.lost.push(format!("{reference} has {} pinned messages", channel.pins.len()));
    }
    let is_card = |said: &&Message| said.text.starts_with(&format!("{reference} alerts: "));
    let (cards, posts): (Vec<&Message>, Vec<&Message>) = posts.into_iter().partition(is_card);
    check_cards(&reference, groups, &cards, tally);
    let wanted = welcome(incident, catalogue).text;
    if shown.in_our_words && welcomes.first().is_none_or(|shown| shown.text != wanted) {
        tally.lost.push(format!("{reference}: the welcome message is not up to date"));
    }
    if shown.in_our_words {
        check_posts(recorded, &posts, catalogue, tally);
    } else {
        count_posts(recorded, &posts, catalogue, tally);
    }
    check_announcement(recorded, channel, shown, catalogue, tally);
    let told =
        shown.channels.values().flat_map(|it| it.ephemerals.values()).flat_map(|it| it.values());
    let told = told.filter(|it| it.text.starts_with(&format!("{reference} is open"))).count();
    if told > 1 {
        tally.doubled.push(format!("{reference}: its declarer was told {told} times where it is"));
    }
}

/// One card for each group of the incident's alerts, which says how many of them fire.
fn check_cards(
    reference: &str,
    groups: &BTreeMap<String, Grouped>,
    cards: &[&Message],
    tally: &mut Tally,
) {
    let of_incident = groups.iter().filter(|(_, group)| group.is_of(reference));
    let mut accounted = 0;
    for (id, group) in of_incident {
        let is_its = |card: &&&Message| serde_json::to_string(&card.blocks).unwrap().contains(id);
        let its: Vec<_> = cards.iter().filter(is_its).collect();
        accounted += its.len();
        match its.as_slice() {
            [] => tally.lost.push(format!("{reference}: group {id} has no card")),
            [card] if card.text.ends_with(&group.in_short()) => {}
            [card] => tally.lost.push(format!(
                "{reference}: the card of {id} says {:?}, not {:?}",
                card.text,
                group.in_short()
            )),
            several => {
                tally.doubled.push(format!("{reference}: group {id} has {} cards", several.len()));
            }
        }
    }
    if accounted != cards.len() {
        tally.left_over.push(format!("{reference}: a card of no group of its own"));
    }
}

/// How many posts there are, and that each says what people said, in this order.
fn count_posts(recorded: &Recorded, posts: &[&Message], catalogue: &Catalogue, tally: &mut Tally) {
    let reference = recorded.incident.reference();
    let wanted = recorded.entries.iter().filter_map(|entry| {
        post(entry, &recorded.incident, catalogue)?;
        Some(match &entry.event {
            Event::UpdatePosted { message, .. } | Event::StatusChanged { message, .. } => {
                message.clone().unwrap_or_default()
            }
            _ => String::new(),
        })
    });
    let wanted: Vec<String> = wanted.collect();
    let what = || format!("{reference} has {} posts, not {}", posts.len(), wanted.len());
    match posts.len().cmp(&wanted.len()) {
        std::cmp::Ordering::Less => tally.lost.push(what()),
        std::cmp::Ordering::Greater => tally.doubled.push(what()),
        std::cmp::Ordering::Equal => {
            if !posts.iter().zip(&wanted).all(|(post, said)| post.text.contains(said)) {
                tally.lost.push(format!("{reference}: the order of the record"));
            }
        }
    }
}

/// A post for each entry that has one, in this order.
fn check_posts(recorded: &Recorded, posts: &[&Message], catalogue: &Catalogue, tally: &mut Tally) {
    let reference = recorded.incident.reference();
    let wanted: Vec<(&Entry, String)> = recorded
        .entries
        .iter()
        .filter_map(|entry| Some((entry, post(entry, &recorded.incident, catalogue)?.text)))
        .collect();
    let texts: Vec<&str> = posts.iter().map(|message| message.text.as_str()).collect();
    for (entry, text) in &wanted {
        let there = texts.iter().filter(|shown| *shown == text).count();
        let due = wanted.iter().filter(|(_, other)| other == text).count();
        if there != due {
            let what =
                format!("{reference}: entry {} is in the channel {there} times", entry.version);
            let book = if there < due { &mut tally.lost } else { &mut tally.doubled };
            book.push(format!("{what}: {text}"));
        }
    }
    let strays = texts.iter().filter(|text| !wanted.iter().any(|(_, wanted)| wanted == *text));
    tally.left_over.extend(strays.map(|text| format!("{reference}: a message of its own: {text}")));
    if texts.len() == wanted.len() && !texts.iter().zip(&wanted).all(|(text, (_, it))| text == it) {
        tally.lost.push(format!("{reference}: the order of the record: {texts:?}"));
    }
}

fn check_announcement(
    recorded: &Recorded,
    channel: &Channel,
    shown: &Shown,
    catalogue: &Catalogue,
    tally: &mut Tally,
) {
    let incident = &recorded.incident;
    let reference = incident.reference();
    let begin = format!("{reference} ");
    let said = shown.said(ANNOUNCEMENTS);
    let announced: Vec<_> = said.iter().filter(|it| it.text.starts_with(&begin)).collect();
    match (announced.as_slice(), incident.is_announced()) {
        ([], false) => {}
        ([message], true) => {
            let links = serde_json::to_string(&message.blocks).unwrap().contains(&channel.id);
            let wanted = announcement(incident, catalogue).text;
            if (shown.in_our_words && message.text != wanted) || !links {
                tally.lost.push(format!("{reference}: the announcement says {:?}", message.text));
            }
        }
        ([], true) => tally.lost.push(format!("{reference} is not announced")),
        (several, _) => {
            tally.doubled.push(format!("{reference} is announced {} times", several.len()));
        }
    }
}

/// What new holders of roles are told, each alone.
fn check_direct(record: &[Recorded], shown: &Shown, catalogue: &Catalogue, tally: &mut Tally) {
    let mut wanted: BTreeMap<(String, String), usize> = BTreeMap::new();
    for recorded in record {
        for entry in &recorded.entries {
            let holders: Vec<_> = match &entry.event {
                Event::Declared(declared) => declared.roles.iter().map(|(_, user)| user).collect(),
                Event::RoleAssigned { person: Some(person), .. } => vec![person],
                _ => Vec::new(),
            };
            for holder in holders {
                let himself = matches!(&entry.actor, Actor::Person { user } if user == holder);
                let told = role_instructions(entry, holder, &recorded.incident, catalogue);
                if !himself && told.is_some() {
                    let key = (holder.to_string(), recorded.incident.reference());
                    *wanted.entry(key).or_default() += 1;
                }
            }
        }
    }
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for channel in shown.channels.values().filter(|channel| channel.is_im) {
        let person = channel.members.iter().find(|member| *member != STENTOR).cloned();
        for message in shown.said(&channel.id) {
            let about = message.text.split(" of ").find(|part| part.starts_with("INC-"));
            let reference = about.and_then(|about| about.split(' ').next());
            let reference = reference.unwrap_or(&message.text).to_owned();
            *told.entry((person.clone().unwrap_or_default(), reference)).or_default() += 1;
        }
    }
    let keys: BTreeSet<_> = wanted.keys().chain(told.keys()).collect();
    for key in keys {
        let (due, there) = (wanted.get(key).unwrap_or(&0), told.get(key).unwrap_or(&0));
        let what = format!("{} was told of roles in {} {there} times, not {due}", key.0, key.1);
        match there.cmp(due) {
            std::cmp::Ordering::Less => tally.lost.push(what),
            std::cmp::Ordering::Greater => tally.doubled.push(what),
            std::cmp::Ordering::Equal => {}
        }
    }
}

/// Channels, announcements and ids that nothing accounts for.
fn check_strays(record: &[Recorded], shown: &Shown, tally: &mut Tally) {
    let own: BTreeSet<&str> = record
        .iter()
        .flat_map(|recorded| shown.channels_of(recorded.incident.number))
        .map(|channel| channel.id.as_str())
        .collect();
    for channel in shown.channels.values() {
        if channel.creator == STENTOR && !channel.is_im && !own.contains(channel.id.as_str()) {
            tally.left_over.push(format!("#{}, which belongs to nothing", channel.name));
        }
    }
    let references: Vec<_> =
        record.iter().map(|it| format!("{} ", it.incident.reference())).collect();
    for message in shown.said(ANNOUNCEMENTS) {
        if !references.iter().any(|reference| message.text.starts_with(reference)) {
            tally.left_over.push(format!("an announcement of nothing: {}", message.text));
        }
    }
    let mut ids = BTreeSet::new();
    for message in shown.channels.keys().flat_map(|id| shown.said(id)) {
        let id = message.metadata.as_ref().map(|it| it["event_payload"]["id"].to_string());
        if let Some(id) = id.filter(|id| !ids.insert(id.clone())) {
            tally.doubled.push(format!("the message of work {id}: {}", message.text));
        }
    }
}
