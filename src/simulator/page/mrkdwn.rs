//! Slack's own markup, drawn: `*bold*`, `<url|label>`, `<@U…>` and the rest.
//!
//! The text is untrusted. It becomes markup only through `html!`, which escapes, and through the
//! few elements named here, so no text can bring an element or a script of its own.

use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};

use super::directory::Directory;
use super::emoji;

/// Draws a mrkdwn text. With `verbatim`, bare addresses stay plain text.
pub fn mrkdwn(text: &str, verbatim: bool, directory: &Directory) -> Markup {
    let writer = Writer { verbatim, directory };
    let mut shown = String::new();
    let mut rest = text;
    while let Some(open) = rest.find("```") {
        let inner = &rest[open + 3..];
        let Some(close) = inner.find("```").filter(|close| *close > 0) else { break };
        shown.push_str(&writer.lines(rest[..open].trim_end_matches('\n')).0);
        shown.push_str(&writer.preformatted(inner[..close].trim_matches('\n')).0);
        rest = inner[close + 3..].trim_start_matches('\n');
    }
    shown.push_str(&writer.lines(rest).0);
    PreEscaped(shown)
}

/// Draws a plain text in which only emoji names mean something.
pub fn plain(text: &str, with_emoji: bool) -> Markup {
    if with_emoji {
        html! { (emoji::replace_names(text)) }
    } else {
        html! { (text) }
    }
}

/// Undoes the three escapes of incoming text.
pub fn decode(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The text without its markup, for places that show one quiet line.
pub fn flatten(text: &str, directory: &Directory) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        shown.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(close) = rest.find('>') else { break };
        shown.push_str(&reference_text(&rest[1..close], directory));
        rest = &rest[close + 1..];
    }
    shown.push_str(rest);
    emoji::replace_names(&decode(&shown))
}

/// The text as its author would type it again, with handles for ids.
pub fn as_typed(text: &str, directory: &Directory) -> String {
    let mut typed = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        typed.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(close) = rest.find('>') else { break };
        let content = &rest[1..close];
        let person = content
            .strip_prefix('@')
            .and_then(|id| directory.people.get(id.split('|').next().unwrap_or(id)));
        match person {
            Some(person) => typed.push_str(&format!("@{}", person.handle)),
            None => typed.push_str(&reference_text(content, directory)),
        }
        rest = &rest[close + 1..];
    }
    typed.push_str(rest);
    decode(&typed)
}

/// A link that opens elsewhere, or only its label when the scheme could run something.
pub fn link(url: &str, label: Markup) -> Markup {
    if let Some(local) = local_permalink(url) {
        return html! { a.link href=(local) data-permalink { (label) } };
    }
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if !["http", "https", "mailto", "tel"].contains(&scheme.as_str()) {
        return label;
    }
    html! { a.link href=(url) target="_blank" rel="noopener noreferrer nofollow" { (label) } }
}

/// A message's permalink on slack.com, as the address of the same message in this client.
fn local_permalink(url: &str) -> Option<String> {
    let (host, path) = url.strip_prefix("https://")?.split_once("/archives/")?;
    host.ends_with(".slack.com").then(|| format!("/archives/{path}"))
}

/// A chip that names a person.
pub fn person_chip(id: &str, directory: &Directory) -> Markup {
    let me = id == directory.viewer;
    html! { span.chip.me[me] { "@" (directory.person(id)) } }
}

/// A chip that names a channel and leads there; a private one stays nameless to outsiders.
pub fn channel_chip(id: &str, directory: &Directory) -> Markup {
    match directory.channels.get(id) {
        Some(place) => html! {
            a.chip href={ "/?as=" (directory.viewer) "&channel=" (id) } data-channel-link=(id) {
                (if place.is_private { "🔒" } else { "#" }) (place.name)
            }
        },
        None => html! { span.chip { "🔒 private channel" } },
    }
}

/// A chip for `@here` and its like.
pub fn broadcast_chip(range: &str) -> Markup {
    html! { span.chip.me { "@" (range) } }
}

/// A moment, in the reader's own time zone.
pub fn date(at: Timestamp, format: &str, url: Option<&str>, directory: &Directory) -> Markup {
    let shown = directory.date_format(at, format);
    let time = html! {
        time datetime=(at.to_string()) title=(directory.full_time(at)) { (shown) }
    };
    match url {
        Some(url) => link(url, time),
        None => time,
    }
}

