//! A Slack that accepts everything at once and remembers nothing: what Stentor does towards Slack
//! costs it its share of the machine, as in reality, but never waits.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::{Json, Router};
use serde_json::{Value, json};

/// The channel in which incidents are announced.
const ANNOUNCE_CHANNEL: &str = "C0INCIDENTS";

pub struct FakeSlack {
    pub address: SocketAddr,
    calls: Arc<AtomicU64>,
}

impl FakeSlack {
    /// Serves on a thread of its own, beside the load generator's, until the process ends.
    pub fn start() -> Result<FakeSlack> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let calls = Arc::new(AtomicU64::new(0));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&calls));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, router).await
            })
        });
        Ok(FakeSlack { address, calls })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Waits until next to nothing is called any more, for at most `limit`. Work that goes to one
    /// channel is paced to one message a second, so there may always be a trickle.
    pub async fn settle(&self, limit: Duration) {
        let trickle = 5;
        let since = std::time::Instant::now();
        loop {
            let before = self.calls();
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.calls() - before < trickle || since.elapsed() > limit {
                return;
            }
        }
    }
}

async fn answer(State(calls): State<Arc<AtomicU64>>, uri: Uri, body: Bytes) -> Json<Value> {
    let number = calls.fetch_add(1, Ordering::Relaxed);
    let method = uri.path().rsplit('/').next().unwrap_or_default();
    let asked = fields(&uri, &body);
    let asked = |name: &str, otherwise: &str| -> String {
        asked.get(name).cloned().unwrap_or_else(|| otherwise.to_owned())
    };
    let ts = format!("1790{:06}.{:06}", number / 1_000_000, number % 1_000_000);
    let result = match method {
        "auth.test" => json!({
            "url": "https://acme.slack.com/", "team": "Acme", "user": "stentor",
            "team_id": "T0INC0001", "user_id": "U0INCBOT1", "bot_id": "B0INCBOT1",
            "app_id": "A0INCBOT1", "is_enterprise_install": false,
        }),
        "team.info" => {
            json!({ "team": { "id": "T0INC0001", "name": "Acme", "domain": "acme" } })
        }
        "users.info" => json!({ "user": user(&asked("user", "U0ALICE01")) }),
        "users.list" => json!({
            "members": [user("U0ALICE01")], "response_metadata": { "next_cursor": "" },
        }),
        "conversations.create" => {
            json!({ "channel": channel(&format!("C0{number:08}"), &asked("name", "inc")) })
        }
        "conversations.list" => json!({
            "channels": [channel(ANNOUNCE_CHANNEL, "incidents")],
            "response_metadata": { "next_cursor": "" },
        }),
        "users.conversations" => {
            json!({ "channels": [], "response_metadata": { "next_cursor": "" } })
        }
        "conversations.history" | "conversations.replies" => {
            json!({ "messages": [], "has_more": false, "response_metadata": { "next_cursor": "" } })
        }
        "conversations.members" => {
            json!({ "members": ["U0INCBOT1"], "response_metadata": { "next_cursor": "" } })
        }
        "chat.postEphemeral" => json!({ "message_ts": ts }),
        "chat.postMessage" | "chat.update" => {
            let ts = asked("ts", &ts);
            let text = asked("text", "");
            json!({
                "channel": asked("channel", ANNOUNCE_CHANNEL), "ts": ts, "text": text,
                "message": {
                    "type": "message", "ts": ts, "text": text,
                    "user": "U0INCBOT1", "bot_id": "B0INCBOT1",
                },
            })
        }
        "chat.getPermalink" => json!({
            "channel": asked("channel", ANNOUNCE_CHANNEL),
            "permalink": "https://acme.slack.com/archives/C0INCIDENTS/p1790000000000000",
        }),
        "bookmarks.list" => json!({ "bookmarks": [] }),
        "bookmarks.add" | "bookmarks.edit" => json!({ "bookmark": {
            "id": format!("Bk{number:08}"), "channel_id": asked("channel_id", ANNOUNCE_CHANNEL),
            "title": asked("title", ""), "link": asked("link", ""), "type": "link",
            "date_created": 1_790_000_000, "date_updated": 1_790_000_000, "rank": "0",
        } }),
        "pins.list" => json!({ "items": [] }),
        "views.open" | "views.update" | "views.push" | "views.publish" => json!({ "view": {
            "id": format!("V0{number:08}"), "team_id": "T0INC0001", "type": "modal",
            "hash": "1790000000.AbCdEfGh", "state": { "values": {} }, "blocks": [],
        } }),
        // setTopic, setPurpose, rename, invite, join, info: all answer with the channel.
        method if method.starts_with("conversations.") => {
            json!({ "channel": channel(&asked("channel", ANNOUNCE_CHANNEL), &asked("name", "inc")) })
        }
        _ => json!({}),
    };
    let Value::Object(mut result) = result else { unreachable!("every answer is an object") };
    result.insert("ok".to_owned(), true.into());
    Json(Value::Object(result))
}

/// What was asked, whether as a form, as JSON or in the address; only values that are text.
fn fields(uri: &Uri, body: &[u8]) -> HashMap<String, String> {
    if let Ok(Value::Object(asked)) = serde_json::from_slice(body) {
        let text = asked.into_iter().filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            _ => None,
        });
        return text.collect();
    }
    let query = uri.query().unwrap_or_default().as_bytes();
    let encoded = if body.is_empty() { query } else { body };
    serde_urlencoded::from_bytes(encoded).unwrap_or_default()
}

fn channel(id: &str, name: &str) -> Value {
    let text = json!({ "value": "", "creator": "", "last_set": 0 });
    json!({
        "id": id, "name": name, "name_normalized": name, "created": 1_790_000_000,
        "creator": "U0INCBOT1", "is_channel": true, "is_group": false, "is_im": false,
        "is_mpim": false, "is_private": false, "is_archived": false, "is_general": false,
        "is_member": true, "num_members": 1, "topic": text, "purpose": text,
    })
}

fn user(id: &str) -> Value {
    json!({
        "id": id, "team_id": "T0INC0001", "name": "alice", "real_name": "Alice", "deleted": false,
        "tz": "Europe/Berlin", "tz_label": "Central European Time", "tz_offset": 3600,
        "is_admin": false, "is_owner": false, "is_bot": false, "is_app_user": false,
        "updated": 1_790_000_000,
        "profile": { "real_name": "Alice", "display_name": "alice", "team": "T0INC0001" },
    })
}
