//! Block Kit, drawn: one function for each kind of block.
//!
//! A kind this client doesn't know becomes a quiet placeholder, so that the rest of the message
//! can still be read.

use maud::{Markup, html};
use serde_json::Value;

use super::elements::{self, Sends};
use super::json::{flag, items, string, text_of};
use super::markdown::markdown;
use super::mrkdwn::{mrkdwn, plain};
use super::rich_text::rich_text;
use super::surface::Surface;

/// Draws all blocks of a message or view.
pub fn blocks(blocks: &[Value], surface: Surface<'_>) -> Markup {
    html! { @for block in blocks { (draw(block, surface)) } }
}

/// Draws a text object, whichever kind it is.
pub fn text_object(object: &Value, surface: Surface<'_>) -> Markup {
    let text = string(object, "text");
    if string(object, "type") == "mrkdwn" {
        mrkdwn(text, flag(object, "verbatim"), surface.directory)
    } else {
        plain(text, object["emoji"].as_bool().unwrap_or(true))
    }
}

fn draw(block: &Value, surface: Surface<'_>) -> Markup {
    let kind = string(block, "type");
    let drawn = match kind {
        "header" => html! { h3.block-header { (text_object(&block["text"], surface)) } },
        "section" => section(block, surface),
        "divider" => html! { hr; },
        "context" => context(block, surface),
        "actions" => actions(block, surface),
        "image" => image(block),
        "input" => input(block, surface),
        "rich_text" => html! { div.text { (rich_text(block, surface.directory)) } },
        "markdown" => html! { div.text.markdown { (markdown(string(block, "text"))) } },
        "alert" => {
            let level = block["level"].as_str().unwrap_or("default");
            html! { div.alert data-level=(level) role="note" { (text_object(&block["text"], surface)) } }
        }
        _ => html! { p.placeholder { "This client can’t show “" (kind) "” blocks" } },
    };
    html! {
        div.block.{ "block-" (kind.replace(|c: char| !c.is_ascii_lowercase(), "-")) }
            id=(surface.dom_id(string(block, "block_id"), "block")) { (drawn) }
    }
}

fn section(block: &Value, surface: Surface<'_>) -> Markup {
    let block_id = string(block, "block_id");
    let accessory = &block["accessory"];
    html! {
        div.section-body {
            @if block["text"].is_object() { div.text { (text_object(&block["text"], surface)) } }
            @if block["fields"].is_array() {
                div.fields {
                    @for field in items(block, "fields") {
                        div.text { (text_object(field, surface)) }
                    }
                }
            }
        }
        @if accessory.is_object() {
            div.accessory {
                @if string(accessory, "type") == "image" {
                    (picture(accessory, "thumb"))
                } @else {
                    (elements::element(accessory, block_id, Sends::AtOnce, surface))
                }
            }
        }
    }
}

fn context(block: &Value, surface: Surface<'_>) -> Markup {
    html! {
        @for element in items(block, "elements") {
            @if string(element, "type") == "image" {
                (picture(element, "tiny"))
            } @else {
                span.text { (text_object(element, surface)) }
            }
        }
    }
}

fn actions(block: &Value, surface: Surface<'_>) -> Markup {
    let block_id = string(block, "block_id");
    html! {
        @for element in items(block, "elements") {
            (elements::element(element, block_id, Sends::AtOnce, surface))
        }
    }
}

fn image(block: &Value) -> Markup {
    html! {
        figure {
            @if block["title"].is_object() { figcaption { (plain(text_of(block, "title"), true)) } }
            (picture(block, "picture"))
        }
    }
}

fn picture(image: &Value, class: &str) -> Markup {
    let url = string(image, "image_url");
    let alt = string(image, "alt_text");
    if url.starts_with("https://") || url.starts_with("http://") {
        html! { img class=(class) src=(url) alt=(alt) loading="lazy" referrerpolicy="no-referrer"; }
    } else {
        html! { span.placeholder { "🖼️ " (alt) } }
    }
}