struct Writer<'a> {
    verbatim: bool,
    directory: &'a Directory,
}

/// Which markers are known to have no closing partner before this position.
type Unpaired = [usize; 4];

impl Writer<'_> {
    /// Paragraphs and quotes.
    fn lines(&self, text: &str) -> Markup {
        let mut shown = String::new();
        let mut lines = text.split('\n').peekable();
        let mut paragraph: Vec<&str> = Vec::new();
        while let Some(line) = lines.next() {
            if let Some(first) = strip_marker(line, 3) {
                let mut quoted = vec![first];
                quoted.extend(lines.by_ref());
                self.end_paragraph(&mut paragraph, &mut shown);
                shown.push_str(&self.quote(&quoted).0);
            } else if let Some(first) = strip_marker(line, 1) {
                let mut quoted = vec![first];
                while let Some(more) = lines.peek().and_then(|line| strip_marker(line, 1)) {
                    quoted.push(more);
                    lines.next();
                }
                self.end_paragraph(&mut paragraph, &mut shown);
                shown.push_str(&self.quote(&quoted).0);
            } else {
                paragraph.push(line);
            }
        }
        self.end_paragraph(&mut paragraph, &mut shown);
        PreEscaped(shown)
    }

    fn end_paragraph(&self, paragraph: &mut Vec<&str>, shown: &mut String) {
        let text = paragraph.join("\n");
        paragraph.clear();
        if !text.is_empty() {
            shown.push_str(&self.inline(&text).0);
        }
    }

    fn quote(&self, lines: &[&str]) -> Markup {
        html! { blockquote { (self.inline(&lines.join("\n"))) } }
    }

    fn preformatted(&self, text: &str) -> Markup {
        html! { pre { (self.literal(text)) } }
    }

    /// Text in which references are followed but nothing else is read.
    fn literal(&self, text: &str) -> String {
        let mut shown = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('<') {
            shown.push_str(&decode(&rest[..open]));
            match rest[open..].find('>') {
                Some(close) => {
                    let content = &rest[open + 1..open + close];
                    shown.push_str(&reference_text(content, self.directory));
                    rest = &rest[open + close + 1..];
                }
                None => {
                    shown.push('<');
                    rest = &rest[open + 1..];
                }
            }
        }
        shown.push_str(&decode(rest));
        shown
    }

    fn inline(&self, text: &str) -> Markup {
        let mut shown = String::new();
        let mut unpaired: Unpaired = [0; 4];
        let (mut plain_from, mut at) = (0, 0);
        while let Some(c) = text[at..].chars().next() {
            match self.special(text, at, c, &mut unpaired) {
                Some((piece, length)) => {
                    shown.push_str(&html! { (decode(&text[plain_from..at])) }.0);
                    shown.push_str(&piece.0);
                    at += length;
                    plain_from = at;
                }
                None => at += c.len_utf8(),
            }
        }
        shown.push_str(&html! { (decode(&text[plain_from..])) }.0);
        PreEscaped(shown)
    }

    /// What begins at this position, if it means something: its markup and its length.
    fn special(
        &self,
        text: &str,
        at: usize,
        c: char,
        unpaired: &mut Unpaired,
    ) -> Option<(Markup, usize)> {
        let before = text[..at].chars().next_back();
        let rest = &text[at..];
        match c {
            '<' => {
                let close = rest.find(['>', '\n']).filter(|end| rest[*end..].starts_with('>'))?;
                Some((self.reference(&rest[1..close])?, close + 1))
            }
            '`' => {
                let inner = closing(text, at, '`', &mut unpaired[0])?;
                Some((html! { code { (self.literal(inner)) } }, inner.len() + 2))
            }
            '*' | '_' | '~' if is_edge(before) => {
                let slot = 1 + "*_~".find(c)?;
                let inner = closing(text, at, c, &mut unpaired[slot])?;
                let drawn = self.inline(inner);
                let drawn = match c {
                    '*' => html! { strong { (drawn) } },
                    '_' => html! { em { (drawn) } },
                    _ => html! { s { (drawn) } },
                };
                Some((drawn, inner.len() + 2))
            }
            ':' => emoji::at_start(rest).map(|(glyph, length)| (html! { (glyph) }, length)),
            'h' if !self.verbatim && is_edge(before) => {
                let url = bare_url(rest)?;
                let address = decode(url);
                Some((link(&address, html! { (address) }), url.len()))
            }
            _ => None,
        }
    }

    /// What stands between `<` and `>`; `None` if that is no reference at all.
    fn reference(&self, content: &str) -> Option<Markup> {
        let (target, label) = match content.split_once('|') {
            Some((target, label)) => (target, Some(label)),
            None => (content, None),
        };
        let label_text = || plain(&decode(label.unwrap_or(target)), true);
        let (sigil, id) = target.split_at_checked(1)?;
        match sigil {
            "@" => Some(person_chip(id, self.directory)),
            "#" => Some(channel_chip(id, self.directory)),
            "!" => Some(match id.split('^').collect::<Vec<_>>()[..] {
                ["here" | "channel" | "everyone"] => broadcast_chip(id),
                ["subteam", group] => {
                    let name = self.directory.groups.get(group).map_or(group, String::as_str);
                    html! { span.chip { "@" (name) } }
                }
                ["date", seconds, format, ref link @ ..] => {
                    let at = seconds.parse().ok().and_then(|at| Timestamp::from_second(at).ok());
                    match at {
                        Some(at) => {
                            date(at, &decode(format), link.first().copied(), self.directory)
                        }
                        None => label_text(),
                    }
                }
                _ => label_text(),
            }),
            _ if target.contains(':') && !target.contains(' ') => {
                Some(link(&decode(target), label_text()))
            }
            _ => None,
        }
    }
}

