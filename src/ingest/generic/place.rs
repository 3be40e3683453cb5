//! Where something stands in somebody's JSON, as a template says it.

use std::borrow::Cow;

use serde_json::Value;

/// The longest pointer, literal or word of a template, in bytes.
const LONGEST: usize = 1_024;
/// The most words of a list.
const MOST_WORDS: usize = 100;

/// Where a value stands: a JSON pointer (RFC 6901), or after `=` the value itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A pointer.
    At(String),
    /// The text itself.
    Literal(String),
}

impl Place {
    /// Reads a place from the settings; `field` is what the error names.
    pub fn read(field: &str, value: &Value) -> Result<Place, String> {
        let text = value.as_str().ok_or_else(|| {
            format!("`{field}` has to be a text: a JSON pointer such as \"/alert/title\", or \"=\" and the text itself")
        })?;
        if text.len() > LONGEST {
            return Err(format!("`{field}` is longer than {LONGEST} bytes"));
        }
        if let Some(literal) = text.strip_prefix('=') {
            return Ok(Place::Literal(literal.to_owned()));
        }
        if !text.is_empty() && !text.starts_with('/') {
            return Err(format!(
                "`{field}` is no JSON pointer: \u{201c}{text}\u{201d} has to begin with \"/\" (or with \"=\" if it is the text itself)"
            ));
        }
        let is_escaped = |rest: &str| rest.starts_with('0') || rest.starts_with('1');
        if !text.split('~').skip(1).all(is_escaped) {
            return Err(format!(
                "`{field}` is no JSON pointer: \"~\" has to be written as \"~0\", \"/\" in a name as \"~1\""
            ));
        }
        Ok(Place::At(text.to_owned()))
    }

    /// What stands there: in the alert, or else in the whole body.
    pub fn look<'a>(&self, alert: &'a Value, whole: &'a Value) -> Option<Cow<'a, Value>> {
        match self {
            Place::Literal(text) => Some(Cow::Owned(Value::String(text.clone()))),
            Place::At(pointer) => {
                let found = alert.pointer(pointer).filter(|found| !found.is_null());
                found.or_else(|| whole.pointer(pointer)).map(Cow::Borrowed)
            }
        }
    }

    /// What stands there, as one text.
    pub fn words(&self, alert: &Value, whole: &Value) -> Option<String> {
        self.look(alert, whole).and_then(|found| crate::ingest::values::words(&found))
    }
}

/// Reads a list of words from the settings: a text, or a list of texts, numbers and truth values.
pub fn list(field: &str, value: &Value) -> Result<Vec<String>, String> {
    let entries = match value {
        Value::Array(entries) => entries.as_slice(),
        one => std::slice::from_ref(one),
    };
    let words: Option<Vec<String>> = entries.iter().map(crate::ingest::values::plain).collect();
    match words {
        Some(words) if words.is_empty() || words.len() > MOST_WORDS => {
            Err(format!("`{field}` has to have from 1 to {MOST_WORDS} words"))
        }
        Some(words) if words.iter().all(|word| word.len() <= LONGEST) => Ok(words),
        _ => Err(format!("`{field}` has to be a list of words")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_is_a_pointer_or_a_text() {
        let body = json!({"a": {"b/c": ["x", 7]}, "n": null});
        let look = |place: &str| Place::read("f", &json!(place)).unwrap().words(&body["a"], &body);
        assert_eq!(look("/b~1c/1").as_deref(), Some("7"));
        assert_eq!(
            look("/a/b~1c").as_deref(),
            Some("x, 7"),
            "what is not in the alert is looked for in the whole"
        );
        assert_eq!(look("=/a").as_deref(), Some("/a"));
        assert_eq!(look("/n"), None);
        assert_eq!(look("/nowhere"), None);
        assert_eq!(look("/a"), None, "an object is no text");
        for bad in [
            json!("a"),
            json!("$.a"),
            json!("/a~2"),
            json!("/a~"),
            json!(7),
            json!("/a".repeat(600)),
        ] {
            assert!(Place::read("title", &bad).unwrap_err().contains("`title`"), "{bad}");
        }
    }

    #[test]
    fn words_are_a_list() {
        assert_eq!(
            list("f", &json!(["a", 1, true])),
            Ok(vec!["a".to_owned(), "1".to_owned(), "true".to_owned()])
        );
        assert_eq!(list("f", &json!("a")), Ok(vec!["a".to_owned()]));
        for bad in [json!([]), json!([null]), json!({}), json!([["a"]]), json!(["a".repeat(2_000)])]
        {
            assert!(list("f", &bad).unwrap_err().contains("`f`"), "{bad}");
        }
    }
}
