//! What the workspace calls things.

use serde::Serialize;

use crate::api::incident_io::shape::Terms;
use crate::clock::Timestamp;
use crate::ids::StatusId;
use crate::incident::catalogue::{self, CreateInTriage, RoleKind, StatusCategory};

/// When something was made and changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Times {
    /// These two.
    pub fn new(created_at: Timestamp, updated_at: Timestamp) -> Times {
        Times { created_at, updated_at }
    }
}

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
            description: severity.described().to_owned(),
            rank: severity.rank,
            times: Times::new(severity.created_at, severity.updated_at),
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
            description: status.described().to_owned(),
            category: status.category.as_str(),
            rank: status.rank,
            times: Times::new(status.created_at, status.updated_at),
        }
    }
}

impl Status {
    /// The status of this id, which belongs to this part of life; as much as is known of it.
    pub fn known(id: &StatusId, category: StatusCategory, terms: &Terms<'_>) -> Status {
        let known = terms.catalogue.status(id).map(Status::from);
        known.unwrap_or_else(|| Status::forgotten(id.as_str(), category))
    }

    /// A status that the catalogue has forgotten: all that is known is which part of life it
    /// belonged to.
    pub fn forgotten(id: &str, category: StatusCategory) -> Status {
        Status {
            id: id.to_owned(),
            name: id.to_owned(),
            description: id.to_owned(),
            category: category.as_str(),
            rank: 0,
            times: Times::new(Timestamp::from_micros(0), Timestamp::from_micros(0)),
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
            description: role.described().to_owned(),
            instructions: unless_reporter(&role.instructions),
            shortform: unless_reporter(&role.shortform),
            role_type: match role.kind {
                RoleKind::Lead => "lead",
                RoleKind::Reporter => "reporter",
                RoleKind::Custom => "custom",
            },
            times: Times::new(role.created_at, role.updated_at),
        }
    }
}

/// A job in an incident, as the deprecated version shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleV1 {
    #[serde(flatten)]
    role: Role,
    required: bool,
}

impl From<&catalogue::Role> for RoleV1 {
    fn from(role: &catalogue::Role) -> RoleV1 {
        RoleV1 { role: role.into(), required: role.required }
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
            description: kind.described().to_owned(),
            is_default: all.default_type().is_some_and(|default| default.id == kind.id),
            private_incidents_only: kind.private_incidents_only,
            create_in_triage: match kind.create_in_triage {
                CreateInTriage::Always => "always",
                CreateInTriage::Optional => "optional",
            },
            times: Times::new(kind.created_at, kind.updated_at),
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
