//! The emoji names people and apps write between colons, as far as this client knows them.
//!
//! A name that is missing here is shown as it was written, which is what Slack does with a name
//! nobody has uploaded.

/// The glyph of an emoji name (without colons; a skin tone suffix is ignored).
pub fn glyph(name: &str) -> Option<&'static str> {
    let name = name.split("::").next().unwrap_or(name);
    Some(match name {
        "+1" | "thumbsup" => "👍",
        "-1" | "thumbsdown" => "👎",
        "100" => "💯",
        "alarm_clock" => "⏰",
        "ambulance" => "🚑",
        "arrow_down" => "⬇️",
        "arrow_forward" => "▶️",
        "arrow_left" => "⬅️",
        "arrow_right" => "➡️",
        "arrow_up" => "⬆️",
        "arrows_counterclockwise" => "🔄",
        "bar_chart" => "📊",
        "bell" => "🔔",
        "blue_book" => "📘",
        "book" | "open_book" => "📖",
        "bookmark" => "🔖",
        "boom" | "collision" => "💥",
        "bug" => "🐛",
        "bulb" => "💡",
        "bust_in_silhouette" => "👤",
        "busts_in_silhouette" => "👥",
        "calendar" | "date" => "📅",
        "card_index_dividers" => "🗂️",
        "chart_with_downwards_trend" => "📉",
        "chart_with_upwards_trend" => "📈",
        "clap" => "👏",
        "clipboard" => "📋",
        "clock1" => "🕐",
        "clock3" => "🕒",
        "clock" | "mantelpiece_clock" => "🕰️",
        "closed_book" => "📕",
        "construction" => "🚧",
        "double_vertical_bar" | "pause_button" => "⏸️",
        "envelope" | "email" => "✉️",
        "exclamation" | "heavy_exclamation_mark" => "❗",
        "eyes" => "👀",
        "fast_forward" => "⏩",
        "fire" => "🔥",
        "fire_engine" => "🚒",
        "fire_extinguisher" => "🧯",
        "firefighter" => "🧑‍🚒",
        "gear" => "⚙️",
        "green_heart" => "💚",
        "grey_question" => "❔",
        "handshake" => "🤝",
        "hash" => "#️⃣",
        "heart" => "❤️",
        "heavy_check_mark" => "✔️",
        "heavy_plus_sign" => "➕",
        "hourglass" => "⌛",
        "hourglass_flowing_sand" => "⏳",
        "inbox_tray" => "📥",
        "information_source" => "ℹ️",
        "key" => "🔑",
        "label" => "🏷️",
        "large_blue_circle" => "🔵",
        "large_green_circle" => "🟢",
        "large_orange_circle" => "🟠",
        "large_purple_circle" => "🟣",
        "large_yellow_circle" => "🟡",
        "lightning" | "zap" => "⚡",
        "link" => "🔗",
        "lock" => "🔒",
        "loudspeaker" => "📢",
        "mag" => "🔍",
        "mega" => "📣",
        "memo" | "pencil" => "📝",
        "mute" => "🔇",
        "no_bell" => "🔕",
        "no_entry" => "⛔",
        "no_entry_sign" => "🚫",
        "ok" => "🆗",
        "ok_hand" => "👌",
        "outbox_tray" => "📤",
        "pager" => "📟",
        "paperclip" => "📎",
        "phone" | "telephone" => "☎️",
        "point_down" => "👇",
        "point_right" => "👉",
        "pray" => "🙏",
        "pushpin" => "📌",
        "question" => "❓",
        "raised_hands" => "🙌",
        "recycle" => "♻️",
        "red_circle" => "🔴",
        "repeat" => "🔁",
        "robot_face" => "🤖",
        "rocket" => "🚀",
        "rotating_light" => "🚨",
        "round_pushpin" => "📍",
        "satellite_antenna" => "📡",
        "scroll" => "📜",
        "shield" => "🛡️",
        "siren" => "🚨",
        "skull" => "💀",
        "slightly_smiling_face" => "🙂",
        "smile" => "😄",
        "snail" => "🐌",
        "sos" => "🆘",
        "sparkles" => "✨",
        "speech_balloon" => "💬",
        "star" => "⭐",
        "stopwatch" => "⏱️",
        "tada" => "🎉",
        "telephone_receiver" => "📞",
        "thinking_face" => "🤔",
        "thread" => "🧵",
        "timer_clock" => "⏲️",
        "triangular_flag_on_post" => "🚩",
        "unlock" => "🔓",
        "warning" => "⚠️",
        "wave" => "👋",
        "wastebasket" => "🗑️",
        "white_check_mark" => "✅",
        "white_circle" => "⚪",
        "black_circle" => "⚫",
        "white_large_square" => "⬜",
        "wrench" => "🔧",
        "hammer_and_wrench" => "🛠️",
        "x" => "❌",
        "zzz" => "💤",
        _ => return None,
    })
}

/// Splits `:name:` off the front of a text that begins with a colon: the glyph and the length.
pub fn at_start(text: &str) -> Option<(&'static str, usize)> {
    let rest = text.strip_prefix(':')?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_+-'".contains(c)))?;
    if end == 0 || !rest[end..].starts_with(':') {
        return None;
    }
    let glyph = glyph(&rest[..end])?;
    // A skin tone rides along as a second name: `:wave::skin-tone-2:`.
    let length = end + 2;
    let tone = text[length..].strip_prefix(":skin-tone-").and_then(|tone| tone.find(':'));
    Some((glyph, length + tone.map_or(0, |end| ":skin-tone-".len() + end + 1)))
}

/// A text in which every known `:name:` has become its glyph.
pub fn replace_names(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(colon) = rest.find(':') {
        shown.push_str(&rest[..colon]);
        rest = &rest[colon..];
        let (piece, length) = at_start(rest).unwrap_or((":", 1));
        shown.push_str(piece);
        rest = &rest[length..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_colons_become_glyphs_and_all_else_stays() {
        let cases = [
            (":fire: in the hall", "🔥 in the hall"),
            (":fire::fire:", "🔥🔥"),
            ("10:30:45", "10:30:45"),
            (":nobody_made_this:", ":nobody_made_this:"),
            (":wave::skin-tone-3: hi", "👋 hi"),
            ("a: b :", "a: b :"),
            ("::", "::"),
        ];
        for (text, expected) in cases {
            assert_eq!(replace_names(text), expected, "{text}");
        }
    }
}
