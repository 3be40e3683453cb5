//! What expressions are about.

use std::collections::BTreeMap;

use crate::alert::observation::{Observation, Status};
use crate::alert::state::Alert;

/// Something that has named fields.
pub trait Fields {
    /// The values of the field of this name; none if there is no such field.
    fn values(&self, name: &str) -> Vec<&str>;

    /// All that a keyword is looked for in.
    fn words(&self) -> Vec<&str>;
}

/// An alert's fields: its labels, and `status`, `severity`, `source_system`, `description` and `title`.
///
/// A label that has one of these names counts beside the field: senders call their own severity
/// `severity` too, and either may be meant.
#[derive(Clone, Copy, Debug)]
pub struct AlertFields<'a> {
    /// Its labels.
    pub labels: &'a BTreeMap<String, String>,
    /// How bad it is now.
    pub status: Status,
    /// How bad it was at its worst.
    pub severity: Status,
    /// The name of what sends it.
    pub source_system: &'a str,
    /// What is wrong, in a line.
    pub title: &'a str,
    /// More about it.
    pub description: &'a str,
}

impl<'a> AlertFields<'a> {
    /// The fields of an alert as it stands.
    pub fn of(alert: &'a Alert, source_system: &'a str) -> AlertFields<'a> {
        AlertFields {
            labels: &alert.labels,
            status: alert.status,
            severity: alert.peak,
            source_system,
            title: &alert.title,
            description: &alert.description,
        }
    }

    /// The fields of an alert that is about to begin.
    pub fn of_observation(said: &'a Observation, source_system: &'a str) -> AlertFields<'a> {
        AlertFields {
            labels: &said.labels,
            status: said.status,
            severity: said.status,
            source_system,
            title: &said.title,
            description: &said.description,
        }
    }

    fn own(&self, name: &str) -> Option<&'a str> {
        match name {
            "status" => Some(self.status.as_str()),
            "severity" => Some(self.severity.as_str()),
            "source_system" => Some(self.source_system),
            "title" => Some(self.title).filter(|title| !title.is_empty()),
            "description" => Some(self.description).filter(|description| !description.is_empty()),
            _ => None,
        }
    }
}

impl Fields for AlertFields<'_> {
    fn values(&self, name: &str) -> Vec<&str> {
        self.own(name).into_iter().chain(self.labels.get(name).map(String::as_str)).collect()
    }

    fn words(&self) -> Vec<&str> {
        let own = [self.title, self.description, self.source_system];
        own.into_iter().chain(self.labels.values().map(String::as_str)).collect()
    }
}
