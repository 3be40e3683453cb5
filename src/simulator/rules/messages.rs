//! Posting, changing and deleting messages.

use serde_json::{Map, Value, json};

use super::Rule;
use crate::simulator::{
    clock::Micros,
    state::{
        State,
        message::{Edited, Message},
        ts::Ts,
    },
};

/// The longest text of a message; what is longer is cut.
pub const MAX_TEXT: usize = 40_000;

/// How many ephemeral messages a person keeps in a channel.
const MAX_EPHEMERALS: usize = 200;

impl State {
    /// Whether that user may post there.
    pub fn check_may_post(&self, channel: &str, user: &str) -> Rule {
        let channel = self.channels.get(channel).ok_or("channel_not_found")?;
        if !channel.has(user) {
            return Err(if channel.is_private { "channel_not_found" } else { "not_in_channel" });
        }
        if channel.is_archived {
            return Err("is_archived");
        }
        if channel.is_restricted && !self.is_admin(user) {
            return Err("restricted_action_read_only_channel");
        }
        Ok(())
    }

    /// Whether that user is an admin of the workspace.
    pub fn is_admin(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|user| user.is_admin)
    }

    /// Puts a message into its channel and tells the app.
    pub fn post(&mut self, now: Micros, message: Message) -> Ts {
        let (ts, id) = (message.ts, message.channel.clone());
        let is_of_app = message.bot_id.as_ref() == Some(&self.app.bot_id);
        if is_of_app {
            self.unread.entry(id.clone()).or_default().push_back(ts);
        }
        let Some(channel) = self.channels.get_mut(&id) else { return ts };
        let mut event = message.to_api(&self.team.id);
        if message.is_reply() {
            let parent = message.thread_ts.and_then(|thread| channel.messages.get_mut(&thread));
            if let Some(parent) = parent {
                parent.thread_ts = Some(parent.ts);
                parent.replies.push(ts);
                if !parent.reply_users.contains(&message.user) {
                    parent.reply_users.push(message.user.clone());
                }
                event["parent_user_id"] = parent.user.clone().into();
            }
        }
        let mentions_app = message.text.contains(&format!("<@{}>", self.app.bot_user));
        channel.messages.insert(ts, message);
        if is_of_app {
            event["bot_profile"] = self.bot_profile();
        }
        if let Value::Object(event) = &event {
            self.tell_app_of_message(now, &id, event.clone());
        }
        if mentions_app && !is_of_app {
            event["type"] = "app_mention".into();
            event["channel"] = id.clone().into();
            event["event_ts"] = ts.to_string().into();
            self.tell_app_in(now, &id, "app_mention", event);
        }
        ts
    }

    /// Puts a message where only `user` sees it. No event tells of it.
    pub fn post_ephemeral(&mut self, user: &str, mut message: Message) {
        message.ephemeral_to = Some(user.to_owned());
        if let Some(channel) = self.channels.get_mut(&message.channel) {
            let own = channel.ephemerals.entry(user.to_owned()).or_default();
            // Nobody scrolls back through thousands of these.
            if own.len() >= MAX_EPHEMERALS {
                own.pop_first();
            }
            own.insert(message.ts, message);
        }
    }

    /// Writes what the client itself says in a channel ("… has joined the channel").
    pub fn say(&mut self, now: Micros, channel: &str, user: &str, subtype: &str, said: Said<'_>) {
        let ts = self.next_ts(now);
        let mut message = Message::plain(channel, ts, user, &said.text);
        message.subtype = Some(subtype.to_owned());
        for (name, value) in said.details {
            message.details.insert((*name).to_owned(), value.clone());
        }
        self.post(now, message);
    }

    /// Changes a message and tells the app. `edited_by` is unset when nobody edited the text:
    /// previews of links, for instance.
    pub fn change_message(
        &mut self,
        now: Micros,
        (channel, ts): (&str, Ts),
        edited_by: Option<&str>,
        change: impl FnOnce(&mut Message),
    ) -> Rule {
        let event_ts = self.next_ts(now);
        let team = self.team.id.clone();
        let messages = &mut self.channels.get_mut(channel).ok_or("channel_not_found")?.messages;
        let message = messages.get_mut(&ts).ok_or("message_not_found")?;
        let before = message.to_api(&team);
        change(message);
        if let Some(user) = edited_by {
            message.edited = Some(Edited { user: user.to_owned(), ts: event_ts });
        }
        let event = json!({
            "type": "message",
            "subtype": "message_changed",
            "message": message.to_api(&team),
            "previous_message": before,
            "hidden": true,
            "ts": event_ts,
        });
        self.tell_app_of_message(now, channel, object(event));
        Ok(())
    }

    /// Deletes a message. The begin of a thread leaves a tombstone.
    pub fn delete_message(&mut self, now: Micros, channel: &str, ts: Ts) -> Rule {
        let event_ts = self.next_ts(now);
        let team = self.team.id.clone();
        let place = self.channels.get_mut(channel).ok_or("channel_not_found")?;
        let message = place.messages.get(&ts).ok_or("message_not_found")?;
        if message.is_tombstone {
            return Err("message_not_found");
        }
        let before = message.to_api(&team);
        if !message.replies.is_empty() {
            let mut stone = Message::plain(channel, ts, "USLACKBOT", "This message was deleted.");
            stone.subtype = Some("tombstone".to_owned());
            stone.is_tombstone = true;
            stone.thread_ts = message.thread_ts;
            stone.replies = message.replies.clone();
            stone.reply_users = message.reply_users.clone();
            place.messages.insert(ts, stone);
        } else if let Some(message) = place.messages.remove(&ts) {
            let parent = message.thread_ts.and_then(|thread| place.messages.get_mut(&thread));
            if let Some(parent) = parent {
                parent.replies.retain(|reply| *reply != ts);
            }
        }
        place.pins.retain(|pin| pin.ts != ts);
        let event = json!({
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": before,
            "hidden": true,
            "deleted_ts": ts,
            "ts": event_ts,
        });
        self.tell_app_of_message(now, channel, object(event));
        Ok(())
    }

    /// The app as a message's `bot_profile`.
    pub fn bot_profile(&self) -> Value {
        json!({
            "id": self.app.bot_id,
            "app_id": self.app.id,
            "name": self.app.name,
            "deleted": false,
            "updated": 0,
            "team_id": self.team.id,
            "icons": {},
        })
    }

    /// Where a message can be read.
    pub fn permalink(&self, channel: &str, ts: Ts) -> String {
        let domain = &self.team.domain;
        format!("https://{domain}.slack.com/archives/{channel}/{}", ts.in_permalink())
    }
}

/// What the client says.
pub struct Said<'a> {
    /// To people.
    pub text: String,
    /// To apps.
    pub details: &'a [(&'a str, Value)],
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
