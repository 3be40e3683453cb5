//! Values as senders really write them: a number where a text is meant, a list where there is one
//! value, times in half a dozen forms. What can't be read of a field is as if it were not there, so
//! that no alert is lost because of a decoration.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::alert::observation::{KEY_LIMIT, Link};
use crate::clock::Timestamp;
use crate::ingest::knock::{Knock, Trouble, from_json};

/// From here on a number of seconds would be in the year 5138: it is milliseconds.
const MILLIS_FROM: i64 = 100_000_000_000;

/// The body, which has to be a JSON object, whatever its type is called.
pub fn object(knock: &Knock) -> Result<Value, Trouble> {
    object_in(&knock.body)
}

/// The JSON object in these bytes.
pub fn object_in(bytes: &[u8]) -> Result<Value, Trouble> {
    let value: Value = from_json(bytes)?;
    if value.is_object() {
        return Ok(value);
    }
    Err(Trouble::Unreadable("The body has to be a JSON object.".to_owned()))
}

/// The text that a value stands for; empty for none.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// The text of a field, without white space around it; empty if it is not there.
pub fn text(object: &Value, field: &str) -> String {
    object.get(field).map(|value| text_of(value).trim().to_owned()).unwrap_or_default()
}

/// The first of these fields that says something.
pub fn first_text(object: &Value, fields: &[&str]) -> String {
    fields.iter().map(|field| text(object, field)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// The fields of an object as texts, without those that say nothing.
pub fn named(value: Option<&Value>) -> BTreeMap<String, String> {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    let texts = fields.map(|(name, value)| (name.clone(), text_of(value)));
    texts.filter(|(name, value)| !name.is_empty() && !value.is_empty()).collect()
}

/// The members of a list; a single value is a list of one.
pub fn list(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(Value::Array(members)) => members,
        Some(single) => std::slice::from_ref(single),
    }
}

/// The time that a value stands for: RFC 3339, the same without a zone (then it is UTC), or a number
/// of seconds or milliseconds. Times before 1970 are how some senders write "none".
pub fn time(value: Option<&Value>) -> Option<Timestamp> {
    let at = match value? {
        Value::String(text) => time_in(text.trim())?,
        Value::Number(number) => from_number(number.as_f64()?)?,
        _ => return None,
    };
    (at.as_micros() > 0).then_some(at)
}

fn time_in(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.into());
    }
    if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
        return Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into());
    }
    from_number(text.parse().ok()?)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float keeps to the limits of the integer"
)]
fn from_number(number: f64) -> Option<Timestamp> {
    let seconds = if number >= MILLIS_FROM as f64 { number / 1_000.0 } else { number };
    let micros = (seconds * 1_000_000.0) as i64;
    jiff::Timestamp::from_microsecond(micros).ok().map(Timestamp::from)
}

/// What an alert is known by: the sender's own word for it, or a hash of it where the word is too
/// long to be kept or not fit to be. It is never cut: two words would become one.
pub fn key(word: &str) -> String {
    if word.len() <= KEY_LIMIT && !word.contains(char::is_control) {
        return word.to_owned();
    }
    format!("sha256:{}", hex::encode(Sha256::digest(word)))
}

/// Adds a link if there is one.
pub fn link(links: &mut Vec<Link>, href: &str, text: &str) {
    let href = href.trim();
    let is_new = !links.iter().any(|link| link.href == href);
    if !href.is_empty() && is_new {
        links.push(Link { href: href.to_owned(), text: text.to_owned() });
    }
}

/// Adds a name and value if there is a value.
pub fn put(named: &mut BTreeMap<String, String>, name: &str, value: impl Into<String>) {
    let value = value.into();
    if !value.is_empty() {
        named.insert(name.to_owned(), value);
    }
}

/// The path behind the source, part by part, without a secret that it begins with.
pub fn path_behind_key(knock: &Knock) -> Vec<String> {
    let mut parts = knock.path();
    if parts.first().is_some_and(|first| first == "key") {
        parts.drain(..parts.len().min(2));
    }
    parts
}

/// Whether the body is a form.
pub fn is_form(knock: &Knock) -> bool {
    knock.header("content-type").is_some_and(|kind| {
        kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    })
}

/// A form as an object of texts.
pub fn form(bytes: &[u8]) -> Result<Value, Trouble> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes)
        .map_err(|error| Trouble::Unreadable(format!("The form can't be read: {error}.")))?;
    Ok(Value::Object(pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_in_the_forms_that_senders_have() {
        let at = Timestamp::from_micros(1_790_000_000_123_000);
        for value in [
            json!("2026-09-21T14:13:20.123Z"),
            json!("2026-09-21T16:13:20.123+02:00"),
            json!("2026-09-21T14:13:20.123+0000"),
            json!("2026-09-21T14:13:20.123"),
            json!(" 2026-09-21 14:13:20.123 "),
            json!(1_790_000_000_123_u64),
            json!("1790000000123"),
            json!(1_790_000_000.123),
        ] {
            assert_eq!(time(Some(&value)), Some(at), "{value}");
        }
        for value in [
            json!(null),
            json!(""),
            json!("soon"),
            json!("0001-01-01T00:00:00Z"),
            json!(0),
            json!(-5),
            json!(1e300),
            json!("NaN"),
            json!("inf"),
            json!([1]),
        ] {
            assert_eq!(time(Some(&value)), None, "{value}");
        }
        assert_eq!(time(None), None);
    }

    #[test]
    fn values_of_other_types_are_texts_too() {
        let object =
            json!({"a": 98, "b": true, "c": " x ", "d": null, "e": {"f": [1]}, "": "nameless"});
        assert_eq!(text(&object, "a"), "98");
        assert_eq!(text(&object, "c"), "x");
        assert_eq!(text(&object, "missing"), "");
        assert_eq!(first_text(&object, &["d", "missing", "b"]), "true");
        let names: Vec<String> = named(Some(&object)).into_keys().collect();
        assert_eq!(names, ["a", "b", "c", "e"]);
        assert_eq!(list(object.get("a")).len(), 1);
        assert_eq!(list(object.get("d")).len(), 0);
    }

    #[test]
    fn a_key_is_kept_or_hashed_but_never_cut() {
        assert_eq!(key("db-1/disk"), "db-1/disk");
        let long = "x".repeat(KEY_LIMIT + 1);
        assert_ne!(key(&long), key(&format!("{long}x")));
        assert!(key(&long).len() <= KEY_LIMIT);
        assert!(!key("a\0b").contains('\0'));
        assert_ne!(key("a\0b"), key("a\0c"));
    }
}
