//! A whole message, within what Slack accepts.

use serde::Serialize;
use serde_json::Value;

use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::{Line, MENTION_LENGTH};

/// The longest text with which a message can still be edited, with a margin.
const TEXT_LIMIT: usize = 3_900;
/// The most blocks in a message.
const BLOCK_LIMIT: usize = 50;
/// The most characters in a message: Slack refuses somewhat more, and does not say exactly when.
const CHARACTER_LIMIT: usize = 12_000;

/// A message: blocks, and the text that stands in for them in notifications.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// What notifications show and screen readers speak: `mrkdwn`, escaped.
    pub text: String,
    /// What people see.
    pub blocks: Vec<Value>,
}

impl Message {
    /// A message that shows these blocks. What does not fit is left out, and a line says so;
    /// buttons always stay.
    pub fn new(fallback: &Line, blocks: Vec<Block>) -> Self {
        let text = fallback.to_mrkdwn(TEXT_LIMIT).replace(['\n', '\t'], " ");
        let text = if text.trim().is_empty() { "Stentor".to_owned() } else { text };
        let room = CHARACTER_LIMIT - text.chars().count();
        Message { text, blocks: fit(blocks, room) }
    }

    /// A message of one paragraph.
    pub fn line(line: &Line) -> Self {
        Message::new(line, vec![Block::text(line)])
    }
}

fn fit(blocks: Vec<Block>, room: usize) -> Vec<Value> {
    let total: usize = blocks.iter().map(|Block(block)| length(block)).sum();
    if blocks.len() <= BLOCK_LIMIT && total <= room {
        return blocks.into_iter().map(|Block(block)| block).collect();
    }
    let Block(pointer) = Block::context(&Line::of("There is more than fits here."));
    let (mut blocks_left, mut room) = (BLOCK_LIMIT - 1, room.saturating_sub(length(&pointer)));
    let always = |block: &Value| block["type"] == "actions";
    for Block(block) in blocks.iter().filter(|Block(block)| always(block)) {
        blocks_left = blocks_left.saturating_sub(1);
        room = room.saturating_sub(length(block));
    }
    let mut kept = Vec::new();
    let mut pointer = Some(pointer);
    for Block(block) in blocks {
        if always(&block) {
            kept.push(block);
        } else if pointer.is_some() && blocks_left > 0 && length(&block) <= room {
            blocks_left -= 1;
            room -= length(&block);
            kept.push(block);
        } else {
            kept.extend(pointer.take());
        }
    }
    kept
}

/// How many characters a block shows.
fn length(block: &Value) -> usize {
    match block {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default();
            let mention = matches!(kind, "user" | "channel" | "date" | "link");
            let inside: usize = fields
                .iter()
                .map(|(name, value)| match (name.as_str(), value) {
                    ("text", Value::String(text)) => text.chars().count(),
                    (_, Value::String(_)) => 0,
                    (_, other) => length(other),
                })
                .sum();
            inside + if mention { MENTION_LENGTH } else { 0 }
        }
        Value::Array(items) => items.iter().map(length).sum(),
        _ => 0,
    }
}
