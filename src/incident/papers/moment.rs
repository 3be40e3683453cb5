//! The curated timeline: what of the record people want told, and what they add by hand.
//!
//! It is no list of its own. It is read from the record: some entries are told by themselves, others
//! once somebody gave them words, and what was written by hand is an entry too. So it is right for
//! incidents that are older than it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{IncidentId, MessageTs};
use crate::incident::catalogue::Catalogue;
use crate::incident::event::{Actor, Entry, Event, SeverityChange, StatusChange};
use crate::incident::papers::Filed;
use crate::incident::papers::bad::{BadPaper, Text};
use crate::incident::papers::place::Place;
use crate::incident::pins::Author;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, reference};
use crate::incident::text::{clean_line, shorten};

/// Moments written by hand in one incident.
const MOST: usize = 500;

const TITLE: Text = Text { what: "a title", missing: "what happened", field: "title", limit: 200 };
const DESCRIPTION: Text =
    Text { what: "a description", missing: "more about it", field: "description", limit: 2_000 };

/// Something that the curated timeline tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineItem {
    /// Its id: that of the entry that it is made of.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A-7")]
    pub id: Place,
    /// What happened.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Who did it, or wrote it down.
    pub creator: Actor,
    /// Since when the record has it.
    pub created_at: Timestamp,
    /// When its words last changed.
    pub updated_at: Timestamp,
    /// Somebody wrote it by hand: its time can be changed.
    pub written: bool,
}

pub(super) fn add(
    incident: &Incident,
    title: &str,
    description: Option<&str>,
    at: Timestamp,
) -> Result<Filed, Refusal> {
    let title = TITLE.line(title)?;
    let description = DESCRIPTION.optional_lines(description.unwrap_or_default())?;
    if incident.papers.moments.len() >= MOST {
        return Err(BadPaper::TooMany { what: "timeline items", limit: MOST }.into());
    }
    Ok(Filed::MomentAdded { title, description, at })
}

pub(super) fn edit(
    incident: &Incident,
    entry: i64,
    title: Option<&str>,
    description: Option<&str>,
    at: Option<Timestamp>,
) -> Result<Filed, Refusal> {
    if !(1..=incident.version).contains(&entry) {
        return Err(BadPaper::NoSuch { what: "entry" }.into());
    }
    if at.is_some() && !incident.papers.moments.contains(&entry) {
        return Err(BadPaper::TimeIsFixed.into());
    }
    if title.is_none() && description.is_none() && at.is_none() {
        return Err(BadPaper::Missing { what: "what happened", field: "title" }.into());
    }
    let title = title.map(|title| TITLE.line(title)).transpose()?;
    let description = description.map(|text| DESCRIPTION.optional_lines(text)).transpose()?;
    Ok(Filed::MomentChanged { entry, title, description, at })
}

