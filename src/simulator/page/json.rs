//! Short ways to read a block, whose shape the validation has already checked.

use serde_json::Value;

/// A string member, or the empty string.
pub fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The items of an array member, or nothing.
pub fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A boolean member, or `false`.
pub fn flag(value: &Value, key: &str) -> bool {
    value[key].as_bool().unwrap_or(false)
}

/// The characters of a text object member.
pub fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    string(&value[key], "text")
}
