//! What a method of the Web API may be called with, how often, and by whom. Each family of methods
//! lists its own beside the functions that do them.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    about, bookmarks, chat, conversations,
    desk::{Answer, Desk},
    history, listing, marks, membership, schedule, users, views,
};
use crate::simulator::socket;

/// One method.
pub struct Method {
    pub name: &'static str,
    pub budget: Budget,
    pub scopes: Scopes,
    /// Others take their arguments from forms and queries only.
    pub takes_json: bool,
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
    pub run: fn(&mut Desk<'_>) -> Answer,
}

/// How often it may be called.
pub enum Budget {
    Tier2,
    Tier3,
    Tier4,
    PerMinute(u32),
    /// Once a second in each channel, with short bursts, and some hundred times a minute in all.
    Posting,
}

impl Budget {
    /// The usual number of calls in a minute.
    pub fn per_minute(&self) -> u32 {
        match self {
            Budget::Tier2 => 20,
            Budget::Tier3 => 50,
            Budget::Tier4 => 100,
            Budget::PerMinute(calls) => *calls,
            Budget::Posting => 300,
        }
    }
}

/// What a token must be allowed to do; one of a list is enough.
pub enum Scopes {
    None,
    Any(&'static [&'static str]),
    /// It depends on the kind of conversation.
    ByKind {
        public: &'static [&'static str],
        private: &'static [&'static str],
        im: &'static [&'static str],
    },
}

/// To look at conversations.
pub const READ: Scopes =
    Scopes::ByKind { public: &["channels:read"], private: &["groups:read"], im: &["im:read"] };
/// To read what is written in them.
pub const HISTORY: Scopes = Scopes::ByKind {
    public: &["channels:history"],
    private: &["groups:history"],
    im: &["im:history"],
};
/// To make and change them.
pub const MANAGE: Scopes =
    Scopes::ByKind { public: &["channels:manage"], private: &["groups:write"], im: &["im:write"] };
/// To set topic and purpose.
pub const DESCRIBE: Scopes = Scopes::ByKind {
    public: &["channels:manage", "channels:write.topic"],
    private: &["groups:write", "groups:write.topic"],
    im: &["im:write", "im:write.topic"],
};
/// To bring people in.
pub const INVITE: Scopes = Scopes::ByKind {
    public: &["channels:manage", "channels:write.invites"],
    private: &["groups:write", "groups:write.invites"],
    im: &["im:write"],
};
/// To remove people.
pub const KICK: Scopes =
    Scopes::ByKind { public: &["channels:manage"], private: &["groups:write"], im: &[] };

/// The method of that name.
pub fn find(name: &str) -> Option<&'static Method> {
    BY_NAME.get(name).copied()
}

static BY_NAME: LazyLock<HashMap<&str, &Method>> = LazyLock::new(|| {
    let all = [
        about::METHODS,
        bookmarks::METHODS,
        chat::METHODS,
        conversations::METHODS,
        history::METHODS,
        listing::METHODS,
        marks::METHODS,
        membership::METHODS,
        schedule::METHODS,
        socket::METHODS,
        users::METHODS,
        views::METHODS,
    ];
    all.into_iter().flatten().map(|method| (method.name, method)).collect()
});
