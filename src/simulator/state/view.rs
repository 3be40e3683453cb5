//! Modals and home tabs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::simulator::clock::Micros;

/// A modal on somebody's screen, or somebody's home tab.
///
/// What is typed into it lives in the client and comes with the act that sends it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenView {
    /// "V0000001".
    pub id: String,
    /// Who looks at it.
    pub user: String,
    /// As the app sent it: `type`, `title`, `blocks`, `submit`, `close`, `callback_id`,
    /// `private_metadata`, `notify_on_close`, `clear_on_close`, `external_id`. Every block has a
    /// `block_id` and every element an `action_id`, the simulator's own where the app gave none.
    pub view: Value,
    /// Changes with each change of the view.
    pub hash: String,
    /// What stands in red under the fields, by block_id.
    pub errors: BTreeMap<String, String>,
    /// "We had some trouble connecting": the app didn't take the last submission.
    pub failure: Option<String>,
    /// The first of its stack.
    pub root_view_id: String,
    /// The one below it.
    pub previous_view_id: Option<String>,
    /// A submission is on its way to the app.
    pub is_submitting: bool,
    /// When it was opened.
    pub opened: Micros,
}

impl OpenView {
    /// The text of a plain_text object of the view: its title, or the label of a button.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.view.get(name)?.get("text")?.as_str()
    }

    /// A text of the view, such as `callback_id`.
    pub fn text(&self, name: &str) -> &str {
        self.view.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A switch of the view, such as `notify_on_close`.
    pub fn flag(&self, name: &str) -> bool {
        self.view.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Its blocks.
    pub fn blocks(&self) -> &[Value] {
        self.view.get("blocks").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// As the Web API and interactions write it, with `values` as what has been typed.
    pub fn to_api(&self, team: &str, app: &str, bot: &str, values: &Value) -> Value {
        let or_null = |name: &str| self.view.get(name).cloned().unwrap_or(Value::Null);
        let mut api = json!({
            "id": self.id,
            "team_id": team,
            "type": self.text("type"),
            "blocks": self.blocks(),
            "private_metadata": self.text("private_metadata"),
            "callback_id": self.text("callback_id"),
            "state": { "values": values },
            "hash": self.hash,
            "title": or_null("title"),
            "clear_on_close": self.flag("clear_on_close"),
            "notify_on_close": self.flag("notify_on_close"),
            "close": or_null("close"),
            "submit": or_null("submit"),
            "previous_view_id": self.previous_view_id,
            "root_view_id": self.root_view_id,
            "app_id": app,
            "external_id": self.text("external_id"),
            "app_installed_team_id": team,
            "bot_id": bot,
        });
        if self.flag("submit_disabled") {
            api["submit_disabled"] = true.into();
        }
        api
    }
}
