//! What the workspace calls things.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::incident::catalogue::{self, RoleKind, StatusCategory};

/// When something was made and changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Of what comes with every workspace, nobody knows when it was made.
const FROM_THE_START: Times =
    Times { created_at: Timestamp::from_micros(0), updated_at: Timestamp::from_micros(0) };

/// How bad an incident is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Severity {
    id: String,
    name: String,
    description: String,
    rank: i64,
    #[serde(flatten)]
    times: Times,
}

impl From<&catalogue::Severity> for Severity {
    fn from(severity: &catalogue::Severity) -> Severity {
        Severity {
            id: severity.id.to_string(),
            name: severity.name.clone(),
            description: severity.description.clone(),
            rank: severity.rank,
            times: FROM_THE_START,
        }
    }
}

/// Where an incident stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    id: String,
    name: String,
    description: String,
    category: &'static str,
    rank: i64,
    #[serde(flatten)]
    times: Times,
}

impl From<&catalogue::Status> for Status {
    fn from(status: &catalogue::Status) -> Status {
        Status {
            id: status.id.to_string(),
            name: status.name.clone(),
            description: status.description.clone(),
            category: status.category.as_str(),
            rank: status.rank,
            times: FROM_THE_START,
        }
    }
}

impl Status {
    /// A status that the catalogue has forgotten: all that is known is which part of life it
    /// belonged to.
    pub fn forgotten(id: &str, category: StatusCategory) -> Status {
        Status {
            id: id.to_owned(),
            name: id.to_owned(),
            description: id.to_owned(),
            category: category.as_str(),
            rank: 0,
            times: FROM_THE_START,
        }
    }
}

/// A job in an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Role {
    id: String,
    name: String,
    description: String,
    instructions: String,
    shortform: String,
    role_type: &'static str,
    #[serde(flatten)]
    times: Times,
}

impl From<&catalogue::Role> for Role {
    fn from(role: &catalogue::Role) -> Role {
        // Of the reporter, who is who declared, there is nothing to say.
        let is_reporter = role.kind == RoleKind::Reporter;
        let unless_reporter =
            |text: &String| if is_reporter { String::new() } else { text.clone() };
        Role {
            id: role.id.to_string(),
            name: role.name.clone(),
            description: role.name.clone(),
            instructions: unless_reporter(&role.instructions),
            shortform: unless_reporter(&role.shortform),
            role_type: match role.kind {
                RoleKind::Lead => "lead",
                RoleKind::Reporter => "reporter",
                RoleKind::Custom => "custom",
            },
            times: FROM_THE_START,
        }
    }
}

/// A kind of incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentType {
    id: String,
    name: String,
    description: String,
    is_default: bool,
    private_incidents_only: bool,
    create_in_triage: &'static str,
    #[serde(flatten)]
    times: Times,
}

impl IncidentType {
    /// The type as this format shows it.
    pub fn show(kind: &catalogue::IncidentType, all: &catalogue::Catalogue) -> IncidentType {
        IncidentType {
            id: kind.id.to_string(),
            name: kind.name.clone(),
            description: kind.name.clone(),
            is_default: all.types.first().is_some_and(|first| first.id == kind.id),
            private_incidents_only: false,
            create_in_triage: "optional",
            times: FROM_THE_START,
        }
    }
}

/// A point in an incident's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimestampKind {
    id: String,
    name: String,
    rank: i64,
}

impl From<&catalogue::TimestampKind> for TimestampKind {
    fn from(kind: &catalogue::TimestampKind) -> TimestampKind {
        TimestampKind { id: kind.id.to_string(), name: kind.name.clone(), rank: kind.rank }
    }
}