/// A reference as one would read it aloud.
fn reference_text(content: &str, directory: &Directory) -> String {
    let (target, label) = content.split_once('|').unwrap_or((content, ""));
    match target.split_at_checked(1) {
        Some(("@", id)) => format!("@{}", directory.person(id)),
        Some(("#", id)) => match directory.channels.get(id) {
            Some(place) => format!("#{}", place.name),
            None => "private channel".to_owned(),
        },
        Some(("!", rest)) if label.is_empty() => format!("@{rest}"),
        _ => decode(if label.is_empty() { target } else { label }),
    }
}

/// Strips a quote marker, which may arrive escaped.
fn strip_marker(line: &str, times: usize) -> Option<&str> {
    let mut rest = line;
    for _ in 0..times {
        rest = rest.strip_prefix("&gt;").or_else(|| rest.strip_prefix('>'))?;
    }
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn is_edge(c: Option<char>) -> bool {
    c.is_none_or(|c| !c.is_alphanumeric())
}

/// The text between a marker and its closing partner on the same line.
///
/// `unpaired` remembers how far a vain search went, so that a text full of lonely markers is not
/// searched again and again.
fn closing<'a>(text: &'a str, at: usize, marker: char, unpaired: &mut usize) -> Option<&'a str> {
    if at < *unpaired {
        return None;
    }
    let inner = &text[at + 1..];
    let first = inner.chars().next()?;
    if first == marker || (marker != '`' && first.is_whitespace()) {
        return None;
    }
    let line_end = inner.find('\n').unwrap_or(inner.len());
    let found = inner[..line_end].match_indices(marker).find(|(end, _)| {
        let before = inner[..*end].chars().next_back();
        let after = inner[*end + 1..].chars().next();
        marker == '`' || (before.is_some_and(|c| !c.is_whitespace()) && is_edge(after))
    });
    match found {
        Some((end, _)) => Some(&inner[..end]),
        None => {
            *unpaired = at + 1 + line_end;
            None
        }
    }
}

