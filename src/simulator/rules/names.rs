//! What a channel may be called.

use super::Rule;

/// The longest name.
pub const MAX_NAME: usize = 80;

/// Checks a channel's name: lower-case letters, digits, "-" and "_", and not punctuation alone.
pub fn check_channel_name(name: &str) -> Rule {
    if name.is_empty() {
        return Err("invalid_name_required");
    }
    if name.chars().count() > MAX_NAME {
        return Err("invalid_name_maxlength");
    }
    let is_punctuation = |c: char| !c.is_alphanumeric();
    if name.chars().all(is_punctuation) {
        return Err("invalid_name_punctuation");
    }
    if !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')) {
        return Err("invalid_name_specials");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_for_the_reason_slack_gives() {
        let long = "x".repeat(81);
        let table = [
            ("inc-42_checkout", Ok(())),
            ("", Err("invalid_name_required")),
            (&long, Err("invalid_name_maxlength")),
            ("---", Err("invalid_name_punctuation")),
            ("Inc-42", Err("invalid_name_specials")),
            ("inc 42", Err("invalid_name_specials")),
            ("inc.42", Err("invalid_name_specials")),
            ("störung", Err("invalid_name_specials")),
        ];
        for (name, expected) in table {
            assert_eq!(check_channel_name(name), expected, "{name}");
        }
    }
}
