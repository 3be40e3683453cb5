//! How much there is in a JSON text, before it is read; and what can't be kept of it.
//!
//! A list of zeros is two bytes for each on the wire, and thirty and more in memory. Counting them
//! first takes no memory at all.

use serde_json::Value;

/// About how many values a text holds: each begins the text, or follows one of these signs.
pub fn pieces(text: &[u8]) -> usize {
    let mut pieces = 1;
    let mut in_string = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            // Whatever comes next is part of the string.
            b'\\' if in_string => drop(bytes.next()),
            b'[' | b'{' | b',' | b':' if !in_string => pieces += 1,
            _ => {}
        }
    }
    pieces
}

/// Whether a text in it holds the one character that Postgres keeps in no text.
pub fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(object) => {
            object.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        for (text, expected) in [
            (r#"{"a": ["x", {"b": "\u0000"}]}"#, true),
            (r#"{"a\u0000": 1}"#, true),
            (r#"["\\u0000", null, 0]"#, false),
        ] {
            assert_eq!(has_nul(&serde_json::from_str(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_in_a_string_does_not_count() {
        for (text, expected) in [
            ("", 1),
            ("7", 1),
            ("[]", 2),
            ("[0,0,0]", 4),
            (r#"{"a": 1, "b": [2]}"#, 6),
            (r#"",:[{""#, 1),
            (r#"["\",\\",","]"#, 3),
            ("\"", 1),
            ("\"\\", 1),
        ] {
            assert_eq!(pieces(text.as_bytes()), expected, "{text}");
        }
    }
}
