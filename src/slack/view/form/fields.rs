//! The forms that ask for fields, times and the call, and that stop the work.

use crate::incident::catalogue::Catalogue;
use crate::incident::catalogue::field::{
    CustomField, FieldOption, FieldType, FieldValue, LINK_LIMIT, NUMBER_LIMIT, TEXT_LIMIT,
};
use crate::incident::state::Incident;
use crate::incident::text::MESSAGE_LIMIT;
use crate::slack::view::form::{FIELD, FIELD_BLOCK, TIMESTAMP_BLOCK, TIMESTAMPS};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Choice, Element};
use crate::slack::view::kit::modal::Modal;

/// The most that Slack shows to choose from.
const CHOICES: usize = 100;

/// All fields, or the one that is meant.
pub(super) fn fields(
    incident: &Incident,
    catalogue: &Catalogue,
    only: Option<&str>,
    origin: &str,
) -> Modal {
    let only = only.and_then(|word| catalogue.find_field(word).ok()).map(|field| &field.id);
    let shown = catalogue.fields.iter().filter(|field| only.is_none_or(|id| *id == field.id));
    let blocks = shown.map(|field| input(field, incident.fields.get(&field.id))).collect();
    Modal::new(FIELD, "Fields", "Save", origin, blocks)
}

fn input(field: &CustomField, value: Option<&FieldValue>) -> Block {
    let text = value.and_then(|value| field.readable(value).into_iter().next()).unwrap_or_default();
    let chosen: Vec<&str> =
        value.map_or(&[][..], FieldValue::options).iter().map(|id| id.as_str()).collect();
    let choices = || choices(field, &chosen);
    let element = match field.field_type {
        FieldType::SingleSelect => Element::select(choices(), chosen.first().copied()),
        FieldType::MultiSelect => Element::multi_select(choices(), &chosen),
        FieldType::Text => Some(Element::lines(&text, TEXT_LIMIT)),
        FieldType::Link => Some(Element::line(&text, LINK_LIMIT).with_placeholder("https://…")),
        FieldType::Numeric => Some(Element::line(&text, NUMBER_LIMIT).with_placeholder("12.5")),
    };
    // Nothing can be chosen, and Slack takes no empty list.
    let element =
        element.unwrap_or_else(|| Element::line("", 1).with_placeholder("No options yet"));
    let block = format!("{FIELD_BLOCK}{}", field.id);
    let input = Block::optional_input(&block, &field.name, element);
    match (field.description.is_empty(), field.options.len() > CHOICES) {
        (_, true) => input.with_hint("There are more options than fit here: type /incident field with the name of the field and the option."),
        (false, false) => input.with_hint(&field.description),
        (true, false) => input,
    }
}

/// What is chosen comes first, even if nobody else could choose it any more: a form that is sent off
/// as it opened changes nothing.
fn choices(field: &CustomField, chosen: &[&str]) -> Vec<Choice> {
    let is_chosen = |option: &&FieldOption| chosen.contains(&option.id.as_str());
    let kept = field.options.iter().chain(&field.removed_options).filter(is_chosen);
    let rest = field.options.iter().filter(|option| !is_chosen(option));
    let options = kept.chain(rest).take(CHOICES);
    options.map(|option| Choice::new(option.id.as_str(), &option.value)).collect()
}

/// Every point that it can have reached, with when it did.
pub(super) fn timestamps(incident: &Incident, catalogue: &Catalogue, origin: &str) -> Modal {
    let inputs = catalogue.timestamps.iter().map(|kind| {
        let at = incident.timestamps.get(&kind.id).copied();
        let block = format!("{TIMESTAMP_BLOCK}{}", kind.id);
        Block::optional_input(&block, &kind.name, Element::date_time(at))
    });
    Modal::new(TIMESTAMPS, "When did it happen?", "Save", origin, inputs.collect())
}

pub(super) fn call(incident: &Incident, origin: &str) -> Modal {
    let url = incident.call_url.as_deref().unwrap_or_default();
    let url =
        Element::line(url, LINK_LIMIT).with_placeholder("https://meet.example.com/abc").focused();
    let input = Block::optional_input("call_url", "Where do people talk?", url)
        .with_hint("The address of a page. Leave it empty if nobody talks any more.");
    Modal::new("call", "Call", "Save", origin, vec![input])
}

pub(super) fn pause(incident: &Incident, origin: &str) -> Modal {
    let label = format!("Why does {} rest?", incident.reference());
    let hint = "Work goes on when the status is changed.";
    stop(("pause", "Pause", "Pause"), &label, hint, origin)
}

pub(super) fn cancel(incident: &Incident, origin: &str) -> Modal {
    let label = format!("Why was {} a mistake?", incident.reference());
    let hint = "It is over, and can be reopened.";
    stop(("cancel", "Declared by mistake", "End it"), &label, hint, origin)
}

fn stop(words: (&str, &str, &str), label: &str, hint: &str, origin: &str) -> Modal {
    let (word, title, submit) = words;
    let message = Element::lines("", MESSAGE_LIMIT).focused();
    let input = Block::optional_input("message", label, message).with_hint(hint);
    Modal::new(word, title, submit, origin, vec![input])
}
