//! What the composer makes of typed text: people and channels become links, and what could be
//! taken for markup is escaped.

use serde_json::{Value, json};

use crate::simulator::state::State;

/// A piece of what was typed.
enum Piece<'a> {
    Text(&'a str),
    User(&'a str, &'a str),
    Group(&'a str, &'a str),
    /// The name is empty for private channels.
    Channel(&'a str, &'a str),
    Broadcast(&'a str),
    Url(&'a str),
}

/// The text of a message: `<@U1>`, `<#C1|name>`, `&amp;`.
pub fn message_text(state: &State, typed: &str) -> String {
    pieces(state, typed).iter().map(|piece| written(piece, false)).collect()
}

/// The text of a slash command with `should_escape`: `<@U1|name>`, `<#C1|name>`, `&amp;`.
pub fn command_text(state: &State, typed: &str) -> String {
    pieces(state, typed).iter().map(|piece| written(piece, true)).collect()
}

/// The block of a message.
pub fn rich_text(state: &State, typed: &str, block_id: &str) -> Value {
    let elements: Vec<_> = pieces(state, typed)
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => json!({ "type": "text", "text": text }),
            Piece::User(id, _) => json!({ "type": "user", "user_id": id }),
            Piece::Group(id, _) => json!({ "type": "usergroup", "usergroup_id": id }),
            Piece::Channel(id, _) => json!({ "type": "channel", "channel_id": id }),
            Piece::Broadcast(range) => json!({ "type": "broadcast", "range": range }),
            Piece::Url(url) => json!({ "type": "link", "url": url }),
        })
        .collect();
    let section = json!({ "type": "rich_text_section", "elements": elements });
    json!({ "type": "rich_text", "block_id": block_id, "elements": [section] })
}

/// As Slack escapes text, and nothing more.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn written(piece: &Piece<'_>, with_names: bool) -> String {
    match piece {
        Piece::Text(text) => escape(text),
        Piece::User(id, name) if with_names => format!("<@{id}|{name}>"),
        Piece::User(id, _) => format!("<@{id}>"),
        Piece::Group(id, handle) => format!("<!subteam^{id}|@{handle}>"),
        Piece::Channel(id, name) => format!("<#{id}|{name}>"),
        Piece::Broadcast(range) => format!("<!{range}>"),
        Piece::Url(url) => format!("<{}>", escape(url)),
    }
}

fn pieces<'a>(state: &'a State, typed: &'a str) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut text_from = 0;
    let mut at = 0;
    while let Some(offset) = typed[at..].find(['@', '#', 'h']) {
        let start = at + offset;
        let after_word = typed[..start].ends_with(|c: char| c.is_alphanumeric());
        match linked(state, &typed[start..]).filter(|_| !after_word) {
            Some((piece, length)) => {
                if text_from < start {
                    pieces.push(Piece::Text(&typed[text_from..start]));
                }
                pieces.push(piece);
                at = start + length;
                text_from = at;
            }
            None => at = start + 1,
        }
    }
    if text_from < typed.len() {
        pieces.push(Piece::Text(&typed[text_from..]));
    }
    pieces
}

/// What `text` begins with, if it's more than text, and how long that is.
fn linked<'a>(state: &'a State, text: &'a str) -> Option<(Piece<'a>, usize)> {
    if text.starts_with("http://") || text.starts_with("https://") {
        let end = text.find(|c: char| c.is_whitespace() || "<>\"".contains(c));
        let url = text[..end.unwrap_or(text.len())].trim_end_matches(['.', ',', ')', '!', '?']);
        return (url.len() > "https://".len()).then_some((Piece::Url(url), url.len()));
    }
    let name = text[1..].split(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).next()?;
    // "@bob." ends a sentence: the name may be shorter than what could be one.
    for length in (1..=name.len()).rev().filter(|length| name.is_char_boundary(*length)) {
        let candidate = &name[..length];
        if name[length..].starts_with(|c: char| c.is_alphanumeric()) {
            continue;
        }
        let piece = match text.as_bytes()[0] {
            b'@' => mentioned(state, candidate),
            b'#' => state.channel_by_name(candidate).map(|channel| {
                let name = if channel.is_private { "" } else { channel.name.as_str() };
                Piece::Channel(&channel.id, name)
            }),
            _ => None,
        };
        if let Some(piece) = piece {
            return Some((piece, 1 + length));
        }
    }
    None
}

fn mentioned<'a>(state: &'a State, name: &'a str) -> Option<Piece<'a>> {
    if matches!(name, "here" | "channel" | "everyone") {
        return Some(Piece::Broadcast(name));
    }
    let user = state.users.values().find(|user| user.name == name && !user.deleted);
    let user = user.map(|user| Piece::User(&user.id, &user.name));
    let group = || state.user_groups.values().find(|group| group.handle == name);
    user.or_else(|| group().map(|group| Piece::Group(&group.id, &group.handle)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::settings::Settings;

    #[test]
    fn people_and_channels_become_links_and_the_rest_is_escaped() {
        let state = State::new(&Settings::default());
        let table = [
            ("plain", "plain"),
            ("@bob", "<@U0BOB|bob>"),
            ("page @bob, please", "page <@U0BOB|bob>, please"),
            ("@bobby", "@bobby"),
            ("me@bob", "me@bob"),
            ("@bob.", "<@U0BOB|bob>."),
            ("in #general now", "in <#C0GENERAL|general> now"),
            ("#nowhere", "#nowhere"),
            ("a < b & c", "a &lt; b &amp; c"),
            ("<@U0BOB>", "&lt;@U0BOB&gt;"),
            ("@here @oncall", "<!here> <!subteam^S0ONCALL|@oncall>"),
            ("see https://example.com/a?b=1&c=2.", "see <https://example.com/a?b=1&amp;c=2>."),
            ("héhé @ # ü", "héhé @ # ü"),
        ];
        for (typed, expected) in table {
            assert_eq!(command_text(&state, typed), expected, "{typed}");
        }
        assert_eq!(message_text(&state, "@bob"), "<@U0BOB>");
    }
}
