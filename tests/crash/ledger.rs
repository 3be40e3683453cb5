//! The first of the three books: what was asked, and what was answered to it.

use std::sync::Mutex;

use stentor::incident::event::{Entry, Event};

/// How a request ended, best first: of several deliveries the best one counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Stentor said yes: it must have happened exactly once.
    Acknowledged,
    /// Nobody knows: it must not have happened more than once.
    Unknown,
    /// Stentor said no, and why: it must not have happened.
    Refused(String),
    /// Nobody was there to take it.
    Unsent,
}

/// What a command leaves in the record, by which it is recognised there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The incident itself.
    Declared,
    /// An update, a note, or what was said at a step, with this word.
    Said(String),
    /// The one change of severity.
    Severity,
    /// A new summary with this word.
    Summary(String),
    /// The one new name.
    Renamed,
    /// This role for this person.
    Role { role: &'static str, person: String },
    /// These alerts fire, by their sender's keys.
    Fires(Vec<String>),
    /// This alert is over.
    IsOver(String),
}

/// A request, and what came of it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The word in the name of the incident that it is about.
    pub case: String,
    pub trace: Trace,
    /// What it was, for people.
    pub what: String,
    pub fate: Fate,
    pub deliveries: usize,
}

/// Everything that was asked in one world.
#[derive(Default)]
pub struct Ledger(Mutex<Vec<Asked>>);

impl Ledger {
    /// Writes a request down before it is sent.
    pub fn ask(&self, case: &str, trace: Trace, what: String) -> usize {
        let mut all = self.0.lock().unwrap();
        let case = case.to_owned();
        all.push(Asked { case, trace, what, fate: Fate::Unsent, deliveries: 0 });
        all.len() - 1
    }

    /// Writes down how one delivery of it ended.
    pub fn answer(&self, place: usize, fate: Fate) {
        let asked = &mut self.0.lock().unwrap()[place];
        asked.deliveries += 1;
        asked.fate = fate.min(asked.fate.clone());
    }

    /// A copy of it all.
    pub fn all(&self) -> Vec<Asked> {
        self.0.lock().unwrap().clone()
    }
}

impl Trace {
    /// Whether it is about this alert.
    pub fn is_about(&self, key: &String) -> bool {
        match self {
            Trace::Fires(keys) => keys.contains(key),
            Trace::IsOver(over) => over == key,
            _ => false,
        }
    }

    /// Whether it is about alerts, which have books of their own.
    pub fn is_of_alerts(&self) -> bool {
        matches!(self, Trace::Fires(_) | Trace::IsOver(_))
    }

    /// Whether an entry of the record is this one's.
    pub fn is_in(&self, entry: &Entry) -> bool {
        let has = |text: &Option<String>, word: &str| {
            text.as_ref().is_some_and(|text| text.contains(word))
        };
        match (self, &entry.event) {
            (Trace::Declared, Event::Declared(_))
            | (Trace::Severity, Event::SeverityChanged { .. })
            | (Trace::Renamed, Event::Renamed { .. }) => true,
            (Trace::Said(word), Event::UpdatePosted { message, .. })
            | (Trace::Said(word), Event::StatusChanged { message, .. }) => has(message, word),
            (Trace::Said(word), Event::NoteAdded { text }) => text.contains(word),
            (Trace::Summary(word), Event::SummaryChanged { to, .. }) => to.contains(word),
            (
                Trace::Role { role, person },
                Event::RoleAssigned { role: given, person: Some(holder), .. },
            ) => given.as_str() == *role && holder.as_str() == person,
            _ => false,
        }
    }
}
