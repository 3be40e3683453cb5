//! What a workspace calls things: its severities, statuses, roles and timestamps.
//!
//! Every workspace starts with the same defaults, so that nobody has to configure anything before
//! the first incident.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{IncidentTypeId, RoleId, SeverityId, StatusId, TimestampId};
use crate::incident::environment::Environment;
use crate::incident::refusal::Refusal;
use crate::incident::tags::definition::TagDefinition;
use crate::incident::text::{nearest, shorten};

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
}

/// A kind of incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentType {
    /// Its id.
    pub id: IncidentTypeId,
    /// What people call it.
    pub name: String,
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
    /// In the order in which people see them; what is declared without one is of the first. A
    /// catalogue of an older version has the default ones.
    #[serde(default = "default_types")]
    pub types: Vec<IncidentType>,
    /// The tags that incidents can have, in the order in which they were made.
    #[serde(default)]
    pub tags: Vec<TagDefinition>,
    /// Incidents that are looked at together, in the order in which they were made; the one that has
    /// every incident is not among them.
    #[serde(default)]
    pub environments: Vec<Environment>,
}

fn default_types() -> Vec<IncidentType> {
    vec![IncidentType { id: IncidentTypeId::new(default_id("TYP", 1)), name: "Default".to_owned() }]
}

impl Catalogue {
    /// The severity with this id.
    pub fn severity(&self, id: &SeverityId) -> Option<&Severity> {
        self.severities.iter().find(|severity| severity.id == *id)
    }

    /// The status with this id.
    pub fn status(&self, id: &StatusId) -> Option<&Status> {
        self.statuses.iter().find(|status| status.id == *id)
    }

    /// The role with this id.
    pub fn role(&self, id: &RoleId) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == *id)
    }

    /// The type of incident with this id.
    pub fn incident_type(&self, id: &IncidentTypeId) -> Option<&IncidentType> {
        self.types.iter().find(|kind| kind.id == *id)
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

    /// The severity that somebody means: its id, its name, or `sev1` for the worst.
    pub fn find_severity(&self, word: &str) -> Result<&Severity, Refusal> {
        let wanted = fold(word);
        let numbered = wanted.strip_prefix("sev").or_else(|| wanted.strip_prefix('p'));
        let by_number = numbered
            .and_then(|digits| digits.parse::<usize>().ok())
            .and_then(|n| self.severities.iter().rev().nth(n.checked_sub(1)?));
        self.severities
            .iter()
            .find(|severity| severity.id.as_str() == word || fold(&severity.name) == wanted)
            .or_else(|| unique_prefix(&self.severities, &wanted, |severity| &severity.name))
            .or(by_number)
            .ok_or_else(|| {
                Refusal::UnknownSeverity(unknown(word, self.severities.iter().map(|s| &s.name)))
            })
    }

    /// The status that somebody means: its id or its name.
    pub fn find_status(&self, word: &str) -> Result<&Status, Refusal> {
        let wanted = fold(word);
        self.statuses
            .iter()
            .find(|status| status.id.as_str() == word || fold(&status.name) == wanted)
            .or_else(|| unique_prefix(&self.statuses, &wanted, |status| &status.name))
            .ok_or_else(|| {
                Refusal::UnknownStatus(unknown(word, self.statuses.iter().map(|s| &s.name)))
            })
    }

    /// The type of incident that somebody means: its id or its name.
    pub fn find_type(&self, word: &str) -> Result<&IncidentType, Refusal> {
        let wanted = fold(word);
        self.types
            .iter()
            .find(|kind| kind.id.as_str() == word || fold(&kind.name) == wanted)
            .or_else(|| unique_prefix(&self.types, &wanted, |kind| &kind.name))
            .ok_or_else(|| Refusal::UnknownType(unknown(word, self.types.iter().map(|t| &t.name))))
    }

    /// The role that somebody means: its id, its name or its short form.
    pub fn find_role(&self, word: &str) -> Result<&Role, Refusal> {
        let wanted = fold(word);
        self.roles
            .iter()
            .find(|role| {
                role.id.as_str() == word
                    || fold(&role.name) == wanted
                    || fold(&role.shortform) == wanted
            })
            .or_else(|| unique_prefix(&self.roles, &wanted, |role| &role.name))
            // `/incident lead` works in a workspace that calls its lead something else.
            .or_else(|| (wanted == "lead").then(|| self.lead()))
            .ok_or_else(|| {
                Refusal::UnknownRole(unknown(word, self.roles.iter().map(|r| &r.shortform)))
            })
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        let severity = |rank: i64, name: &str, description: &str| Severity {
            id: SeverityId::new(default_id("SEV", rank)),
            name: name.to_owned(),
            description: description.to_owned(),
            rank,
        };
        let status = |rank: i64, category: StatusCategory, name: &str, description: &str| Status {
            id: status_id(rank),
            name: name.to_owned(),
            description: description.to_owned(),
            category,
            rank,
        };
        let role =
            |rank: i64, kind: RoleKind, name: &str, shortform: &str, instructions: &str| Role {
                id: RoleId::new(default_id("R0E", rank)),
                name: name.to_owned(),
                shortform: shortform.to_owned(),
                instructions: instructions.to_owned(),
                kind,
                rank,
            };
        let timestamp = |rank: i64, name: &str, stamped_when: StampedWhen| TimestampKind {
            id: TimestampId::new(default_id("TSP", rank)),
            name: name.to_owned(),
            stamped_when,
            rank,
        };
        use StatusCategory::{Canceled, Closed, Declined, Learning, Live, Merged, Paused, Triage};
        Catalogue {
            severities: vec![
                severity(1, "Minor", "A few people are affected, or there is a way around it."),
                severity(
                    2,
                    "Major",
                    "Many people are affected, or an important part does not work.",
                ),
                severity(3, "Critical", "Most people are affected, or data or money is at risk."),
            ],
            statuses: vec![
                status(1, Triage, "Triage", "Finding out whether it is an incident."),
                status(INVESTIGATING, Live, "Investigating", "Finding out what is wrong."),
                status(FIXING, Live, "Fixing", "The cause is known; a fix is on its way."),
                status(MONITORING, Live, "Monitoring", "Fixed, and being watched."),
                status(5, Paused, "Paused", "Work rests for now."),
                status(6, Learning, "Documenting", "Over; what happened is being written down."),
                status(7, Learning, "Reviewing", "What was written is being reviewed."),
                status(8, Closed, "Closed", "Nothing is left to do."),
                status(9, Declined, "Declined", "It was not an incident."),
                status(10, Merged, "Merged", "It goes on in another incident."),
                status(11, Canceled, "Canceled", "It was declared by mistake."),
            ],
            roles: vec![
                role(
                    1,
                    RoleKind::Lead,
                    "Incident Lead",
                    "lead",
                    "You run the incident: keep everybody on the next step, hand out work, and see that updates go out. You need not fix it yourself.",
                ),
                role(
                    2,
                    RoleKind::Reporter,
                    "Reporter",
                    "reporter",
                    "You declared the incident: say what you saw, and since when.",
                ),
                role(
                    3,
                    RoleKind::Custom,
                    "Communications",
                    "comms",
                    "You tell those outside the channel what they need to know, and keep questions away from those who are fixing.",
                ),
                role(
                    4,
                    RoleKind::Custom,
                    "Scribe",
                    "scribe",
                    "You write down what is found and decided while it happens: `/incident note` keeps it in the timeline.",
                ),
            ],
            timestamps: vec![
                timestamp(1, "Reported", StampedWhen::Declared),
                timestamp(2, "Accepted", StampedWhen::Reaches(Live)),
                timestamp(3, "Identified", StampedWhen::HasStatus(status_id(FIXING))),
                timestamp(4, "Fixed", StampedWhen::HasStatus(status_id(MONITORING))),
                timestamp(5, "Resolved", StampedWhen::Reaches(Learning)),
                timestamp(6, "Closed", StampedWhen::Reaches(Closed)),
            ],
            types: default_types(),
            tags: Vec::new(),
            environments: Vec::new(),
        }
    }
}

