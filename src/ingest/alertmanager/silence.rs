//! What may become of a silence, as plain functions.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::alert::fingerprint;
use crate::alert::matcher::Matcher;
use crate::alert::settings::Silence;
use crate::clock::Timestamp;
use crate::ids::SettingId;
use crate::incident::text::{clean_line, clean_text};
use crate::ingest::alertmanager::Refused;
use crate::ingest::alertmanager::time::Sent;

/// The most conditions of a silence.
const MATCHERS_LIMIT: usize = 64;
/// The longest name of who made it, in characters.
const CREATOR_LIMIT: usize = 200;
/// The longest reason, in characters.
const COMMENT_LIMIT: usize = 2_000;
/// The most annotations.
const ANNOTATIONS_LIMIT: usize = 32;
/// The longest annotation, in characters.
const ANNOTATION_LIMIT: usize = 2_000;

/// A silence as somebody wants it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    /// The one that is to be changed, if it is one that is there.
    pub id: Option<String>,
    matchers: Option<Vec<PostedMatcher>>,
    starts_at: Option<Sent>,
    ends_at: Option<Sent>,
    created_by: Option<String>,
    comment: Option<String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostedMatcher {
    name: Option<String>,
    value: Option<String>,
    is_regex: Option<bool>,
    is_equal: Option<bool>,
}

impl Posted {
    /// The silence that is wanted. Whether its conditions can be used is looked at when it is kept.
    pub fn read(self, now: Timestamp) -> Result<Silence, Refused> {
        let missing = |what: &str| Refused::missing(&format!("{what} in body"));
        let comment = clean_text(&self.comment.ok_or_else(|| missing("comment"))?);
        let created_by = clean_line(&self.created_by.ok_or_else(|| missing("createdBy"))?);
        let ends_at = self.ends_at.ok_or_else(|| missing("endsAt"))?.0;
        let posted = self.matchers.ok_or_else(|| missing("matchers"))?;
        let starts_at = self.starts_at.ok_or_else(|| missing("startsAt"))?.0.unwrap_or(now);
        let mut matchers = Vec::with_capacity(posted.len().min(MATCHERS_LIMIT));
        if posted.is_empty() {
            return Err(Refused::wish("silence invalid: at least one matcher required"));
        }
        for (index, one) in posted.into_iter().enumerate() {
            let missing =
                |what: &str| Refused::missing(&format!("matchers.{index}.{what} in body"));
            matchers.push(Matcher {
                name: one.name.ok_or_else(|| missing("name"))?,
                value: one.value.ok_or_else(|| missing("value"))?,
                is_regex: one.is_regex.ok_or_else(|| missing("isRegex"))?,
                is_equal: one.is_equal.unwrap_or(true),
            });
        }
        let annotations = self.annotations.unwrap_or_default();
        let longest = annotations
            .iter()
            .flat_map(|(name, value)| [name, value])
            .map(|text| text.chars().count())
            .max();
        for (what, size, limit) in [
            ("matchers", matchers.len(), MATCHERS_LIMIT),
            ("characters in createdBy", created_by.chars().count(), CREATOR_LIMIT),
            ("characters in comment", comment.chars().count(), COMMENT_LIMIT),
            ("annotations", annotations.len(), ANNOTATIONS_LIMIT),
            ("characters in an annotation", longest.unwrap_or(0), ANNOTATION_LIMIT),
        ] {
            if size > limit {
                return Err(Refused::wish(format!(
                    "silence invalid: {size} {what}; {limit} is the most"
                )));
            }
        }
        let Some(ends_at) = ends_at.filter(|ends_at| starts_at < *ends_at) else {
            return Err(Refused::wish(
                "Failed to create silence: start time must be before end time",
            ));
        };
        if ends_at < now {
            return Err(Refused::wish("Failed to create silence: end time can't be in the past"));
        }
        Ok(Silence { matchers, starts_at, ends_at, created_by, comment, annotations })
    }
}

/// Where a silence is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It keeps alerts quiet.
    Active,
    /// It will.
    Pending,
    /// It did.
    Expired,
}

impl State {
    /// Where this one is.
    pub fn of(silence: &Silence, now: Timestamp) -> State {
        if now >= silence.ends_at {
            State::Expired
        } else if now < silence.starts_at {
            State::Pending
        } else {
            State::Active
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Pending => "pending",
            State::Expired => "expired",
        }
    }
}

/// What is to be kept when somebody changes a silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// It is the same one, which says this now.
    Same(Silence),
    /// It is another one, and the one before ends, if it has not.
    Another {
        /// The one before, as it ends.
        ended: Option<Silence>,
        /// The other one.
        new: Silence,
    },
}

