//! An incident's record, as far as Sentry has words for it: found, made, changed, commented.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use crate::api::sentry::house::House;
use crate::api::sentry::incidents::status::Status;
use crate::api::sentry::incidents::{self, Shown};
use crate::api::sentry::links::Page;
use crate::api::sentry::people::Directory;
use crate::api::sentry::refused::Refused;
use crate::app::App;
use crate::clock::Timestamp;
use crate::incident::catalogue::Catalogue;
use crate::incident::event::{Actor, Entry, Event};
use crate::incident::papers::Filed;
use crate::incident::state::Incident;
use crate::store::timeline;

/// So many numbers are there for each incident…
const OF_INCIDENT: u64 = 10_000_000;
/// …and so many for each entry of its record.
const OF_ENTRY: u64 = 10;

/// What an activity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The incident was made.
    Created = 1,
    /// It stands otherwise.
    StatusChange = 2,
    /// Somebody said something.
    Comment = 3,
    /// It was found.
    Detected = 4,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// The entry of the record that it is from.
    pub version: i64,
    /// What it is.
    pub kind: Kind,
    /// Who did it.
    pub actor: Actor,
    /// How it stands.
    pub value: Option<Status>,
    /// How it stood.
    pub previous: Option<Status>,
    /// What was said.
    pub comment: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The number of an incident, as people don't know it: that of its own first activity but one.
pub fn incident_id(number: i64) -> String {
    (u64::try_from(number).unwrap_or_default() * OF_INCIDENT).to_string()
}

/// The entry that an activity of this number is from, if it is one of this incident.
pub fn version(number: i64, activity: u64) -> Option<i64> {
    let first = u64::try_from(number).ok()?.checked_mul(OF_INCIDENT)?;
    let within = activity.checked_sub(first).filter(|within| *within < OF_INCIDENT)?;
    i64::try_from(within / OF_ENTRY).ok()
}

impl Activity {
    /// The comment that an entry is; nothing if it is none.
    pub fn comment(entry: &Entry) -> Option<Activity> {
        let comment = said(&entry.event)?;
        Some(Activity {
            version: entry.version,
            kind: Kind::Comment,
            actor: entry.actor.clone(),
            value: None,
            previous: None,
            comment: Some(comment),
            at: entry.at,
        })
    }

    /// Its number: the incident's, the entry's, and which of an entry's it is.
    fn id(&self, number: i64) -> String {
        let first = u64::try_from(number).unwrap_or_default() * OF_INCIDENT;
        let entry = u64::try_from(self.version).unwrap_or_default() * OF_ENTRY;
        (first + entry + u64::from(self.kind == Kind::Created)).to_string()
    }

    /// It in Sentry's shape.
    fn shown(&self, number: i64, directory: &Directory) -> Value {
        let word = |status: Option<Status>| status.map(|status| status.number().to_string());
        json!({
            "id": self.id(number),
            "incidentIdentifier": number.to_string(),
            "user": directory.user(&self.actor),
            "type": self.kind as i64,
            "value": word(self.value),
            "previousValue": word(self.previous),
            "comment": self.comment,
            "dateCreated": self.at,
        })
    }
}

/// Lists what happened, newest first unless `desc=0`.
pub async fn list(State(app): State<App>, house: House) -> Result<Response, Refused> {
    let page = Page::asked(&house.query, 100)?;
    let incident = incidents::the_one(&app, &house).await?;
    let mut all = of(&app, &house, &incident).await?;
    if house.query.is_on("desc", true) {
        all.reverse();
    }
    let (all, is_more) = page.of(all);
    let items = shown(&app, &house, incident.incident.number, &all).await?;
    Ok(page.answer(&house, items, is_more))
}

/// Activities of the incident of this number in Sentry's shape.
pub async fn shown(
    app: &App,
    house: &House,
    number: i64,
    all: &[Activity],
) -> Result<Vec<Value>, Refused> {
    let mut tx = app.db.read().await?;
    let actors = all.iter().map(|one| &one.actor);
    let directory = Directory::of(&mut tx, &house.caller.workspace, actors).await?;
    Ok(all.iter().map(|one| one.shown(number, &directory)).collect())
}

/// All that happened to an incident, oldest first.
pub async fn of(app: &App, house: &House, shown: &Shown) -> Result<Vec<Activity>, Refused> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &house.caller.workspace).await?;
    let workspace = &house.caller.workspace;
    let record = timeline::whole(&mut tx, workspace, &shown.incident.id).await?;
    Ok(activities(&shown.incident, shown.started_at(), &record, &catalogue))
}

/// What a record says in Sentry's words.
fn activities(
    incident: &Incident,
    started_at: Timestamp,
    record: &[Entry],
    catalogue: &Catalogue,
) -> Vec<Activity> {
    let mut all = Vec::new();
    let Some((first, rest)) = record.split_first() else { return all };
    let Event::Declared(declared) = &first.event else { return all };
    let mut state = Incident::declared(incident.id.clone(), first.at, &first.actor, declared);
    for (kind, at) in [(Kind::Detected, started_at), (Kind::Created, first.at)] {
        let actor = first.actor.clone();
        let (value, previous, comment) = (None, None, None);
        all.push(Activity { version: 1, kind, actor, value, previous, comment, at });
    }
    for entry in rest {
        let before = Status::of(&state, catalogue);
        state.apply(entry);
        let after = Status::of(&state, catalogue);
        match &entry.event {
            // A note is read as it was corrected last, and what was taken back is gone.
            Event::Paperwork(Filed::NoteEdited { note, text }) => {
                let own = all.iter_mut().filter(|one| one.version == *note);
                own.for_each(|one| one.comment = Some(text.clone()));
            }
            Event::Paperwork(Filed::NoteDeleted { note }) => {
                all.retain(|one| one.version != *note);
            }
            _ => all.extend(activity(entry, before, after)),
        }
    }
    all
}

fn activity(entry: &Entry, before: Status, after: Status) -> Option<Activity> {
    if before == after {
        return Activity::comment(entry);
    }
    Some(Activity {
        version: entry.version,
        kind: Kind::StatusChange,
        actor: entry.actor.clone(),
        value: Some(after),
        previous: Some(before),
        comment: said(&entry.event),
        at: entry.at,
    })
}

/// What somebody said with it: a note, an update, or a message with a change.
fn said(event: &Event) -> Option<String> {
    match event {
        // What was taken back has lost its text.
        Event::NoteAdded { text } => Some(text.clone()).filter(|text| !text.is_empty()),
        Event::UpdatePosted { message, .. } | Event::StatusChanged { message, .. } => {
            message.clone()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_which_entry_of_which_incident() {
        let activity = |version, kind| Activity {
            version,
            kind,
            actor: Actor::Stentor,
            value: None,
            previous: None,
            comment: None,
            at: Timestamp::default(),
        };
        for (number, entry) in [(1, 1), (7, 999_999), (900_000_000, 12)] {
            let id: u64 = activity(entry, Kind::Comment).id(number).parse().unwrap();
            assert_eq!(version(number, id), Some(entry));
            assert_eq!(version(number + 1, id), None);
            assert_eq!(version(number - 1, id), None);
        }
        let (found, made) = (activity(1, Kind::Detected), activity(1, Kind::Created));
        assert_ne!(found.id(1), made.id(1));
        assert_eq!(version(i64::MAX, u64::MAX), None);
        assert_eq!(version(1, 0), None);
    }
}
