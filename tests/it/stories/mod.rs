//! What people do with Stentor, and what they see.

mod announcing;
mod buttons;
mod changes;
mod commands;
mod database;
mod driving;
mod fields;
mod giving_up;
mod hostile;
mod inviting;
mod leases;
mod matrix;
mod merging;
mod names;
mod outages;
mod papers;
mod pins;
mod private;
mod programs;
mod queueing;
mod recorded;
mod refusals;
mod reminders;
mod repeats;
mod retention;
mod roles;
mod snoozing;
mod sockets;
mod tagging;
mod triage;
mod trouble;
mod types;
mod whole;

use serde_json::{Value, json};
use stentor::incident::catalogue::Catalogue;
use stentor::incident::state::Incident;

/// What somebody fills into a form.
type Fields<'a> = &'a [(&'a str, Value)];

/// The choice of a severity in a form.
fn severity(word: &str) -> Value {
    json!(Catalogue::default().find_severity(word).unwrap().id)
}

/// The choice of a status in a form.
fn status(word: &str) -> Value {
    json!(Catalogue::default().find_status(word).unwrap().id)
}

/// The choice of a role in a form.
fn role(word: &str) -> Value {
    json!(Catalogue::default().find_role(word).unwrap().id)
}

/// The channel of an incident that has one.
pub fn channel_of(incident: &Incident) -> &str {
    incident.channel.as_ref().unwrap().as_str()
}
