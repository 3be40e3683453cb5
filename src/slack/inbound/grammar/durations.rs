//! How long somebody means: `2h`, `90m`, `1 day`, `1h30`, `an hour`.

use crate::slack::inbound::grammar::words::split_word;

/// The minutes that the words begin with, and what follows them; nothing if they begin with no
/// duration. A number without a unit is minutes.
pub(super) fn leading_minutes(words: &str) -> Option<(u32, &str)> {
    let mut rest = words.trim();
    let mut minutes: u32 = 0;
    let mut is_any = false;
    // Each round takes one number with its unit: `1h30m` and `1 h 30 min` have two.
    while let Some((number, after)) = leading_number(rest, is_any) {
        let (unit, after_unit) = leading_letters(after.trim_start());
        let each = match unit.to_lowercase().as_str() {
            "" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 1,
            "h" | "hr" | "hrs" | "hour" | "hours" => 60,
            "d" | "day" | "days" => 24 * 60,
            "w" | "wk" | "week" | "weeks" => 7 * 24 * 60,
            // The next word says something else: the number stands alone.
            _ if after.starts_with(char::is_whitespace) => 1,
            _ => return None,
        };
        let is_unit = !unit.is_empty() && (each > 1 || unit.to_lowercase().starts_with('m'));
        rest = if is_unit { after_unit } else { after };
        minutes = minutes.checked_add(number.checked_mul(each)?)?;
        is_any = true;
    }
    let is_end = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == ',');
    (is_any && is_end).then(|| (minutes, rest.trim_start_matches([',', ' ']).trim()))
}

/// A number at the beginning; `a` and `an` are one, if nothing came before.
fn leading_number(text: &str, is_any: bool) -> Option<(u32, &str)> {
    let text = text.trim_start();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if digits > 0 {
        return Some((text[..digits].parse().ok()?, &text[digits..]));
    }
    let (word, _) = split_word(text);
    let is_one = !is_any && ["a", "an", "one"].iter().any(|one| word.eq_ignore_ascii_case(one));
    is_one.then(|| (1, &text[word.len()..]))
}

fn leading_letters(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_forgivingly() {
        for (typed, minutes, rest) in [
            ("2h", 120, ""),
            ("90m", 90, ""),
            ("90", 90, ""),
            ("1d", 1_440, ""),
            ("1h30m", 90, ""),
            ("1h30", 90, ""),
            ("1 h 30 min", 90, ""),
            ("2 Hours", 120, ""),
            ("an hour", 60, ""),
            ("a day cancel", 1_440, "cancel"),
            ("2h cancel", 120, "cancel"),
            ("2h, cancel", 120, "cancel"),
            ("45 cancel", 45, "cancel"),
            ("0", 0, ""),
            ("3 weeks", 30_240, ""),
        ] {
            assert_eq!(leading_minutes(typed), Some((minutes, rest)), "{typed}");
        }
        for typed in [
            "",
            "soon",
            "2 x2h",
            "2y",
            "-5m",
            "h",
            "a",
            "1.5h",
            "99999999999m",
            "4294967295h",
            "日",
        ] {
            let read = leading_minutes(typed).filter(|(_, rest)| rest.is_empty());
            assert_eq!(read, if typed == "a" { Some((1, "")) } else { None }, "{typed}");
        }
    }
}
