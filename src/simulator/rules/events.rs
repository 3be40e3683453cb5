//! Events for the app: who is told what, and the envelope around it.

use serde_json::{Map, Value, json};

use crate::simulator::{
    clock::{Micros, SECOND},
    state::{State, channel::Channel, ts::Ts},
};

/// An event on its way to the app.
#[derive(Clone, Debug)]
pub struct Event {
    /// Unique; a redelivery has the same.
    pub id: String,
    /// "message", "pin_added", …
    pub kind: String,
    /// Events of one lane are sent one after another.
    pub lane: String,
    /// The request's body.
    pub body: String,
}

impl State {
    /// Tells the app, if it subscribes to `subscription`.
    pub fn tell_app(&mut self, now: Micros, subscription: &str, lane: &str, mut event: Value) {
        let wanted = self.app.events.contains(subscription);
        let scope = scope_for(subscription);
        let allowed = scope.is_none_or(|scope| self.app.scopes.contains(scope));
        let has_way = self.app.socket_mode || !self.app.urls.events.is_empty();
        if !wanted || !allowed || !self.app.events_enabled || !has_way {
            return;
        }
        if event.get("event_ts").is_none() {
            event["event_ts"] = self.next_ts(now).to_string().into();
        }
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let id = self.next_id("Ev");
        let enterprise = self.team.enterprise.as_ref().map(|enterprise| enterprise.id.clone());
        let is_org_install = enterprise.is_some();
        let mut body = json!({
            "token": "simulator",
            "team_id": self.team.id,
            "context_team_id": self.team.id,
            "context_enterprise_id": enterprise,
            "api_app_id": self.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": id,
            "event_time": now / SECOND,
            "authorizations": [{
                "enterprise_id": enterprise,
                "team_id": if is_org_install { Value::Null } else { self.team.id.clone().into() },
                "user_id": self.app.bot_user,
                "is_bot": true,
                "is_enterprise_install": is_org_install,
            }],
            "is_ext_shared_channel": false,
            "event_context": format!("4-{id}"),
        });
        if let Some(enterprise) = enterprise {
            body["enterprise_id"] = enterprise.into();
        }
        self.outgoing.push(Event { id, kind, lane: lane.to_owned(), body: body.to_string() });
    }

    /// Tells the app of something in a channel, if its user is in there.
    pub fn tell_app_in(&mut self, now: Micros, channel: &str, subscription: &str, event: Value) {
        if self.app_is_in(channel) {
            self.tell_app(now, subscription, channel, event);
        }
    }

    /// Tells the app of a message, or of a change of one.
    pub fn tell_app_of_message(&mut self, now: Micros, channel: &str, event: Map<String, Value>) {
        let Some(kind) = self.channels.get(channel).map(Channel::kind) else { return };
        let subscription = match kind {
            "im" => "message.im",
            "group" => "message.groups",
            _ => "message.channels",
        };
        let mut event = event;
        event.insert("channel".to_owned(), channel.into());
        event.insert("channel_type".to_owned(), kind.into());
        if let Some(ts) = event.get("ts").cloned() {
            event.entry("event_ts").or_insert(ts);
        }
        self.tell_app_in(now, channel, subscription, event.into());
    }

    /// Tells the app of links to its own pages in a message, so that it can show what is there.
    pub fn tell_app_of_links(&mut self, now: Micros, channel: &str, ts: Ts) {
        let Some(message) = self.message(channel, ts) else { return };
        let parts =
            message.text.split('<').skip(1).filter_map(|rest| rest.split(['>', '|']).next());
        let links = parts.filter_map(|url| {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
            let domain = rest.split(['/', '?', '#']).next()?;
            let is_own = self.app.unfurl_domains.iter().any(|own| own == domain);
            is_own.then(|| json!({ "domain": domain, "url": url.replace("&amp;", "&") }))
        });
        let links: Vec<_> = links.collect();
        if links.is_empty() {
            return;
        }
        let event = json!({
            "type": "link_shared",
            "channel": channel,
            "is_bot_user_member": self.app_is_in(channel),
            "user": message.user,
            "message_ts": ts,
            "unfurl_id": format!("{channel}.{ts}.links"),
            "source": "conversations_history",
            "links": links,
        });
        self.tell_app(now, "link_shared", channel, event);
    }

    /// Whether the app's user is in the channel.
    pub fn app_is_in(&self, channel: &str) -> bool {
        self.channels.get(channel).is_some_and(|channel| channel.has(&self.app.bot_user))
    }
}

/// What an app must be allowed to do to hear of something.
fn scope_for(subscription: &str) -> Option<&'static str> {
    Some(match subscription {
        "app_mention" => "app_mentions:read",
        "message.channels" => "channels:history",
        "message.groups" => "groups:history",
        "message.im" => "im:history",
        "reaction_added" | "reaction_removed" => "reactions:read",
        "pin_added" | "pin_removed" => "pins:read",
        "channel_archive" | "channel_created" | "channel_deleted" | "channel_left"
        | "channel_rename" | "channel_unarchive" => "channels:read",
        "group_archive" | "group_deleted" | "group_left" | "group_rename" | "group_unarchive" => {
            "groups:read"
        }
        "link_shared" => "links:read",
        "team_join" | "user_change" => "users:read",
        _ => return None,
    })
}
