//! A whole form, within what Slack accepts.

use serde::Serialize;
use serde_json::{Value, json};

use crate::incident::text::shorten;
use crate::slack::view::kit::block::{Block, plain_text};

/// A form in a window of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Modal(Value);

impl Modal {
    /// A form. `callback_id` names it when it is submitted, and `private_metadata` comes back as
    /// it is.
    pub fn new(
        callback_id: &str,
        title: &str,
        submit: &str,
        private_metadata: &str,
        blocks: Vec<Block>,
    ) -> Self {
        let blocks: Vec<Value> = blocks.into_iter().take(100).map(|Block(block)| block).collect();
        Modal(json!({
            "type": "modal",
            "callback_id": shorten(callback_id, 255),
            "title": plain_text(title, 24),
            "submit": plain_text(submit, 24),
            "close": plain_text("Cancel", 24),
            "private_metadata": shorten(private_metadata, 3_000),
            "blocks": blocks,
        }))
    }

    /// The name of the form.
    pub fn callback_id(&self) -> &str {
        self.0["callback_id"].as_str().unwrap_or_default()
    }

    /// The `view` that Slack's Web API takes.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The same, given away.
    pub fn into_value(self) -> Value {
        self.0
    }
}
