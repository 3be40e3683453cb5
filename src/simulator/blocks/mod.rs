//! Block Kit: what may be in a message, a modal or a home tab. The tables say what each block and
//! element looks like; `check` compares a payload with them.

use serde_json::{Value, json};

mod check;
mod elements;
mod rich_text;
mod shape;
mod surfaces;
#[cfg(test)]
mod tests;

pub use check::is_web_url;
pub use surfaces::{check_blocks, check_message_blocks, check_view};

/// The sum of texts in one message's blocks: undocumented, but enforced.
pub const MAX_TEXT_OF_MESSAGE: usize = 13_200;
/// The size of a view.
pub const MAX_VIEW_BYTES: usize = 250_000;

/// One thing that is wrong with a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// "must be less than 151 characters".
    pub message: String,
    /// Where: "/blocks/0/text/text".
    pub pointer: String,
    /// What was expected: `{"type":"max_length","expected":150}`.
    pub constraint: Value,
}

impl Issue {
    /// As `blocks.validate` lists it.
    pub fn to_api(&self) -> Value {
        json!({
            "code": "failed_constraint",
            "message": self.message,
            "pointer": self.pointer,
            "constraint": self.constraint,
        })
    }

    /// As `response_metadata.messages` lists it.
    pub fn to_line(&self) -> String {
        format!("[ERROR] {} [json-pointer:{}]", self.message, self.pointer)
    }
}

/// How many characters of text are in some blocks.
pub fn count_text(value: &Value) -> usize {
    match value {
        Value::Object(object) => {
            let own = object.iter().map(|(name, value)| match (name.as_str(), value) {
                ("text", Value::String(text)) => text.chars().count(),
                _ => count_text(value),
            });
            own.sum()
        }
        Value::Array(list) => list.iter().map(count_text).sum(),
        _ => 0,
    }
}

/// Completes blocks as Slack does before it keeps them: ids where the app gave none, and the
/// switches of texts.
pub fn finish(value: &mut Value, next_id: &mut dyn FnMut() -> String) {
    if let Value::Array(list) = value {
        list.iter_mut().for_each(|value| finish(value, next_id));
        return;
    }
    let Value::Object(object) = value else { return };
    match object.get("type").and_then(Value::as_str) {
        Some("plain_text") => {
            object.entry("emoji").or_insert(true.into());
            return;
        }
        Some("mrkdwn") => {
            object.entry("verbatim").or_insert(false.into());
            return;
        }
        Some(block) if surfaces::is_block(block) => {
            object.entry("block_id").or_insert_with(|| next_id().into());
        }
        Some(element) if elements::is_interactive(element) => {
            object.entry("action_id").or_insert_with(|| next_id().into());
        }
        _ => {}
    }
    object.values_mut().for_each(|value| finish(value, next_id));
}

/// Whether these may be the options of an external select: at most a hundred of them.
pub fn are_suggestions(list: &[Value], is_grouped: bool) -> bool {
    let shape = match is_grouped {
        true => shape::list(&elements::SUGGESTED_GROUP, 0, 100),
        false => shape::list(&elements::SUGGESTED_OPTION, 0, 100),
    };
    let mut check = check::Check::default();
    check.value(&Value::Array(list.to_vec()), &shape, "/options");
    check.issues.is_empty()
}

/// Every interactive element of some blocks, with the block_id it's in.
pub fn interactive_elements(blocks: &[Value]) -> Vec<(&str, &Value)> {
    let mut found = Vec::new();
    for block in blocks {
        let block_id = block["block_id"].as_str().unwrap_or_default();
        let single = [&block["accessory"], &block["element"]].into_iter();
        let all = single.chain(block["elements"].as_array().into_iter().flatten());
        for element in all {
            if element["type"].as_str().is_some_and(elements::is_interactive) {
                found.push((block_id, element));
            }
        }
    }
    found
}
