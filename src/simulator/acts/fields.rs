//! What the fields of a message or modal hold, in Slack's shape: from what a person chose, or from
//! the initial values.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::simulator::{
    act::{Oops, Values},
    blocks,
};

/// `state.values` of an interaction.
pub fn state_values(view_blocks: &[Value], chosen: &Values) -> Result<Value, Oops> {
    for (block_id, actions) in chosen {
        for action_id in actions.keys() {
            let known = blocks::interactive_elements(view_blocks);
            let mut known = known.iter().map(|(block, element)| (*block, &element["action_id"]));
            if !known.any(|(block, action)| block == block_id && action == action_id) {
                return Err(Oops::new(format!("no_such_field: {block_id}/{action_id}")));
            }
        }
    }
    let mut values = Map::new();
    for (block_id, element) in blocks::interactive_elements(view_blocks) {
        let kind = element["type"].as_str().unwrap_or_default();
        // Those only act; they hold nothing.
        if matches!(kind, "button" | "overflow") {
            continue;
        }
        let action_id = element["action_id"].as_str().unwrap_or_default();
        let value = chosen.get(block_id).and_then(|actions| actions.get(action_id));
        let held = field_value(element, value)?;
        let block = values.entry(block_id).or_insert_with(|| json!({}));
        block[action_id] = held.into();
    }
    Ok(values.into())
}

/// What one field holds: `type` and the property that its type has for it.
pub fn field_value(element: &Value, chosen: Option<&Value>) -> Result<Map<String, Value>, Oops> {
    let kind = element["type"].as_str().unwrap_or_default();
    let (property, initial) = match kind {
        "static_select" | "external_select" | "radio_buttons" | "overflow" => {
            ("selected_option", "initial_option")
        }
        "multi_static_select" | "multi_external_select" | "checkboxes" => {
            ("selected_options", "initial_options")
        }
        "users_select" => ("selected_user", "initial_user"),
        "multi_users_select" => ("selected_users", "initial_users"),
        "conversations_select" => ("selected_conversation", "initial_conversation"),
        "multi_conversations_select" => ("selected_conversations", "initial_conversations"),
        "channels_select" => ("selected_channel", "initial_channel"),
        "multi_channels_select" => ("selected_channels", "initial_channels"),
        "datepicker" => ("selected_date", "initial_date"),
        "timepicker" => ("selected_time", "initial_time"),
        "datetimepicker" => ("selected_date_time", "initial_date_time"),
        "rich_text_input" => ("rich_text_value", "initial_value"),
        "file_input" => ("files", "initial_files"),
        _ => ("value", "initial_value"),
    };
    let is_list = property.ends_with('s');
    let value = match chosen {
        Some(Value::String(text)) if text.is_empty() => Value::Null,
        Some(value) if property.starts_with("selected_option") => option_value(element, value)?,
        Some(value) => value.clone(),
        None => element.get(initial).cloned().unwrap_or(Value::Null),
    };
    let value = match value {
        Value::Null if is_list => json!([]),
        value => value,
    };
    let mut held = Map::new();
    held.insert("type".to_owned(), kind.into());
    held.insert(property.to_owned(), value);
    Ok(held)
}

/// The option (or options) with that value.
fn option_value(element: &Value, chosen: &Value) -> Result<Value, Oops> {
    match chosen {
        Value::Null => Ok(Value::Null),
        Value::Array(list) => list.iter().map(|one| option_value(element, one)).collect(),
        // External selects: whoever acts has the option from the app's own answer.
        Value::Object(_) => Ok(chosen.clone()),
        Value::String(wanted) => {
            let groups = element["option_groups"].as_array().into_iter().flatten();
            let grouped = groups.filter_map(|group| group["options"].as_array()).flatten();
            let options = element["options"].as_array().into_iter().flatten().chain(grouped);
            let initial = [&element["initial_option"]].into_iter();
            let initial =
                initial.chain(element["initial_options"].as_array().into_iter().flatten());
            let mut known = options.chain(initial);
            let option = known.find(|option| option["value"] == *wanted);
            option.cloned().ok_or_else(|| Oops::new(format!("no_such_option: {wanted}")))
        }
        _ => Err(Oops::new("no_such_option")),
    }
}

