//! Channels and direct messages, with all that hangs on them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{message::Message, ts::Ts};

/// A conversation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Channel {
    /// "C0GENERAL"; direct messages begin with "D".
    pub id: String,
    /// Without the "#"; empty for direct messages.
    pub name: String,
    /// Only members see it.
    pub is_private: bool,
    /// Nothing can be posted any more; its members stay on the list.
    pub is_archived: bool,
    /// Only admins may post.
    pub is_restricted: bool,
    /// A direct message between two.
    pub is_im: bool,
    /// The workspace's general channel: nobody leaves it, nobody archives it.
    pub is_general: bool,
    /// Who made it.
    pub creator: String,
    /// When, in seconds.
    pub created: i64,
    /// Ids of the members.
    pub members: BTreeSet<String>,
    /// The topic in the header.
    pub topic: Blurb,
    /// The purpose ("description").
    pub purpose: Blurb,
    /// Names it had before.
    pub previous_names: Vec<String>,
    /// What everybody can read here, by time.
    pub messages: BTreeMap<Ts, Message>,
    /// What only one person can read here, by that person and time.
    pub ephemerals: BTreeMap<String, BTreeMap<Ts, Message>>,
    /// Pinned messages, oldest pin first.
    pub pins: Vec<Pin>,
    /// The bar under the header.
    pub bookmarks: Vec<Bookmark>,
}

/// A topic or a purpose.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Blurb {
    /// What it says.
    pub value: String,
    /// Who set it; empty if nobody did.
    pub creator: String,
    /// When, in seconds; 0 if never.
    pub last_set: i64,
}

/// A pinned message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pin {
    /// The message.
    pub ts: Ts,
    /// Who pinned it.
    pub created_by: String,
    /// When, in seconds.
    pub created: i64,
}

/// A bookmark in the bar of a channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bookmark {
    /// "Bk01".
    pub id: String,
    /// The channel.
    pub channel_id: String,
    /// As it's shown.
    pub title: String,
    /// Where it leads.
    pub link: String,
    /// ":memo:".
    pub emoji: Option<String>,
    /// Always "link".
    #[serde(rename = "type")]
    pub kind: String,
    /// In seconds.
    pub date_created: i64,
    /// In seconds; 0 if never.
    pub date_updated: i64,
    /// Who last changed it.
    pub last_updated_by_user_id: String,
}

impl Channel {
    /// A channel with nobody in it.
    pub fn named(id: &str, name: &str) -> Self {
        Channel { id: id.to_owned(), name: name.to_owned(), ..Channel::default() }
    }

    /// Whether that user is in it.
    pub fn has(&self, user: &str) -> bool {
        self.members.contains(user)
    }

    /// Whether anybody may look inside.
    pub fn is_public(&self) -> bool {
        !self.is_private && !self.is_im
    }

    /// The letter of events: "C" or "G" or "D".
    pub fn letter(&self) -> &'static str {
        match (self.is_im, self.is_private) {
            (true, _) => "D",
            (_, true) => "G",
            _ => "C",
        }
    }

    /// The word of message events.
    pub fn kind(&self) -> &'static str {
        match (self.is_im, self.is_private) {
            (true, _) => "im",
            (_, true) => "group",
            _ => "channel",
        }
    }

    /// The name slash commands and interactions carry.
    pub fn spoken_name(&self) -> &str {
        match (self.is_im, self.is_private) {
            (true, _) => "directmessage",
            (_, true) => "privategroup",
            _ => &self.name,
        }
    }

    /// The message a person sees there: everybody's, or their own ephemeral one.
    pub fn seen_by(&self, user: &str, ts: Ts) -> Option<&Message> {
        let own = || self.ephemerals.get(user).and_then(|own| own.get(&ts));
        self.messages.get(&ts).or_else(own)
    }

    /// All a person sees here, oldest first, thread replies included.
    pub fn visible_to<'a>(&'a self, user: &str) -> Vec<&'a Message> {
        let own = self.ephemerals.get(user).into_iter().flat_map(BTreeMap::values);
        let mut all: Vec<_> = self.messages.values().chain(own).collect();
        all.sort_by_key(|message| message.ts);
        all
    }

    /// As `conversations.info` shows it to `viewer`.
    pub fn to_api(&self, viewer: &str) -> Value {
        if self.is_im {
            let other = self.members.iter().find(|member| *member != viewer);
            return serde_json::json!({
                "id": self.id, "created": self.created, "is_im": true, "is_archived": false,
                "is_org_shared": false, "user": other, "is_user_deleted": false, "priority": 0,
            });
        }
        serde_json::json!({
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": !self.is_private,
            "is_group": self.is_private,
            "is_im": false,
            "is_mpim": false,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.is_general,
            "is_shared": false,
            "is_ext_shared": false,
            "is_org_shared": false,
            "is_pending_ext_shared": false,
            "is_member": self.has(viewer),
            "created": self.created,
            "creator": self.creator,
            "unlinked": 0,
            "pending_shared": [],
            "topic": self.topic,
            "purpose": self.purpose,
            "previous_names": self.previous_names,
        })
    }
}
