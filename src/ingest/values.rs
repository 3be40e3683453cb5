//! Values as senders really write them: a number where a text is meant, a list where there is one
//! value, times in half a dozen forms. What can't be read of a field is as if it were not there, so
//! that no alert is lost because of a decoration.
//!
//! There are two ways to read a text. What is *plain* is a text, number or truth value, and nothing
//! otherwise; what is *spelled* is whatever stands there, JSON if need be, for senders whose people put
//! objects where others look for words.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::alert::fingerprint;
use crate::alert::observation::{ChangeEvent, KEY_LIMIT, Link};
use crate::clock::Timestamp;

/// From so many seconds since 1970 on (the year 5138), a number of seconds is meant to be one of
/// milliseconds.
const SECONDS_LIMIT: i64 = 100_000_000_000;
/// The longest id of a delivery that is kept as it is, in bytes.
const DELIVERY_LIMIT: usize = 128;

/// What a plain value says; nothing if it says nothing.
pub fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(is_so) => is_so.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// What a plain value says, or those of a list say together.
pub fn words(value: &Value) -> Option<String> {
    let Value::Array(list) = value else { return plain(value) };
    let said: Vec<String> = list.iter().filter_map(plain).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// What a member of an object says, if it is plain.
pub fn member(object: &Value, name: &str) -> Option<String> {
    object.get(name).and_then(plain)
}

/// What the first of these members says that is plain and says something.
pub fn first(object: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| member(object, name))
}

/// A value, spelled; empty for none.
pub fn spelled(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A field of an object, spelled, without white space around it; empty if it is not there.
pub fn text(object: &Value, field: &str) -> String {
    object.get(field).map(|value| spelled(value).trim().to_owned()).unwrap_or_default()
}

/// The first of these fields that says something, spelled.
pub fn first_text(object: &Value, fields: &[&str]) -> String {
    fields.iter().map(|field| text(object, field)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// The fields of an object, spelled, without those that say nothing.
pub fn named(value: Option<&Value>) -> BTreeMap<String, String> {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    let texts = fields.map(|(name, value)| (name.clone(), spelled(value)));
    texts.filter(|(name, value)| !name.is_empty() && !value.is_empty()).collect()
}

/// Labels as senders write them: an object, or a list of objects with `key` (or `name`) and `value`.
/// What is not plain is left out.
pub fn labels(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Object(members) => {
            let said =
                members.iter().filter_map(|(name, value)| Some((name.clone(), words(value)?)));
            said.collect()
        }
        Value::Array(list) => {
            let pair =
                |entry: &Value| Some((first(entry, &["key", "name"])?, words(&entry["value"])?));
            list.iter().filter_map(pair).collect()
        }
        _ => BTreeMap::new(),
    }
}

/// Adds a name and what there is to say of it, if there is anything.
pub fn put(named: &mut BTreeMap<String, String>, name: &str, value: impl Into<Option<String>>) {
    if let Some(value) = value.into().filter(|value| !value.is_empty()) {
        named.insert(name.to_owned(), value);
    }
}

/// The members of a list; a single value is a list of one.
pub fn list(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(Value::Array(members)) => members,
        Some(single) => std::slice::from_ref(single),
    }
}

/// Adds a link, if there is an address that is not there yet.
pub fn link(links: &mut Vec<Link>, href: &str, text: &str) {
    let href = href.trim();
    let is_new = !links.iter().any(|link| link.href == href);
    if !href.is_empty() && is_new {
        links.push(Link { href: href.to_owned(), text: text.to_owned() });
    }
}

/// The only link, if there is an address.
pub fn only_link(href: Option<String>, text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    link(&mut links, &href.unwrap_or_default(), text);
    links
}

/// The time that a value stands for: RFC 3339, the same without a zone (then it is UTC), or a number
/// of seconds or milliseconds since 1970. Times before that are how some senders write "none".
pub fn time<'v>(value: impl Into<Option<&'v Value>>) -> Option<Timestamp> {
    let at = match value.into()? {
        Value::String(text) => time_in(text.trim())?,
        Value::Number(number) => match number.as_i64() {
            Some(number) => since_1970(number)?,
            None => since_1970_in_parts(number.as_f64()?)?,
        },
        _ => return None,
    };
    (at > Timestamp::default()).then_some(at)
}

fn time_in(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.into());
    }
    if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
        return Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into());
    }
    match text.parse::<i64>() {
        Ok(number) => since_1970(number),
        Err(_) => since_1970_in_parts(text.parse().ok()?),
    }
}

fn since_1970(number: i64) -> Option<Timestamp> {
    let factor = if number < SECONDS_LIMIT { 1_000_000 } else { 1_000 };
    on_a_calendar(number.checked_mul(factor)?)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float keeps to the limits of the integer"
)]
fn since_1970_in_parts(number: f64) -> Option<Timestamp> {
    let seconds = if number < SECONDS_LIMIT as f64 { number } else { number / 1e3 };
    on_a_calendar((seconds * 1e6).round() as i64)
}

/// What no calendar shows is no time.
fn on_a_calendar(micros: i64) -> Option<Timestamp> {
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

/// A deduplication key of several parts, which can't run into each other.
pub fn key_of(parts: &[&str]) -> String {
    fingerprint::of_parts(parts).to_text()
}

/// A sender's id of a delivery, as it is kept.
pub fn delivery(id: &str) -> String {
    let is_plain = id.len() <= DELIVERY_LIMIT && id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain { id.to_owned() } else { fingerprint::of_parts(&[id]).to_text() }
}

/// Brings a change within the limits of what is kept.
pub fn change_within_limits(change: ChangeEvent) -> ChangeEvent {
    ChangeEvent { key: key(&change.key), ..change }.within_limits()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn instants_come_in_many_forms() {
        let expected = Some(Timestamp::from_micros(1_795_216_378_000_000));
        for value in [
            json!(1_795_216_378),
            json!("1795216378"),
            json!(1_795_216_378_000_i64),
            json!(1_795_216_378.0),
            json!("2026-11-20T23:12:58Z"),
            json!("2026-11-20T23:12:58.000+0000"),
            json!("2026-11-21T00:12:58+01:00"),
        ] {
            assert_eq!(time(&value), expected, "{value}");
        }
        for value in [
            json!("0001-01-01T00:00:00Z"),
            json!(0),
            json!(-5),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1e300),
            json!("soon"),
            json!("9999999999999999999999"),
            json!(null),
            json!([]),
        ] {
            assert_eq!(time(&value), None, "{value}");
        }
    }

    #[test]
    fn labels_come_as_an_object_or_as_a_list() {
        let expected = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        for value in [
            json!({"a": 1, "b": null, "c": {}, "d": ""}),
            json!([{"key": "a", "value": "1"}, {"name": "b"}, 7]),
            json!([{"name": "a", "value": [1]}]),
        ] {
            assert_eq!(labels(&value), expected, "{value}");
        }
        assert!(labels(&json!("a=1")).is_empty());
    }

    #[test]
    fn long_keys_stay_different() {
        let (one, other) = ("k".repeat(600), format!("{}x", "k".repeat(599)));
        assert!(key(&one).len() <= KEY_LIMIT);
        assert_ne!(key(&one), key(&other));
        assert_eq!(key("short"), "short");
        assert_eq!(delivery("a b").len(), 32);
        assert_eq!(delivery("a-b"), "a-b");
    }

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
        assert_eq!(time(None::<&Value>), None);
    }

    #[test]
    fn values_of_other_types_are_spelled() {
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
