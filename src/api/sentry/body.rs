//! Bodies: JSON whose keys are written in either way, `timeWindow` or `time_window`.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use crate::api::sentry::refused::{Refused, Wrong};
use crate::incident::text::shorten;
use crate::json;

/// The most values in a body. No rule has more than some hundred.
const PIECES: usize = 4_096;

/// What a body says.
#[derive(Debug)]
pub struct Given(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Given {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let kind = request.headers().get(header::CONTENT_TYPE).cloned();
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        if bytes.is_empty() {
            return Ok(Given(Map::new()));
        }
        if !is_json {
            let kind = kind.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            let detail = format!("Unsupported media type \"{}\" in request.", shorten(kind, 100));
            return Err(Refused::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, &detail));
        }
        Given::read(&bytes)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn unread(rejection: BytesRejection) -> Refused {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Refused::detail(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 1 MiB.")
    } else {
        Refused::detail(StatusCode::BAD_REQUEST, "The body did not arrive whole.")
    }
}

impl Given {
    fn read(bytes: &[u8]) -> Result<Given, Refused> {
        if json::pieces(bytes) > PIECES {
            return Err(Refused::together("The body has too many values."));
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            Refused::detail(StatusCode::BAD_REQUEST, &format!("JSON parse error - {error}"))
        })?;
        if json::has_nul(&value) {
            return Err(Refused::together("Null characters are not allowed."));
        }
        match value {
            Value::Object(fields) => Ok(Given(fields)),
            _ => Err(Refused::together("Invalid data. Expected a dictionary.")),
        }
    }

    /// What is given within a list, if it is an object.
    pub fn of(value: &Value) -> Option<Given> {
        value.as_object().cloned().map(Given)
    }

    /// The value of a field, by its name in either way.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| self.0.get(&snake(name)))
    }

    /// Whether a field is given, be it as null.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A text. Blank ones are left to whoever reads it.
    pub fn text(&self, name: &str, wrong: &mut Wrong) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null => None,
            _ => {
                wrong.add(name, "Not a valid string.");
                None
            }
        }
    }

    /// A whole number. How large it may be is said elsewhere.
    pub fn whole(&self, name: &str, wrong: &mut Wrong) -> Option<i64> {
        let value = self.get(name).filter(|value| !value.is_null())?;
        let number = whole(value);
        if number.is_none() {
            wrong.add(name, "A valid integer is required.");
        }
        number
    }

    /// A number.
    pub fn number(&self, name: &str, wrong: &mut Wrong) -> Option<f64> {
        let value = self.get(name).filter(|value| !value.is_null())?;
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_f64(),
        };
        let number = number.filter(|number: &f64| number.is_finite());
        if number.is_none() {
            wrong.add(name, "A valid number is required.");
        }
        number
    }

    /// Yes or no.
    pub fn switch(&self, name: &str, wrong: &mut Wrong) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(on) => Some(*on),
            Value::Null => None,
            _ => {
                wrong.add(name, "Must be a valid boolean.");
                None
            }
        }
    }

    /// A list.
    pub fn list(&self, name: &str, wrong: &mut Wrong) -> Option<&[Value]> {
        match self.get(name)? {
            Value::Array(list) => Some(list),
            Value::Null => None,
            _ => {
                wrong.add(name, "Expected a list of items.");
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts(&self, name: &str, wrong: &mut Wrong) -> Option<Vec<String>> {
        let list = self.list(name, wrong)?;
        let texts: Option<Vec<String>> =
            list.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        if texts.is_none() {
            wrong.add(name, "Not a valid string.");
        }
        texts
    }

    /// Says what is wrong if a field is missing or null.
    pub fn need(&self, name: &str, wrong: &mut Wrong) {
        match self.get(name) {
            None => wrong.add(name, "This field is required."),
            Some(Value::Null) => wrong.add(name, "This field may not be null."),
            Some(_) => {}
        }
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_i64().or_else(|| {
            // `10.0` is how some write 10.
            let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
            format!("{float:.0}").parse().ok()
        }),
        _ => None,
    }
}

/// `timeWindow` as `time_window`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Given {
        Given::read(text.as_bytes()).ok().unwrap()
    }

    #[test]
    fn keys_are_read_in_either_way_and_values_as_they_are_meant() {
        let given = given(
            r#"{"timeWindow": "10", "threshold_period": 2.0, "resolveThreshold": "1.5", "name": " x ", "query": 7}"#,
        );
        let mut wrong = Wrong::default();
        assert_eq!(given.whole("timeWindow", &mut wrong), Some(10));
        assert_eq!(given.whole("thresholdPeriod", &mut wrong), Some(2));
        assert_eq!(given.number("resolveThreshold", &mut wrong), Some(1.5));
        assert_eq!(given.text("name", &mut wrong).as_deref(), Some("x"));
        assert_eq!(given.text("query", &mut wrong).as_deref(), Some("7"));
        assert_eq!(wrong, Wrong::default());
    }

    #[test]
    fn what_is_wrong_is_said_by_the_name_that_clients_know() {
        let given =
            given(r#"{"time_window": 1.5, "name": [], "projects": [1], "alertThreshold": "x"}"#);
        let mut wrong = Wrong::default();
        given.whole("timeWindow", &mut wrong);
        given.text("name", &mut wrong);
        given.texts("projects", &mut wrong);
        given.number("alertThreshold", &mut wrong);
        given.need("query", &mut wrong);
        let mut expected = Wrong::default();
        expected.add("timeWindow", "A valid integer is required.");
        expected.add("name", "Not a valid string.");
        expected.add("projects", "Not a valid string.");
        expected.add("alertThreshold", "A valid number is required.");
        expected.add("query", "This field is required.");
        assert_eq!(wrong, expected);
        let deep = "[".repeat(3_000);
        for text in ["[]", "7", "{", "{\"a\": \"\\u0000\"}", &deep] {
            assert!(Given::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
