//! One event, however it was sent.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

use crate::ingest::{base64, percent, values};

/// The version that is read.
const VERSION: &str = "1.0";
/// The longest id, source or type, in bytes.
const LONGEST: usize = 2_048;

/// An event, with its data read as far as it can be.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id, which is its source's only one.
    pub id: String,
    /// Where it is from.
    pub source: String,
    /// What happened.
    pub kind: String,
    /// What it is about.
    pub subject: Option<String>,
    /// All of it, as the structured mode writes it: what pointers of the settings are looked up in.
    pub whole: Value,
}

impl Event {
    /// From the structured mode, or a piece of a batch.
    pub fn structured(event: Value) -> Result<Event, String> {
        let Value::Object(mut members) = event else {
            return Err("It is no JSON object.".to_owned());
        };
        let bytes = match members.remove("data_base64") {
            Some(Value::String(text)) => {
                Some(base64::decode(&text).ok_or("`data_base64` is no base64.")?)
            }
            Some(Value::Null) | None => None,
            Some(_) => return Err("`data_base64` is no text.".to_owned()),
        };
        if let Some(bytes) = bytes {
            members.insert("data".to_owned(), data(&bytes));
        }
        // Data that is JSON in a text is meant as JSON.
        if let Some(Value::String(text)) = members.get("data")
            && let Ok(read @ (Value::Object(_) | Value::Array(_))) = read_json(text.as_bytes())
        {
            members.insert("data".to_owned(), read);
        }
        Event::of(members)
    }

    /// From the binary mode: attributes are headers, and the body is the data.
    pub fn binary(headers: &HeaderMap, kind: Option<&str>, body: &[u8]) -> Result<Event, String> {
        let mut members = Map::new();
        for (name, value) in headers {
            let Some(name) = name.as_str().strip_prefix("ce-") else { continue };
            let text = String::from_utf8_lossy(value.as_bytes());
            members.insert(name.to_owned(), Value::String(percent::decode(&text)));
        }
        if let Some(kind) = kind {
            members.insert("datacontenttype".to_owned(), Value::String(kind.to_owned()));
        }
        if !body.is_empty() {
            members.insert("data".to_owned(), data(body));
        }
        Event::of(members)
    }

    fn of(members: Map<String, Value>) -> Result<Event, String> {
        let whole = Value::Object(members);
        let version = values::member(&whole, "specversion").ok_or("`specversion` is missing.")?;
        if version != VERSION {
            return Err(format!("`specversion` has to be {VERSION}."));
        }
        let required = |name: &str| match whole.get(name) {
            Some(Value::String(text)) if text.len() > LONGEST => {
                Err(format!("`{name}` is too long."))
            }
            Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
            _ => Err(format!("`{name}` is missing.")),
        };
        Ok(Event {
            id: required("id")?,
            source: required("source")?,
            kind: required("type")?,
            subject: values::member(&whole, "subject"),
            whole,
        })
    }

    /// What it is known by, however often it comes.
    pub fn delivery(&self) -> String {
        values::key_of(&[&self.source, &self.id])
    }
}

/// Data as JSON, or else as text.
fn data(bytes: &[u8]) -> Value {
    read_json(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

fn read_json(bytes: &[u8]) -> Result<Value, crate::ingest::knock::Trouble> {
    crate::ingest::knock::from_json(bytes)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "specversion": "1.0", "id": "7ca7", "source": "/mon/1", "type": "com.example.alert.fired",
            "subject": "db-1", "data": {"severity": "critical"},
        })
    }

    #[test]
    fn every_mode_says_the_same() {
        let structured = Event::structured(event()).unwrap();
        assert_eq!(structured.whole["data"]["severity"], "critical");
        let mut encoded = event();
        encoded.as_object_mut().unwrap().remove("data");
        encoded["data_base64"] = json!("eyJzZXZlcml0eSI6ImNyaXRpY2FsIn0=");
        assert_eq!(Event::structured(encoded), Ok(structured.clone()));
        let mut text = event();
        text["data"] = json!("{\"severity\":\"critical\"}");
        assert_eq!(Event::structured(text), Ok(structured.clone()));
        let headers = [
            ("ce-specversion", "1.0"),
            ("ce-id", "7ca7"),
            ("ce-source", "%2Fmon/1"),
            ("ce-type", "com.example.alert.fired"),
            ("ce-subject", "db-1"),
            ("x-other", "no"),
        ];
        let headers = headers
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let binary =
            Event::binary(&headers.into_iter().collect(), None, br#"{"severity":"critical"}"#)
                .unwrap();
        assert_eq!(binary, structured);
        assert_eq!(binary.delivery(), structured.delivery());
    }

    #[test]
    fn what_is_missing_is_named() {
        for name in ["specversion", "id", "source", "type"] {
            for wrong in [Value::Null, json!(""), json!({}), json!("x".repeat(3_000))] {
                let mut broken = event();
                broken[name] = wrong;
                assert!(Event::structured(broken).unwrap_err().contains(name));
            }
        }
        for bad in [json!([]), json!(1), json!({"data_base64": 7}), json!({"data_base64": "%"})] {
            assert!(Event::structured(bad).is_err());
        }
        assert!(Event::binary(&HeaderMap::new(), None, b"").unwrap_err().contains("specversion"));
    }
}
