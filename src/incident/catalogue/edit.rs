//! Changing what things are called: a command goes in, and the catalogue is another one, or the same
//! and a sentence says why.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{
    CustomFieldId, DurationId, FieldOptionId, IncidentTypeId, RoleId, SeverityId, StatusId,
    TimestampId,
};
use crate::incident::catalogue::duration::DurationMetric;
use crate::incident::catalogue::field::{CustomField, FieldType};
use crate::incident::catalogue::parts::{Part, options};
use crate::incident::catalogue::{
    Catalogue, CreateInTriage, IncidentType, Role, Severity, StampedWhen, Status, StatusCategory,
    TimestampKind,
};

/// What somebody wants of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueCommand {
    /// About a severity.
    Severity(Edit<SeverityId, SeverityWords>),
    /// About a status.
    Status(Edit<StatusId, StatusWords>),
    /// About a role.
    Role(Edit<RoleId, RoleWords>),
    /// About a type of incident.
    Type(Edit<IncidentTypeId, TypeWords>),
    /// About a field.
    Field(Edit<CustomFieldId, FieldWords>),
    /// About an option of a field.
    Option(Edit<FieldOptionId, OptionWords>),
    /// About a kind of timestamp.
    Timestamp(Edit<TimestampId, TimestampWords>),
    /// About a duration.
    Duration(Edit<DurationId, DurationWords>),
}

/// What is to be done with one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit<I, W> {
    /// There is to be another one.
    Create(W),
    /// This one is to be otherwise. What is left out stays.
    Change {
        /// Which.
        id: I,
        /// What it is to say.
        words: W,
    },
    /// This one is not to be chosen any more.
    Remove {
        /// Which.
        id: I,
    },
}

/// What a severity is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SeverityWords {
    /// What people call it: at most 50 characters. A new one needs it.
    pub name: Option<String>,
    /// When to choose it: at most 1,000 characters.
    pub description: Option<String>,
    /// Its place in the order; higher is worse. A new one is the worst if it is left out.
    pub rank: Option<i64>,
}

/// What a status is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StatusWords {
    /// The part of life it belongs to, which never changes: `live`, `learning` or `closed`. A new
    /// one needs it.
    pub category: Option<StatusCategory>,
    /// What people call it: at most 75 characters. A new one needs it.
    pub name: Option<String>,
    /// When it applies: at most 1,000 characters.
    pub description: Option<String>,
    /// Its place within its part of life, where no two are the same. A new one is the last if it is
    /// left out.
    pub rank: Option<i64>,
}

/// What a role is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleWords {
    /// What people call it: at most 75 characters. A new one needs it.
    pub name: Option<String>,
    /// What the job is: at most 1,000 characters.
    pub description: Option<String>,
    /// What its holder is told to do: at most 2,000 characters.
    pub instructions: Option<String>,
    /// The word for it in a command: at most 30 characters, without spaces. If a new one has none,
    /// it is made of the name.
    pub shortform: Option<String>,
    /// Somebody has to hold it in every incident.
    pub required: Option<bool>,
}

/// What a type of incident is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypeWords {
    /// What people call it: at most 75 characters. A new one needs it.
    pub name: Option<String>,
    /// What belongs to it: at most 1,000 characters.
    pub description: Option<String>,
    /// Incidents that are declared without a type are of this one; the one that was so is not any
    /// more.
    pub is_default: Option<bool>,
    /// Its incidents are private from the start.
    pub private_incidents_only: Option<bool>,
    /// Whether somebody has to accept its incidents first.
    pub create_in_triage: Option<CreateInTriage>,
}

/// What a field is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FieldWords {
    /// What people call it: at most 50 characters. A new one needs it.
    pub name: Option<String>,
    /// What belongs there: at most 1,000 characters.
    pub description: Option<String>,
    /// What kind of values it has, which never changes. A new one needs it.
    pub field_type: Option<FieldType>,
}

/// What an option of a field is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OptionWords {
    /// The field it belongs to, which never changes. A new one needs it.
    #[schema(value_type = Option<String>)]
    pub field: Option<CustomFieldId>,
    /// What people read: at most 250 characters. A new one needs it.
    pub value: Option<String>,
    /// Its place in the order; 1000 for a new one, if it is left out.
    pub sort_key: Option<i64>,
}

