//! What tags a workspace has: their names, and what their values can be.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::TagId;
use crate::incident::catalogue::Catalogue;
use crate::incident::event::Actor;
use crate::incident::text::{clean_line, fold, nearest, shorten};

/// The longest name of a tag, in characters.
pub const NAME_LIMIT: usize = 20;
/// The longest description of a tag, in characters.
pub const DESCRIPTION_LIMIT: usize = 200;
/// The longest value, in characters.
pub const VALUE_LIMIT: usize = 512;
/// The most values that a tag has on one incident.
pub const ITEMS_LIMIT: usize = 30;
/// How long all values of a tag on one incident may be together, in characters: the incident is
/// written with each of its changes.
pub const TOGETHER_LIMIT: usize = 2_048;
/// The most values to choose from.
pub const CHOICES_LIMIT: usize = 100;
/// The most tags of a workspace, those that are not used any more among them.
pub const TAGS_LIMIT: usize = 200;

/// What the values of a tag can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TagKind {
    /// A text.
    Text,
    /// One of a list whose first is the most urgent.
    Priority,
    /// Several texts.
    MultiValue,
    /// Several of a list.
    ClosedListMulti,
    /// One of a list.
    ClosedListSingle,
}

impl TagKind {
    /// Whether an incident can have several values of it.
    pub fn has_several(self) -> bool {
        matches!(self, TagKind::MultiValue | TagKind::ClosedListMulti)
    }

    /// Whether its values are chosen from a list.
    pub fn has_choices(self) -> bool {
        matches!(self, TagKind::Priority | TagKind::ClosedListMulti | TagKind::ClosedListSingle)
    }
}

/// A tag that incidents can have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagDefinition {
    /// Its id.
    #[schema(value_type = String)]
    pub id: TagId,
    /// What people call it.
    #[schema(example = "priority")]
    pub name: String,
    /// What its values can be. It never changes: the values that are there would not fit.
    pub kind: TagKind,
    /// What it is for; empty if nobody has said.
    #[serde(default)]
    pub description: String,
    /// Whether it can be given to incidents. Those that have it keep it.
    #[serde(default = "yes")]
    pub active: bool,
    /// What there is to choose from, where its values are chosen: of priorities, the most urgent first.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Who made it.
    pub created_by: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

fn yes() -> bool {
    true
}

/// A tag that somebody wants to have.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewIncidentTag)]
pub struct NewTag {
    /// What people call it, in 1 to 20 characters.
    #[schema(example = "priority")]
    pub name: String,
    /// What its values can be.
    pub kind: TagKind,
    /// What it is for, in at most 200 characters.
    #[serde(default)]
    pub description: String,
    /// Whether it can be given to incidents.
    #[serde(default = "yes")]
    pub active: bool,
    /// From 1 to 100 values to choose from, where they are chosen (`priority`, `closed_list_multi`,
    /// `closed_list_single`): of priorities, the most urgent first.
    #[serde(default)]
    #[schema(example = json!(["P1", "P2", "P3"]))]
    pub choices: Vec<String>,
}

/// How a tag is to be other than it is. What is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncidentTagChange)]
pub struct TagChange {
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it can be given to incidents.
    #[serde(default)]
    pub active: Option<bool>,
    /// What there is to choose from. Values that incidents have stay, also if they are no choice any
    /// more.
    #[serde(default)]
    pub choices: Option<Vec<String>>,
    /// What its values can be: only as it is.
    #[serde(default)]
    pub kind: Option<TagKind>,
}

