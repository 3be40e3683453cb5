//! Who is in a channel, and direct messages.

use serde_json::json;

use super::{Rule, messages::Said};
use crate::simulator::{
    clock::{Micros, SECOND},
    state::{State, channel::Channel},
};

impl State {
    /// Puts somebody into a channel, by themselves or at somebody's invitation.
    pub fn add_member(&mut self, now: Micros, id: &str, user: &str, by: Option<&str>) -> Rule {
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        if !channel.members.insert(user.to_owned()) {
            return Err("already_in_channel");
        }
        let (subtype, letter) = match channel.is_private {
            true => ("group_join", channel.letter()),
            false => ("channel_join", channel.letter()),
        };
        let details: Vec<_> = by.map(|inviter| ("inviter", json!(inviter))).into_iter().collect();
        let text = format!("<@{user}> has joined the channel");
        self.say(now, id, user, subtype, Said { text, details: &details });
        let mut event = json!({
            "type": "member_joined_channel", "user": user, "channel": id, "channel_type": letter,
            "team": self.team.id,
        });
        if let Some(inviter) = by {
            event["inviter"] = inviter.into();
        }
        self.tell_app_in(now, id, "member_joined_channel", event);
        Ok(())
    }

    /// Takes somebody out of a channel.
    pub fn remove_member(&mut self, now: Micros, id: &str, user: &str) -> Rule {
        let channel = self.channels.get(id).ok_or("channel_not_found")?;
        if !channel.has(user) {
            return Err("not_in_channel");
        }
        let letter = channel.letter();
        let subtype = if channel.is_private { "group_leave" } else { "channel_leave" };
        let event = json!({
            "type": "member_left_channel", "user": user, "channel": id, "channel_type": letter,
            "team": self.team.id,
        });
        // The app learns of its own leaving, so it's told before it's out.
        self.tell_app_in(now, id, "member_left_channel", event);
        if user == self.app.bot_user {
            let kind = if letter == "G" { "group_left" } else { "channel_left" };
            self.tell_app_in(now, id, kind, json!({ "type": kind, "channel": id }));
        }
        let text = format!("<@{user}> has left the channel");
        self.say(now, id, user, subtype, Said { text, details: &[] });
        if let Some(channel) = self.channels.get_mut(id) {
            channel.members.remove(user);
        }
        Ok(())
    }

    /// Why `who` can't be invited by `user`, if they can't.
    pub fn check_invitation(&self, user: &str, id: &str, who: &str) -> Rule {
        let channel = self.channels.get(id).ok_or("channel_not_found")?;
        if who == user {
            return Err("cant_invite_self");
        }
        let guest = self.users.get(who).ok_or("user_not_found")?;
        if guest.deleted {
            return Err("cant_invite");
        }
        if channel.has(who) {
            return Err("already_in_channel");
        }
        Ok(())
    }

    /// Why `who` can't be removed by `user`, if they can't.
    pub fn check_removal(&self, user: &str, id: &str, who: &str) -> Rule {
        let channel = self.channels.get(id).ok_or("channel_not_found")?;
        if channel.is_im {
            return Err("method_not_supported_for_channel_type");
        }
        if who == user {
            return Err("cant_kick_self");
        }
        if !self.users.contains_key(who) {
            return Err("user_not_found");
        }
        if channel.is_general {
            return Err("cant_kick_from_general");
        }
        if !channel.has(who) {
            return Err("not_in_channel");
        }
        Ok(())
    }

    /// The direct message between two, made if need be. The flag says whether it was there.
    pub fn open_im(&mut self, now: Micros, one: &str, other: &str) -> Rule<(String, bool)> {
        let user = self.users.get(other).ok_or("user_not_found")?;
        if user.deleted {
            return Err("user_disabled");
        }
        let mut pair = [one, other];
        pair.sort_unstable();
        // Spaces can't be in a channel's name, so this can't take anybody's.
        let name = pair.join(" ");
        if let Some(id) = self.names.get(&name) {
            return Ok((id.clone(), true));
        }
        let id = self.next_id("D");
        let channel = Channel {
            is_im: true,
            created: now / SECOND,
            members: pair.map(str::to_owned).into(),
            ..Channel::named(&id, "")
        };
        self.names.insert(name, id.clone());
        self.channels.insert(id.clone(), channel);
        Ok((id, false))
    }
}
