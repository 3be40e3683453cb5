//! Texts, times and names out of JSON that may be anything.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::alert::fingerprint;
use crate::alert::observation::{ChangeEvent, KEY_LIMIT, Link, Observation};
use crate::clock::Timestamp;

/// From so many seconds since 1970 on (the year 5138), a number of seconds is meant to be one of
/// milliseconds.
const SECONDS_LIMIT: i64 = 100_000_000_000;
/// The longest id of a delivery that is kept as it is, in bytes.
const DELIVERY_LIMIT: usize = 128;

/// What a text, number or truth value says; nothing if it says nothing.
pub fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(is_so) => is_so.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// What a value says, or the values of a list say together.
pub fn words(value: &Value) -> Option<String> {
    let Value::Array(list) = value else { return text(value) };
    let said: Vec<String> = list.iter().filter_map(text).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// What a member of an object says.
pub fn member(object: &Value, name: &str) -> Option<String> {
    object.get(name).and_then(text)
}

/// What the first of these members says that says something.
pub fn first(object: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| member(object, name))
}

/// Labels as senders write them: an object, or a list of objects with `key` (or `name`) and `value`.
/// What is no plain value is left out.
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

/// Adds a label, if there is something to say.
pub fn label(labels: &mut BTreeMap<String, String>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        labels.insert(name.to_owned(), value);
    }
}

/// A link, if there is an address.
pub fn link(href: Option<String>, text: &str) -> Vec<Link> {
    href.into_iter().map(|href| Link { href, text: text.to_owned() }).collect()
}

/// An instant: RFC 3339, or seconds or milliseconds since 1970. The beginning of time, which some
/// software sends for "never", is none.
pub fn instant(value: &Value) -> Option<Timestamp> {
    let at = match value {
        Value::String(text) => match text.trim().parse::<i64>() {
            Ok(number) => since_1970(number)?,
            Err(_) => text.trim().parse::<jiff::Timestamp>().ok()?.into(),
        },
        Value::Number(number) => match number.as_i64() {
            Some(number) => since_1970(number)?,
            None => since_1970_in_parts(number.as_f64()?)?,
        },
        _ => return None,
    };
    (at > Timestamp::default()).then_some(at)
}

fn since_1970(number: i64) -> Option<Timestamp> {
    let factor = if number < SECONDS_LIMIT { 1_000_000 } else { 1_000 };
    let at = Timestamp::from_micros(number.checked_mul(factor)?);
    // What no calendar shows is no time.
    jiff::Timestamp::from_microsecond(at.as_micros()).is_ok().then_some(at)
}

#[expect(clippy::cast_possible_truncation, reason = "it was compared before")]
fn since_1970_in_parts(seconds: f64) -> Option<Timestamp> {
    let is_meant = (0.0..1e11).contains(&seconds);
    is_meant.then(|| Timestamp::from_micros((seconds * 1e6) as i64))
}

/// A deduplication key: a long one is known by its hash, because two keys must not become one.
pub fn key(text: &str) -> String {
    if text.len() <= KEY_LIMIT && !text.contains('\0') {
        return text.to_owned();
    }
    fingerprint::of_parts(&[text]).to_text()
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

/// Brings a change within the limits of an alert.
pub fn change_within_limits(change: ChangeEvent) -> ChangeEvent {
    let ChangeEvent { key: name, summary, state, labels, links, at } = change;
    let said = Observation { labels, links, ..Observation::firing("", summary) }.within_limits();
    ChangeEvent {
        key: key(&name),
        summary: said.title,
        state: state.map(|state| crate::incident::text::shorten(&state, 64)),
        labels: said.labels,
        links: said.links,
        at,
    }
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
            assert_eq!(instant(&value), expected, "{value}");
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
            assert_eq!(instant(&value), None, "{value}");
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
}
