//! What is told of an entry.

use serde::Serialize;
use serde_json::{Map, Value};

/// What is told of an entry.
pub(super) struct Told {
    /// The format's word for what happened.
    pub kind: &'static str,
    /// What happened, in a line for people.
    pub title: String,
    /// More about it, for programs.
    pub details: Option<Details>,
}

impl Told {
    /// Of this, the format wants to know more.
    pub fn with(kind: &'static str, title: impl Into<String>, details: Details) -> Option<Told> {
        Some(Told { kind, title: title.into(), details: Some(details) })
    }

    /// Of this, the format has a word alone.
    pub fn plain(kind: &'static str, title: impl Into<String>) -> Option<Told> {
        Some(Told { kind, title: title.into(), details: None })
    }
}

/// More about something, by the names that the format has for it.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct Details(Map<String, Value>);

impl Details {
    /// The same, and this.
    pub fn say(mut self, name: &str, value: impl Serialize) -> Details {
        let value = serde_json::to_value(value).expect("a shape is plain JSON");
        self.0.insert(name.to_owned(), value);
        self
    }

    /// The same, and this if it is known: clients fail on `null`.
    pub fn may_say(self, name: &str, value: Option<impl Serialize>) -> Details {
        match value {
            Some(value) => self.say(name, value),
            None => self,
        }
    }
}
