//! Notes, and what becomes of them.
//!
//! What one wire format calls a comment, another a comment too, and people a note, is one thing in
//! the record: a [`NoteAdded`](Event::NoteAdded) with the id of its entry. Who wrote one hears of the
//! incident from then on, and so do those whom it mentions. A note that is deleted loses its text in
//! the database itself; that it was there, and who deleted it, stays in the record.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{IncidentId, UserId};
use crate::incident::access;
use crate::incident::decide::{Context, check_person};
use crate::incident::event::{Actor, Entry, Event};
use crate::incident::papers::Filed;
use crate::incident::papers::bad::{BadPaper, Text};
use crate::incident::papers::place::Place;
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::incident::subscribers;
use crate::incident::text::MESSAGE_LIMIT;

/// People mentioned in one note.
const MENTIONED: usize = 50;

const NOTE: Text =
    Text { what: "a note", missing: "what to write down", field: "text", limit: MESSAGE_LIMIT };

/// A note as it reads now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Note {
    /// Its id: that of the entry that brought it.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A-7")]
    pub id: Place,
    /// What it says.
    pub text: String,
    /// Who wrote it.
    pub author: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When it was last changed, if it was.
    pub edited_at: Option<Timestamp>,
}

pub(super) fn comment(
    incident: &Incident,
    text: &str,
    mentions: &[UserId],
) -> Result<Vec<Event>, Refusal> {
    let text = NOTE.lines(text)?;
    if mentions.len() > MENTIONED {
        return Err(Refusal::TooManyPeople { count: mentions.len(), limit: MENTIONED });
    }
    let mut people: Vec<UserId> = Vec::new();
    for person in mentions {
        let person = check_person(person)?;
        // Whoever may not know of a private incident hears nothing of it.
        let may_hear = access::may_see(incident, &Actor::Person { user: person.clone() });
        if may_hear && !incident.papers.subscribers.contains(person) && !people.contains(person) {
            people.push(person.clone());
        }
    }
    people.truncate(subscribers::room(incident));
    let subscribed = Some(Event::Subscribed { people })
        .filter(|event| matches!(event, Event::Subscribed { people } if !people.is_empty()));
    // The note comes last: whoever asked for it gets its entry.
    Ok(subscribed.into_iter().chain([Event::NoteAdded { text }]).collect())
}

pub(super) fn edit(text: &str, cited: Option<&Entry>, context: &Context) -> Result<Filed, Refusal> {
    let note = own(cited, context)?;
    Ok(Filed::NoteEdited { note, text: NOTE.lines(text)? })
}

pub(super) fn delete(cited: Option<&Entry>, context: &Context) -> Result<Filed, Refusal> {
    Ok(Filed::NoteDeleted { note: own(cited, context)? })
}

/// The note of this entry, if it is there and the actor's own.
fn own(cited: Option<&Entry>, context: &Context) -> Result<i64, BadPaper> {
    let missing = BadPaper::NoSuch { what: "note" };
    let entry = cited.ok_or(missing.clone())?;
    match &entry.event {
        Event::NoteAdded { text } if !text.is_empty() => {
            if entry.actor != *context.actor {
                return Err(BadPaper::NotTheAuthor);
            }
            Ok(entry.version)
        }
        _ => Err(missing),
    }
}

/// The notes of a record as they read now, oldest first.
pub fn notes(incident: &IncidentId, record: &[Entry]) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for entry in record {
        let place = |version| Place { incident: incident.clone(), version };
        match &entry.event {
            Event::NoteAdded { text } if !text.is_empty() => notes.push(Note {
                id: place(entry.version),
                text: text.clone(),
                author: entry.actor.clone(),
                created_at: entry.at,
                edited_at: None,
            }),
            Event::Paperwork(Filed::NoteEdited { note, text }) => {
                if let Some(edited) = notes.iter_mut().find(|it| it.id.version == *note) {
                    edited.text.clone_from(text);
                    edited.edited_at = Some(entry.at);
                }
            }
            Event::Paperwork(Filed::NoteDeleted { note }) => {
                notes.retain(|it| it.id.version != *note);
            }
            _ => {}
        }
    }
    notes
}

/// The entry without the text of this note, if it has any of it: what is kept of a note that was
/// deleted.
pub fn without_text(entry: &Entry, of: i64) -> Option<Entry> {
    let empty = String::new;
    let event = match &entry.event {
        Event::NoteAdded { text } if entry.version == of && !text.is_empty() => {
            Event::NoteAdded { text: empty() }
        }
        Event::Paperwork(Filed::NoteEdited { note, text }) if *note == of && !text.is_empty() => {
            Event::Paperwork(Filed::NoteEdited { note: of, text: empty() })
        }
        _ => return None,
    };
    Some(Entry { event, ..entry.clone() })
}
