//! What a select offers, wherever it takes its options from.

use serde_json::Value;

use super::emoji;
use super::json::{flag, items, string, text_of};
use super::surface::Surface;

/// Options in their groups; a group without a label is no group to the eye.
pub struct Choices {
    /// The groups, in order.
    pub groups: Vec<Group>,
}

/// Options under one label.
pub struct Group {
    /// Empty if there is none.
    pub label: String,
    /// The options, in order.
    pub choices: Vec<Choice>,
}

/// One option.
pub struct Choice {
    /// What is sent when it's picked.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it's picked from the start.
    pub chosen: bool,
}

impl Choices {
    /// What an element of any select type offers to this person.
    pub fn of(element: &Value, surface: Surface<'_>) -> Choices {
        let kind = string(element, "type");
        let groups = if kind.ends_with("users_select") {
            vec![Group::unnamed(people(element, surface))]
        } else if kind.ends_with("conversations_select") || kind.ends_with("channels_select") {
            vec![Group::unnamed(channels(element, surface))]
        } else if element["option_groups"].is_array() {
            let group = |group| Group {
                label: emoji::replace_names(text_of(group, "label")),
                choices: options(group, element),
            };
            items(element, "option_groups").iter().map(group).collect()
        } else {
            vec![Group::unnamed(options(element, element))]
        };
        Choices { groups }
    }

    /// All options, whichever group they are in.
    pub fn all(&self) -> impl Iterator<Item = &Choice> {
        self.groups.iter().flat_map(|group| &group.choices)
    }
}

impl Group {
    fn unnamed(choices: Vec<Choice>) -> Group {
        Group { label: String::new(), choices }
    }
}

fn options(list: &Value, element: &Value) -> Vec<Choice> {
    let initial = items(element, "initial_options");
    let option = |option: &Value| {
        let value = string(option, "value");
        Choice {
            value: value.to_owned(),
            label: emoji::replace_names(text_of(option, "text")),
            chosen: element["initial_option"]["value"] == value
                || initial.iter().any(|option| option["value"] == value),
        }
    };
    items(list, "options").iter().map(option).collect()
}

fn people(element: &Value, surface: Surface<'_>) -> Vec<Choice> {
    let chosen = initial_ids(element, "initial_user", "initial_users");
    let mut people: Vec<Choice> = surface
        .directory
        .people
        .iter()
        .filter(|(id, person)| (!person.is_bot && !person.deleted) || chosen.contains(&id.as_str()))
        .map(|(id, person)| Choice {
            value: id.clone(),
            label: person.name.clone(),
            chosen: chosen.contains(&id.as_str()),
        })
        .collect();
    people.sort_by(|a, b| a.label.cmp(&b.label));
    people
}

fn channels(element: &Value, surface: Surface<'_>) -> Vec<Choice> {
    let mut chosen = initial_ids(element, "initial_conversation", "initial_conversations");
    chosen.extend(initial_ids(element, "initial_channel", "initial_channels"));
    if chosen.is_empty() && flag(element, "default_to_current_conversation") {
        chosen.extend(surface.channel);
    }
    let include = items(&element["filter"], "include");
    let wanted = |is_private| {
        let kind = if is_private { "private" } else { "public" };
        let by_filter = include.is_empty() || include.iter().any(|wanted| wanted == kind);
        by_filter && !(is_private && string(element, "type").ends_with("channels_select"))
    };
    let mut channels: Vec<Choice> = surface
        .directory
        .channels
        .iter()
        .filter(|(_, place)| !place.is_archived && wanted(place.is_private))
        .map(|(id, place)| Choice {
            value: id.clone(),
            label: format!("{} {}", if place.is_private { "🔒" } else { "#" }, place.name),
            chosen: chosen.contains(&id.as_str()),
        })
        .collect();
    channels.sort_by(|a, b| a.label.cmp(&b.label));
    channels
}

fn initial_ids<'a>(element: &'a Value, one: &str, many: &str) -> Vec<&'a str> {
    let many = items(element, many).iter().filter_map(Value::as_str);
    element[one].as_str().into_iter().chain(many).collect()
}
