//! What people type, made fit to be kept: cleaned, measured, and turned into channel names.

/// The longest name of an incident, in characters.
pub const NAME_LIMIT: usize = 200;
/// The longest summary, in characters.
pub const SUMMARY_LIMIT: usize = 2_000;
/// The longest update, note or closing message, in characters: one Slack text object.
pub const MESSAGE_LIMIT: usize = 3_000;
/// The longest name of a Slack channel.
pub const CHANNEL_NAME_LIMIT: usize = 80;

/// One line: control and invisible direction characters gone, white space folded.
pub fn clean_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !is_trick(*c))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Several lines: as typed, but for what no database or screen should have to bear.
pub fn clean_text(text: &str) -> String {
    let kept: String = text
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_trick(*c))
        .collect();
    kept.trim().to_owned()
}

/// As [`clean_line`] and then [`shorten`]; what is plain and short, as nearly all text is, stays where
/// it is.
pub fn tidy_line(text: String, limit: usize) -> String {
    let is_plain = text.len() <= limit
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ");
    if is_plain { text } else { shorten(&clean_line(&text), limit) }
}

/// As [`clean_text`] and then [`shorten`]; what is plain and short stays where it is.
pub fn tidy_text(text: String, limit: usize) -> String {
    let is_plain = text.len() <= limit
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t'))
        && text.trim().len() == text.len();
    if is_plain { text } else { shorten(&clean_text(&text), limit) }
}

/// Characters that nobody sees and that reorder or hide what stands around them.
pub fn is_trick(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What of a name tells it from others: case, spaces, dashes and underscores do not.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The text, cut to so many characters, with `…` as the last one where something is missing.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    if limit > 0 {
        short.push('…');
    }
    short
}

/// The name of an incident's channel, valid in Slack whatever the incident is called.
///
/// The number makes it unique. What Slack does not allow becomes a dash; a name with nothing
/// that Slack allows (all emoji, another script) leaves the number alone.
pub fn channel_name(number: i64, name: &str) -> String {
    let mut channel = format!("inc-{number}");
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    for word in words {
        if channel.len() + 1 + word.len() > CHANNEL_NAME_LIMIT {
            break;
        }
        channel.push('-');
        channel.push_str(&word.to_ascii_lowercase());
    }
    channel
}

/// The name that somebody chose for a channel, valid in Slack: what it does not allow becomes a dash.
/// Nothing if nothing is left, if it is too long, or if it is one that the channel of an incident
/// is known by (`inc-7-…`): that incident would take the channel for its own.
pub fn chosen_channel_name(name: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = name.split(|c| !is_allowed(c)).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let number = name.strip_prefix("inc-").and_then(|rest| rest.chars().next());
    let is_an_incidents = number.is_some_and(|first| first.is_ascii_digit());
    let fits = (1..=CHANNEL_NAME_LIMIT).contains(&name.len());
    (fits && !is_an_incidents).then_some(name)
}

/// The word among those known that was probably meant, if any comes near.
pub fn nearest(given: &str, known: &[String]) -> Option<String> {
    let given = given.to_lowercase();
    let first_word = given.split_whitespace().next().unwrap_or_default();
    known
        .iter()
        .filter_map(|word| {
            let candidate = word.to_lowercase();
            let distance =
                edit_distance(&given, &candidate).min(edit_distance(first_word, &candidate));
            // A third of the letters may be wrong; more than that is another word.
            (distance <= 1 + candidate.chars().count() / 3).then_some((distance, word))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word.clone())
}

/// How many letters must be added, dropped, changed or swapped with their neighbour.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(40).collect();
    let b: Vec<char> = b.chars().take(40).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn channel_names_say_what_slack_lets_them() {
        for (name, channel) in [
            ("Checkout 5xx", "inc-7-checkout-5xx"),
            ("🔥🔥🔥", "inc-7"),
            ("*bold* <!channel> & more", "inc-7-bold-channel-more"),
            ("ÜBER langsam", "inc-7-ber-langsam"),
            ("", "inc-7"),
        ] {
            assert_eq!(channel_name(7, name), channel);
        }
    }

    #[test]
    fn a_chosen_name_is_made_fit_or_refused() {
        for (given, name) in [
            ("war-room", Some("war-room")),
            (" #War Room!! ", Some("war-room")),
            ("pay_ments--down", Some("pay_ments-down")),
            ("incident-7", Some("incident-7")),
            ("inc-7", None),
            ("INC 12 checkout", None),
            ("<!channel>", Some("channel")),
            ("🔥", None),
            ("", None),
        ] {
            assert_eq!(chosen_channel_name(given).as_deref(), name, "{given}");
        }
        assert_eq!(chosen_channel_name(&"x".repeat(81)), None);
    }

    #[test]
    fn the_nearest_word_forgives_slips_but_not_other_words() {
        let known: Vec<String> =
            ["severity", "status", "resolve", "close"].map(String::from).into();
        for (typed, meant) in [
            ("sevrity", Some("severity")),
            ("stauts", Some("status")),
            ("reslove it", Some("resolve")),
            ("banana", None),
        ] {
            assert_eq!(nearest(typed, &known).as_deref(), meant, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn any_name_makes_a_valid_channel_name(number in 1i64.., name in any::<String>()) {
            let channel = channel_name(number, &name);
            prop_assert!(channel.len() <= CHANNEL_NAME_LIMIT);
            prop_assert!(channel.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        }

        #[test]
        fn any_chosen_name_is_valid_and_stays(name in any::<String>()) {
            if let Some(channel) = chosen_channel_name(&name) {
                prop_assert!(channel.len() <= CHANNEL_NAME_LIMIT);
                prop_assert!(channel.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c)));
                prop_assert_eq!(chosen_channel_name(&channel), Some(channel));
            }
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let line = clean_line(&text);
            prop_assert_eq!(clean_line(&line), line.clone());
            prop_assert!(!line.contains('\0') && !line.contains('\n'));
            let kept = clean_text(&text);
            prop_assert_eq!(clean_text(&kept), kept.clone());
        }

        #[test]
        fn shortened_text_fits(text in any::<String>(), limit in 1usize..100) {
            prop_assert!(shorten(&text, limit).chars().count() <= limit);
        }
    }
}
