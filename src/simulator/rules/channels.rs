//! Making, naming, describing and archiving channels.

use serde_json::json;

use super::{Rule, messages::Said, names::check_channel_name};
use crate::simulator::{
    clock::{Micros, SECOND},
    state::{
        State,
        channel::{Blurb, Channel},
    },
};

/// The longest topic, and the longest purpose.
pub const MAX_BLURB: usize = 250;

impl State {
    /// Makes a channel with its creator in it.
    pub fn create_channel(
        &mut self,
        now: Micros,
        user: &str,
        name: &str,
        private: bool,
    ) -> Rule<String> {
        check_channel_name(name)?;
        if self.users.get(user).is_some_and(|user| user.is_guest) {
            return Err("restricted_action");
        }
        // Archived channels keep their names, and private ones of others take theirs too.
        if self.names.contains_key(name) {
            return Err("name_taken");
        }
        let id = self.next_id("C");
        let channel = Channel {
            is_private: private,
            creator: user.to_owned(),
            created: now / SECOND,
            ..Channel::named(&id, name)
        };
        self.names.insert(name.to_owned(), id.clone());
        self.channels.insert(id.clone(), channel);
        if !private {
            let info = json!({
                "id": id, "name": name, "created": now / SECOND, "creator": user,
            });
            let event = json!({ "type": "channel_created", "channel": info });
            self.tell_app(now, "channel_created", &id, event);
        }
        self.add_member(now, &id, user, None)?;
        Ok(id)
    }

    /// Renames a channel.
    pub fn rename_channel(&mut self, now: Micros, user: &str, id: &str, name: &str) -> Rule {
        let channel = self.member_channel(id, user)?;
        if channel.is_general {
            return Err("not_authorized");
        }
        check_channel_name(name)?;
        let old_name = channel.name.clone();
        if old_name == name {
            return Ok(());
        }
        if self.names.contains_key(name) {
            return Err("name_taken");
        }
        self.names.remove(&old_name);
        self.names.insert(name.to_owned(), id.to_owned());
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        channel.name = name.to_owned();
        channel.previous_names.push(old_name.clone());
        let (is_private, created) = (channel.is_private, channel.created);
        let subtype = if is_private { "group_name" } else { "channel_name" };
        let text = format!("has renamed the channel from \"{old_name}\" to \"{name}\"");
        let details = [("old_name", json!(old_name)), ("name", json!(name))];
        self.say(now, id, user, subtype, Said { text, details: &details });
        let kind = if is_private { "group_rename" } else { "channel_rename" };
        let info = json!({
            "id": id, "is_channel": !is_private, "is_mpim": false, "name": name,
            "name_normalized": name, "created": created,
        });
        self.tell_app_in(now, id, kind, json!({ "type": kind, "channel": info }));
        Ok(())
    }

    /// Sets the topic.
    pub fn set_topic(&mut self, now: Micros, user: &str, id: &str, topic: &str) -> Rule {
        self.set_blurb(now, user, id, topic, "topic")
    }

    /// Sets the purpose.
    pub fn set_purpose(&mut self, now: Micros, user: &str, id: &str, purpose: &str) -> Rule {
        self.set_blurb(now, user, id, purpose, "purpose")
    }

    fn set_blurb(&mut self, now: Micros, user: &str, id: &str, text: &str, which: &str) -> Rule {
        if text.chars().count() > MAX_BLURB {
            return Err("too_long");
        }
        if self.users.get(user).is_some_and(|user| user.is_guest) {
            return Err("user_is_restricted");
        }
        let channel = self.member_channel(id, user)?;
        let blurb = if which == "topic" { &mut channel.topic } else { &mut channel.purpose };
        if blurb.value == text {
            return Ok(());
        }
        let [creator, value] = [user, text].map(str::to_owned);
        *blurb = Blurb { value, creator, last_set: now / SECOND };
        let kind = if channel.is_private { "group" } else { "channel" };
        let said = match text {
            "" => format!("cleared the channel {which}"),
            _ => format!("set the channel {which}: {text}"),
        };
        let details = [(which, json!(text))];
        self.say(now, id, user, &format!("{kind}_{which}"), Said { text: said, details: &details });
        Ok(())
    }

    /// Archives a channel.
    pub fn archive_channel(&mut self, now: Micros, user: &str, id: &str) -> Rule {
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        if channel.is_im {
            return Err("method_not_supported_for_channel_type");
        }
        if channel.is_archived {
            return Err("already_archived");
        }
        if channel.is_general {
            return Err("cant_archive_general");
        }
        if !channel.has(user) {
            return Err("not_in_channel");
        }
        let kind = if channel.is_private { "group_archive" } else { "channel_archive" };
        // The message comes first: nobody can write into an archived channel, not even Slack.
        let said = Said { text: "archived the channel".to_owned(), details: &[] };
        self.say(now, id, user, kind, said);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.is_archived = true;
        }
        let event = json!({ "type": kind, "channel": id, "user": user, "is_moved": 0 });
        self.tell_app_in(now, id, kind, event);
        Ok(())
    }

    /// Brings a channel back.
    pub fn unarchive_channel(&mut self, now: Micros, user: &str, id: &str) -> Rule {
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        if !channel.is_archived {
            return Err("not_archived");
        }
        channel.is_archived = false;
        let kind = if channel.is_private { "group_unarchive" } else { "channel_unarchive" };
        let said = Said { text: "un-archived the channel".to_owned(), details: &[] };
        self.say(now, id, user, kind, said);
        let event = json!({ "type": kind, "channel": id, "user": user });
        self.tell_app_in(now, id, kind, event);
        Ok(())
    }

    /// A channel that somebody wants to change: one that they are in, and that isn't archived.
    pub fn member_channel(&mut self, id: &str, user: &str) -> Rule<&mut Channel> {
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        if channel.is_im {
            return Err("method_not_supported_for_channel_type");
        }
        if !channel.has(user) {
            return Err(if channel.is_private { "channel_not_found" } else { "not_in_channel" });
        }
        if channel.is_archived {
            return Err("is_archived");
        }
        Ok(channel)
    }
}