/// Why there is no such tag, or no such value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTag {
    /// No tag goes by this word.
    #[error("{}", no_such_tag(given, known, nearest.as_deref()))]
    NoSuchTag {
        /// What was given.
        given: String,
        /// What could have been.
        known: Vec<String>,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// It has no name that can be said.
    #[error("A tag has a name of 1 to {NAME_LIMIT} characters.")]
    Name,
    /// Another one goes by that name.
    #[error("There is a tag \u{201c}{name}\u{201d} already.")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The description is too long.
    #[error("A description of a tag has at most {DESCRIPTION_LIMIT} characters.")]
    Description,
    /// What there is to choose from makes no sense.
    #[error("{0}")]
    Choices(&'static str),
    /// The kind was to become another one.
    #[error("What the values of a tag can be stays as it is; make another tag instead.")]
    KindIsFixed,
    /// There are as many as there can be.
    #[error("There are {TAGS_LIMIT} tags, which is the most.")]
    Enough,
    /// It is not used any more.
    #[error("The tag \u{201c}{name}\u{201d} is not used any more.")]
    NotUsed {
        /// Its name.
        name: String,
    },
    /// It is not said what its value is.
    #[error("Say the value of \u{201c}{name}\u{201d}.")]
    NoValue {
        /// Its name.
        name: String,
    },
    /// The value is too long.
    #[error("A value of a tag has at most {VALUE_LIMIT} characters.")]
    ValueTooLong,
    /// The values are too many.
    #[error("A tag has at most {ITEMS_LIMIT} values, of {TOGETHER_LIMIT} characters together.")]
    TooManyValues,
    /// The value is none that can be chosen.
    #[error("\u{201c}{given}\u{201d} is no value of \u{201c}{name}\u{201d}. There are: {choices}.")]
    NoChoice {
        /// The tag's name.
        name: String,
        /// What was given.
        given: String,
        /// What could have been.
        choices: String,
    },
}

impl BadTag {
    /// The field that has to be corrected.
    pub fn field(&self) -> &'static str {
        match self {
            BadTag::NoSuchTag { .. } | BadTag::NotUsed { .. } | BadTag::Enough => "tag",
            BadTag::Name | BadTag::NameTaken { .. } => "name",
            BadTag::Description => "description",
            BadTag::Choices(_) => "choices",
            BadTag::KindIsFixed => "kind",
            BadTag::NoValue { .. }
            | BadTag::ValueTooLong
            | BadTag::TooManyValues
            | BadTag::NoChoice { .. } => "value",
        }
    }
}

fn no_such_tag(given: &str, known: &[String], nearest: Option<&str>) -> String {
    let there_are = match known {
        [] => "There are none yet; they are made through the API.".to_owned(),
        known => format!("There are: {}.", known.join(", ")),
    };
    match nearest {
        Some(nearest) => {
            format!("There is no tag \u{201c}{given}\u{201d}. Did you mean {nearest}? {there_are}")
        }
        None => format!("There is no tag \u{201c}{given}\u{201d}. {there_are}"),
    }
}

impl Catalogue {
    /// The tag with this id.
    pub fn tag(&self, id: &TagId) -> Option<&TagDefinition> {
        self.tags.iter().find(|tag| tag.id == *id)
    }

    /// The tag that somebody means: its id or its name.
    pub fn find_tag(&self, word: &str) -> Result<&TagDefinition, BadTag> {
        let wanted = fold(word);
        let same_name = |tag: &&TagDefinition| {
            !wanted.is_empty() && fold(&tag.name) == wanted || tag.name == word.trim()
        };
        let mut tags = self.tags.iter();
        tags.find(|tag| tag.id.as_str() == word)
            .or_else(|| self.tags.iter().find(|tag| tag.name == word.trim()))
            .or_else(|| self.tags.iter().find(same_name))
            .ok_or_else(|| {
                let used = self.tags.iter().filter(|tag| tag.active);
                let known: Vec<String> = used.map(|tag| tag.name.clone()).take(30).collect();
                // It is repeated in the answer, which has to stay readable.
                let (given, nearest) = (shorten(word, 80), nearest(word, &known));
                BadTag::NoSuchTag { given, known, nearest }
            })
    }
}

/// Makes a tag.
pub fn create(
    catalogue: &mut Catalogue,
    id: TagId,
    wanted: &NewTag,
    by: &Actor,
    now: Timestamp,
) -> Result<TagId, BadTag> {
    if catalogue.tags.len() >= TAGS_LIMIT {
        return Err(BadTag::Enough);
    }
    let tag = TagDefinition {
        id: id.clone(),
        name: name(catalogue, &wanted.name, None)?,
        kind: wanted.kind,
        description: description(&wanted.description)?,
        active: wanted.active,
        choices: choices(wanted.kind, &wanted.choices)?,
        created_by: by.clone(),
        created_at: now,
        updated_at: now,
    };
    catalogue.tags.push(tag);
    Ok(id)
}

