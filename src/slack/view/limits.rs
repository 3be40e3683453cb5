//! Slack's limits, written down a second time and without the builders.

use proptest::prelude::*;
use serde_json::Value;

use crate::ids::{ChannelId, UserId};
use crate::slack::view::kit::message::Message;
use crate::slack::view::kit::modal::Modal;

/// Whether a limit is kept.
pub type Checked = Result<(), TestCaseError>;

/// The only things that may stand between `<` and `>`.
const LIVE: [&str; 3] = ["<@U0ALICE>", "<@U0BEA>", "<#C0INC1>"];
/// What a link that Stentor made begins with.
const LINK: &str = "<https://a.example|";

pub fn characters(text: &str) -> usize {
    text.chars().count()
}

pub fn check_message(message: &Message) -> Checked {
    prop_assert!((1..=3_900).contains(&characters(&message.text)), "{}", message.text);
    check_disarmed(&message.text)?;
    prop_assert!((1..=50).contains(&message.blocks.len()));
    let total: usize = message.blocks.iter().map(all_text).sum();
    prop_assert!(total + characters(&message.text) <= 12_000, "{total} characters");
    check_blocks(&message.blocks)
}

pub fn check_modal(modal: &Modal) -> Checked {
    let view = modal.as_value();
    prop_assert_eq!(&view["type"], "modal");
    for title in ["title", "submit", "close"] {
        check_plain(&view[title], 24)?;
    }
    prop_assert!(characters(view["private_metadata"].as_str().unwrap()) <= 3_000);
    prop_assert!(characters(view["callback_id"].as_str().unwrap()) <= 255);
    let blocks = view["blocks"].as_array().unwrap();
    prop_assert!((1..=100).contains(&blocks.len()));
    prop_assert!(serde_json::to_string(view).unwrap().len() < 250_000);
    check_blocks(blocks)
}

fn check_blocks(blocks: &[Value]) -> Checked {
    let mut ids = Vec::new();
    for block in blocks {
        ids.extend(block["block_id"].as_str());
        match block["type"].as_str().unwrap() {
            "header" => check_plain(&block["text"], 150)?,
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                prop_assert!((1..=10).contains(&elements.len()));
                elements.iter().try_for_each(|text| check_mrkdwn(text, 3_000))?;
            }
            "section" => {
                let fields = block["fields"].as_array().unwrap();
                prop_assert!((1..=10).contains(&fields.len()));
                fields.iter().try_for_each(|text| check_mrkdwn(text, 2_000))?;
            }
            "actions" => {
                let elements = block["elements"].as_array().unwrap();
                prop_assert!((1..=25).contains(&elements.len()));
                elements.iter().try_for_each(check_button)?;
            }
            "rich_text" => {
                let elements = block["elements"].as_array().unwrap();
                prop_assert!(!elements.is_empty());
                elements.iter().try_for_each(check_rich)?;
            }
            "input" => {
                prop_assert!((1..=255).contains(&characters(block["block_id"].as_str().unwrap())));
                check_plain(&block["label"], 2_000)?;
                if !block["hint"].is_null() {
                    check_plain(&block["hint"], 2_000)?;
                }
                check_input(&block["element"])?;
            }
            other => prop_assert!(false, "an unknown block: {other}"),
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    prop_assert_eq!(ids.len(), count, "block ids are unique");
    Ok(())
}

fn check_plain(object: &Value, limit: usize) -> Checked {
    prop_assert_eq!(&object["type"], "plain_text");
    let text = object["text"].as_str().unwrap();
    prop_assert!(!text.trim().is_empty() && characters(text) <= limit, "{limit}: {text:?}");
    Ok(())
}

fn check_mrkdwn(object: &Value, limit: usize) -> Checked {
    prop_assert_eq!(&object["type"], "mrkdwn");
    prop_assert_eq!(&object["verbatim"], &Value::Bool(true), "bare words would be linked");
    let text = object["text"].as_str().unwrap();
    prop_assert!(!text.trim().is_empty() && characters(text) <= limit, "{limit}: {text:?}");
    check_disarmed(text)
}

/// Nothing is live but what Stentor put there, and no entity is cut through.
pub fn check_disarmed(text: &str) -> Checked {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        rest = &rest[at..];
        let date = rest.strip_prefix("<!date^").and_then(|inside| inside.split_once('>'));
        if let Some((label, after)) = rest.strip_prefix(LINK).and_then(|it| it.split_once('>')) {
            prop_assert!(!label.contains(['<', '|']), "{label:?}");
            rest = after;
            continue;
        }
        let known = ["&amp;", "&lt;", "&gt;"].iter().chain(LIVE.iter());
        let known = known.filter_map(|token| rest.strip_prefix(token)).next();
        rest = match (date, known) {
            (Some((inside, after)), _) => {
                let is_a_date = inside.ends_with(" UTC") && !inside.contains(['<', '&']);
                prop_assert!(is_a_date, "{inside:?}");
                after
            }
            (None, Some(after)) => after,
            (None, None) => return Err(TestCaseError::fail(format!("live: {rest:?}"))),
        };
    }
    Ok(())
}

