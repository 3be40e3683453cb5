//! The app manifest: Slack accepts it, it asks for what Stentor's calls need and for nothing else,
//! and everything that it offers to people is answered.

use std::collections::BTreeSet;
use std::path::Path;

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Value, json};
use stentor::simulator::act::Act;
use stentor::simulator::faults::Failing;
use stentor::simulator::settings::{Settings, Shortcut};
use stentor::simulator::state::ts::Ts;
use stentor::slack::outbound::people;

use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS, Start};
use crate::databases::Fresh;

const MANIFEST: &str = include_str!("../../manifest.yml");
/// As Slack publishes it, in its repository slackapi/manifest-schema.
const SCHEMA: &str = include_str!("../data/manifest/manifest.schema.2.0.0.json");

/// The methods of the Web API that Stentor calls, and the scopes that they take from it. Public
/// and private channels and direct messages have scopes of their own.
const CALLS: [(&str, &[&str]); 21] = [
    ("auth.test", &[]),
    ("chat.getPermalink", &[]),
    ("chat.postEphemeral", &["chat:write"]),
    ("chat.postMessage", &["chat:write"]),
    ("chat.update", &["chat:write"]),
    ("conversations.create", &["channels:manage", "groups:write"]),
    (
        "conversations.history",
        &["channels:history", "groups:history", "im:history", "metadata.message:read"],
    ),
    ("conversations.info", &["channels:read", "groups:read"]),
    ("conversations.invite", &["channels:manage", "groups:write"]),
    ("conversations.join", &["channels:join"]),
    ("conversations.kick", &["groups:write"]),
    ("conversations.list", &["channels:read", "groups:read"]),
    ("conversations.open", &["im:write"]),
    ("conversations.rename", &["channels:manage", "groups:write"]),
    (
        "conversations.replies",
        &["channels:history", "groups:history", "im:history", "metadata.message:read"],
    ),
    ("conversations.setTopic", &["channels:manage", "groups:write"]),
    ("pins.add", &["pins:write"]),
    ("users.conversations", &["channels:read", "groups:read"]),
    ("users.info", &["users:read", "users:read.email"]),
    ("users.list", &["users:read", "users:read.email"]),
    ("views.open", &[]),
];

/// What Stentor subscribes to, and the scopes that this takes from it.
const EVENTS: [(&str, &[&str]); 23] = [
    ("app_uninstalled", &[]),
    ("tokens_revoked", &[]),
    ("channel_archive", &["channels:read"]),
    ("channel_deleted", &["channels:read"]),
    ("channel_id_changed", &["channels:read"]),
    ("channel_left", &["channels:read"]),
    ("channel_rename", &["channels:read"]),
    ("channel_unarchive", &["channels:read"]),
    ("group_archive", &["groups:read"]),
    ("group_deleted", &["groups:read"]),
    ("group_left", &["groups:read"]),
    ("group_rename", &["groups:read"]),
    ("group_unarchive", &["groups:read"]),
    ("member_joined_channel", &["channels:read", "groups:read"]),
    ("member_left_channel", &["channels:read", "groups:read"]),
    ("message.channels", &["channels:history"]),
    ("message.groups", &["groups:history"]),
    ("pin_added", &["pins:read"]),
    ("pin_removed", &["pins:read"]),
    ("reaction_added", &["reactions:read"]),
    ("reaction_removed", &["reactions:read"]),
    ("team_join", &["users:read"]),
    ("user_change", &["users:read"]),
];

/// Called only where the app is installed for a whole organisation; that takes no scope.
const FOR_ORGANISATIONS: [&str; 1] = ["auth.teams.list"];

/// Called with the app's own token, whose scope is no part of the manifest.
const WITH_APP_TOKEN: [&str; 1] = ["apps.connections.open"];

/// The families of Slack's methods; a text that begins with one and a dot is a method's name.
const FAMILIES: [&str; 16] = [
    "api",
    "apps",
    "auth",
    "bookmarks",
    "calls",
    "chat",
    "conversations",
    "files",
    "oauth",
    "pins",
    "reactions",
    "reminders",
    "team",
    "usergroups",
    "users",
    "views",
];

