//! What changes a channel as a whole: it is deleted, closed to others, restricted, or known by
//! another id.

use serde_json::json;

use super::{Rule, messages::Said};
use crate::simulator::{clock::Micros, state::State};

impl State {
    /// Deletes a channel for good. Its name is free again.
    pub fn delete_channel(&mut self, now: Micros, user: &str, id: &str) -> Rule {
        let channel = self.channels.get(id).ok_or("channel_not_found")?;
        if channel.is_im {
            return Err("method_not_supported_for_channel_type");
        }
        if channel.is_general {
            return Err("cant_delete_general");
        }
        if !self.is_admin(user) {
            return Err("restricted_action");
        }
        let kind = if channel.is_private { "group_deleted" } else { "channel_deleted" };
        let hears = channel.is_public() || self.app_is_in(id);
        let name = channel.name.clone();
        self.channels.remove(id);
        self.names.remove(&name);
        self.unread.remove(id);
        if hears {
            self.tell_app(now, kind, id, json!({ "type": kind, "channel": id, "actor_id": user }));
        }
        Ok(())
    }

    /// Makes a public channel private. Its members stay, and no event but the message tells of it.
    pub fn make_private(&mut self, now: Micros, user: &str, id: &str) -> Rule {
        let channel = self.member_channel(id, user)?;
        if channel.is_general || channel.is_private {
            return Err("method_not_supported_for_channel_type");
        }
        let text = "made this channel private".to_owned();
        self.say(now, id, user, "channel_convert_to_private", Said { text, details: &[] });
        self.channels.get_mut(id).ok_or("channel_not_found")?.is_private = true;
        Ok(())
    }

    /// Says whether only admins may post.
    pub fn restrict_posting(&mut self, user: &str, id: &str, restricted: bool) -> Rule {
        if !self.is_admin(user) {
            return Err("restricted_action");
        }
        self.channels.get_mut(id).ok_or("channel_not_found")?.is_restricted = restricted;
        Ok(())
    }

    /// Gives a channel another id; the old one leads nowhere any more.
    pub fn change_channel_id(&mut self, now: Micros, old: &str) -> Rule<String> {
        let mut channel = self.channels.remove(old).ok_or("channel_not_found")?;
        let id = self.next_id("C");
        channel.id.clone_from(&id);
        let ephemerals = channel.ephemerals.values_mut().flat_map(|own| own.values_mut());
        for message in channel.messages.values_mut().chain(ephemerals) {
            message.channel.clone_from(&id);
        }
        if let Some(unread) = self.unread.remove(old) {
            self.unread.insert(id.clone(), unread);
        }
        self.names.insert(channel.name.clone(), id.clone());
        self.channels.insert(id.clone(), channel);
        let kind = "channel_id_changed";
        let event = json!({ "type": kind, "old_channel_id": old, "new_channel_id": id });
        self.tell_app_in(now, &id, kind, event);
        Ok(id)
    }
}