fn check_button(button: &Value) -> Checked {
    prop_assert_eq!(&button["type"], "button");
    check_plain(&button["text"], 75)?;
    prop_assert!((1..=255).contains(&characters(button["action_id"].as_str().unwrap())));
    prop_assert!(characters(button["value"].as_str().unwrap()) <= 2_000);
    let confirm = &button["confirm"];
    if !confirm.is_null() {
        for (part, limit) in [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)] {
            check_plain(&confirm[part], limit)?;
        }
    }
    Ok(())
}

fn check_rich(element: &Value) -> Checked {
    let elements = element["elements"].as_array().unwrap();
    prop_assert!(!elements.is_empty());
    match element["type"].as_str().unwrap() {
        "rich_text_list" => elements.iter().try_for_each(check_rich),
        "rich_text_section" | "rich_text_quote" | "rich_text_preformatted" => {
            elements.iter().try_for_each(check_leaf)
        }
        other => Err(TestCaseError::fail(format!("an unknown element: {other}"))),
    }
}

fn check_leaf(leaf: &Value) -> Checked {
    let string = |field: &str| leaf[field].as_str().unwrap();
    match string("type") {
        "text" => prop_assert!((1..=3_000).contains(&characters(string("text")))),
        "user" => prop_assert!(UserId::from(string("user_id")).is_well_formed()),
        "channel" => prop_assert!(ChannelId::from(string("channel_id")).is_well_formed()),
        "link" => {
            prop_assert!(string("url").starts_with("https://"));
            prop_assert!(leaf["text"].is_null() || !string("text").is_empty());
        }
        "date" => prop_assert!(leaf["timestamp"].is_i64() && !string("fallback").is_empty()),
        other => prop_assert!(false, "an unknown leaf: {other}"),
    }
    Ok(())
}

fn check_input(element: &Value) -> Checked {
    prop_assert_eq!(&element["action_id"], "value");
    if !element["placeholder"].is_null() {
        check_plain(&element["placeholder"], 150)?;
    }
    match element["type"].as_str().unwrap() {
        "plain_text_input" => {
            let most = usize::try_from(element["max_length"].as_u64().unwrap()).unwrap();
            prop_assert!((1..=3_000).contains(&most));
            let initial = element["initial_value"].as_str().unwrap_or("x");
            prop_assert!((1..=most).contains(&characters(initial)));
        }
        "static_select" => {
            let options = element["options"].as_array().unwrap();
            prop_assert!((1..=100).contains(&options.len()));
            options.iter().try_for_each(check_option)?;
            let initial = &element["initial_option"];
            prop_assert!(initial.is_null() || options.contains(initial));
        }
        "multi_static_select" => {
            let options = element["options"].as_array().unwrap();
            prop_assert!((1..=100).contains(&options.len()));
            options.iter().try_for_each(check_option)?;
            let initial = element["initial_options"].as_array();
            prop_assert!(initial.is_none_or(|initial| !initial.is_empty()));
            prop_assert!(initial.into_iter().flatten().all(|option| options.contains(option)));
        }
        "checkboxes" => {
            let options = element["options"].as_array().unwrap();
            prop_assert!((1..=10).contains(&options.len()));
            options.iter().try_for_each(check_option)?;
        }
        "datetimepicker" => {
            let initial = element["initial_date_time"].as_i64().unwrap_or(1_000_000_000);
            prop_assert!((1_000_000_000..=9_999_999_999).contains(&initial));
        }
        "users_select" => {
            let initial = element["initial_user"].as_str().unwrap_or("U0ALICE");
            prop_assert!(UserId::from(initial).is_well_formed());
        }
        other => prop_assert!(false, "an unknown input: {other}"),
    }
    Ok(())
}

fn check_option(option: &Value) -> Checked {
    check_plain(&option["text"], 75)?;
    if !option["description"].is_null() {
        check_plain(&option["description"], 75)?;
    }
    prop_assert!((1..=75).contains(&characters(option["value"].as_str().unwrap())));
    Ok(())
}

/// All characters that a block shows, however deep.
fn all_text(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            let own = fields.get("text").and_then(Value::as_str).map_or(0, characters);
            own + fields.values().map(all_text).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(all_text).sum(),
        _ => 0,
    }
}
