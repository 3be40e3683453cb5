//! Messages, and how the Web API and events write them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ts::Ts;

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Where it stands.
    pub channel: String,
    /// Its id.
    pub ts: Ts,
    /// Who wrote it; the bot user, if an app did.
    pub user: String,
    /// Set if an app wrote it.
    pub bot_id: Option<String>,
    /// Set if an app wrote it.
    pub app_id: Option<String>,
    /// "channel_join", "channel_topic", …: the client wrote it itself.
    pub subtype: Option<String>,
    /// Escaped as Slack keeps it (`&amp;`, `<@U1>`).
    pub text: String,
    /// Block Kit, or the rich text of what a person typed.
    pub blocks: Vec<Value>,
    /// Legacy attachments.
    pub attachments: Vec<Value>,
    /// `{event_type, event_payload}`.
    pub metadata: Option<Value>,
    /// The message that began the thread; a reply's differs from its own `ts`.
    pub thread_ts: Option<Ts>,
    /// A reply that is also shown in the channel.
    pub is_broadcast: bool,
    /// Replies to this message.
    pub replies: Vec<Ts>,
    /// Who replied, in order of their first reply.
    pub reply_users: Vec<String>,
    /// Set if it was changed since, by its author.
    pub edited: Option<Edited>,
    /// Emoji on it.
    pub reactions: Vec<Reaction>,
    /// Only this person sees it.
    pub ephemeral_to: Option<String>,
    /// The begin of a thread whose own text is gone.
    pub is_tombstone: bool,
    /// Whether the app asked for previews of links; `None` if it said nothing.
    pub unfurl_links: Option<bool>,
    /// Whether the app asked for previews of pictures; `None` if it said nothing.
    pub unfurl_media: Option<bool>,
    /// Previews the app has given, by URL.
    pub unfurls: Map<String, Value>,
    /// What a system message carries besides (`topic`, `purpose`, `name`, `old_name`, `inviter`).
    pub details: Map<String, Value>,
    /// Given to what people type.
    pub client_msg_id: Option<String>,
}

/// Who last changed a message, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Edited {
    /// Who.
    pub user: String,
    /// When.
    pub ts: Ts,
}

/// One emoji and everybody who added it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reaction {
    /// Without colons.
    pub name: String,
    /// Who, in order.
    pub users: Vec<String>,
}

impl Message {
    /// A plain message of a person.
    pub fn plain(channel: &str, ts: Ts, user: &str, text: &str) -> Self {
        Message {
            channel: channel.to_owned(),
            ts,
            user: user.to_owned(),
            bot_id: None,
            app_id: None,
            subtype: None,
            text: text.to_owned(),
            blocks: Vec::new(),
            attachments: Vec::new(),
            metadata: None,
            thread_ts: None,
            is_broadcast: false,
            replies: Vec::new(),
            reply_users: Vec::new(),
            edited: None,
            reactions: Vec::new(),
            ephemeral_to: None,
            is_tombstone: false,
            unfurl_links: None,
            unfurl_media: None,
            unfurls: Map::new(),
            details: Map::new(),
            client_msg_id: None,
        }
    }

    /// Whether it stands in a thread, under another message.
    pub fn is_reply(&self) -> bool {
        self.thread_ts.is_some_and(|thread| thread != self.ts)
    }

    /// As the Web API and events write it, with its metadata whole.
    pub fn to_api(&self, team: &str) -> Value {
        let mut api = Map::new();
        api.insert("type".to_owned(), "message".into());
        api.insert("user".to_owned(), self.user.clone().into());
        api.insert("ts".to_owned(), self.ts.to_string().into());
        api.insert("text".to_owned(), self.text.clone().into());
        if self.subtype.is_none() {
            api.insert("team".to_owned(), team.into());
        }
        let optional = [
            ("subtype", &self.subtype),
            ("client_msg_id", &self.client_msg_id),
            ("bot_id", &self.bot_id),
            ("app_id", &self.app_id),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                api.insert(name.to_owned(), value.clone().into());
            }
        }
        if !self.blocks.is_empty() {
            api.insert("blocks".to_owned(), self.blocks.clone().into());
        }
        if !self.attachments.is_empty() {
            api.insert("attachments".to_owned(), self.attachments.clone().into());
        }
        if let Some(metadata) = &self.metadata {
            api.insert("metadata".to_owned(), metadata.clone());
        }
        if let Some(edited) = &self.edited {
            api.insert("edited".to_owned(), json!(edited));
        }
        if let Some(thread) = self.thread_ts {
            api.insert("thread_ts".to_owned(), thread.to_string().into());
        }
        if let Some(last) = self.replies.last() {
            api.insert("reply_count".to_owned(), self.replies.len().into());
            api.insert("reply_users_count".to_owned(), self.reply_users.len().into());
            api.insert("reply_users".to_owned(), json!(self.reply_users));
            api.insert("latest_reply".to_owned(), last.to_string().into());
            api.insert("is_locked".to_owned(), false.into());
        }
        if !self.reactions.is_empty() {
            let reactions = self.reactions.iter().map(Reaction::to_api).collect::<Vec<_>>();
            api.insert("reactions".to_owned(), reactions.into());
        }
        if self.is_tombstone {
            api.insert("hidden".to_owned(), true.into());
        }
        api.extend(self.details.clone());
        api.into()
    }
}

impl Reaction {
    fn to_api(&self) -> Value {
        json!({ "name": self.name, "users": self.users, "count": self.users.len() })
    }
}
