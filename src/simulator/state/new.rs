//! The state a simulator begins with, and the ids it gives out.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::{App, State, ts::Ts};
use crate::simulator::{
    api::rates::Rates,
    clock::{Micros, SECOND},
    faults::Faults,
    oauth::tokens::Tokens,
    rules::lifetimes::{ResponseUrls, Triggers},
    settings::Settings,
};

/// More ids than any workspace gives out.
const IDS_OF_A_WORKSPACE: u64 = 1_000_000;

impl State {
    /// As the settings say.
    pub(in crate::simulator) fn new(settings: &Settings) -> State {
        let now = settings.clock.now();
        let mut team = settings.team.clone();
        if !settings.org_install {
            team.enterprise = None;
        }
        let mut state = State {
            team,
            app: App {
                id: settings.app_id.clone(),
                name: "Stentor".to_owned(),
                bot_id: settings.bot_id.clone(),
                bot_user: settings.bot_user.clone(),
                scopes: settings.scopes.iter().cloned().collect(),
                urls: settings.urls.clone(),
                commands: settings.commands.clone(),
                shortcuts: settings.shortcuts.clone(),
                events: settings.events.iter().cloned().collect(),
                unfurl_domains: settings.unfurl_domains.clone(),
                socket_mode: settings.socket_mode,
                events_enabled: true,
                is_installed: settings.is_installed,
            },
            users: BTreeMap::new(),
            user_groups: BTreeMap::new(),
            channels: BTreeMap::new(),
            views: BTreeMap::new(),
            stacks: BTreeMap::new(),
            homes: BTreeMap::new(),
            calls: VecDeque::new(),
            sent: VecDeque::new(),
            faults: Faults::default(),
            unread: BTreeMap::new(),
            names: HashMap::new(),
            expected: HashSet::new(),
            address: String::new(),
            tickets: HashMap::new(),
            outgoing: Vec::new(),
            triggers: Triggers::default(),
            response_urls: ResponseUrls::default(),
            rates: Rates::default(),
            scheduled: Vec::new(),
            tokens: match settings.is_installed {
                true => Tokens::with(&settings.bot_token),
                false => Tokens::default(),
            },
            last_ts: 0,
            ids_from: 0,
            last_ids: BTreeMap::new(),
        };
        if let Some(bot) = settings.users.iter().find(|user| user.id == settings.bot_user) {
            state.app.name = bot.real_name.clone();
        }
        for user in &settings.users {
            state.users.insert(user.id.clone(), user.clone());
        }
        for group in &settings.user_groups {
            state.user_groups.insert(group.id.clone(), group.clone());
        }
        for channel in &settings.channels {
            let mut channel = channel.clone();
            if channel.created == 0 {
                channel.created = now / SECOND;
            }
            state.names.insert(channel.name.clone(), channel.id.clone());
            state.channels.insert(channel.id.clone(), channel);
        }
        state
    }

    /// Another workspace of an organisation that has so many already: ids are the organisation's,
    /// and none is given out twice in it.
    pub(in crate::simulator) fn beside(self, fellows: usize) -> State {
        let first = fellows as u64 * IDS_OF_A_WORKSPACE;
        State { ids_from: first, triggers: Triggers::after(first), ..self }
    }

    /// A time stamp later than all before it.
    pub(in crate::simulator) fn next_ts(&mut self, now: Micros) -> Ts {
        self.last_ts = now.max(self.last_ts + 1);
        Ts(self.last_ts)
    }

    /// An id that was never used: the prefix and a counter of its own, so that a test sees the same ids
    /// in each run, whatever else happens beside.
    pub(in crate::simulator) fn next_id(&mut self, prefix: &'static str) -> String {
        let last = self.last_ids.entry(prefix).or_insert(self.ids_from);
        *last += 1;
        format!("{prefix}{last:07}")
    }
}
