//! Rich text blocks, drawn: text whose formatting is data rather than markers.

use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::directory::Directory;
use super::emoji;
use super::json::{flag, items, string};
use super::mrkdwn;

/// Draws the elements of a `rich_text` block.
pub fn rich_text(block: &Value, directory: &Directory) -> Markup {
    html! {
        @for element in items(block, "elements") {
            @match string(element, "type") {
                "rich_text_list" => (list(element, directory)),
                "rich_text_quote" => blockquote { (leaves(element, directory)) },
                "rich_text_preformatted" => pre { (leaves(element, directory)) },
                _ => div.rich { (leaves(element, directory)) },
            }
        }
    }
}

fn list(element: &Value, directory: &Directory) -> Markup {
    let indent = format!("indent-{}", element["indent"].as_u64().unwrap_or(0).min(8));
    let entries = html! {
        @for item in items(element, "elements") {
            li { (leaves(item, directory)) }
        }
    };
    if string(element, "style") == "ordered" {
        let start = element["offset"].as_u64().unwrap_or(0) + 1;
        html! { ol class=(indent) start=(start) { (entries) } }
    } else {
        html! { ul class=(indent) { (entries) } }
    }
}

fn leaves(element: &Value, directory: &Directory) -> Markup {
    html! {
        @for leaf in items(element, "elements") {
            (styled(&leaf["style"], draw_leaf(leaf, directory)))
        }
    }
}

fn draw_leaf(leaf: &Value, directory: &Directory) -> Markup {
    match string(leaf, "type") {
        "text" => html! { (string(leaf, "text")) },
        "link" => {
            let url = string(leaf, "url");
            let label = leaf["text"].as_str().filter(|text| !text.is_empty()).unwrap_or(url);
            mrkdwn::link(url, html! { (label) })
        }
        "user" => mrkdwn::person_chip(string(leaf, "user_id"), directory),
        "channel" => mrkdwn::channel_chip(string(leaf, "channel_id"), directory),
        "usergroup" => {
            let id = string(leaf, "usergroup_id");
            html! { span.chip { "@" (directory.groups.get(id).map_or(id, String::as_str)) } }
        }
        "broadcast" => mrkdwn::broadcast_chip(string(leaf, "range")),
        "emoji" => {
            let name = string(leaf, "name");
            match emoji::glyph(name) {
                Some(glyph) => html! { (glyph) },
                None => html! { ":" (name) ":" },
            }
        }
        "date" => {
            let at = leaf["timestamp"].as_i64().and_then(|at| Timestamp::from_second(at).ok());
            match at {
                Some(at) => {
                    mrkdwn::date(at, string(leaf, "format"), leaf["url"].as_str(), directory)
                }
                None => html! { (string(leaf, "fallback")) },
            }
        }
        "color" => html! { code { (string(leaf, "value")) } },
        _ => html! {},
    }
}

fn styled(style: &Value, mut drawn: Markup) -> Markup {
    if flag(style, "code") {
        drawn = html! { code { (drawn) } };
    }
    if flag(style, "strike") {
        drawn = html! { s { (drawn) } };
    }
    if flag(style, "underline") {
        drawn = html! { u { (drawn) } };
    }
    if flag(style, "italic") {
        drawn = html! { em { (drawn) } };
    }
    if flag(style, "bold") {
        drawn = html! { strong { (drawn) } };
    }
    drawn
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::simulator::page::directory::samples;

    #[test]
    fn styles_mentions_and_lists_are_drawn_and_text_is_literal() {
        let block = json!({"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "*not bold* <b>"},
                {"type": "text", "text": "loud", "style": {"bold": true, "italic": true}},
                {"type": "user", "user_id": "U0BOB"},
                {"type": "emoji", "name": "fire"},
                {"type": "link", "url": "javascript:alert(1)", "text": "click"},
            ]},
            {"type": "rich_text_list", "style": "ordered", "indent": 1, "offset": 2, "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "third"}]},
            ]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\nb"}]},
        ]});
        let drawn = rich_text(&block, &samples::directory()).0;
        assert_eq!(
            drawn,
            "<div class=\"rich\">*not bold* &lt;b&gt;<strong><em>loud</em></strong>\
             <span class=\"chip\">@Bob Brown</span>🔥click</div>\
             <ol class=\"indent-1\" start=\"3\"><li>third</li></ol><pre>a\nb</pre>"
        );
    }
}