#[test]
fn slack_accepts_it() {
    let mut schema = serde_json::from_str(SCHEMA).unwrap();
    drop_look_ahead(&mut schema);
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("manifest.json", schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("manifest.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&manifest(), index) {
        panic!("{error:#}");
    }
    // The check does see what is wrong.
    let mut wrong = manifest();
    wrong["features"]["slash_commands"][0]["command"] = json!("incident");
    assert!(schemas.validate(&wrong, index).is_err());
}

#[test]
fn it_asks_for_the_scopes_that_are_needed_and_no_others() {
    let mut called = methods_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let apart = WITH_APP_TOKEN.iter().chain(&FOR_ORGANISATIONS);
    apart.for_each(|method| assert!(called.remove(*method), "{method}"));
    assert_eq!(called, listed(), "what the program calls, and what the table above lists");
    let events: Vec<&str> = EVENTS.iter().map(|(event, _)| *event).collect();
    assert_eq!(subscriptions(), events, "what it subscribes to, and what the table above lists");
    let needed = CALLS.iter().chain(&EVENTS).flat_map(|(_, scopes)| *scopes).copied();
    // For the slash commands and the shortcut.
    let needed: BTreeSet<&str> = needed.chain(["commands"]).collect();
    let asked = scopes();
    assert_eq!(asked.iter().map(String::as_str).collect::<BTreeSet<_>>(), needed);
    assert_eq!(asked.len(), needed.len(), "a scope is listed twice");
}

#[tokio::test]
async fn everything_that_it_offers_is_answered() {
    let fresh = Fresh::sqlite();
    let bot = start(&fresh).await;
    for command in bot.slack.settings().commands.clone() {
        let command = command.command;
        let act = |text: &str| Act::SlashCommand {
            user: ALICE.to_owned(),
            channel: GENERAL.to_owned(),
            command: command.clone(),
            text: text.to_owned(),
        };
        let help = bot.act(act("help")).await;
        assert_eq!(help.messages[0].text, "Commands of /incident", "{command} help");
        let form = bot.act(act("")).await;
        assert!(form.modal.is_some(), "{command}: {form:?}");
    }
    let (of_messages, global): (Vec<_>, Vec<_>) = bot
        .slack
        .settings()
        .shortcuts
        .clone()
        .into_iter()
        .partition(|shortcut| shortcut.on_message);
    for shortcut in of_messages {
        // Outside an incident's channel it says so.
        let ts = says(&bot, GENERAL, "p99 is 3 s").await;
        let (user, channel) = (ALICE.to_owned(), GENERAL.to_owned());
        let callback_id = shortcut.callback_id;
        let seen = bot.act(Act::MessageShortcut { user, channel, ts, callback_id }).await;
        assert_eq!(seen.error, None, "{}", shortcut.name);
        bot.eventually("an answer", async || !bot.whispers(ALICE, GENERAL).is_empty()).await;
    }
    for shortcut in global {
        let callback_id = shortcut.callback_id;
        let form = bot.act(Act::GlobalShortcut { user: BOB.to_owned(), callback_id }).await;
        assert!(form.modal.is_some(), "{}: {form:?}", shortcut.name);
    }
    bot.ends().await;
}

/// Each call that Stentor makes is made here, those included that follow only when an answer was
/// lost: the simulator refuses what the scopes don't allow.
#[tokio::test]
async fn its_scopes_are_enough_for_public_and_private_incidents() {
    let fresh = Fresh::sqlite();
    let bot = start(&fresh).await;
    // Stentor enters the announcement channel when it can't post there.
    bot.slack.expect_refusal("chat.postMessage", "not_in_channel");
    for (number, private) in [(1, Value::Null), (2, json!(["private"]))] {
        bot.breaks("conversations.create", Failing::LostAnswer { hang_ms: 0 }, 1);
        bot.slack.expect_refusal("conversations.create", "name_taken");
        let view = bot.opens(ALICE, GENERAL, "declare Checkout is slow").await;
        let fields = [("lead", json!(BOB)), ("private", private)];
        let seen = bot.submits(ALICE, &view, &fields).await;
        assert_eq!((seen.error, seen.field_errors.len()), (None, 0));
        bot.settle().await;
        let name = format!("inc-{number}-checkout-is-slow");
        let channel = bot.slack.channel_by_name(&name).unwrap();
        assert_eq!(channel.is_private, number == 2);
        for command in [
            "update Rolling back",
            "severity major",
            "rename Checkout was slow",
            "role comms @carol",
            "resolve Rolled back",
            "close Written up",
        ] {
            // One in the channel, and one to Carol alone about her role.
            bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 2);
            bot.says(BOB, &channel.id, command).await;
            bot.mends();
        }
        let ts = says(&bot, &channel.id, "p99 is 3 s").await;
        bot.act(Act::Pin { user: ALICE.to_owned(), channel: channel.id.clone(), ts }).await;
        bot.settle().await;
        let incident = bot.incident(number).await;
        assert_eq!(incident.pinned.len(), 1, "{}", incident.reference());
        if number == 2 {
            bot.says(BOB, &channel.id, "invite @dave").await;
            bot.says(BOB, &channel.id, "remove @dave").await;
        }
        bot.skims(&channel.id);
        // What is said of an archived channel goes elsewhere.
        if number == 1 {
            bot.act(Act::ArchiveChannel { user: ALICE.to_owned(), channel: channel.id }).await;
            bot.settle().await;
            bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 1);
            bot.says(BOB, GENERAL, "INC-1 role scribe @bob").await;
            bot.mends();
        }
    }
    // Who is here, and who has come.
    people::begin(&bot.stentor.worker.performer).await.unwrap();
    bot.act(Act::AddUser {
        name: "dora".to_owned(),
        real_name: "Dora Vale".to_owned(),
        tz: "Europe/Berlin".to_owned(),
        guest: false,
    })
    .await;
    bot.settle().await;
    bot.skims(INCIDENTS);
    let direct: Vec<String> = bot.slack.unread().into_iter().map(|it| it.channel).collect();
    direct.iter().for_each(|channel| bot.skims(channel));
    let called: BTreeSet<String> = bot.slack.calls().into_iter().map(|call| call.method).collect();
    assert_eq!(called, listed(), "what was called here, and what the program can call");
    bot.ends().await;
}

