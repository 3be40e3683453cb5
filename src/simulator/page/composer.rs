//! Where people type: the box below the messages, and what its text means.
//!
//! The client has commands of its own (`/invite`, `/topic` …) as Slack's has; all other slash
//! commands belong to the app.

use maud::{Markup, html};
use serde_json::json;

use super::icons::icon;
use super::look::{Look, Spot};
use crate::simulator::act::Act;
use crate::simulator::state::{State, channel::Channel, message::Message, ts::Ts};

/// The client's own commands: name, what follows it, what it does.
pub const OWN_COMMANDS: [(&str, &str, &str); 8] = [
    ("/invite", "@someone", "Add somebody to this channel"),
    ("/remove", "@someone", "Remove somebody from this channel"),
    ("/topic", "[text]", "Set the channel topic"),
    ("/rename", "[name]", "Rename the channel"),
    ("/archive", "", "Archive the channel"),
    ("/join", "#channel", "Join a channel"),
    ("/leave", "", "Leave the channel"),
    ("/shrug", "[message]", "Append ¯\\_(ツ)_/¯ to your message"),
];

/// What a typed text turns out to be.
#[derive(Debug)]
pub enum Said {
    /// Something to do.
    Act(Act),
    /// Nothing; the client answers by itself.
    Reply(String),
}

/// Reads what a person typed into a channel, or into a thread of it.
pub fn read(text: &str, user: &str, channel: &str, thread: Option<Ts>, state: &State) -> Said {
    let text = text.trim_end();
    let (user, channel) = (user.to_owned(), channel.to_owned());
    let Some((command, rest)) = split_command(text) else {
        let text = text.to_owned();
        return Said::Act(Act::PostMessage { user, channel, text, thread_ts: thread });
    };
    if thread.is_some() {
        return Said::Reply(format!("`{command}` is not supported in threads. Sorry!"));
    }
    if state.app.commands.iter().any(|known| known.command == command) {
        let (command, text) = (command.to_owned(), rest.to_owned());
        return Said::Act(Act::SlashCommand { user, channel, command, text });
    }
    let who = || {
        let handle = rest.trim_start_matches('@').trim();
        state.users.values().find(|user| user.name == handle).map(|user| user.id.clone())
    };
    let nobody = || Said::Reply(format!("There is nobody called “{rest}”."));
    match command {
        "/invite" => match who() {
            Some(who) => Said::Act(Act::Invite { user, channel, who }),
            None => nobody(),
        },
        "/remove" | "/kick" => match who() {
            Some(who) => Said::Act(Act::Kick { user, channel, who }),
            None => nobody(),
        },
        "/topic" => Said::Act(Act::SetTopic { user, channel, topic: rest.to_owned() }),
        "/rename" => Said::Act(Act::RenameChannel { user, channel, name: rest.to_owned() }),
        "/archive" => Said::Act(Act::ArchiveChannel { user, channel }),
        "/leave" => Said::Act(Act::Leave { user, channel }),
        "/join" => match state.channel_by_name(rest.trim_start_matches('#')) {
            Some(channel) => Said::Act(Act::Join { user, channel: channel.id.clone() }),
            None => Said::Reply(format!("There is no channel called “{rest}”.")),
        },
        "/shrug" => {
            let text = format!("{rest} ¯\\_(ツ)_/¯").trim().to_owned();
            Said::Act(Act::PostMessage { user, channel, text, thread_ts: None })
        }
        _ => Said::Reply(format!(
            "`{command}` is not a valid command. All messages that start with the “/” character \
             are read as commands; begin with a space to say it anyway."
        )),
    }
}

fn split_command(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('/')?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    // "/" alone or a path such as "/var/log" is no command.
    if end == 0 || rest[..end].contains('/') {
        return None;
    }
    Some((&text[..=end], rest[end..].trim()))
}

/// The box below the messages, or what stands in its place.
pub fn composer(look: &Look<'_>) -> Markup {
    let Spot::Channel(channel) = look.spot else { return html! {} };
    let act = |act: &str| {
        json!({ "act": act, "user": look.viewer.id, "channel": channel.id }).to_string()
    };
    if channel.is_archived {
        return html! {
            div.notice { "You are viewing " b { "#" (channel.name) } ", an archived channel" }
        };
    }
    if !channel.has(&look.viewer.id) {
        return html! {
            div.notice {
                span { (icon("hash")) b { (channel.name) } }
                button.button.primary type="button" data-act=(act("join")) data-testid="join" {
                    "Join channel"
                }
            }
        };
    }
    let hint = match look.name_of(channel) {
        name if channel.is_im => format!("Message {name}"),
        name => format!("Message #{name}"),
    };
    html! {
        (box_for("composer", &hint, channel, None))
    }
}

/// The box below a thread.
pub fn thread_composer(channel: &Channel, root: &Message, look: &Look<'_>) -> Markup {
    if channel.is_archived || !channel.has(&look.viewer.id) {
        return html! {};
    }
    box_for("thread-composer", "Reply…", channel, Some(root.ts))
}