const INVESTIGATING: i64 = 2;
const FIXING: i64 = 3;
const MONITORING: i64 = 4;

fn status_id(rank: i64) -> StatusId {
    StatusId::new(default_id("STA", rank))
}

/// Ids of the defaults are the same in every workspace: a well-formed ULID that says what it is.
fn default_id(kind: &str, rank: i64) -> String {
    format!("01STENT0R{kind}{rank:014}")
}

/// Something in the catalogue that nobody can mean by this word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was typed.
    pub given: String,
    /// What could have been typed.
    pub known: Vec<String>,
    /// What was probably meant.
    pub nearest: Option<String>,
}

fn unknown<'a>(given: &str, known: impl Iterator<Item = &'a String>) -> Unknown {
    let known: Vec<String> = known.cloned().collect();
    // It is repeated in the answer, which has to stay readable.
    Unknown { given: shorten(given, 80), nearest: nearest(given, &known), known }
}

/// Case, spaces, dashes and underscores don't tell names apart.
fn fold(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `crit` is enough for `Critical`, as long as nothing else begins that way.
fn unique_prefix<'a, T>(all: &'a [T], wanted: &str, name: impl Fn(&T) -> &String) -> Option<&'a T> {
    if wanted.len() < 3 {
        return None;
    }
    let mut matching = all.iter().filter(|one| fold(name(one)).starts_with(wanted));
    let first = matching.next()?;
    matching.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_found_by_what_people_type() {
        let catalogue = Catalogue::default();
        for (typed, meant) in [
            ("major", "Major"),
            ("MAJOR", "Major"),
            ("crit", "Critical"),
            ("sev1", "Critical"),
            ("SEV-3", "Minor"),
            ("p2", "Major"),
        ] {
            assert_eq!(catalogue.find_severity(typed).unwrap().name, meant, "{typed}");
        }
        for typed in ["m", "sev4", "sev0", "", "catastrophic"] {
            assert!(catalogue.find_severity(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn an_unknown_word_brings_the_nearest_known_one() {
        let Err(Refusal::UnknownStatus(unknown)) = Catalogue::default().find_status("fixin up")
        else {
            panic!("it is not a status");
        };
        assert_eq!(unknown.nearest.as_deref(), Some("Fixing"));
    }

    #[test]
    fn a_catalogue_of_an_older_version_has_the_default_type() {
        let mut document = serde_json::to_value(Catalogue::default()).unwrap();
        document.as_object_mut().unwrap().remove("types");
        let catalogue: Catalogue = serde_json::from_value(document).unwrap();
        assert_eq!(catalogue, Catalogue::default());
        assert_eq!(catalogue.find_type("default").unwrap().name, "Default");
    }

    #[test]
    fn default_ids_are_ulids() {
        let catalogue = Catalogue::default();
        let ids = catalogue.severities.iter().map(|s| s.id.as_str());
        let ids = ids.chain(catalogue.statuses.iter().map(|s| s.id.as_str()));
        let ids = ids.chain(catalogue.roles.iter().map(|r| r.id.as_str()));
        let ids = ids.chain(catalogue.types.iter().map(|t| t.id.as_str()));
        for id in ids.chain(catalogue.timestamps.iter().map(|t| t.id.as_str())) {
            assert!(ulid::Ulid::from_string(id).is_ok(), "{id}");
        }
    }
}