/// Changes a tag. The values that incidents have stay as they are.
pub fn change(
    catalogue: &mut Catalogue,
    id: &TagId,
    wanted: &TagChange,
    now: Timestamp,
) -> Result<TagId, BadTag> {
    let mut tag = catalogue.find_tag(id.as_str())?.clone();
    if wanted.kind.is_some_and(|kind| kind != tag.kind) {
        return Err(BadTag::KindIsFixed);
    }
    if let Some(given) = &wanted.name {
        tag.name = name(catalogue, given, Some(id))?;
    }
    if let Some(given) = &wanted.description {
        tag.description = description(given)?;
    }
    if let Some(given) = &wanted.choices {
        tag.choices = choices(tag.kind, given)?;
    }
    tag.active = wanted.active.unwrap_or(tag.active);
    tag.updated_at = now;
    if let Some(place) = catalogue.tags.iter_mut().find(|known| known.id == tag.id) {
        *place = tag;
    }
    Ok(id.clone())
}

fn name(catalogue: &Catalogue, given: &str, own: Option<&TagId>) -> Result<String, BadTag> {
    let name = clean_line(given);
    if !(1..=NAME_LIMIT).contains(&name.chars().count()) {
        return Err(BadTag::Name);
    }
    let is_taken = |tag: &TagDefinition| {
        Some(&tag.id) != own && (fold(&tag.name) == fold(&name) || tag.id.as_str() == name)
    };
    match catalogue.tags.iter().any(is_taken) {
        true => Err(BadTag::NameTaken { name }),
        false => Ok(name),
    }
}

fn description(given: &str) -> Result<String, BadTag> {
    let description = clean_line(given);
    match description.chars().count() <= DESCRIPTION_LIMIT {
        true => Ok(description),
        false => Err(BadTag::Description),
    }
}

fn choices(kind: TagKind, given: &[String]) -> Result<Vec<String>, BadTag> {
    if !kind.has_choices() {
        return match given {
            [] => Ok(Vec::new()),
            _ => Err(BadTag::Choices("The values of such a tag are not chosen from a list.")),
        };
    }
    if !(1..=CHOICES_LIMIT).contains(&given.len()) {
        return Err(BadTag::Choices("Such a tag has from 1 to 100 values to choose from."));
    }
    let mut choices: Vec<String> = Vec::with_capacity(given.len());
    for choice in given {
        let choice = clean_line(choice);
        if choice.is_empty() || choice.chars().count() > VALUE_LIMIT {
            return Err(BadTag::Choices("A value to choose has from 1 to 512 characters."));
        }
        if choices.contains(&choice) {
            return Err(BadTag::Choices("A value to choose is there twice."));
        }
        choices.push(choice);
    }
    Ok(choices)
}