/// What a kind of timestamp is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimestampWords {
    /// What people call it: at most 75 characters. A new one needs it.
    pub name: Option<String>,
    /// Its place in the order. A new one is the last if it is left out.
    pub rank: Option<i64>,
    /// What sets it; a new one is set by hand, if it is left out.
    pub stamped_when: Option<StampedWhen>,
}

/// What a duration is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DurationWords {
    /// What people call it: at most 75 characters. A new one needs it.
    pub name: Option<String>,
    /// The timestamp at which it begins: an id or a name. A new one needs it.
    pub from: Option<String>,
    /// The timestamp at which it ends: an id or a name. A new one needs it.
    pub to: Option<String>,
    /// Its place in the order. A new one is the last if it is left out.
    pub rank: Option<i64>,
}

/// A kind of thing in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CataloguePart)]
pub enum Kind {
    /// A severity.
    Severity,
    /// A status.
    Status,
    /// A role.
    Role,
    /// A type of incident.
    IncidentType,
    /// A field.
    CustomField,
    /// An option of a field.
    FieldOption,
    /// A kind of timestamp.
    Timestamp,
    /// A duration.
    Duration,
}

impl Kind {
    /// What people call one.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Severity => "severity",
            Kind::Status => "status",
            Kind::Role => "role",
            Kind::IncidentType => "incident type",
            Kind::CustomField => "custom field",
            Kind::FieldOption => "option",
            Kind::Timestamp => "timestamp",
            Kind::Duration => "duration",
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CatalogueAction)]
pub enum Action {
    /// It was made.
    Created,
    /// It says something else.
    Changed,
    /// Nobody can choose it any more.
    Removed,
    /// It was asked for what it says already.
    Unchanged,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edited {
    /// Which kind of thing it was about.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// What was done.
    pub action: Action,
    /// What it said before; nothing of what is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// What it says now, or said last.
    #[schema(value_type = Object)]
    pub after: Value,
}

/// Why the catalogue stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEdit {
    /// Nothing has that id.
    #[error("There is no such {}.", .what.noun())]
    NoSuch {
        /// What was asked for.
        what: Kind,
    },
    /// A new one can't be without it.
    #[error("A new {} needs its {field}.", .what.noun())]
    Missing {
        /// Which field.
        field: &'static str,
        /// What is to be made.
        what: Kind,
    },
    /// A text is longer than can be shown.
    #[error("That is {length} characters; {limit} is the most for `{field}`.")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// How long it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// People could not tell two apart.
    #[error("There is a {} called \u{201c}{name}\u{201d} already.", .what.noun())]
    NameTaken {
        /// Which field.
        field: &'static str,
        /// The name.
        name: String,
        /// What has it.
        what: Kind,
    },
    /// Two of them would stand in the same place.
    #[error("\u{201c}{by}\u{201d} has the rank {rank} in that category already.")]
    RankTaken {
        /// The rank.
        rank: i64,
        /// What has it.
        by: String,
    },
    /// There are as many as people can choose from.
    #[error("There are {limit} of them already, which is the most: remove one first.")]
    TooMany {
        /// How many there can be.
        limit: usize,
    },
    /// It can't be so.
    #[error("{why}")]
    Unfit {
        /// Which field.
        field: &'static str,
        /// Why not, as a sentence.
        why: String,
    },
    /// It can't be removed.
    #[error("{why}")]
    Needed {
        /// Why not, as a sentence.
        why: String,
    },
}

