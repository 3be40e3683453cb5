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
    /// A message that shows these blocks. Where something does not fit, it and what follows it are
    /// left out, but for the buttons, and a line says so.
    pub fn new(fallback: &Line, blocks: Vec<Block>) -> Self {
        let text = fallback.to_mrkdwn(TEXT_LIMIT).replace(['\n', '\t'], " ");
        let text = if text.trim().is_empty() { "Stentor".to_owned() } else { text };
        let room = CHARACTER_LIMIT - text.chars().count();
        Message { text, blocks: fit(blocks, room) }
    }

    /// The same message with one more block at its end.
    pub fn followed_by(mut self, Block(block): Block) -> Self {
        self.blocks.push(block);
        self
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
    let mut left = Left { blocks: BLOCK_LIMIT, characters: room };
    left.takes(&pointer);
    // Buttons come last, and what can be done matters more than one more paragraph.
    let is_actions = |block: &Value| block["type"] == "actions";
    let mut fits: Vec<bool> =
        blocks.iter().map(|Block(block)| is_actions(block) && left.takes(block)).collect();
    let mut cut_at = None;
    for (index, Block(block)) in blocks.iter().enumerate().filter(|(_, it)| !is_actions(&it.0)) {
        if !left.takes(block) {
            cut_at = Some(index);
            break;
        }
        fits[index] = true;
    }
    let mut kept = Vec::new();
    for (index, Block(block)) in blocks.into_iter().enumerate() {
        if fits[index] {
            kept.push(block);
        }
        if cut_at == Some(index) {
            kept.push(pointer.clone());
        }
    }
    kept
}

/// What still fits into a message.
struct Left {
    blocks: usize,
    characters: usize,
}

impl Left {
    /// Takes the room for a block, if it is there.
    fn takes(&mut self, block: &Value) -> bool {
        let length = length(block);
        let fits = self.blocks > 0 && length <= self.characters;
        if fits {
            self.blocks -= 1;
            self.characters -= length;
        }
        fits
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::view::kit::element::Button;

    fn is_pointer(block: &Value) -> bool {
        block["type"] == "context"
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_the_buttons_stay() {
        let press = Button::new("press", "Press", "1");
        for paragraphs in [vec!["x"; 80], vec!["long ".repeat(500).as_str(); 9]] {
            let mut blocks: Vec<Block> =
                paragraphs.iter().map(|text| Block::text(&Line::of(text))).collect();
            blocks.extend(Block::actions(vec![press.clone()]));
            let message = Message::new(&Line::of("Much"), blocks);
            assert!(message.blocks.len() <= BLOCK_LIMIT);
            assert_eq!(message.blocks.iter().filter(|block| is_pointer(block)).count(), 1);
            let (last, before) = message.blocks.split_last().unwrap();
            assert_eq!(last["type"], "actions");
            assert!(before.last().is_some_and(is_pointer));
        }
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let message = Message::line(&Line::of("All is well."));
        assert_eq!(message.text, "All is well.");
        assert_eq!(message.blocks.len(), 1);
    }
}
