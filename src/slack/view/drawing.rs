//! Messages and forms drawn as plain text, so that a test reads like what people see.

use serde_json::Value;

use crate::slack::view::kit::message::Message;
use crate::slack::view::kit::modal::Modal;

/// A message, a line or more for each block; grey lines begin with `~`, buttons stand in brackets.
pub fn message(message: &Message) -> String {
    draw_blocks(&message.blocks)
}

/// A form: its title, its inputs, and its buttons.
pub fn modal(modal: &Modal) -> String {
    let view = modal.as_value();
    let blocks = view["blocks"].as_array().expect("a form has blocks");
    let title = text(&view["title"]);
    format!("== {title} ==\n{}\n[Cancel] [{}]", draw_blocks(blocks), text(&view["submit"]))
}

fn draw_blocks(blocks: &[Value]) -> String {
    blocks.iter().map(draw_block).collect::<Vec<_>>().join("\n")
}

fn draw_block(block: &Value) -> String {
    match block["type"].as_str().unwrap_or_default() {
        "header" => format!("# {}", text(&block["text"])),
        "context" => {
            let elements = elements(block).iter().map(text).collect::<Vec<_>>();
            format!("~ {}", elements.join(" | "))
        }
        "actions" => elements(block).iter().map(draw_button).collect::<Vec<_>>().join(" "),
        "rich_text" => elements(block).iter().map(draw_rich).collect::<Vec<_>>().join("\n"),
        "input" => draw_input(block),
        other => format!("<{other}?>"),
    }
}

fn draw_button(button: &Value) -> String {
    let label = text(&button["text"]);
    if button["style"] == "primary" { format!("[*{label}*]") } else { format!("[{label}]") }
}

fn draw_rich(element: &Value) -> String {
    let inside = || elements(element).iter().map(draw_leaf).collect::<String>();
    match element["type"].as_str().unwrap_or_default() {
        "rich_text_section" => inside(),
        "rich_text_quote" => inside()
            .lines()
            .map(|line| format!("| {line}\n"))
            .collect::<String>()
            .trim_end()
            .to_owned(),
        "rich_text_preformatted" => format!("```{}```", inside()),
        "rich_text_list" => elements(element)
            .iter()
            .map(|item| format!("- {}", draw_rich(item)))
            .collect::<Vec<_>>()
            .join("\n"),
        other => format!("<{other}?>"),
    }
}

fn draw_leaf(leaf: &Value) -> String {
    let text = leaf["text"].as_str().unwrap_or_default();
    match leaf["type"].as_str().unwrap_or_default() {
        "text" if leaf["style"]["bold"] == true => format!("*{text}*"),
        "text" if leaf["style"]["italic"] == true => format!("_{text}_"),
        "text" if leaf["style"]["code"] == true => format!("`{text}`"),
        "text" => text.to_owned(),
        "user" => format!("@{}", leaf["user_id"].as_str().unwrap_or_default()),
        "channel" => format!("#{}", leaf["channel_id"].as_str().unwrap_or_default()),
        "link" => leaf["text"].as_str().or(leaf["url"].as_str()).unwrap_or_default().to_owned(),
        "date" => leaf["fallback"].as_str().unwrap_or_default().to_owned(),
        other => format!("<{other}?>"),
    }
}

fn draw_input(block: &Value) -> String {
    let element = &block["element"];
    let optional = if block["optional"] == true { " (optional)" } else { "" };
    let mut drawn = format!(
        "{}{optional} <{}>",
        text(&block["label"]),
        block["block_id"].as_str().unwrap_or_default()
    );
    let filled = element["initial_value"].as_str().or(element["initial_user"].as_str());
    match filled {
        Some(filled) => drawn.push_str(&format!(": {filled}")),
        None if element["placeholder"].is_object() && element["initial_option"].is_null() => {
            drawn.push_str(&format!(": ({})", text(&element["placeholder"])));
        }
        None => {}
    }
    for option in element["options"].as_array().into_iter().flatten() {
        let mark = if *option == element["initial_option"] { "(x)" } else { "( )" };
        drawn.push_str(&format!("\n  {mark} {}", text(&option["text"])));
        if option["description"].is_object() {
            drawn.push_str(&format!(": {}", text(&option["description"])));
        }
    }
    if block["hint"].is_object() {
        drawn.push_str(&format!("\n  {}", text(&block["hint"])));
    }
    drawn
}

fn elements(block: &Value) -> &[Value] {
    block["elements"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(object: &Value) -> String {
    object["text"].as_str().unwrap_or_default().to_owned()
}
