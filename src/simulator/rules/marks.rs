//! Pins and reactions.

use serde_json::{Value, json};

use super::Rule;
use crate::simulator::{
    clock::{Micros, SECOND},
    state::{State, channel::Pin, message::Reaction, ts::Ts},
};

/// The most pins in a channel.
const MAX_PINS: usize = 100;
/// The most different emoji on one message.
const MAX_EMOJI: usize = 23;

impl State {
    /// Pins a message.
    pub fn pin(&mut self, now: Micros, user: &str, id: &str, ts: Ts) -> Rule {
        self.check_member_of(id, user)?;
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        let message = channel.messages.get(&ts).ok_or("message_not_found")?;
        if message.subtype.is_some() {
            return Err("not_pinnable");
        }
        if channel.pins.iter().any(|pin| pin.ts == ts) {
            return Err("already_pinned");
        }
        if channel.pins.len() >= MAX_PINS {
            return Err("too_many_pins");
        }
        let created = now / SECOND;
        channel.pins.push(Pin { ts, created_by: user.to_owned(), created });
        self.tell_app_of_pin(now, "pin_added", user, id, ts);
        Ok(())
    }

    /// Unpins a message.
    pub fn unpin(&mut self, now: Micros, user: &str, id: &str, ts: Ts) -> Rule {
        self.check_member_of(id, user)?;
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        let position = channel.pins.iter().position(|pin| pin.ts == ts).ok_or("no_pin")?;
        channel.pins.remove(position);
        self.tell_app_of_pin(now, "pin_removed", user, id, ts);
        Ok(())
    }

    fn tell_app_of_pin(&mut self, now: Micros, kind: &str, user: &str, id: &str, ts: Ts) {
        let Some(message) = self.message(id, ts) else { return };
        let author = message.user.clone();
        let pin_count = self.channels.get(id).map_or(0, |channel| channel.pins.len());
        let mut event = json!({
            "type": kind,
            "user": user,
            "channel_id": id,
            "item": {
                "type": "message",
                "channel": id,
                "created": now / SECOND,
                "created_by": user,
                "message": self.linked_message(id, ts),
            },
            "item_user": author,
            "pin_count": pin_count,
            "pinned_info": { "channel": id, "pinned_by": user, "pinned_ts": now / SECOND },
        });
        if kind == "pin_removed" {
            event["has_pins"] = (pin_count > 0).into();
        }
        self.tell_app_in(now, id, kind, event);
    }

    /// A message with the fields that lists of pins and reactions add.
    pub fn linked_message(&self, id: &str, ts: Ts) -> Value {
        let Some(channel) = self.channels.get(id) else { return Value::Null };
        let Some(message) = channel.messages.get(&ts) else { return Value::Null };
        let mut api = message.to_api(&self.team.id);
        api["permalink"] = self.permalink(id, ts).into();
        if channel.pins.iter().any(|pin| pin.ts == ts) {
            api["pinned_to"] = json!([id]);
        }
        api
    }

    /// Adds an emoji to a message.
    pub fn react(&mut self, now: Micros, user: &str, id: &str, ts: Ts, name: &str) -> Rule {
        check_emoji_name(name)?;
        self.check_member_of(id, user)?;
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        if channel.is_archived {
            return Err("is_archived");
        }
        let message = channel.messages.get_mut(&ts).ok_or("message_not_found")?;
        let is_full = message.reactions.len() >= MAX_EMOJI;
        match message.reactions.iter_mut().find(|reaction| reaction.name == name) {
            Some(reaction) if reaction.users.iter().any(|who| who == user) => {
                return Err("already_reacted");
            }
            Some(reaction) => reaction.users.push(user.to_owned()),
            None if is_full => return Err("too_many_emoji"),
            None => {
                let users = vec![user.to_owned()];
                message.reactions.push(Reaction { name: name.to_owned(), users });
            }
        }
        self.tell_app_of_reaction(now, "reaction_added", user, (id, ts), name);
        Ok(())
    }

    /// Takes an emoji back.
    pub fn unreact(&mut self, now: Micros, user: &str, id: &str, ts: Ts, name: &str) -> Rule {
        check_emoji_name(name)?;
        self.check_member_of(id, user)?;
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        let message = channel.messages.get_mut(&ts).ok_or("message_not_found")?;
        let own = |reaction: &&mut Reaction| {
            reaction.name == name && reaction.users.iter().any(|who| who == user)
        };
        let reaction = message.reactions.iter_mut().find(own).ok_or("no_reaction")?;
        reaction.users.retain(|who| who != user);
        message.reactions.retain(|reaction| !reaction.users.is_empty());
        self.tell_app_of_reaction(now, "reaction_removed", user, (id, ts), name);
        Ok(())
    }

    fn tell_app_of_reaction(
        &mut self,
        now: Micros,
        kind: &str,
        user: &str,
        (id, ts): (&str, Ts),
        name: &str,
    ) {
        let author = self.message(id, ts).map(|message| message.user.clone());
        let event = json!({
            "type": kind,
            "user": user,
            "reaction": name,
            "item": { "type": "message", "channel": id, "ts": ts },
            "item_user": author,
        });
        self.tell_app_in(now, id, kind, event);
    }

    fn check_member_of(&self, id: &str, user: &str) -> Rule {
        let channel = self.channels.get(id).ok_or("channel_not_found")?;
        match channel.has(user) {
            true => Ok(()),
            false if channel.is_public() => Err("not_in_channel"),
            false => Err("channel_not_found"),
        }
    }
}

fn check_emoji_name(name: &str) -> Rule {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-+'".contains(&b);
    let plain = name.split("::").next().unwrap_or_default();
    match !plain.is_empty() && plain.len() <= 100 && plain.bytes().all(fits) {
        true => Ok(()),
        false => Err("invalid_name"),
    }
}