/// What becomes of a silence that somebody wants otherwise. Only what has not yet had any effect can
/// be changed: whoever looks back has to see which alerts were silenced.
pub fn update(before: &Silence, wanted: Silence, now: Timestamp) -> Update {
    let can_change = before.matchers == wanted.matchers
        && match State::of(before, now) {
            // Clients send back what they were shown, which has no microseconds.
            State::Active => before.starts_at.as_seconds() == wanted.starts_at.as_seconds(),
            State::Pending => wanted.starts_at >= now,
            State::Expired => false,
        };
    if can_change {
        let starts_at = if State::of(before, now) == State::Active {
            before.starts_at
        } else {
            wanted.starts_at
        };
        return Update::Same(Silence { starts_at, ..wanted });
    }
    Update::Another { ended: ended(before, now), new: from_now(wanted, now) }
}

/// A new silence begins now, if not later: it has no effect on what was.
pub fn from_now(silence: Silence, now: Timestamp) -> Silence {
    Silence { starts_at: silence.starts_at.max(now), ..silence }
}

/// The silence as it is when it ends now; nothing if it is over already.
pub fn ended(silence: &Silence, now: Timestamp) -> Option<Silence> {
    let just_before = Timestamp::from_micros(now.as_micros() - 1);
    match State::of(silence, now) {
        State::Expired => None,
        // No time at all is no time that a setting may have.
        State::Active | State::Pending => Some(Silence {
            starts_at: silence.starts_at.min(just_before),
            ends_at: now,
            ..silence.clone()
        }),
    }
}

/// The id of a new silence. It is a UUID, because clients take nothing else.
pub fn new_id(ulid: &str) -> SettingId {
    let bits = ulid.parse::<ulid::Ulid>().map_or_else(|_| hashed(ulid), |ulid| ulid.0);
    SettingId::new(uuid(bits, 7))
}

/// The id under which clients know a silence. One that was made elsewhere may have another kind of
/// id; then it is a hash of that.
pub fn shown_id(id: &SettingId) -> String {
    let id = id.as_str();
    if is_uuid(id) { id.to_owned() } else { uuid(hashed(id), 8) }
}

fn hashed(text: &str) -> u128 {
    u128::from_str_radix(&fingerprint::of_parts(&["silence", text]).to_text(), 16)
        .unwrap_or_default()
}