impl BadEdit {
    /// The field that has to be corrected, where it is one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            BadEdit::Missing { field, .. }
            | BadEdit::TooLong { field, .. }
            | BadEdit::NameTaken { field, .. }
            | BadEdit::Unfit { field, .. } => Some(field),
            BadEdit::RankTaken { .. } => Some("rank"),
            BadEdit::NoSuch { .. } | BadEdit::TooMany { .. } | BadEdit::Needed { .. } => None,
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            BadEdit::NoSuch { .. } => "no-such-part",
            BadEdit::Missing { .. } => "missing-text",
            BadEdit::TooLong { .. } => "text-too-long",
            BadEdit::NameTaken { .. } => "name-taken",
            BadEdit::RankTaken { .. } => "rank-taken",
            BadEdit::TooMany { .. } => "too-many",
            BadEdit::Unfit { .. } => "unfit",
            BadEdit::Needed { .. } => "still-needed",
        }
    }
}

/// Carries a command out; what is new gets this id. On a refusal the catalogue is as it was.
pub fn edit(
    catalogue: &mut Catalogue,
    command: &CatalogueCommand,
    new_id: &str,
    now: Timestamp,
) -> Result<Edited, BadEdit> {
    match command {
        CatalogueCommand::Severity(edit) => part::<Severity>(catalogue, edit, new_id, now),
        CatalogueCommand::Status(edit) => part::<Status>(catalogue, edit, new_id, now),
        CatalogueCommand::Role(edit) => part::<Role>(catalogue, edit, new_id, now),
        CatalogueCommand::Type(edit) => part::<IncidentType>(catalogue, edit, new_id, now),
        CatalogueCommand::Field(edit) => part::<CustomField>(catalogue, edit, new_id, now),
        CatalogueCommand::Timestamp(edit) => part::<TimestampKind>(catalogue, edit, new_id, now),
        CatalogueCommand::Duration(edit) => part::<DurationMetric>(catalogue, edit, new_id, now),
        CatalogueCommand::Option(edit) => options::edit(catalogue, edit, new_id, now),
    }
}

/// What is kept of what was removed. Beyond that, what has the oldest of it shows that it is of before.
pub(super) const REMOVED_LIMIT: usize = 1_000;

fn part<P: Part>(
    catalogue: &mut Catalogue,
    edit: &Edit<P::Id, P::Words>,
    new_id: &str,
    now: Timestamp,
) -> Result<Edited, BadEdit> {
    let place = |catalogue: &Catalogue, id: &P::Id| {
        let found = P::all(catalogue).iter().position(|part| part.id() == id);
        found.ok_or(BadEdit::NoSuch { what: P::KIND })
    };
    match edit {
        Edit::Create(words) => {
            if P::all(catalogue).len() >= P::LIMIT {
                return Err(BadEdit::TooMany { limit: P::LIMIT });
            }
            let made = P::blank(new_id, now).filled(words, catalogue, true)?;
            let (id, after) = (made.id().clone(), value(&made));
            P::all_mut(catalogue).push(made);
            P::settle(catalogue, &id);
            Ok(edited::<P>(&id, Action::Created, None, after))
        }
        Edit::Change { id, words } => {
            let place = place(catalogue, id)?;
            let was = P::all(catalogue)[place].clone();
            let mut is = was.clone().filled(words, catalogue, false)?;
            if is == was {
                let said = value(&was);
                return Ok(edited::<P>(id, Action::Unchanged, Some(said.clone()), said));
            }
            is.touch(now);
            let (before, after) = (value(&was), value(&is));
            P::all_mut(catalogue)[place] = is;
            P::settle(catalogue, id);
            Ok(edited::<P>(id, Action::Changed, Some(before), after))
        }
        Edit::Remove { id } => {
            let place = place(catalogue, id)?;
            P::all(catalogue)[place].check_removal(catalogue)?;
            let gone = P::all_mut(catalogue).remove(place);
            let said = value(&gone);
            keep_aside(P::removed_mut(catalogue), gone);
            Ok(edited::<P>(id, Action::Removed, Some(said.clone()), said))
        }
    }
}

pub(super) fn keep_aside<P>(removed: &mut Vec<P>, gone: P) {
    if removed.len() >= REMOVED_LIMIT {
        removed.remove(0);
    }
    removed.push(gone);
}

fn edited<P: Part>(id: &P::Id, action: Action, before: Option<Value>, after: Value) -> Edited {
    Edited { kind: P::KIND, id: id.to_string(), action, before, after }
}

pub(super) fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("what is in a catalogue is plain data")
}
