//! A run of text with people, channels and times in it.
//!
//! One line can be drawn three ways: as rich text, where Slack reads no markup at all; as
//! `mrkdwn`, escaped, where Slack offers nothing better; and as plain text for everything that is
//! not Slack.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::ids::{ChannelId, UserId};
use crate::incident::event::Actor;
use crate::incident::text::{is_trick, shorten};

/// The longest text object that Slack takes, in characters.
pub const TEXT_LIMIT: usize = 3_000;

/// What a person, a channel or a time counts as, about as long as it is drawn.
pub const MENTION_LENGTH: usize = 30;

/// How a reader's client shows a time; each reader sees their own time zone.
const DATE_FORMAT: &str = "{date_short_pretty} at {time}";

/// A run of text with people, channels and times in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text { text: String, style: Option<Style> },
    User(UserId),
    Channel(ChannelId),
    Link { url: String, label: String },
    Date(Timestamp),
}

/// How a text is set off from what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Bold,
    Italic,
    Code,
}

impl Style {
    fn as_str(self) -> &'static str {
        match self {
            Style::Bold => "bold",
            Style::Italic => "italic",
            Style::Code => "code",
        }
    }
}

impl Line {
    /// An empty line, to be added to.
    pub fn new() -> Self {
        Line::default()
    }

    /// A line of this text.
    pub fn of(text: &str) -> Self {
        Line::new().text(text)
    }

    /// A line of our own sentence, in which `` `…` `` marks what can be typed.
    pub fn prose(sentence: &str) -> Self {
        let mut line = Line::new();
        for (index, part) in sentence.split('`').enumerate() {
            line = if index % 2 == 1 { line.code(part) } else { line.text(part) };
        }
        line
    }

    /// Adds text as it is.
    pub fn text(self, text: &str) -> Self {
        self.styled(text, None)
    }

    /// Adds bold text.
    pub fn bold(self, text: &str) -> Self {
        self.styled(text, Some(Style::Bold))
    }

    /// Adds italic text.
    pub fn italic(self, text: &str) -> Self {
        self.styled(text, Some(Style::Italic))
    }

    /// Adds text that can be typed.
    pub fn code(self, text: &str) -> Self {
        self.styled(text, Some(Style::Code))
    }

    /// Adds a mention. An id that is not of Slack's shape is printed instead.
    pub fn user(mut self, user: &UserId) -> Self {
        if !user.is_well_formed() {
            return self.text(&format!("@{}", shorten(user.as_str(), 75)));
        }
        self.0.push(Piece::User(user.clone()));
        self
    }

    /// Adds a link to a channel. An id that is not of Slack's shape is printed instead.
    pub fn channel(mut self, channel: &ChannelId) -> Self {
        if !channel.is_well_formed() {
            return self.text(&format!("#{}", shorten(channel.as_str(), 75)));
        }
        self.0.push(Piece::Channel(channel.clone()));
        self
    }

    /// Adds a link. Only addresses of the web can be followed; others are printed.
    pub fn link(mut self, url: &str, label: &str) -> Self {
        if !is_web_address(url) {
            return self.text(label);
        }
        self.0.push(Piece::Link { url: url.to_owned(), label: visible(label) });
        self
    }

    /// Adds a time, which every reader sees in their own time zone.
    pub fn date(mut self, at: Timestamp) -> Self {
        self.0.push(Piece::Date(at));
        self
    }

    /// Adds whoever did something.
    pub fn actor(self, actor: &Actor) -> Self {
        match actor {
            Actor::Person { user } => self.user(user),
            Actor::ApiToken { name } => self.text(&shorten(name, 75)),
            Actor::Stentor => self.text("Stentor"),
        }
    }

    /// Adds all of another line.
    pub fn then(mut self, other: Line) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The lines that are not empty, with this text between them.
    pub fn joined(lines: impl IntoIterator<Item = Line>, separator: &str) -> Self {
        let mut whole = Line::new();
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            let start = if whole.is_empty() { whole } else { whole.text(separator) };
            whole = start.then(line);
        }
        whole
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many characters it takes.
    pub fn length(&self) -> usize {
        let lengths = self.0.iter().map(|piece| match piece {
            Piece::Text { text, .. } => text.chars().count(),
            Piece::Link { label, .. } => label.chars().count() + MENTION_LENGTH,
            Piece::User(_) | Piece::Channel(_) | Piece::Date(_) => MENTION_LENGTH,
        });
        lengths.sum()
    }

    /// As the elements of a rich text section.
    pub fn to_rich(&self) -> Vec<Value> {
        self.0.iter().map(Piece::to_rich).collect()
    }

    /// As `mrkdwn` of at most so many characters. Only code is set off, and only where nothing in
    /// it could end it early.
    pub fn to_mrkdwn(&self, limit: usize) -> String {
        let mut cut = Cut::new(limit);
        for piece in &self.0 {
            match piece {
                Piece::Text { text, style: Some(Style::Code) } if !text.contains(['`', '\n']) => {
                    cut.push(&format!("`{}`", text.chars().map(escaped).collect::<String>()));
                }
                Piece::Text { text, .. } => text.chars().for_each(|c| cut.push(&escaped(c))),
                Piece::User(user) => cut.push(&format!("<@{user}>")),
                Piece::Channel(channel) => cut.push(&format!("<#{channel}>")),
                Piece::Link { url, label } => cut.push(&format!("<{url}|{}>", link_label(label))),
                Piece::Date(at) => {
                    let seconds = at.as_seconds();
                    cut.push(&format!("<!date^{seconds}^{DATE_FORMAT}|{}>", in_utc(*at)));
                }
            }
        }
        cut.finish()
    }

