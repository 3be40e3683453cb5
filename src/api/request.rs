//! What a request carries besides its token: a body, query parameters, headers.
//!
//! All of it comes from strangers. What is not understood is refused by name, never guessed.

use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::api::problem::Problem;
use crate::incident::text::shorten;
use crate::json;

/// The longest idempotency key.
const KEY_LIMIT: usize = 255;
/// How much of somebody's text an answer repeats, in characters.
const QUOTE: usize = 100;

/// The most values in a body. No command has more than a dozen; a megabyte of them would take fifty
/// when it is read.
const PIECES: usize = 4_096;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::not_json());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        parse(&bytes).map(Body)
    }
}

fn unread(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::too_large()
    } else {
        Problem::unreadable()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

/// First whether it is JSON at all (400), then whether it is what belongs here (422).
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    fit(&object(bytes)?)
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let malformed = |error| Problem::malformed(format!("{error}."));
    if json::pieces(bytes) > PIECES {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(malformed)?;
        let detail = format!("The body has more than {PIECES} values.");
        return Err(Problem::does_not_fit(detail, None));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(malformed)?;
    let Value::Object(object) = value else {
        return Err(Problem::does_not_fit("The body has to be a JSON object.", None));
    };
    Ok(object)
}

/// What belongs here, made of the fields of a body.
pub fn fit<T: DeserializeOwned>(object: &Map<String, Value>) -> Result<T, Problem> {
    T::deserialize(Value::Object(object.clone())).map_err(|error| {
        let error = error.to_string();
        let field = culprit::<T>(object, &error);
        Problem::does_not_fit(format!("{}.", shorten(&error, 4 * QUOTE)), field)
    })
}

/// The field that an error is about. Where its text does not name one, it is the field without
/// which the error is another.
fn culprit<T: DeserializeOwned>(object: &Map<String, Value>, error: &str) -> Option<String> {
    let named = ["unknown field `", "missing field `"]
        .into_iter()
        .find_map(|beginning| error.strip_prefix(beginning));
    if let Some(named) = named {
        return named.split('`').next().map(|name| shorten(name, QUOTE));
    }
    // Fields are read in the order of the map, and all before the wrong one are known ones.
    let first = object.keys().take(16);
    first.into_iter().find(|key| is_cured_without::<T>(object, key, error)).cloned()
}

fn is_cured_without<T: DeserializeOwned>(
    object: &Map<String, Value>,
    key: &str,
    error: &str,
) -> bool {
    let mut rest = object.clone();
    rest.remove(key);
    T::deserialize(Value::Object(rest)).err().is_none_or(|other| other.to_string() != error)
}

/// The parameters of a query, each known by name.
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query in which only these parameters may stand.
    pub fn read(query: Option<&str>, known: &[&str]) -> Result<Params, Problem> {
        let query = query.unwrap_or_default();
        let given: Vec<(String, String)> = serde_urlencoded::from_str(query)
            .map_err(|_| Problem::bad_parameter("query", "The query can't be read."))?;
        for (name, value) in &given {
            if !known.contains(&name.as_str()) {
                let shown = shorten(name, QUOTE);
                let detail = format!(
                    "There is no parameter \u{201c}{shown}\u{201d}. There are: {}.",
                    known.join(", ")
                );
                return Err(Problem::bad_parameter(shown, detail));
            }
            // What is not UTF-8 was replaced by this sign, and would be looked for in vain.
            if value.contains('\u{fffd}') {
                return Err(Problem::bad_parameter(name, format!("`{name}` is not UTF-8.")));
            }
        }
        if has_stray_percent(query) {
            let detail = "A percent sign is written `%25`.";
            return Err(Problem::bad_parameter("query", detail));
        }
        Ok(Params(given))
    }

    /// Every value of a parameter that can be repeated.
    pub fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that can't be repeated.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(given, _)| given == name);
        let first = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(Problem::bad_parameter(name, format!("`{name}` can be given once.")));
        }
        Ok(first)
    }

    /// A whole number from this range.
    pub fn number(
        &self,
        name: &str,
        range: RangeInclusive<i64>,
        default: i64,
    ) -> Result<i64, Problem> {
        let Some(text) = self.one(name)? else { return Ok(default) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            let detail = match *most {
                i64::MAX => format!("`{name}` is a whole number, {least} or more."),
                _ => format!("`{name}` is a whole number from {least} to {most}."),
            };
            Problem::bad_parameter(name, detail)
        })
    }
}

