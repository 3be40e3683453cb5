//! How much there is in a JSON text, before it is read.
//!
//! A list of zeros is two bytes for each on the wire, and thirty and more in memory. Counting them
//! first takes no memory at all.

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

#[cfg(test)]
mod tests {
    use super::*;

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