    /// As plain text of at most so many characters, for everything that is not Slack.
    pub fn to_plain(&self, limit: usize) -> String {
        let mut cut = Cut::new(limit);
        for piece in &self.0 {
            match piece {
                Piece::Text { text, .. } => {
                    text.chars().for_each(|c| cut.push(c.encode_utf8(&mut [0; 4])))
                }
                Piece::User(user) => cut.push(&format!("@{user}")),
                Piece::Channel(channel) => cut.push(&format!("#{channel}")),
                Piece::Link { label, .. } => cut.push(label),
                Piece::Date(at) => cut.push(&in_utc(*at)),
            }
        }
        cut.finish()
    }

    fn styled(mut self, text: &str, style: Option<Style>) -> Self {
        let text = visible(text);
        if !text.is_empty() {
            self.0.push(Piece::Text { text: shorten(&text, TEXT_LIMIT), style });
        }
        self
    }
}

impl Piece {
    fn to_rich(&self) -> Value {
        match self {
            Piece::Text { text, style: None } => json!({"type": "text", "text": text}),
            Piece::Text { text, style: Some(style) } => {
                json!({"type": "text", "text": text, "style": {style.as_str(): true}})
            }
            Piece::User(user) => json!({"type": "user", "user_id": user}),
            Piece::Channel(channel) => json!({"type": "channel", "channel_id": channel}),
            Piece::Link { url, label } if label.trim().is_empty() => {
                json!({"type": "link", "url": url})
            }
            Piece::Link { url, label } => json!({"type": "link", "url": url, "text": label}),
            Piece::Date(at) => json!({
                "type": "date",
                "timestamp": at.as_seconds(),
                "format": DATE_FORMAT,
                "fallback": in_utc(*at),
            }),
        }
    }
}

/// Text that stops growing at its limit, and then ends in `…`. What is pushed at once stays whole,
/// so that no mention or entity is cut through.
struct Cut {
    text: String,
    length: usize,
    limit: usize,
    is_full: bool,
}

impl Cut {
    fn new(limit: usize) -> Self {
        Cut { text: String::new(), length: 0, limit, is_full: false }
    }

    fn push(&mut self, unit: &str) {
        let length = unit.chars().count();
        // One character is kept free for the `…`.
        self.is_full |= self.length + length >= self.limit;
        if !self.is_full {
            self.text.push_str(unit);
            self.length += length;
        }
    }

    fn finish(mut self) -> String {
        if self.is_full && self.limit > 0 {
            self.text.push('…');
        }
        self.text
    }
}

/// Text without what nobody sees: controls, and characters that reorder what stands around them.
pub fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_trick(*c))
        .collect()
}

/// Whether a browser can follow it.
pub fn is_web_address(url: &str) -> bool {
    let scheme = url.starts_with("https://") || url.starts_with("http://");
    let unsafe_in_a_link = |c: char| c.is_whitespace() || c.is_control() || "<>|\"".contains(c);
    scheme && url.chars().count() <= 3_000 && !url.contains(unsafe_in_a_link)
}

fn escaped(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        other => other.to_string(),
    }
}

/// A label can't hold what ends it.
fn link_label(label: &str) -> String {
    let label: String =
        label.chars().map(|c| if c == '|' || c == '\n' { ' ' } else { c }).collect();
    label.chars().map(escaped).collect()
}

fn in_utc(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_the_same_wherever_it_is_drawn() {
        let line = Line::of("<!here> ")
            .user(&"U0BEA".into())
            .text(" & ")
            .user(&"U1|x>".into())
            .text(" in ")
            .channel(&"C0OPS".into())
            .text(": ")
            .link("https://a.example/?a=1", "a|b")
            .link("javascript:alert(1)", " c");
        assert_eq!(
            line.to_mrkdwn(TEXT_LIMIT),
            "&lt;!here&gt; <@U0BEA> &amp; @U1|x&gt; in <#C0OPS>: <https://a.example/?a=1|a b> c"
        );
        assert_eq!(line.to_plain(TEXT_LIMIT), "<!here> @U0BEA & @U1|x> in #C0OPS: a|b c");
    }

    #[test]
    fn nothing_is_cut_through() {
        let line = Line::of("a&b ").user(&"U0BEA".into());
        assert_eq!(line.to_mrkdwn(4), "a…");
        assert_eq!(line.to_mrkdwn(16), "a&amp;b …");
        assert_eq!(line.to_mrkdwn(17), "a&amp;b <@U0BEA>");
        assert_eq!(line.to_mrkdwn(0), "");
    }

    #[test]
    fn only_what_can_be_typed_is_set_off_in_prose() {
        let line = Line::prose("Type `/incident help`.");
        assert_eq!(line.to_mrkdwn(TEXT_LIMIT), "Type `/incident help`.");
        assert_eq!(line.to_plain(TEXT_LIMIT), "Type /incident help.");
        assert_eq!(line.to_rich()[1]["style"]["code"], true);
    }
}