/// 128 bits as a UUID of this version, some of them being replaced by what tells that.
fn uuid(bits: u128, version: u128) -> String {
    let bits = bits & !(0xf << 76) | version << 76;
    let bits = bits & !(0b11 << 62) | 0b10 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Whether the text is a UUID as clients write it.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    fn hours(hours: i64) -> Timestamp {
        let hour = Duration::from_secs(3_600);
        let by = hour * u32::try_from(hours.abs()).unwrap();
        if hours < 0 { NOW.minus(by) } else { NOW.plus(by) }
    }

    fn silence(from: i64, to: i64) -> Silence {
        let matchers = vec![Matcher::parse("env=\"prod\"").unwrap()];
        let (created_by, comment, annotations) =
            ("me".to_owned(), "why".to_owned(), BTreeMap::new());
        Silence {
            matchers,
            starts_at: hours(from),
            ends_at: hours(to),
            created_by,
            comment,
            annotations,
        }
    }

    fn posted(change: impl FnOnce(&mut Value)) -> Result<Silence, Refused> {
        let mut body = json!({
            "matchers": [{"name": "env", "value": "prod", "isRegex": false}],
            "startsAt": hours(0), "endsAt": hours(2), "createdBy": "me", "comment": "why",
        });
        change(&mut body);
        serde_json::from_value::<Posted>(body).unwrap().read(NOW)
    }

    #[test]
    fn what_is_wanted_is_read() {
        assert_eq!(posted(|_| ()).unwrap(), silence(0, 2));
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        type Change = Box<dyn FnOnce(&mut Value)>;
        let without = |name: &'static str| -> Change {
            Box::new(move |body| drop(body.as_object_mut().unwrap().remove(name)))
        };
        let with = |name: &'static str, value: Value| -> Change {
            Box::new(move |body| body[name] = value)
        };
        for (change, named) in [
            (without("comment"), "comment in body is required"),
            (without("createdBy"), "createdBy in body is required"),
            (without("startsAt"), "startsAt in body is required"),
            (without("endsAt"), "endsAt in body is required"),
            (without("matchers"), "matchers in body is required"),
            (with("matchers", json!([])), "at least one matcher required"),
            (
                with("matchers", json!([{"name": "a", "value": "b"}])),
                "matchers.0.isRegex in body is required",
            ),
            (with("endsAt", json!(hours(0))), "start time must be before end time"),
            (with("endsAt", json!("0001-01-01T00:00:00Z")), "start time must be before end time"),
            (with("startsAt", json!(hours(3))), "start time must be before end time"),
            (with("comment", json!("x".repeat(2_001))), "2001 characters in comment"),
            (with("createdBy", json!("x".repeat(201))), "201 characters in createdBy"),
            (
                with(
                    "matchers",
                    json!(vec![json!({"name": "a", "value": "b", "isRegex": false}); 65]),
                ),
                "65 matchers",
            ),
            (
                with("annotations", json!({"a": "x".repeat(2_001)})),
                "2001 characters in an annotation",
            ),
        ] {
            let refused = format!("{:?}", posted(change).unwrap_err());
            assert!(refused.contains(named), "{refused}");
        }
        let past = posted(|body| {
            body["startsAt"] = json!(hours(-3));
            body["endsAt"] = json!(hours(-2));
        });
        assert!(format!("{past:?}").contains("end time can't be in the past"), "{past:?}");
    }

    #[test]
    fn only_what_had_no_effect_yet_is_changed() {
        let active = silence(-1, 1);
        assert_eq!(update(&active, silence(-1, 5), NOW), Update::Same(silence(-1, 5)), "prolonged");
        let other =
            Silence { matchers: vec![Matcher::parse("env=\"test\"").unwrap()], ..silence(-1, 5) };
        let Update::Another { ended: Some(ended), new } = update(&active, other.clone(), NOW)
        else {
            panic!()
        };
        assert_eq!((ended.ends_at, State::of(&ended, NOW)), (NOW, State::Expired));
        assert_eq!(new, Silence { starts_at: NOW, ..other });
        let pending = silence(1, 2);
        assert_eq!(update(&pending, silence(3, 4), NOW), Update::Same(silence(3, 4)), "put off");
        assert!(matches!(
            update(&pending, silence(-1, 4), NOW),
            Update::Another { ended: Some(_), .. }
        ));
        let expired = silence(-2, -1);
        let again = Update::Another { ended: None, new: silence(0, 4) };
        assert_eq!(update(&expired, silence(-2, 4), NOW), again);
    }

    #[test]
    fn one_that_ends_has_been_there_for_some_time() {
        for begins in [-1, 0, 1] {
            let ended = ended(&silence(begins, 2), NOW).unwrap();
            assert!(ended.starts_at < ended.ends_at, "{begins}");
            assert_eq!(State::of(&ended, NOW), State::Expired);
        }
        assert_eq!(ended(&silence(-2, -1), NOW), None);
        assert_eq!(ended(&silence(-2, 0), NOW), None);
    }

    proptest! {
        #[test]
        fn broken_bodies_are_refused_and_nothing_worse(at in 0_usize..200, piece in ".{0,6}") {
            let body = json!({
                "id": "x", "matchers": [{"name": "env", "value": "prod", "isRegex": true}],
                "startsAt": hours(0), "endsAt": hours(2), "createdBy": "me", "comment": "why",
            });
            let mut body = body.to_string();
            let at = at % body.len();
            body.replace_range(at..=at, &piece);
            if let Ok(Ok(silence)) = serde_json::from_str::<Posted>(&body).map(|posted| posted.read(NOW)) {
                prop_assert!(silence.starts_at < silence.ends_at);
                let ended = ended(&silence, NOW);
                prop_assert!(ended.is_none_or(|ended| State::of(&ended, NOW) == State::Expired));
            }
        }

        #[test]
        fn whatever_the_id_is_there_is_a_uuid_for_it(id in ".{0,40}") {
            prop_assert!(is_uuid(&shown_id(&SettingId::new(id.clone()))));
            prop_assert!(is_uuid(new_id(&id).as_str()));
        }
    }

    #[test]
    fn ids_are_uuids() {
        let id = new_id("01K5N4Z8J8ZZZZZZZZZZZZZZZZ");
        assert!(is_uuid(id.as_str()), "{id}");
        assert_eq!(&id.as_str()[14..15], "7");
        assert_eq!(shown_id(&id), id.as_str());
        assert_ne!(new_id("01K5N4Z8J8ZZZZZZZZZZZZZZZ0"), id);
        let elsewhere = shown_id(&SettingId::from("01K5N4Z8J8ZZZZZZZZZZZZZZZZ"));
        assert!(is_uuid(&elsewhere), "{elsewhere}");
        assert_eq!(elsewhere, shown_id(&SettingId::from("01K5N4Z8J8ZZZZZZZZZZZZZZZZ")));
        for text in [
            "",
            "foo",
            "0a0a0a0a-0000-0000-0000-00000000000g",
            "0a0a0a0a00000000000000000000000000000",
        ] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
