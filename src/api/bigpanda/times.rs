//! Instants are whole seconds since 1970 here.

use serde_json::Value;

use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::clock::Timestamp;

/// The first second that is taken for one in milliseconds: the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;

/// The instant of a number of seconds.
pub fn instant(seconds: i64, name: &str) -> Outcome<Timestamp> {
    if !(0..MILLISECONDS).contains(&seconds) {
        let error = format!("{name} is a number of seconds since 1970, not of milliseconds.");
        return Err(Failure::bad(error));
    }
    Ok(Timestamp::from_micros(seconds * 1_000_000))
}

/// The instant in a field of a body.
pub fn field(value: &Value, name: &str) -> Outcome<Timestamp> {
    let wrong = || Failure::bad(format!("{name} is a whole number of seconds since 1970."));
    instant(value.as_i64().ok_or_else(wrong)?, name)
}

/// The instant in a parameter.
pub fn parameter(text: &str, name: &str) -> Outcome<Timestamp> {
    let wrong = || Failure::bad(format!("{name} is a whole number of seconds since 1970."));
    instant(text.parse().map_err(|_| wrong())?, name)
}

/// What stands for an instant that may not have come.
pub fn maybe(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| at.as_seconds().into())
}
