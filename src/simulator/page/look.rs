//! Who looks at what: the address of the page, resolved against the state.
//!
//! Nothing is drawn but through a [`Look`], so what its person may not see has no way out.

use serde::Deserialize;

use super::directory::{Directory, can_see};
use super::local::Local;
use crate::simulator::clock::Micros;
use crate::simulator::state::{State, channel::Channel, message::Message, ts::Ts, user::User};

/// The query of the page's address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The person who acts.
    #[serde(rename = "as")]
    pub viewer: String,
    /// The channel that is open.
    pub channel: String,
    /// "home" for the app's home tab.
    pub view: String,
    /// The message whose thread is open.
    pub thread: String,
}

/// One person's client at one moment.
pub struct Look<'a> {
    /// The workspace.
    pub state: &'a State,
    /// What only the page knows.
    pub local: &'a Local,
    /// The person.
    pub viewer: &'a User,
    /// Names and time as this person sees them.
    pub directory: Directory,
    /// What is open.
    pub spot: Spot<'a>,
    /// The message whose thread is open beside it.
    pub thread: Option<&'a Message>,
}

/// What the large pane shows.
#[derive(Clone, Copy)]
pub enum Spot<'a> {
    /// A channel or direct message.
    Channel(&'a Channel),
    /// The app's home tab.
    Home,
    /// This person sees no channel at all.
    Nowhere,
}

impl<'a> Look<'a> {
    /// Resolves an address; what it names but the person can't see is replaced by what they can.
    /// `None` if the workspace has nobody in it.
    pub fn at(
        address: &Address,
        state: &'a State,
        local: &'a Local,
        now: Micros,
    ) -> Option<Look<'a>> {
        let is_person = |user: &&User| !user.is_bot && !user.deleted;
        let viewer = state.users.get(&address.viewer).filter(is_person);
        let viewer = viewer.or_else(|| state.users.values().find(is_person))?;
        let spot = if address.view == "home" {
            Spot::Home
        } else {
            let asked = state.channels.get(&address.channel);
            let asked = asked.filter(|channel| can_see(channel, viewer));
            let first = || {
                let mut seen = state.channels.values().filter(|it| can_see(it, viewer));
                let general = seen.clone().find(|channel| channel.is_general);
                general.or_else(|| seen.next())
            };
            asked.or_else(first).map_or(Spot::Nowhere, Spot::Channel)
        };
        let thread = match spot {
            Spot::Channel(channel) => {
                let ts = address.thread.parse::<Ts>().ok();
                ts.and_then(|ts| channel.messages.get(&ts)).filter(|root| !root.is_reply())
            }
            _ => None,
        };
        let directory = Directory::of(state, viewer, now);
        Some(Look { state, local, viewer, directory, spot, thread })
    }

    /// The channel that is open, if it is one.
    pub fn channel(&self) -> Option<&'a Channel> {
        match self.spot {
            Spot::Channel(channel) => Some(channel),
            _ => None,
        }
    }

    /// The address of a channel in this person's client.
    pub fn href(&self, channel: &str) -> String {
        format!("/?as={}&channel={channel}", self.viewer.id)
    }

    /// The address of a thread.
    pub fn thread_href(&self, channel: &str, ts: Ts) -> String {
        format!("{}&thread={ts}", self.href(channel))
    }

    /// What a conversation is called: the channel's name, or the other person's.
    pub fn name_of(&self, channel: &'a Channel) -> &'a str {
        if !channel.is_im {
            return &channel.name;
        }
        let other = channel.members.iter().find(|member| **member != self.viewer.id);
        other.map_or("yourself", |other| self.state.name_of(other))
    }

    /// What the person hasn't read there: how many messages, and whether one calls them.
    pub fn unread(&self, channel: &Channel) -> Unread {
        let from = self.local.read_until(&self.viewer.id, &channel.id);
        let called = format!("<@{}", self.viewer.id);
        let news = channel.messages.range(Ts(from.0 + 1)..).map(|(_, message)| message);
        let mut unread = Unread { count: 0, calls: 0 };
        for message in news {
            let quiet = message.subtype.is_some() || (message.is_reply() && !message.is_broadcast);
            if quiet || message.user == self.viewer.id || !channel.has(&self.viewer.id) {
                continue;
            }
            unread.count += 1;
            let calls = ["<!here", "<!channel", "<!everyone", &called];
            if channel.is_im || calls.iter().any(|call| message.text.contains(call)) {
                unread.calls += 1;
            }
        }
        unread
    }
}

/// What waits in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    /// Messages since the last look.
    pub count: usize,
    /// Those among them that mention the person, and all in direct messages.
    pub calls: usize,
}
