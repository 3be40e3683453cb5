//! What people can do in the client, as data, and what they see of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{message::Message, ts::Ts};

/// Something a person does. `user` is always who does it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are named after what Slack calls them")]
pub enum Act {
    /// Types a slash command; mentions in `text` as people write them ("@bob", "#general").
    SlashCommand { user: String, channel: String, command: String, text: String },
    /// Presses a button, or picks something in a message, a modal or the home tab.
    BlockAction {
        user: String,
        /// The channel of the message; unset in views.
        #[serde(default)]
        channel: Option<String>,
        /// The message.
        #[serde(default)]
        ts: Option<Ts>,
        /// The modal or home tab.
        #[serde(default)]
        view_id: Option<String>,
        block_id: String,
        action_id: String,
        /// What was picked: the value of an option, a user, a channel, a date; a list of them for
        /// multi-selects and checkboxes; null to clear. Not needed for buttons.
        #[serde(default)]
        value: Value,
        /// What the other fields of the view or message hold at that moment: block_id to
        /// action_id to value, like [`Act::SubmitView`].
        #[serde(default)]
        values: Values,
    },
    /// Sends a modal. What is missing in `values` holds its initial value.
    SubmitView {
        user: String,
        view_id: String,
        #[serde(default)]
        values: Values,
    },
    /// Closes a modal: the top one, or with `clear` the whole stack.
    CloseView {
        user: String,
        view_id: String,
        #[serde(default)]
        clear: bool,
    },
    /// Picks an entry of the shortcuts menu.
    GlobalShortcut { user: String, callback_id: String },
    /// Picks an entry of a message's menu.
    MessageShortcut { user: String, channel: String, ts: Ts, callback_id: String },
    /// Types into an external select.
    OptionsQuery {
        user: String,
        #[serde(default)]
        channel: Option<String>,
        #[serde(default)]
        ts: Option<Ts>,
        #[serde(default)]
        view_id: Option<String>,
        block_id: String,
        action_id: String,
        value: String,
    },
    /// Writes a message.
    PostMessage {
        user: String,
        channel: String,
        text: String,
        #[serde(default)]
        thread_ts: Option<Ts>,
    },
    /// Changes an own message.
    EditMessage { user: String, channel: String, ts: Ts, text: String },
    /// Deletes an own message; admins delete anybody's.
    DeleteMessage { user: String, channel: String, ts: Ts },
    /// Adds an emoji, named without colons.
    React { user: String, channel: String, ts: Ts, name: String },
    /// Takes it back.
    Unreact { user: String, channel: String, ts: Ts, name: String },
    /// Pins a message.
    Pin { user: String, channel: String, ts: Ts },
    /// Unpins it.
    Unpin { user: String, channel: String, ts: Ts },
    /// Enters a public channel.
    Join { user: String, channel: String },
    /// Leaves a channel.
    Leave { user: String, channel: String },
    /// Brings somebody (or the app) into a channel.
    Invite { user: String, channel: String, who: String },
    /// Removes somebody (or the app) from a channel.
    Kick { user: String, channel: String, who: String },
    /// Makes a channel.
    CreateChannel {
        user: String,
        name: String,
        #[serde(default)]
        private: bool,
    },
    /// Archives a channel.
    ArchiveChannel { user: String, channel: String },
    /// Brings it back.
    UnarchiveChannel { user: String, channel: String },
    /// Deletes a channel, with all that is in it. Admins only.
    DeleteChannel { user: String, channel: String },
    /// Makes a public channel private.
    MakePrivate { user: String, channel: String },
    /// Says who may post in a channel: with `restricted`, only admins. Admins only.
    RestrictPosting { user: String, channel: String, restricted: bool },
    /// Slack gives a channel another id, as it does when it is shared with another workspace.
    ChangeChannelId { channel: String },
    /// Renames a channel.
    RenameChannel { user: String, channel: String, name: String },
    /// Sets the topic.
    SetTopic { user: String, channel: String, topic: String },
    /// Opens the app's home tab.
    OpenHome { user: String },
    /// Adds a person to the workspace.
    AddUser { name: String, real_name: String, tz: String, guest: bool },
    /// Deactivates a person.
    DeactivateUser { user: String },
    /// A person is called something else, has another address, or lives elsewhere.
    ChangeUser {
        user: String,
        #[serde(default)]
        real_name: Option<String>,
        #[serde(default)]
        email: Option<String>,
        #[serde(default)]
        tz: Option<String>,
    },
    /// Slack tells the app that it sends too many events.
    TellRateLimited,
    /// Installs the app again, with these scopes. What it makes is the token: the same one, unless the
    /// app was removed.
    Reinstall { scopes: Vec<String> },
    /// Removes the app from the workspace.
    Uninstall,
    /// An admin of the organisation that has the app installed lets it into this workspace, or keeps it
    /// out.
    LetIn { granted: bool },
}

/// What fields hold: block_id to action_id to value.
///
/// A value is what the person chose in its simplest form: text, the value of an option, a user or
/// channel id, a date, a number, or a list of these; null for an empty field.
pub type Values = BTreeMap<String, BTreeMap<String, Value>>;

/// What the acting person sees of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Messages the app gave as its direct answer, ephemeral or for all.
    pub messages: Vec<Message>,
    /// The app didn't answer as it should: "operation_timeout", "dispatch_failed", …
    pub error: Option<String>,
    /// The modal on top that the app opened, changed or pushed meanwhile.
    pub modal: Option<String>,
    /// What stands in red in the modal, by block_id.
    pub field_errors: BTreeMap<String, String>,
    /// The message that was posted.
    pub posted: Option<Ts>,
    /// The id of what was made: a channel, a user.
    pub made: Option<String>,
    /// Options of an external select, as the app gave them.
    pub options: Vec<Value>,
}

/// The client doesn't let anybody do that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{error}")]
pub struct Oops {
    /// In Slack's words: "user_not_found", "not_in_channel", …
    pub error: String,
}

impl Oops {
    /// With Slack's word for it.
    pub fn new(error: impl Into<String>) -> Self {
        Oops { error: error.into() }
    }
}