/// What the client itself objects to before it sends a modal.
pub fn client_errors(view_blocks: &[Value], values: &Value) -> BTreeMap<String, String> {
    let mut errors = BTreeMap::new();
    for block in view_blocks.iter().filter(|block| block["type"] == "input") {
        let element = &block["element"];
        let block_id = block["block_id"].as_str().unwrap_or_default();
        let action_id = element["action_id"].as_str().unwrap_or_default();
        let held = &values[block_id][action_id];
        let held = held.as_object().and_then(|held| held.iter().find(|(name, _)| *name != "type"));
        let value = held.map_or(&Value::Null, |(_, value)| value);
        let is_empty = match value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if is_empty {
            if block["optional"] != true {
                let error = "Please complete this required field.".to_owned();
                errors.insert(block_id.to_owned(), error);
            }
            continue;
        }
        if let Some(error) = text_error(element, value.as_str().unwrap_or_default()) {
            errors.insert(block_id.to_owned(), error);
        }
    }
    errors
}

fn text_error(element: &Value, text: &str) -> Option<String> {
    let length = text.chars().count() as u64;
    let number = |name: &str| element[name].as_u64();
    match element["type"].as_str()? {
        "plain_text_input" => {
            if let Some(min) = number("min_length").filter(|min| length < *min) {
                return Some(format!("Must be at least {min} characters."));
            }
            let max = number("max_length").unwrap_or(3000);
            (length > max).then(|| format!("Must be at most {max} characters."))
        }
        "number_input" => {
            let value: Result<f64, _> = text.parse();
            let Ok(value) = value else { return Some("Must be a number.".to_owned()) };
            if element["is_decimal_allowed"] == false && value.fract() != 0.0 {
                return Some("Must be a whole number.".to_owned());
            }
            let bound = |name: &str| element[name].as_str().and_then(|text| text.parse().ok());
            if bound("min_value").is_some_and(|min: f64| value < min) {
                return Some("Is too small.".to_owned());
            }
            bound("max_value")
                .is_some_and(|max: f64| value > max)
                .then(|| "Is too large.".to_owned())
        }
        "email_text_input" if !text.contains('@') => Some("Must be an email address.".to_owned()),
        "url_text_input" if !blocks::is_web_url(text) => Some("Must be a URL.".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(block_id: &str, element: Value) -> Value {
        json!({ "type": "input", "block_id": block_id, "element": element })
    }

    #[test]
    fn fields_hold_what_was_chosen_or_what_they_began_with() {
        let option = |value: &str| json!({ "text": { "type": "plain_text", "text": value }, "value": value });
        let blocks = [
            input("name", json!({ "type": "plain_text_input", "action_id": "v" })),
            input(
                "severity",
                json!({
                    "type": "static_select", "action_id": "v",
                    "options": [option("minor"), option("major")],
                    "initial_option": option("minor"),
                }),
            ),
            input("people", json!({ "type": "multi_users_select", "action_id": "v" })),
        ];
        let values = state_values(&blocks, &Values::new()).expect("nothing was chosen");
        assert_eq!(values["name"]["v"], json!({ "type": "plain_text_input", "value": null }));
        assert_eq!(values["severity"]["v"]["selected_option"], option("minor"));
        assert_eq!(values["people"]["v"]["selected_users"], json!([]));
        let errors = client_errors(&blocks, &values);
        assert_eq!(errors.keys().collect::<Vec<_>>(), ["name", "people"]);

        let chosen: Values = serde_json::from_value(json!({
            "name": { "v": "Checkout" }, "severity": { "v": "major" },
        }))
        .expect("it's in the right shape");
        let values = state_values(&blocks, &chosen).expect("these fields are there");
        assert_eq!(values["name"]["v"]["value"], "Checkout");
        assert_eq!(values["severity"]["v"]["selected_option"], option("major"));

        for wrong in [json!({ "name": { "w": 1 } }), json!({ "severity": { "v": "huge" } })] {
            let wrong = serde_json::from_value(wrong).expect("it's in the right shape");
            assert!(state_values(&blocks, &wrong).is_err());
        }
    }
}
