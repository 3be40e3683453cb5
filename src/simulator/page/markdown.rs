//! The `markdown` block: the part of Markdown that language models and apps usually write.
//!
//! Headings, lists, quotes, fences, bold, italic, code and links; the rest stays as it was
//! written. Like all text here it can't bring markup of its own.

use maud::{Markup, PreEscaped, html};

use super::mrkdwn;

/// Draws a Markdown text.
pub fn markdown(text: &str) -> Markup {
    let mut shown = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        let drawn = if trimmed.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|l| l.trim() != "```").collect();
            html! { pre { (code.join("\n")) } }
        } else if let Some((level, title)) = heading(trimmed) {
            html! { div.md-heading data-level=(level) { strong { (inline(title)) } } }
        } else if let Some(first) = bullet(trimmed) {
            let mut points = vec![first];
            while let Some(point) = lines.peek().and_then(|l| bullet(l.trim_start())) {
                points.push(point);
                lines.next();
            }
            html! { ul.indent-0 { @for point in points { li { (inline(point)) } } } }
        } else if let Some(quoted) = trimmed.strip_prefix('>') {
            html! { blockquote { (inline(quoted.trim_start())) } }
        } else if trimmed.is_empty() {
            continue;
        } else {
            html! { p { (inline(line)) } }
        };
        shown.push_str(&drawn.0);
    }
    PreEscaped(shown)
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line[level..].strip_prefix(' ')?;
    (1..=6).contains(&level).then_some((level, title))
}

fn bullet(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

fn inline(text: &str) -> Markup {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['*', '`', '[', '_']) {
        shown.push_str(&mrkdwn::plain(&rest[..at], true).0);
        rest = &rest[at..];
        let (drawn, length) = span(rest).unwrap_or_else(|| (html! { (&rest[..1]) }, 1));
        shown.push_str(&drawn.0);
        rest = &rest[length..];
    }
    shown.push_str(&mrkdwn::plain(rest, true).0);
    PreEscaped(shown)
}

fn span(text: &str) -> Option<(Markup, usize)> {
    let between = |marker: &str| {
        let inner = text.strip_prefix(marker)?;
        let end = inner.find(marker).filter(|end| *end > 0)?;
        Some((inner[..end].to_owned(), end + 2 * marker.len()))
    };
    if let Some((inner, length)) = between("**") {
        return Some((html! { strong { (inner) } }, length));
    }
    if let Some((inner, length)) = between("`") {
        return Some((html! { code { (inner) } }, length));
    }
    if let Some((inner, length)) = between("*").or_else(|| between("_")) {
        return Some((html! { em { (inner) } }, length));
    }
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (url, _) = rest.split_once(')')?;
    let length = label.len() + url.len() + "[]()".len();
    Some((mrkdwn::link(url, html! { (label) }), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_markdown_is_drawn_and_markup_is_not() {
        let drawn = markdown("# Title\n\nSome **bold** and `code` <b>\n- one\n- two\n> said").0;
        assert_eq!(
            drawn,
            "<div class=\"md-heading\" data-level=\"1\"><strong>Title</strong></div>\
             <p>Some <strong>bold</strong> and <code>code</code> &lt;b&gt;</p>\
             <ul class=\"indent-0\"><li>one</li><li>two</li></ul><blockquote>said</blockquote>"
        );
        assert_eq!(markdown("[x](javascript:alert(1))").0, "<p>x)</p>");
        assert!(markdown("[x](https://example.com)").0.contains("href=\"https://example.com\""));
    }
}
