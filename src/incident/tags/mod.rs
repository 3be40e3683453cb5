//! Tags: what a workspace wants to know of its incidents besides what everybody wants to know.
//!
//! The definitions stand in the catalogue, the values in the incident's state, with who gave them.

pub mod definition;
pub mod finding;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::incident::catalogue::Catalogue;
use crate::incident::decide::Context;
use crate::incident::event::{Actor, Event};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::incident::tags::definition::{BadTag, TagDefinition};

/// What an incident has of a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tagged {
    /// Its values: one, but for tags that have several.
    pub values: Vec<String>,
    /// Who gave it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// Gives an incident a tag, in place of what it had of it.
pub(super) fn set(
    incident: &Incident,
    word: &str,
    value: &str,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let tag = context.catalogue.find_tag(word)?;
    if !tag.active {
        return Err(BadTag::NotUsed { name: tag.name.clone() }.into());
    }
    let to = tag.read(value)?;
    let from = incident.tags.get(&tag.id).map(|tagged| tagged.values.clone());
    if from.as_ref() == Some(&to) {
        let what = format!("{} is {} already", tag.name, to.join(", "));
        return Err(Refusal::AlreadySo { what });
    }
    Ok(vec![Event::TagSet { tag: tag.id.clone(), from, to }])
}

/// Takes a tag from an incident, whether it is still used or not.
pub(super) fn remove(
    incident: &Incident,
    word: &str,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let tag = context.catalogue.find_tag(word)?;
    match incident.tags.get(&tag.id) {
        Some(tagged) => {
            Ok(vec![Event::TagRemoved { tag: tag.id.clone(), from: tagged.values.clone() }])
        }
        None => Err(Refusal::AlreadySo { what: format!("The incident has no tag {}", tag.name) }),
    }
}

/// The tags that an incident has, with what each is, in the order of the catalogue.
pub fn tagged<'a>(
    incident: &'a Incident,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a TagDefinition, &'a Tagged)> {
    let tags = catalogue.tags.iter();
    tags.filter_map(|tag| Some((tag, incident.tags.get(&tag.id)?)))
}

/// The names and values of an incident's tags: a pair for each value.
pub fn tags<'a>(incident: &'a Incident, catalogue: &'a Catalogue) -> Vec<(&'a str, &'a str)> {
    let pairs = tagged(incident, catalogue).flat_map(|(tag, tagged)| {
        tagged.values.iter().map(|value| (tag.name.as_str(), value.as_str()))
    });
    pairs.collect()
}
