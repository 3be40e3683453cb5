//! `ok: false`, and why.

use serde_json::{Map, Value, json};

use crate::simulator::blocks::Issue;

/// The reason why a call isn't answered as it hoped.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// "channel_not_found".
    pub error: String,
    /// Further properties of the answer.
    pub extra: Map<String, Value>,
}

impl From<&'static str> for Refusal {
    fn from(error: &'static str) -> Self {
        Refusal { error: error.to_owned(), extra: Map::new() }
    }
}

impl Refusal {
    /// `invalid_arguments`, and what is wrong with them.
    pub fn arguments(messages: &[String]) -> Self {
        Refusal::from("invalid_arguments").with_messages(messages)
    }

    /// A payload of Block Kit that doesn't hold what it should.
    pub fn blocks(error: &'static str, issues: &[Issue]) -> Self {
        let lines: Vec<_> = issues.iter().map(Issue::to_line).collect();
        let refusal = Refusal::from(error).with("errors", json!(lines.clone()));
        refusal.with_messages(&lines)
    }

    /// With one more property.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.extra.insert(name.to_owned(), value);
        self
    }

    fn with_messages(self, messages: &[String]) -> Self {
        self.with("response_metadata", json!({ "messages": messages }))
    }

    /// The answer.
    pub fn to_api(&self) -> Value {
        let mut answer = Map::new();
        answer.insert("ok".to_owned(), false.into());
        answer.insert("error".to_owned(), self.error.clone().into());
        answer.extend(self.extra.clone());
        answer.into()
    }
}