async fn says(bot: &Bot, channel: &str, text: &str) -> Ts {
    let (user, channel, text) = (ALICE.to_owned(), channel.to_owned(), text.to_owned());
    bot.act(Act::PostMessage { user, channel, text, thread_ts: None }).await.posted.unwrap()
}

/// Stentor in a Slack that knows of it what the manifest says.
async fn start(fresh: &Fresh) -> Bot {
    let slack = |settings: Settings| Settings {
        scopes: scopes(),
        commands: serde_json::from_value(manifest()["features"]["slash_commands"].clone()).unwrap(),
        shortcuts: shortcuts(),
        events: subscriptions(),
        ..settings
    };
    Bot::start_with(fresh, Start { slack: Some(slack), ..Start::default() }).await
}

fn scopes() -> Vec<String> {
    serde_json::from_value(manifest()["oauth_config"]["scopes"]["bot"].clone()).unwrap()
}

fn subscriptions() -> Vec<String> {
    serde_json::from_value(manifest()["settings"]["event_subscriptions"]["bot_events"].clone())
        .unwrap()
}

fn shortcuts() -> Vec<Shortcut> {
    let list = manifest()["features"]["shortcuts"].as_array().cloned().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let shortcut = |it: &Value| Shortcut {
        callback_id: text(&it["callback_id"]),
        name: text(&it["name"]),
        description: text(&it["description"]),
        on_message: it["type"] == "message",
    };
    list.iter().map(shortcut).collect()
}

fn manifest() -> Value {
    let documents = Yaml::load_from_str(MANIFEST).unwrap();
    assert_eq!(documents.len(), 1);
    to_json(&documents[0])
}

fn to_json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(list) => list.iter().map(to_json).collect(),
        Yaml::Mapping(map) => {
            map.iter().map(|(key, value)| (key.as_str().unwrap(), to_json(value))).collect()
        }
        other => panic!("the manifest needs no {other:?}"),
    }
}

/// Takes out the patterns that the checker does not know: they are about lists of domains, which
/// the manifest has none of.
fn drop_look_ahead(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.retain(|key, value| {
                key != "pattern" || !value.as_str().is_some_and(|it| it.contains("(?!"))
            });
            map.values_mut().for_each(drop_look_ahead);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_look_ahead),
        _ => {}
    }
}

fn listed() -> BTreeSet<String> {
    CALLS.iter().map(|(method, _)| (*method).to_owned()).collect()
}

/// The names of methods among the texts of the program, but for its own Slack.
fn methods_in(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("simulator") {
            found.extend(methods_in(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(text.split('"').filter(|it| is_method(it)).map(str::to_owned));
        }
    }
    found
}

fn is_method(text: &str) -> bool {
    let Some((family, name)) = text.split_once('.') else { return false };
    let is_word = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    FAMILIES.contains(&family) && name.split('.').all(|part| !part.is_empty() && is_word(part))
}
