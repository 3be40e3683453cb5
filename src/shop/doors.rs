//! Where the shop's monitoring sends to, and how.

use serde_json::{Value, json};

/// Something to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// Where to.
    pub door: Door,
    /// What, without what proves who sends it.
    pub body: Value,
}

/// The kinds of doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Alertmanager's API v2.
    Alerts,
    /// PagerDuty's Events API v2.
    Events,
    /// The same for changes.
    Changes,
}

/// Where the doors are, and what opens them.
#[derive(Clone)]
pub struct Doors {
    /// The address that all have in common, without a slash at the end.
    pub address: String,
    /// What Prometheus shows as a bearer token.
    pub token: String,
    /// The source that the prober is.
    pub source: String,
    /// Its routing key.
    pub routing_key: String,
}

/// A letter that is ready to be posted, as JSON.
pub struct Post {
    /// The path behind the common address.
    pub path: String,
    /// The bearer token, where one is shown.
    pub token: Option<String>,
    /// The body.
    pub body: String,
}

impl Doors {
    /// Makes a letter ready.
    pub fn post(&self, letter: &Letter) -> Post {
        let Doors { token, source, routing_key, .. } = self;
        let mut body = letter.body.clone();
        let (path, token) = match letter.door {
            Door::Alerts => ("/alertmanager/api/v2/alerts".to_owned(), Some(token.clone())),
            Door::Events => (format!("/hooks/{source}/v2/enqueue"), None),
            Door::Changes => (format!("/hooks/{source}/v2/change/enqueue"), None),
        };
        if token.is_none() {
            body["routing_key"] = json!(routing_key);
        }
        Post { path, token, body: body.to_string() }
    }
}