/// What the curated timeline tells, oldest first: by time, then by place in the record. `record` is
/// the whole of it.
pub fn timeline(
    incident: &IncidentId,
    record: &[Entry],
    catalogue: &Catalogue,
) -> Vec<TimelineItem> {
    let mut told: BTreeMap<i64, TimelineItem> = BTreeMap::new();
    // Which entry tells of a message that is kept.
    let mut kept: BTreeMap<&MessageTs, i64> = BTreeMap::new();
    for entry in record {
        let item = |title: String, description: String, timestamp| TimelineItem {
            id: Place { incident: incident.clone(), version: entry.version },
            title: shorten(&clean_line(&title), TITLE.limit),
            description,
            timestamp,
            creator: entry.actor.clone(),
            created_at: entry.at,
            updated_at: entry.at,
            written: false,
        };
        match &entry.event {
            Event::MessagePinned { quote, .. } => {
                let author = match &quote.author {
                    Author::Person { user } => user.to_string(),
                    Author::Program { name } => name.clone(),
                };
                let title = format!("Message of {author}");
                kept.insert(&quote.ts, entry.version);
                told.insert(entry.version, item(title, quote.text.clone(), quote.at));
            }
            Event::MessageEdited { ts, text, .. } => {
                if let Some(item) = kept.get(ts).and_then(|version| told.get_mut(version)) {
                    item.description.clone_from(text);
                    item.updated_at = entry.at;
                }
            }
            Event::MessageUnpinned { ts, .. } => {
                kept.remove(ts).and_then(|version| told.remove(&version));
            }
            Event::Paperwork(Filed::MomentAdded { title, description, at }) => {
                let item = item(title.clone(), description.clone(), *at);
                told.insert(entry.version, TimelineItem { written: true, ..item });
            }
            Event::Paperwork(Filed::MomentChanged { entry: version, title, description, at }) => {
                let changed = told.remove(version).or_else(|| {
                    // In a part of a record, what it is about may be missing.
                    let about = record.iter().find(|entry| entry.version == *version)?;
                    let title = "Something happened".to_owned();
                    Some(TimelineItem {
                        id: Place { incident: incident.clone(), version: *version },
                        creator: about.actor.clone(),
                        created_at: about.at,
                        ..item(title, String::new(), about.at)
                    })
                });
                let Some(mut changed) = changed else { continue };
                changed.title = title.clone().unwrap_or(changed.title);
                changed.description = description.clone().unwrap_or(changed.description);
                changed.timestamp = at.unwrap_or(changed.timestamp);
                changed.updated_at = entry.at;
                told.insert(*version, changed);
            }
            Event::Paperwork(Filed::NoteEdited { note, text }) => {
                if let Some(item) = told.get_mut(note) {
                    item.description.clone_from(text);
                    item.updated_at = entry.at;
                }
            }
            Event::Paperwork(Filed::NoteDeleted { note }) => {
                told.remove(note);
            }
            event => {
                if let Some((title, description)) = words(event, catalogue) {
                    told.insert(entry.version, item(title, description, entry.at));
                }
            }
        }
    }
    let mut told: Vec<TimelineItem> = told.into_values().collect();
    // Stable: those of one time stay in the order of the record.
    told.sort_by_key(|item| item.timestamp);
    told
}

/// The title and the words for what is told by itself.
pub fn words(event: &Event, catalogue: &Catalogue) -> Option<(String, String)> {
    let said = |message: &Option<String>| message.clone().unwrap_or_default();
    Some(match event {
        Event::Declared(declared) => {
            (format!("Declared: {}", declared.name), declared.summary.clone())
        }
        Event::UpdatePosted { message, status, severity, .. } => {
            let steps = [
                status.as_ref().map(|change| status_step(change, catalogue)),
                severity.as_ref().map(|change| severity_step(change, catalogue)),
            ];
            let steps: Vec<String> = steps.into_iter().flatten().collect();
            let title = if steps.is_empty() { "Update".to_owned() } else { steps.join(", ") };
            (title, said(message))
        }
        Event::SeverityChanged { change } => (severity_step(change, catalogue), String::new()),
        Event::StatusChanged { change, message } => (status_step(change, catalogue), said(message)),
        Event::NoteAdded { text } if text.is_empty() => return None,
        Event::NoteAdded { text } => ("Note".to_owned(), text.clone()),
        Event::MergedInto { into, .. } => {
            (format!("Merged into {}", into.reference()), String::new())
        }
        Event::Absorbed(absorbed) => {
            let other = absorbed.number.map_or("A private incident".to_owned(), reference);
            (format!("{other} was merged into it"), String::new())
        }
        _ => return None,
    })
}

fn status_step(change: &StatusChange, catalogue: &Catalogue) -> String {
    let name = |id| catalogue.status(id).map_or("a status of before", |it| it.name.as_str());
    format!("Status: {} → {}", name(&change.from), name(&change.to))
}

fn severity_step(change: &SeverityChange, catalogue: &Catalogue) -> String {
    let name = |id| catalogue.severity(id).map_or("a severity of before", |it| it.name.as_str());
    let from = change.from.as_ref().map_or("not set", name);
    format!("Severity: {from} → {}", name(&change.to))
}