fn has_stray_percent(query: &str) -> bool {
    query.split('%').skip(1).any(|after| {
        let mut digits = after.bytes();
        !(0..2).all(|_| digits.next().is_some_and(|digit| digit.is_ascii_hexdigit()))
    })
}

/// What the caller calls this request, so that sending it again is safe.
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        const NAME: HeaderName = HeaderName::from_static("idempotency-key");
        let wrong = || {
            let detail = format!(
                "One key of 1 to {KEY_LIMIT} visible ASCII characters; a random UUID is a good one."
            );
            Problem::bad_parameter("Idempotency-Key", detail)
        };
        let key = single(&parts.headers, &NAME).map_err(|()| wrong())?;
        let is_good = |key: &str| {
            (1..=KEY_LIMIT).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_graphic())
        };
        if key.is_some_and(|key| !is_good(key)) {
            return Err(wrong());
        }
        Ok(IdempotencyKey(key.map(str::to_owned)))
    }
}

/// The version of the incident that the caller has seen (`If-Match`), if it matters to them.
pub struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let wrong = || {
            let detail = "One `ETag` as it was sent, such as `\"7\"`, or `*` for any version.";
            Problem::bad_parameter("If-Match", detail)
        };
        match single(&parts.headers, &header::IF_MATCH).map_err(|()| wrong())? {
            None | Some("*") => Ok(IfMatch(None)),
            Some(tag) => {
                let version = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                let version = version.and_then(|digits| digits.parse().ok());
                version.map(|version| IfMatch(Some(version))).ok_or_else(wrong)
            }
        }
    }
}

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::command::{Command, Declare};

    fn field<T: DeserializeOwned>(body: &str) -> (u16, Value) {
        let Err(problem) = parse::<T>(body.as_bytes()) else { panic!("{body} is accepted") };
        let value = serde_json::to_value(&problem).unwrap();
        (problem.status().as_u16(), value["field"].clone())
    }

    #[test]
    fn a_wrong_body_names_its_field() {
        for (body, name) in [
            ("{}", "name"),
            (r#"{"name": 5}"#, "name"),
            (r#"{"name": "x", "private": "yes"}"#, "private"),
            (r#"{"lead": ["U1"], "name": "x"}"#, "lead"),
            (r#"{"name": "x", "severty": "sev1"}"#, "severty"),
            (r#"{"name": "x", "declared_in": "C0GENERAL"}"#, "declared_in"),
        ] {
            assert_eq!(field::<Declare>(body), (422, name.into()), "{body}");
        }
        for (body, name) in [
            ("{}", "type"),
            (r#"{"type": "explode"}"#, "type"),
            (r#"{"type": "declare", "name": "x"}"#, "type"),
            (r#"{"type": "ring", "timer": "update_due"}"#, "type"),
            (r#"{"type": 7}"#, "type"),
            (r#"{"type": "severity"}"#, "severity"),
            (r#"{"type": "severity", "severity": null}"#, "severity"),
            (r#"{"type": "rename", "name": "x", "to": "y"}"#, "to"),
            (r#"{"type": "update", "next_update_in_minutes": -5}"#, "next_update_in_minutes"),
            (r#"{"type": "update", "next_update_in_minutes": 1e40}"#, "next_update_in_minutes"),
        ] {
            assert_eq!(field::<Command>(body), (422, name.into()), "{body}");
        }
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        let deep = "[".repeat(100_000);
        for body in ["", "{", "name=x", "{'name': 1}", "{\"name\": 1e999}", "{} {}", &deep] {
            assert_eq!(field::<Declare>(body).0, 400, "{}", shorten(body, 20));
        }
        assert_eq!(field::<Declare>("[]").0, 422);
        assert!(parse::<Declare>(b"{\"name\": \"\xff\"}").is_err());
    }

    #[test]
    fn queries_are_read_strictly() {
        let known = ["q", "limit"];
        for query in ["x=1", "q=%ff", "q=%zz", "q=%4", "%ff=1", "q", "limit=5&Limit=5"] {
            let read = Params::read(Some(query), &known);
            // A name without a value has an empty one.
            assert_eq!(read.is_ok(), query == "q", "{query}");
        }
        let params = Params::read(Some("q=a%20b+c&limit=7&q=d"), &known).ok().unwrap();
        assert_eq!(params.every("q").collect::<Vec<_>>(), ["a b c", "d"]);
        assert!(params.one("q").is_err());
        assert_eq!(params.number("limit", 1..=200, 25).ok(), Some(7));
        assert!(params.number("limit", 1..=5, 25).is_err());
    }
}