fn input(block: &Value, surface: Surface<'_>) -> Markup {
    let block_id = string(block, "block_id");
    let element = &block["element"];
    let dom_id = surface.dom_id(block_id, string(element, "action_id"));
    let error = surface.errors.get(block_id);
    let sends = if flag(block, "dispatch_action") { Sends::when(element) } else { Sends::Never };
    let is_group = elements::is_group(string(element, "type"));
    let label = html! {
        (plain(text_of(block, "label"), true))
        @if flag(block, "optional") { " " span.optional { "(optional)" } }
    };
    html! {
        div.field.invalid[error.is_some()] role=[is_group.then_some("group")]
            aria-labelledby=[is_group.then(|| format!("{dom_id}-label"))] {
            @if is_group {
                div.label id={ (dom_id) "-label" } { (label) }
            } @else {
                label.label for=(dom_id) { (label) }
            }
            (elements::element(element, block_id, sends, surface))
            @if let Some(error) = error {
                p.field-error id={ (dom_id) "-error" } role="alert" data-testid="field-error" {
                    (error)
                }
            }
            @if block["hint"].is_object() {
                p.hint id={ (dom_id) "-hint" } { (plain(text_of(block, "hint"), true)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::simulator::page::directory::samples;

    fn drawn(list: Value, errors: &[(&str, &str)]) -> String {
        let directory = samples::directory();
        let errors: BTreeMap<_, _> =
            errors.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect();
        let surface = Surface {
            directory: &directory,
            id: "V1",
            channel: Some("C0GENERAL"),
            errors: &errors,
        };
        blocks(list.as_array().expect("a list of blocks"), surface).0
    }

    #[test]
    fn plain_text_and_mrkdwn_are_told_apart() {
        let html = drawn(
            json!([{"type": "section", "block_id": "b",
                "text": {"type": "plain_text", "text": "*a* &amp; <b> :fire:"},
                "fields": [{"type": "mrkdwn", "text": "*a* &amp; :fire:"}]}]),
            &[],
        );
        assert!(html.contains("*a* &amp;amp; &lt;b&gt; 🔥"), "{html}");
        assert!(html.contains("<strong>a</strong> &amp; 🔥"), "{html}");
    }

    #[test]
    fn an_unknown_block_is_a_placeholder_that_cannot_break_out() {
        let html = drawn(json!([{"type": "new\"><script>"}]), &[]);
        assert!(html.contains("placeholder"), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }

    #[test]
    fn a_field_shows_its_error_hint_and_whether_it_is_optional() {
        let html = drawn(
            json!([{"type": "input", "block_id": "name", "optional": true,
                "label": {"type": "plain_text", "text": "Name"},
                "hint": {"type": "plain_text", "text": "Short is best"},
                "element": {"type": "plain_text_input", "action_id": "v", "max_length": 80,
                    "initial_value": "a \"quoted\" <name>"}}]),
            &[("name", "Too <short>")],
        );
        assert!(html.contains("for=\"V1-name-v\""), "{html}");
        assert!(html.contains("(optional)"), "{html}");
        assert!(html.contains("Too &lt;short&gt;"), "{html}");
        assert!(html.contains("Short is best"), "{html}");
        assert!(html.contains("maxlength=\"80\""), "{html}");
        assert!(html.contains("value=\"a &quot;quoted&quot; &lt;name&gt;\""), "{html}");
        assert!(html.contains("aria-invalid=\"true\""), "{html}");
    }

    #[test]
    fn pictures_and_link_buttons_take_web_addresses_only() {
        let html = drawn(
            json!([
                {"type": "image", "block_id": "i", "image_url": "javascript:alert(1)",
                    "alt_text": "\"><script>"},
                {"type": "actions", "block_id": "a", "elements": [
                    {"type": "button", "action_id": "x", "url": "javascript:alert(1)",
                        "text": {"type": "plain_text", "text": "Go"}},
                    {"type": "button", "action_id": "y", "url": "https://example.com",
                        "text": {"type": "plain_text", "text": "Go"}}]},
            ]),
            &[],
        );
        assert!(!html.contains("javascript:"), "{html}");
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("href=\"https://example.com\""), "{html}");
    }

    #[test]
    fn each_kind_of_field_has_its_control_and_keeps_its_initial_value() {
        let option =
            |value: &str| json!({"text": {"type": "plain_text", "text": value}, "value": value});
        let cases = [
            (
                json!({"type": "static_select", "options": [option("a"), option("b")], "initial_option": option("b")}),
                "<option value=\"b\" selected>",
            ),
            (
                json!({"type": "users_select", "initial_user": "U0BOB"}),
                "<option value=\"U0BOB\" selected>Bob Brown",
            ),
            (
                json!({"type": "conversations_select", "default_to_current_conversation": true}),
                "<option value=\"C0GENERAL\" selected>",
            ),
            (
                json!({"type": "multi_static_select", "options": [option("a")], "initial_options": [option("a")]}),
                "type=\"checkbox\" value=\"a\" checked",
            ),
            (
                json!({"type": "checkboxes", "options": [option("a")]}),
                "type=\"checkbox\" value=\"a\"",
            ),
            (
                json!({"type": "radio_buttons", "options": [option("a")], "initial_option": option("a")}),
                "type=\"radio\"",
            ),
            (json!({"type": "datepicker", "initial_date": "2026-03-10"}), "type=\"date\""),
            (json!({"type": "timepicker", "initial_time": "10:30"}), "value=\"10:30\""),
            (
                json!({"type": "number_input", "is_decimal_allowed": false, "min_value": "1"}),
                "min=\"1\"",
            ),
            (json!({"type": "url_text_input"}), "type=\"url\""),
            (json!({"type": "email_text_input"}), "type=\"email\""),
            (
                json!({"type": "plain_text_input", "multiline": true, "initial_value": "</textarea>"}),
                "&lt;/textarea&gt;</textarea>",
            ),
        ];
        for (mut element, expected) in cases {
            element["action_id"] = "act".into();
            let block = json!([{"type": "input", "block_id": "b", "element": element,
                "label": {"type": "plain_text", "text": "L"}}]);
            let html = drawn(block, &[]);
            assert!(html.contains(expected), "{expected} in {html}");
            assert!(html.contains("data-action-id=\"act\""), "{html}");
        }
    }

    #[test]
    fn a_confirmation_travels_with_its_button() {
        let html = drawn(
            json!([{"type": "actions", "block_id": "a", "elements": [
                {"type": "button", "action_id": "close", "style": "danger",
                    "text": {"type": "plain_text", "text": "Close"},
                    "confirm": {"title": {"type": "plain_text", "text": "Sure?"},
                        "text": {"type": "mrkdwn", "text": "*Really*"},
                        "confirm": {"type": "plain_text", "text": "Yes"},
                        "deny": {"type": "plain_text", "text": "No"}}}]}]),
            &[],
        );
        assert!(html.contains("button danger"), "{html}");
        assert!(html.contains("<template class=\"confirm\""), "{html}");
        assert!(html.contains("<strong>Really</strong>"), "{html}");
    }
}
