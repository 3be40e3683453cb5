//! The forms that give an incident a tag, and take one from it.

use crate::incident::catalogue::Catalogue;
use crate::incident::state::Incident;
use crate::incident::tags::definition::{NAME_LIMIT, TOGETHER_LIMIT, TagDefinition};
use crate::incident::tags::tagged;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Choice, Element};
use crate::slack::view::kit::modal::Modal;

/// The most tags that one menu can show.
const SHOWN: usize = 100;

pub(super) fn tag(
    incident: &Incident,
    catalogue: &Catalogue,
    begins_with: Option<&str>,
    origin: &str,
) -> Modal {
    let begins_with = begins_with.and_then(|word| catalogue.find_tag(word).ok());
    let used = catalogue.tags.iter().filter(|tag| tag.active);
    // The one to begin with is there, however many there are.
    let first = begins_with.filter(|tag| tag.active);
    let others = used.filter(|tag| Some(tag.id.as_str()) != first.map(|first| first.id.as_str()));
    let choices = first.into_iter().chain(others).take(SHOWN).map(choice).collect();
    let select = menu(choices, first.map(|tag| tag.id.as_str()));
    let value = first.and_then(|tag| incident.tags.get(&tag.id));
    let value = value.map(|tagged| tagged.values.join(", ")).unwrap_or_default();
    let value = Element::line(&value, TOGETHER_LIMIT);
    let value = Block::optional_input("value", "What is it?", value)
        .with_hint("Where a tag has several values, put commas between them.");
    Modal::new("tag", "Tag", "Tag", origin, vec![Block::input("tag", "Which tag?", select), value])
}

pub(super) fn untag(incident: &Incident, catalogue: &Catalogue, origin: &str) -> Modal {
    let choices = tagged(incident, catalogue).take(SHOWN).map(|(tag, _)| choice(tag)).collect();
    let select = menu(choices, None);
    Modal::new("untag", "Untag", "Remove", origin, vec![Block::input("tag", "Which tag?", select)])
}

fn choice(tag: &TagDefinition) -> Choice {
    Choice::new(tag.id.as_str(), &tag.name).described(&tag.description)
}

/// Where there is nothing to choose, a name can be written; the answer says that there is none.
fn menu(choices: Vec<Choice>, chosen: Option<&str>) -> Element {
    Element::select(choices, chosen).unwrap_or_else(|| Element::line("", NAME_LIMIT))
}