impl TagDefinition {
    /// What somebody wrote as its value: one, or several as a JSON list or with commas between.
    pub fn read(&self, text: &str) -> Result<Vec<String>, BadTag> {
        let mut values: Vec<String> = Vec::new();
        for value in self.split(text) {
            let value = self.chosen(clean_line(&value))?;
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        let together: usize = values.iter().map(|value| value.chars().count()).sum();
        if values.is_empty() {
            Err(BadTag::NoValue { name: self.name.clone() })
        } else if values.iter().any(|value| value.chars().count() > VALUE_LIMIT) {
            Err(BadTag::ValueTooLong)
        } else if values.len() > ITEMS_LIMIT || together > TOGETHER_LIMIT {
            Err(BadTag::TooManyValues)
        } else {
            Ok(values)
        }
    }

    fn split(&self, text: &str) -> Vec<String> {
        if !self.kind.has_several() {
            return vec![text.to_owned()];
        }
        match serde_json::from_str(text) {
            Ok(values) => values,
            Err(_) => text.split(',').map(str::to_owned).collect(),
        }
    }

    fn chosen(&self, value: String) -> Result<String, BadTag> {
        if !self.kind.has_choices() || value.is_empty() {
            return Ok(value);
        }
        let same = |choice: &&String| **choice == value;
        let alike = |choice: &&String| choice.to_lowercase() == value.to_lowercase();
        let found = self.choices.iter().find(same).or_else(|| self.choices.iter().find(alike));
        found.cloned().ok_or_else(|| BadTag::NoChoice {
            name: self.name.clone(),
            given: shorten(&value, 80),
            choices: shorten(&self.choices.join(", "), 400),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(wanted: &NewTag) -> Result<Catalogue, BadTag> {
        let mut catalogue = Catalogue::default();
        create(&mut catalogue, "T1".into(), wanted, &Actor::Stentor, Timestamp::default())?;
        Ok(catalogue)
    }

    fn tag(kind: TagKind, choices: &[&str]) -> NewTag {
        let choices = choices.iter().map(|&choice| choice.to_owned()).collect();
        let (name, description) = ("Team Of".to_owned(), String::new());
        NewTag { name, kind, description, active: true, choices }
    }

    fn read(kind: TagKind, choices: &[&str], text: &str) -> Result<Vec<String>, BadTag> {
        with(&tag(kind, choices)).unwrap().tags[0].read(text)
    }

    #[test]
    fn values_are_read_as_their_kind_wants() {
        assert_eq!(read(TagKind::Text, &[], " a,  b\n"), Ok(vec!["a, b".to_owned()]));
        assert_eq!(
            read(TagKind::MultiValue, &[], "a, b ,,a"),
            Ok(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(
            read(TagKind::MultiValue, &[], r#"["a, b", "c"]"#),
            Ok(vec!["a, b".to_owned(), "c".to_owned()])
        );
        assert_eq!(read(TagKind::Priority, &["P1", "P2"], "p2"), Ok(vec!["P2".to_owned()]));
        for (kind, choices, text) in [
            (TagKind::Text, &[][..], " "),
            (TagKind::MultiValue, &[], "[]"),
            (TagKind::Priority, &["P1"], "P9"),
            (TagKind::ClosedListSingle, &["a", "b"], "a, b"),
            (TagKind::ClosedListMulti, &["a", "b"], "a, c"),
        ] {
            assert!(read(kind, choices, text).is_err(), "{text}");
        }
        assert_eq!(read(TagKind::Text, &[], &"x".repeat(513)), Err(BadTag::ValueTooLong));
        let many: Vec<String> = (0..31).map(|n| n.to_string()).collect();
        assert_eq!(read(TagKind::MultiValue, &[], &many.join(",")), Err(BadTag::TooManyValues));
    }

    #[test]
    fn a_tag_that_makes_no_sense_is_not_made() {
        for wanted in [
            NewTag { name: " ".to_owned(), ..tag(TagKind::Text, &[]) },
            NewTag { name: "x".repeat(21), ..tag(TagKind::Text, &[]) },
            NewTag { description: "x".repeat(201), ..tag(TagKind::Text, &[]) },
            tag(TagKind::Text, &["a"]),
            tag(TagKind::Priority, &[]),
            tag(TagKind::Priority, &["a", "a"]),
            tag(TagKind::ClosedListMulti, &[""]),
        ] {
            assert!(with(&wanted).is_err(), "{wanted:?}");
        }
        let mut catalogue = with(&tag(TagKind::Text, &[])).unwrap();
        let again = NewTag { name: "team-of".to_owned(), ..tag(TagKind::Text, &[]) };
        let (by, now) = (Actor::Stentor, Timestamp::default());
        let taken = create(&mut catalogue, "T2".into(), &again, &by, now);
        assert_eq!(taken, Err(BadTag::NameTaken { name: "team-of".to_owned() }));
        let kind = TagChange { kind: Some(TagKind::Priority), ..TagChange::default() };
        let changed = change(&mut catalogue, &"T1".into(), &kind, now);
        assert_eq!(changed, Err(BadTag::KindIsFixed));
        let own = TagChange { name: Some("TEAM of".to_owned()), ..TagChange::default() };
        change(&mut catalogue, &"T1".into(), &own, now).unwrap();
        assert_eq!(catalogue.find_tag("team_of").unwrap().name, "TEAM of");
        assert!(catalogue.find_tag("").is_err());
    }
}
