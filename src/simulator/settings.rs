//! How a simulated workspace begins: who is in it, which app is installed, and how strict it is.

use std::{collections::BTreeMap, net::SocketAddr};

use serde::{Deserialize, Serialize};

use super::{
    clock::Clock,
    panel::Panel,
    state::{
        Enterprise, Team,
        channel::Channel,
        user::{User, UserGroup},
    },
};

/// What a simulator starts with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; loopback only. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// The time.
    pub clock: Clock,
    /// The workspace.
    pub team: Team,
    /// Whether the app is installed for a whole organisation: `team` is then null in interactions.
    pub org_install: bool,
    /// The app's id.
    pub app_id: String,
    /// The app's bot id.
    pub bot_id: String,
    /// The app's user, which must be among `users`.
    pub bot_user: String,
    /// The token of the app's user, if the app is installed.
    pub bot_token: String,
    /// The app's own token, which opens sockets.
    pub app_token: String,
    /// What that token may do.
    pub app_token_scopes: Vec<String>,
    /// Whether what happens goes over sockets rather than over HTTP.
    pub socket_mode: bool,
    /// Whether the app is installed from the beginning.
    pub is_installed: bool,
    /// What the app is known by when it asks to be installed.
    pub client_id: String,
    /// What it proves that with.
    pub client_secret: String,
    /// Where it may have people sent back to who have decided; it can be told later.
    pub redirect_urls: Vec<String>,
    /// Whether its tokens run out after twelve hours.
    pub rotates_tokens: bool,
    /// Tokens of people, who may call the Web API too: token to user id.
    pub user_tokens: BTreeMap<String, String>,
    /// Signs what goes to the app.
    pub signing_secret: String,
    /// What the tokens may do.
    pub scopes: Vec<String>,
    /// Where the app is; it can be told later.
    pub urls: AppUrls,
    /// The app's slash commands.
    pub commands: Vec<SlashCommand>,
    /// The app's shortcuts.
    pub shortcuts: Vec<Shortcut>,
    /// Events the app subscribes to.
    pub events: Vec<String>,
    /// Domains whose links the app is told of (`link_shared`).
    pub unfurl_domains: Vec<String>,
    /// People and bots.
    pub users: Vec<User>,
    /// User groups.
    pub user_groups: Vec<UserGroup>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Whether calls beyond Slack's budgets get a 429.
    pub rate_limits: bool,
    /// How long the app may take to answer, in real time. Slack gives three seconds.
    pub answer_within: std::time::Duration,
    /// What the page shows beside Slack.
    pub panel: Option<Panel>,
}

/// Where Slack sends what happens. An empty one is not set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppUrls {
    /// Slash commands.
    pub commands: String,
    /// Buttons, modals, shortcuts.
    pub interactions: String,
    /// Options of external selects; interactions, if it's empty.
    pub options: String,
    /// Events.
    pub events: String,
}

/// A slash command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SlashCommand {
    /// With its slash.
    pub command: String,
    /// What the client shows beside it.
    pub description: String,
    /// What the client shows after it.
    pub usage_hint: String,
    /// Whether mentions arrive as ids.
    pub should_escape: bool,
}

/// An entry of the shortcuts menu, or of a message's menu.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shortcut {
    /// What the app knows it by.
    pub callback_id: String,
    /// What the client shows.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Whether it's in the menu of every message rather than the global one.
    pub on_message: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Clock::system(),
            team: Team {
                id: "T0STENTOR".to_owned(),
                name: "Acme".to_owned(),
                domain: "acme".to_owned(),
                enterprise: Some(Enterprise {
                    id: "E0STENTOR".to_owned(),
                    name: "Acme Group".to_owned(),
                }),
            },
            org_install: false,
            app_id: "A0STENTOR".to_owned(),
            bot_id: "B0STENTOR".to_owned(),
            bot_user: "U0STENTOR".to_owned(),
            bot_token: "xoxb-simulator".to_owned(),
            app_token: "xapp-simulator".to_owned(),
            app_token_scopes: words("connections:write"),
            socket_mode: false,
            is_installed: true,
            client_id: "1000000000.2000000000".to_owned(),
            client_secret: "simulator-client-secret".to_owned(),
            redirect_urls: Vec::new(),
            rotates_tokens: false,
            user_tokens: BTreeMap::new(),
            signing_secret: "simulator-signing-secret".to_owned(),
            scopes: words(SCOPES),
            urls: AppUrls::default(),
            commands: ["/incident", "/inc"].map(slash_command).to_vec(),
            shortcuts: vec![Shortcut {
                callback_id: "declare_incident".to_owned(),
                name: "Declare incident".to_owned(),
                description: "Tell everybody that something is broken".to_owned(),
                on_message: false,
            }],
            events: words(EVENTS),
            unfurl_domains: Vec::new(),
            users: vec![
                User::bot("U0STENTOR", "stentor", "Stentor"),
                User::person("U0ALICE", "alice", "Alice Adams", "America/New_York").as_admin(),
                User::person("U0BOB", "bob", "Bob Brown", "Europe/London"),
                User::person("U0CAROL", "carol", "Carol Cole", "Europe/Berlin"),
                User::person("U0DAVE", "dave", "Dave Dunn", "Asia/Tokyo").as_guest(),
            ],
            user_groups: vec![UserGroup {
                id: "S0ONCALL".to_owned(),
                handle: "oncall".to_owned(),
                name: "On call".to_owned(),
                users: words("U0BOB U0CAROL"),
                is_disabled: false,
            }],
            channels: vec![
                Channel {
                    is_general: true,
                    ..channel("C0GENERAL", "general", "U0ALICE U0BOB U0CAROL U0DAVE U0STENTOR")
                },
                channel("C0INCIDENTS", "incidents", "U0ALICE U0BOB U0CAROL U0DAVE"),
                channel("C0RANDOM", "random", "U0ALICE U0BOB U0CAROL"),
            ],
            rate_limits: true,
            answer_within: std::time::Duration::from_secs(3),
            panel: None,
        }
    }
}

/// What an incident bot commonly asks for.
const SCOPES: &str = "app_mentions:read bookmarks:read bookmarks:write channels:history \
    channels:join channels:manage channels:read channels:write.invites channels:write.topic \
    chat:write chat:write.public commands groups:history groups:read groups:write im:history \
    im:read im:write metadata.message:read pins:read pins:write reactions:read reactions:write \
    team:read usergroups:read users:read users:read.email";

const EVENTS: &str = "app_home_opened app_mention app_uninstalled channel_archive \
    channel_deleted channel_id_changed channel_left channel_rename channel_unarchive \
    group_archive group_deleted group_left group_rename group_unarchive link_shared \
    member_joined_channel member_left_channel message.channels message.groups message.im \
    pin_added pin_removed reaction_added reaction_removed team_join tokens_revoked user_change";

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn slash_command(command: &str) -> SlashCommand {
    SlashCommand {
        command: command.to_owned(),
        description: "Declare and run incidents".to_owned(),
        usage_hint: "[declare|update|help] …".to_owned(),
        should_escape: true,
    }
}

fn channel(id: &str, name: &str, members: &str) -> Channel {
    Channel {
        creator: "U0ALICE".to_owned(),
        members: words(members).into_iter().collect(),
        ..Channel::named(id, name)
    }
}
