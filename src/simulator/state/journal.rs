//! What the app has asked of the Web API, and what has been sent to the app.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::simulator::clock::Micros;

/// One call of the Web API (or of a response_url).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// When.
    pub at: Micros,
    /// "chat.postMessage", or "response_url".
    pub method: String,
    /// Its arguments, without the token.
    pub args: Value,
    /// HTTP status; 0 if no answer left the simulator.
    pub status: u16,
    /// The `ok` of the answer.
    pub ok: bool,
    /// The `error` of the answer.
    pub error: Option<String>,
    /// `response_metadata.messages` of the answer.
    pub messages: Vec<String>,
    /// Arguments this method doesn't have. Slack ignores them; a typo hides among them.
    pub unknown_args: Vec<String>,
    /// The fault that made it end so.
    pub fault: Option<String>,
}

impl Call {
    /// Whether the app did something that Slack refuses.
    pub fn is_refusal(&self) -> bool {
        self.fault.is_none() && (!self.ok || self.status != 200)
    }
}

/// One request to the app.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sent {
    /// When.
    pub at: Micros,
    /// "slash_command", "view_submission", or the type of an event.
    pub what: String,
    /// `event_id`, for events.
    pub event_id: Option<String>,
    /// 0 for the first attempt.
    pub retry: u8,
    /// HTTP status; `None` if no answer came.
    pub status: Option<u16>,
    /// Why it failed: "http_timeout", "connection_failed", "http_error", …
    pub failure: Option<String>,
}
