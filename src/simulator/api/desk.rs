//! What a method works with: the state, who asks, and for what.

use serde_json::{Value, json};

use super::{args::Args, refusal::Refusal};
use crate::simulator::{
    clock::Micros,
    state::{State, Team, channel::Channel, message::Message, ts::Ts},
};

/// The answer of a method; `ok` is added to it.
pub type Answer = Result<Value, Refusal>;

/// Who calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user that acts.
    pub user: String,
    /// Whether it's the app's own user.
    pub is_bot: bool,
}

/// One call.
pub struct Desk<'a> {
    pub state: &'a mut State,
    pub args: Args,
    pub caller: Caller,
    pub now: Micros,
    /// The workspaces of the organisation that let the app in.
    pub granted: Vec<Team>,
}

impl Desk<'_> {
    /// The channel in `channel` (or another argument), if the caller may know of it.
    pub fn channel_in(&self, name: &str) -> Result<&Channel, Refusal> {
        let id = self.args.required(name)?;
        let channel = self.state.channels.get(&id).ok_or("channel_not_found")?;
        match channel.is_public() || channel.has(&self.caller.user) {
            true => Ok(channel),
            false => Err("channel_not_found".into()),
        }
    }

    /// The id of that channel.
    pub fn channel(&self) -> Result<String, Refusal> {
        Ok(self.channel_in("channel")?.id.clone())
    }

    /// The channel a message is to go to. Its name will do, and a user stands for the direct
    /// message with them.
    pub fn channel_to_post(&mut self) -> Result<String, Refusal> {
        let wanted = self.args.required("channel")?;
        if self.state.channels.contains_key(&wanted) {
            return self.channel();
        }
        if self.state.users.contains_key(&wanted) {
            let caller = self.caller.user.clone();
            return Ok(self.state.open_im(self.now, &caller, &wanted)?.0);
        }
        let name = wanted.strip_prefix('#').unwrap_or(&wanted);
        let channel = self.state.channel_by_name(name).ok_or("channel_not_found")?;
        match channel.is_public() || channel.has(&self.caller.user) {
            true => Ok(channel.id.clone()),
            false => Err("channel_not_found".into()),
        }
    }

    /// A message as it's shown: with metadata only if it was asked for.
    pub fn message_to_api(&self, message: &Message, with_metadata: bool) -> Value {
        let mut api = message.to_api(&self.state.team.id);
        if let (Some(metadata), false) = (&message.metadata, with_metadata) {
            api["metadata"] = json!({ "event_type": metadata["event_type"] });
        }
        let channel = self.state.channels.get(&message.channel);
        let pin = channel.and_then(|it| it.pins.iter().find(|pin| pin.ts == message.ts));
        if let Some(pin) = pin {
            api["pinned_to"] = json!([message.channel]);
            api["pinned_info"] = json!({
                "channel": message.channel, "pinned_by": pin.created_by, "pinned_ts": pin.created,
            });
        }
        if message.bot_id.is_some() {
            api["bot_profile"] = self.state.bot_profile();
        }
        api
    }

    /// The time stamp of the message a mark is about.
    pub fn marked_ts(&self) -> Result<Ts, Refusal> {
        self.args.ts("timestamp", "bad_timestamp")?.ok_or_else(|| "no_item_specified".into())
    }

    /// `channel` as the caller sees it.
    pub fn show_channel(&self, id: &str) -> Value {
        self.state.channels.get(id).map_or(Value::Null, |channel| channel.to_api(&self.caller.user))
    }
}
