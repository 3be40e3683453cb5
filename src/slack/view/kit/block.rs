//! The blocks that messages and forms are made of.

use serde_json::{Value, json};

use crate::incident::text::shorten;
use crate::slack::view::kit::element::{Button, Element};
use crate::slack::view::kit::line::{Line, TEXT_LIMIT, visible};

/// What stands where there is nothing to show: Slack takes no empty text.
const NOTHING: &str = "–";

/// One block, within Slack's limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Block(pub(super) Value);

impl Block {
    /// A title in large letters.
    pub fn header(text: &str) -> Self {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Block(json!({"type": "header", "text": plain_text(&line, 150)}))
    }

    /// Text in which Slack reads no markup.
    pub fn text(line: &Line) -> Self {
        Block::rich(vec![section(line)])
    }

    /// Text set off as a quotation.
    pub fn quote(line: &Line) -> Self {
        let elements = or_nothing(line);
        Block::rich(vec![json!({"type": "rich_text_quote", "elements": elements})])
    }

    /// A list with bullets.
    pub fn list(items: &[Line]) -> Self {
        let items: Vec<Value> = items.iter().map(section).collect();
        if items.is_empty() {
            return Block::text(&Line::new());
        }
        Block::rich(vec![json!({"type": "rich_text_list", "style": "bullet", "elements": items})])
    }

    /// Text in letters of one width.
    pub fn preformatted(text: &str) -> Self {
        let elements = or_nothing(&Line::of(text));
        Block::rich(vec![json!({"type": "rich_text_preformatted", "elements": elements})])
    }

    /// A small grey line.
    pub fn context(line: &Line) -> Self {
        let text = line.to_mrkdwn(TEXT_LIMIT);
        let text = if text.trim().is_empty() { NOTHING.to_owned() } else { text };
        let element = json!({"type": "mrkdwn", "text": text, "verbatim": true});
        Block(json!({"type": "context", "elements": [element]}))
    }

    /// Short facts in two columns, each a name and what it is.
    pub fn facts(facts: &[(&str, Line)]) -> Self {
        let fields = facts.iter().take(10).map(|(name, value)| {
            let value = if value.is_empty() { &Line::of(NOTHING) } else { value };
            // Names are ours; the star could not be ended early.
            let text = format!("*{name}*\n{}", value.to_mrkdwn(1_900));
            json!({"type": "mrkdwn", "text": shorten(&text, 2_000), "verbatim": true})
        });
        let fields: Vec<Value> = fields.collect();
        if fields.is_empty() {
            return Block::text(&Line::new());
        }
        Block(json!({"type": "section", "fields": fields}))
    }

    /// A row of buttons; nothing without buttons.
    pub fn actions(buttons: Vec<Button>) -> Option<Self> {
        let elements: Vec<Value> = buttons.into_iter().take(25).map(|button| button.0).collect();
        (!elements.is_empty()).then(|| Block(json!({"type": "actions", "elements": elements})))
    }

    /// Something to fill in. The block's id is the name of the field on the wire.
    pub fn input(field: &str, label: &str, element: Element) -> Self {
        Block(json!({
            "type": "input",
            "block_id": shorten(field, 255),
            "label": plain_text(label, 2_000),
            "element": element.0,
            "optional": false,
        }))
    }

    /// The same, but it may be left empty.
    pub fn optional_input(field: &str, label: &str, element: Element) -> Self {
        let Block(mut input) = Block::input(field, label, element);
        input["optional"] = true.into();
        Block(input)
    }

    /// The same input with a word of explanation under it.
    pub fn with_hint(mut self, hint: &str) -> Self {
        self.0["hint"] = plain_text(hint, 2_000);
        self
    }

    fn rich(elements: Vec<Value>) -> Self {
        Block(json!({"type": "rich_text", "elements": elements}))
    }
}

/// A text object in which Slack reads no markup.
pub(super) fn plain_text(text: &str, limit: usize) -> Value {
    let text = visible(text);
    let text = if text.trim().is_empty() { NOTHING.to_owned() } else { shorten(&text, limit) };
    json!({"type": "plain_text", "text": text, "emoji": true})
}

fn section(line: &Line) -> Value {
    json!({"type": "rich_text_section", "elements": or_nothing(line)})
}

fn or_nothing(line: &Line) -> Vec<Value> {
    if line.is_empty() { Line::of(NOTHING).to_rich() } else { line.to_rich() }
}