/// An address at the front of a text, without the punctuation that ends the sentence.
fn bare_url(text: &str) -> Option<&str> {
    if !(text.starts_with("http://") || text.starts_with("https://")) {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || "<>|\"`".contains(c)).unwrap_or(text.len());
    let url =
        text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '*', '_', '~', '\'']);
    (url.len() > "https://".len()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::page::directory::samples;

    fn drawn(text: &str) -> String {
        mrkdwn(text, false, &samples::directory()).0
    }

    #[test]
    fn markup_is_read_as_slack_reads_it() {
        let cases = [
            ("*bold* _it_ ~no~ `x`", "<strong>bold</strong> <em>it</em> <s>no</s> <code>x</code>"),
            ("*_both_*", "<strong><em>both</em></strong>"),
            ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
            ("* list* and *open", "* list* and *open"),
            ("`*raw*`", "<code>*raw*</code>"),
            ("> one\n> two\nafter", "<blockquote>one\ntwo</blockquote>after"),
            ("&gt; escaped", "<blockquote>escaped</blockquote>"),
            ("&gt;&gt;&gt;all\nof it", "<blockquote>all\nof it</blockquote>"),
            ("a ```let x;\n*y*``` b", "a <pre>let x;\n*y*</pre> b"),
            ("Hi <@U0BOB>", "Hi <span class=\"chip\">@Bob Brown</span>"),
            ("Hi <@U0ALICE|alice>", "Hi <span class=\"chip me\">@Alice Adams</span>"),
            (
                "<!here> <!subteam^S0SRE>",
                "<span class=\"chip me\">@here</span> <span class=\"chip\">@sre</span>",
            ),
            ("<#C0OTHER|hidden>", "<span class=\"chip\">🔒 private channel</span>"),
            (":fire: 10:30", "🔥 10:30"),
            ("fish &amp; chips &lt;3", "fish &amp; chips &lt;3"),
            ("&amp;lt;", "&amp;lt;"),
        ];
        for (text, expected) in cases {
            assert_eq!(drawn(text), expected, "{text}");
        }
    }

    #[test]
    fn links_open_elsewhere_and_channels_here() {
        let link = drawn("<https://example.com/?a=1&amp;b=2|the *label*>");
        assert!(link.contains("href=\"https://example.com/?a=1&amp;b=2\""), "{link}");
        assert!(link.contains(">the *label*</a>"), "{link}");
        assert!(link.contains("noopener"), "{link}");
        let channel = drawn("<#C0GENERAL>");
        assert!(channel.contains("href=\"/?as=U0ALICE&amp;channel=C0GENERAL\""), "{channel}");
        let permalink =
            drawn("<https://acme.slack.com/archives/C0GENERAL/p1700000000000100|there>");
        assert!(
            permalink.contains("href=\"/archives/C0GENERAL/p1700000000000100\""),
            "{permalink}"
        );
    }

    #[test]
    fn bare_addresses_are_linked_unless_the_text_is_verbatim() {
        assert!(drawn("see https://example.com/x).").contains(">https://example.com/x</a>)."));
        let verbatim = mrkdwn("see https://example.com", true, &samples::directory()).0;
        assert_eq!(verbatim, "see https://example.com");
    }

    #[test]
    fn dates_are_shown_in_the_readers_zone_and_fall_back() {
        let date = drawn("<!date^1773140523^{date_num} {time}|then>");
        assert!(date.contains(">2026-03-10 11:02</time>"), "{date}");
        assert_eq!(drawn("<!date^never^{time}|then>"), "then");
    }

    #[test]
    fn hostile_text_never_becomes_an_element() {
        let attacks = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "*<b>x</b>*",
            "`<script>`",
            "```<script>```",
            "> <script>",
            "<https://x|<script>alert(1)</script>>",
            "<https://x\" onmouseover=\"alert(1)|y>",
            "<javascript:alert(1)|click>",
            "<JavaScript:alert(1)|click>",
            "<data:text/html,<script>|x>",
            "<!date^0^<script>|x>",
            "<@\"><script>>",
            "&lt;script&gt;",
            "https://x/\"onmouseover=alert(1)",
        ];
        for attack in attacks {
            let drawn = drawn(attack);
            for forbidden in ["<script", "<img", "<b>", "href=\"j", "href=\"J", "href=\"d"] {
                assert!(!drawn.contains(forbidden), "{attack} became {drawn}");
            }
            // An attribute can only be forged by a quote that got through unescaped.
            assert!(!drawn.contains("\" onmouseover"), "{attack} became {drawn}");
        }
    }

    #[test]
    fn a_text_full_of_lonely_markers_is_read_in_passing() {
        let lonely = " *a _b ~c `d".repeat(4_000);
        assert!(drawn(&lonely).contains(" *a _b"));
    }

    #[test]
    fn flattened_text_has_no_markup_left() {
        let text = "Hi <@U0BOB>, see <#C0GENERAL> and <https://x.example|this> :fire: &amp; more";
        let flat = flatten(text, &samples::directory());
        assert_eq!(flat, "Hi @Bob Brown, see #general and this 🔥 & more");
        assert_eq!(flatten("an open < end", &samples::directory()), "an open < end");
    }

    #[test]
    fn a_text_to_edit_reads_as_it_was_typed() {
        let text = "<@U0BOB> in <#C0GENERAL|general>: a &lt; b, <https://x.example>";
        let typed = as_typed(text, &samples::directory());
        assert_eq!(typed, "@bob in #general: a < b, https://x.example");
    }
}