fn box_for(id: &str, hint: &str, channel: &Channel, thread: Option<Ts>) -> Markup {
    let is_thread = thread.is_some();
    // Each conversation keeps its own draft.
    let key = thread.map_or(channel.id.clone(), |ts| format!("{}-{ts}", channel.id));
    html! {
        form.composer data-say data-channel=(channel.id) data-thread=[thread] {
            textarea id=(id) data-testid=(id) data-key=(key) rows="1" placeholder=(hint)
                aria-label=(hint) role="combobox" aria-autocomplete="list" aria-expanded="false"
                aria-controls={ (id) "-found" } autocomplete="off" spellcheck="true" {}
            div.composer-tools {
                @if !is_thread {
                    button.quiet type="button" popovertarget="shortcuts" aria-label="Shortcuts"
                        title="Shortcuts" data-testid="shortcuts" { (icon("bolt")) }
                }
                button.quiet type="button" data-insert="/" title="Slash commands"
                    aria-label="Slash command" disabled[is_thread] { b { "/" } }
                button.quiet type="button" data-insert="@" title="Mention somebody"
                    aria-label="Mention somebody" { b { "@" } }
                button.quiet type="button" data-insert="#" title="Mention a channel"
                    aria-label="Mention a channel" { (icon("hash")) }
                button.quiet type="button" data-wrap="`" title="Code" aria-label="Code" {
                    (icon("code"))
                }
                span.key-hint { kbd { "Enter" } " to send, " kbd { "Shift Enter" } " for a new line" }
                button.send type="submit" aria-label="Send" title="Send" disabled
                    data-testid={ (id) "-send" } { (icon("send")) }
            }
            ul.found id={ (id) "-found" } role="listbox" aria-label="Suggestions"
                data-morph="skip" hidden {}
        }
    }
}

/// What the script completes with, as data for it.
pub fn completions(look: &Look<'_>) -> Markup {
    let directory = &look.directory;
    let apps = look.state.app.commands.iter().map(|it| {
        json!({ "text": it.command, "hint": it.usage_hint, "about": it.description,
            "from": look.state.app.name })
    });
    let own = OWN_COMMANDS.iter().map(|(name, hint, about)| {
        json!({ "text": name, "hint": hint, "about": about, "from": "Slack" })
    });
    let people = directory.people.values().filter(|person| !person.deleted);
    let people = people.map(|person| json!({ "text": person.handle, "about": person.name }));
    let channels = directory.channels.values().filter(|place| !place.is_archived);
    let channels = channels.map(|place| json!({ "text": place.name }));
    let shortcuts = look.state.app.shortcuts.iter().filter(|it| it.on_message);
    let shortcuts = shortcuts.map(
        |it| json!({ "callback_id": it.callback_id, "name": it.name, "from": look.state.app.name }),
    );
    let data = json!({
        "commands": apps.chain(own).collect::<Vec<_>>(),
        "people": people.collect::<Vec<_>>(),
        "channels": channels.collect::<Vec<_>>(),
        "shortcuts": shortcuts.collect::<Vec<_>>(),
    });
    html! { div #completion-data hidden data-completions=(data) {} }
}

/// The menu behind the lightning button.
pub fn shortcuts(look: &Look<'_>) -> Markup {
    let global = look.state.app.shortcuts.iter().filter(|it| !it.on_message);
    html! {
        div.menu popover="auto" #shortcuts role="menu" aria-label="Shortcuts" {
            p.menu-title { "Shortcuts" }
            @for shortcut in global {
                @let act = json!({ "act": "global_shortcut", "user": look.viewer.id,
                    "callback_id": shortcut.callback_id });
                button type="button" role="menuitem" data-act=(act)
                    data-testid={ "shortcut-" (shortcut.callback_id) } {
                    (shortcut.name)
                    small { (look.state.app.name) " · " (shortcut.description) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::settings::Settings;

    fn said(text: &str, thread: Option<Ts>) -> Said {
        let state = State::new(&Settings::default());
        read(text, "U0ALICE", "C0GENERAL", thread, &state)
    }

    #[test]
    fn text_becomes_a_message_and_the_apps_commands_go_to_the_app() {
        let said = said("/incident  declare the *site* is down ", None);
        let Said::Act(Act::SlashCommand { command, text, .. }) = said else { panic!("{said:?}") };
        assert_eq!((command.as_str(), text.as_str()), ("/incident", "declare the *site* is down"));
        for text in ["hello", "/", "/var/log is full", " /incident"] {
            let said = self::said(text, None);
            assert!(matches!(&said, Said::Act(Act::PostMessage { text: it, .. }) if it == text));
        }
    }

    #[test]
    fn the_client_has_commands_of_its_own_and_knows_when_there_is_none() {
        let bob = said("/invite @bob", None);
        assert!(matches!(bob, Said::Act(Act::Invite { ref who, .. }) if who == "U0BOB"));
        assert!(matches!(said("/topic all fine", None), Said::Act(Act::SetTopic { .. })));
        assert!(matches!(said("/invite @nobody", None), Said::Reply(_)));
        assert!(matches!(said("/incidnt", None), Said::Reply(_)));
        assert!(matches!(said("/incident", Some(Ts(1))), Said::Reply(_)));
    }
}
