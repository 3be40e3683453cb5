//! The arguments of a call, whether they came as a query, a form or JSON.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::simulator::state::ts::Ts;

/// The arguments. In forms and queries everything is text, JSON too.
#[derive(Clone, Debug, Default)]
pub struct Args(pub Map<String, Value>);

impl Args {
    /// A text; numbers and booleans are taken as such, empty ones as absent.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// A text that may be empty.
    pub fn text_or_empty(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    /// A text that must be there.
    pub fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// A switch, which is off if it's absent.
    pub fn flag(&self, name: &str) -> bool {
        self.maybe_flag(name).unwrap_or(false)
    }

    /// A switch.
    pub fn maybe_flag(&self, name: &str) -> Option<bool> {
        Some(matches!(self.text(name)?.as_str(), "true" | "1"))
    }

    /// A time stamp.
    pub fn ts(&self, name: &str, error: &'static str) -> Result<Option<Ts>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| error.into()),
        }
    }

    /// How many to list.
    pub fn limit(&self, default: usize, max: usize) -> Result<usize, Refusal> {
        match self.text("limit") {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(0) => Ok(default),
                Ok(limit) if limit <= max => Ok(limit),
                _ => Err("invalid_limit".into()),
            },
        }
    }

    /// A list of ids: text with commas, or a list of JSON.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(list)) => {
                list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
            }
            Some(Value::String(text)) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                parts.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// An object or list; in a form it's JSON within text. `Err` means it isn't JSON.
    pub fn json(&self, name: &str) -> Result<Option<Value>, NotJson> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| NotJson),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// Where a list goes on. We hand out hexadecimal text, so that nobody relies on what's in it.
    pub fn cursor(&self) -> Result<Option<String>, Refusal> {
        let Some(cursor) = self.text("cursor") else { return Ok(None) };
        let bytes = hex::decode(cursor).map_err(|_| Refusal::from("invalid_cursor"))?;
        let text = String::from_utf8(bytes).map_err(|_| Refusal::from("invalid_cursor"))?;
        let key = text.strip_prefix("next:").ok_or("invalid_cursor")?;
        Ok(Some(key.to_owned()))
    }
}

/// The text isn't JSON.
#[derive(Debug)]
pub struct NotJson;

/// The cursor for the page that begins at `key`.
pub fn cursor_to(key: &str) -> String {
    hex::encode(format!("next:{key}"))
}

/// A required argument isn't there.
pub fn missing(name: &str) -> Refusal {
    Refusal::arguments(&[format!("[ERROR] missing required field: {name}")])
}
