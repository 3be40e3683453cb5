//! What a workspace calls things: its severities, statuses, roles, types, timestamps and fields.
//!
//! Every workspace starts with the same defaults, so that nobody has to configure anything before
//! the first incident. What is removed is kept aside: incidents that have it go on showing its name.

mod defaults;
pub mod duration;
pub mod edit;
pub mod field;
pub mod find;
mod parts;
#[cfg(test)]
mod properties;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{CustomFieldId, IncidentTypeId, RoleId, SeverityId, StatusId, TimestampId};
use crate::incident::catalogue::defaults::{default_durations, default_types};
use crate::incident::catalogue::duration::DurationMetric;
use crate::incident::catalogue::field::CustomField;
use crate::incident::environment::Environment;
use crate::incident::tags::definition::TagDefinition;

/// How bad an incident is; a higher rank is worse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Severity {
    /// Its id.
    pub id: SeverityId,
    /// What people call it.
    pub name: String,
    /// When to choose it.
    pub description: String,
    /// Its place in the order; higher is worse.
    pub rank: i64,
    /// When it was made; 1970 for what was there from the start in an older version.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// Which part of its life an incident is in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StatusCategory {
    /// Not yet known to be an incident.
    Triage,
    /// Being worked on.
    Live,
    /// Work rests.
    Paused,
    /// Over for the people it hurt; being learnt from.
    Learning,
    /// Done.
    Closed,
    /// Was not an incident.
    Declined,
    /// Goes on in another incident.
    Merged,
    /// Declared by mistake.
    Canceled,
}

impl StatusCategory {
    /// All of them, in the order of an incident's life.
    pub const ALL: [StatusCategory; 8] = [
        Self::Triage,
        Self::Live,
        Self::Paused,
        Self::Learning,
        Self::Closed,
        Self::Declined,
        Self::Merged,
        Self::Canceled,
    ];

    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Live => "live",
            Self::Paused => "paused",
            Self::Learning => "learning",
            Self::Closed => "closed",
            Self::Declined => "declined",
            Self::Merged => "merged",
            Self::Canceled => "canceled",
        }
    }

    /// The category of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == word)
    }

    /// Whether people are still working to end it.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Triage | Self::Live | Self::Paused)
    }

    /// Whether nothing more is expected to happen.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Closed | Self::Declined | Self::Merged | Self::Canceled)
    }
}

/// A step in an incident's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Its id.
    pub id: StatusId,
    /// What people call it.
    pub name: String,
    /// When it applies.
    pub description: String,
    /// The part of life it belongs to.
    pub category: StatusCategory,
    /// Its place in the order.
    pub rank: i64,
    /// When it was made; 1970 for what was there from the start in an older version.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// What makes a role special.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleKind {
    /// Runs the incident; every workspace has exactly one.
    Lead,
    /// Declared the incident; fixed from then on.
    Reporter,
    /// The workspace's own.
    Custom,
}

/// A job in an incident that one person holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// What people call it.
    pub name: String,
    /// The word for it in a command.
    pub shortform: String,
    /// What its holder is told to do.
    pub instructions: String,
    /// What makes it special.
    pub kind: RoleKind,
    /// Its place in the order.
    pub rank: i64,
    /// What the job is.
    #[serde(default)]
    pub description: String,
    /// Somebody has to hold it in every incident.
    #[serde(default)]
    pub required: bool,
    /// When it was made; 1970 for what was there from the start in an older version.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// What sets a timestamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StampedWhen {
    /// The incident is declared.
    Declared,
    /// It first enters this part of life, or a later one.
    Reaches(StatusCategory),
    /// It first has this status.
    HasStatus(StatusId),
    /// Only somebody sets it.
    ByHand,
}

/// A kind of timestamp that every incident can have, such as "Resolved at".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimestampKind {
    /// Its id.
    pub id: TimestampId,
    /// What people call it.
    pub name: String,
    /// What sets it.
    pub stamped_when: StampedWhen,
    /// Its place in the order.
    pub rank: i64,
    /// When it was made; 1970 for what was there from the start in an older version.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// Whether incidents of a type begin in triage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreateInTriage {
    /// All of them do.
    Always,
    /// Those do that are declared so.
    #[default]
    Optional,
}

