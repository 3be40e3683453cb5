//! The workspace as plain data. Rules live beside it: in `api` for what apps may do, in `acts`
//! for what people may do.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    api::{rates::Rates, schedule::Scheduled},
    clock::Micros,
    faults::Faults,
    oauth::tokens::Tokens,
    rules::{
        events::Event,
        lifetimes::{ResponseUrls, Triggers},
    },
    settings::{AppUrls, Shortcut, SlashCommand},
};

pub mod channel;
pub mod journal;
pub mod message;
mod new;
pub mod ts;
pub mod user;
pub mod view;

use channel::Channel;
use journal::{Call, Sent};
use message::Message;
use ts::Ts;
use user::{User, UserGroup};
use view::OpenView;

/// How many calls and deliveries are remembered: enough for the longest crash test, and bounded
/// because a demo may run for weeks.
pub const JOURNAL_LENGTH: usize = 10_000;

/// Everything the simulated Slack knows.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// The workspace.
    pub team: Team,
    /// The app.
    pub app: App,
    /// People and bots by id.
    pub users: BTreeMap<String, User>,
    /// User groups by id.
    pub user_groups: BTreeMap<String, UserGroup>,
    /// Conversations by id, with their messages.
    pub channels: BTreeMap<String, Channel>,
    /// Open modals by id.
    pub views: BTreeMap<String, OpenView>,
    /// The modals of each person, newest stack last; each stack bottom first, at most three deep.
    pub stacks: BTreeMap<String, Vec<Vec<String>>>,
    /// The published home tab of each person.
    pub homes: BTreeMap<String, OpenView>,
    /// Calls of the Web API, oldest first.
    pub calls: VecDeque<Call>,
    /// Requests to the app, oldest first.
    pub sent: VecDeque<Sent>,
    /// What is made to go wrong.
    pub faults: Faults,
    /// Messages of the app that no test has read yet, by channel.
    #[serde(skip)]
    pub unread: BTreeMap<String, VecDeque<Ts>>,
    /// Ids of channels by name, archived ones included.
    #[serde(skip)]
    pub(super) names: HashMap<String, String>,
    /// Answers of the Web API that a test has said it expects: method and error.
    #[serde(skip)]
    pub(super) expected: HashSet<(String, String)>,
    /// Where the simulator listens.
    #[serde(skip)]
    pub(super) address: String,
    /// Tickets for sockets, and until when they are good.
    #[serde(skip)]
    pub(super) tickets: HashMap<String, Micros>,
    #[serde(skip)]
    pub(super) outgoing: Vec<Event>,
    #[serde(skip)]
    pub(super) triggers: Triggers,
    #[serde(skip)]
    pub(super) response_urls: ResponseUrls,
    #[serde(skip)]
    pub(super) rates: Rates,
    #[serde(skip)]
    pub(super) scheduled: Vec<Scheduled>,
    /// The app's tokens.
    #[serde(skip)]
    pub tokens: Tokens,
    #[serde(skip)]
    pub(super) last_ts: i64,
    /// Ids begin behind this number.
    #[serde(skip)]
    pub(super) ids_from: u64,
    /// The last one of each kind.
    #[serde(skip)]
    pub(super) last_ids: BTreeMap<&'static str, u64>,
}

/// The workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Team {
    /// "T0STENTOR".
    pub id: String,
    /// As it's shown.
    pub name: String,
    /// The first label of its address: "acme" of acme.slack.com.
    pub domain: String,
    /// Set if the app is installed for a whole organisation.
    pub enterprise: Option<Enterprise>,
}

/// An organisation of several workspaces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enterprise {
    /// "E0STENTOR".
    pub id: String,
    /// As it's shown.
    pub name: String,
}

/// The app.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct App {
    /// "A0STENTOR".
    pub id: String,
    /// As it's shown.
    pub name: String,
    /// "B0STENTOR".
    pub bot_id: String,
    /// Its user: "U0STENTOR".
    pub bot_user: String,
    /// What its token may do.
    pub scopes: BTreeSet<String>,
    /// Where Slack reaches it.
    pub urls: AppUrls,
    /// Its slash commands.
    pub commands: Vec<SlashCommand>,
    /// Its shortcuts.
    pub shortcuts: Vec<Shortcut>,
    /// Types of events it subscribes to: "app_mention", "message.channels", …
    pub events: BTreeSet<String>,
    /// Domains whose links it's told of.
    pub unfurl_domains: Vec<String>,
    /// Whether what happens goes over sockets rather than over HTTP.
    pub socket_mode: bool,
    /// False once too many deliveries have failed.
    pub events_enabled: bool,
    /// False once it's uninstalled.
    pub is_installed: bool,
}

impl State {
    /// A channel by name.
    pub fn channel_by_name(&self, name: &str) -> Option<&Channel> {
        self.channels.get(self.names.get(name)?)
    }

    /// The modals a person sees, bottom first; the last one is on top.
    pub fn stack_of(&self, user: &str) -> Vec<&OpenView> {
        let newest = self.stacks.get(user).and_then(|stacks| stacks.last());
        newest.into_iter().flatten().filter_map(|id| self.views.get(id)).collect()
    }

    /// A message, if it's still there.
    pub fn message(&self, channel: &str, ts: Ts) -> Option<&Message> {
        self.channels.get(channel)?.messages.get(&ts)
    }

    /// The name a person goes by.
    pub fn name_of<'a>(&'a self, user: &'a str) -> &'a str {
        self.users.get(user).map_or(user, |user| &user.real_name)
    }
}