/// A kind of incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentType {
    /// Its id.
    pub id: IncidentTypeId,
    /// What people call it.
    pub name: String,
    /// What belongs to it.
    #[serde(default)]
    pub description: String,
    /// Incidents that are declared without a type are of this one; exactly one is so.
    #[serde(default)]
    pub is_default: bool,
    /// Its incidents are private from the start.
    #[serde(default)]
    pub private_incidents_only: bool,
    /// Whether somebody has to accept its incidents first.
    #[serde(default)]
    pub create_in_triage: CreateInTriage,
    /// When it was made; 1970 for what was there from the start in an older version.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// All that a workspace has named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Catalogue {
    /// From the mildest to the worst.
    pub severities: Vec<Severity>,
    /// In the order of an incident's life.
    pub statuses: Vec<Status>,
    /// In the order in which people see them.
    pub roles: Vec<Role>,
    /// In the order in which they are usually set.
    pub timestamps: Vec<TimestampKind>,
    /// In the order in which people see them; what is declared without one is of the default one. A
    /// catalogue of an older version has the default ones.
    #[serde(default = "default_types")]
    pub types: Vec<IncidentType>,
    /// What else every incident can say, in the order in which people see it.
    #[serde(default)]
    pub fields: Vec<CustomField>,
    /// How long incidents take from one point to another, in the order in which people see it.
    #[serde(default = "default_durations")]
    pub durations: Vec<DurationMetric>,
    /// What was removed, the oldest first: nobody can choose it, but what has it shows its name.
    #[serde(default, skip_serializing_if = "Removed::is_empty")]
    pub removed: Removed,
    /// The tags that incidents can have, in the order in which they were made.
    #[serde(default)]
    pub tags: Vec<TagDefinition>,
    /// Incidents that are looked at together, in the order in which they were made; the one that has
    /// every incident is not among them.
    #[serde(default)]
    pub environments: Vec<Environment>,
}

/// What was removed from a catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Removed {
    /// Severities of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<Severity>,
    /// Statuses of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// Roles of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// Timestamps of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timestamps: Vec<TimestampKind>,
    /// Types of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<IncidentType>,
    /// Fields of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<CustomField>,
    /// Durations of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub durations: Vec<DurationMetric>,
}

impl Removed {
    fn is_empty(&self) -> bool {
        *self == Removed::default()
    }
}

impl Catalogue {
    /// The catalogue of a workspace that is made at this time.
    pub fn beginning(now: Timestamp) -> Catalogue {
        Catalogue::default().made_at(now)
    }

    /// The severity with this id, even if it was removed; and so the others.
    pub fn severity(&self, id: &SeverityId) -> Option<&Severity> {
        self.severities.iter().chain(&self.removed.severities).find(|severity| severity.id == *id)
    }

    /// The status with this id.
    pub fn status(&self, id: &StatusId) -> Option<&Status> {
        self.statuses.iter().chain(&self.removed.statuses).find(|status| status.id == *id)
    }

    /// The role with this id.
    pub fn role(&self, id: &RoleId) -> Option<&Role> {
        self.roles.iter().chain(&self.removed.roles).find(|role| role.id == *id)
    }

    /// The type of incident with this id.
    pub fn incident_type(&self, id: &IncidentTypeId) -> Option<&IncidentType> {
        self.types.iter().chain(&self.removed.types).find(|kind| kind.id == *id)
    }

    /// The kind of timestamp with this id.
    pub fn timestamp(&self, id: &TimestampId) -> Option<&TimestampKind> {
        self.timestamps.iter().chain(&self.removed.timestamps).find(|kind| kind.id == *id)
    }

    /// The field with this id.
    pub fn field(&self, id: &CustomFieldId) -> Option<&CustomField> {
        self.fields.iter().chain(&self.removed.fields).find(|field| field.id == *id)
    }

    /// The type of what is declared without one. In a catalogue of an older version nothing says
    /// which; there it is the first.
    pub fn default_type(&self) -> Option<&IncidentType> {
        self.types.iter().find(|kind| kind.is_default).or_else(|| self.types.first())
    }

    /// The role whose holder runs the incident.
    pub fn lead(&self) -> &Role {
        self.role_of_kind(RoleKind::Lead)
    }

    /// The role of the person who declared.
    pub fn reporter(&self) -> &Role {
        self.role_of_kind(RoleKind::Reporter)
    }

    fn role_of_kind(&self, kind: RoleKind) -> &Role {
        self.roles
            .iter()
            .find(|role| role.kind == kind)
            .expect("every catalogue has a lead and a reporter")
    }

    /// The first status of a part of life.
    pub fn first_status(&self, category: StatusCategory) -> Option<&Status> {
        self.statuses.iter().find(|status| status.category == category)
    }
}

impl IncidentType {
    /// A type that asks for nothing special.
    pub fn plain(id: IncidentTypeId, name: &str) -> IncidentType {
        IncidentType {
            id,
            name: name.to_owned(),
            description: String::new(),
            is_default: false,
            private_incidents_only: false,
            create_in_triage: CreateInTriage::Optional,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }
}

macro_rules! described {
    ($($kind:ident)*) => {$(
        impl $kind {
            /// The description, or the name of what has none: some readers want words there.
            pub fn described(&self) -> &str {
                if self.description.is_empty() { &self.name } else { &self.description }
            }
        }
    )*};
}

described! { Severity Status Role IncidentType CustomField }
