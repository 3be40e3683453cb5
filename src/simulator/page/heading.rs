//! The top of the large pane: what is open, who is in it, and what is kept at hand there.

use maud::{Markup, html};
use serde_json::json;

use super::avatar::avatar;
use super::emoji;
use super::icons::icon;
use super::look::{Look, Spot};
use super::mrkdwn::{flatten, link, mrkdwn};
use crate::simulator::state::channel::Channel;

/// Draws the header of what is open.
pub fn heading(look: &Look<'_>) -> Markup {
    match look.spot {
        Spot::Channel(channel) => channel_header(channel, look),
        Spot::Home => html! {
            div.title-row data-title={ (look.state.app.name) " – Home" } {
                h1 {
                    (avatar(&look.state.app.bot_user, &look.directory))
                    (look.state.app.name)
                    span.app-badge { "APP" }
                }
            }
        },
        Spot::Nowhere => html! { div.title-row { h1 { "No channels yet" } } },
    }
}

fn channel_header(channel: &Channel, look: &Look<'_>) -> Markup {
    let name = look.name_of(channel);
    html! {
        div.title-row data-title={ (if channel.is_im { "" } else { "#" }) (name) } {
            h1 data-testid="channel-title" {
                @if !channel.is_im { (icon(if channel.is_private { "lock" } else { "hash" })) }
                span { (name) }
                @if channel.is_archived { span.tag { "archived" } }
            }
            @if !channel.is_im { (topic(channel, look)) }
            div.header-tools {
                @if !channel.pins.is_empty() { (pins(channel, look)) }
                @if !channel.is_im { (members(channel, look)) (channel_menu(channel, look)) }
            }
        }
        @if !channel.bookmarks.is_empty() {
            nav.bookmarks aria-label="Bookmarks" data-testid="bookmarks" {
                @for bookmark in &channel.bookmarks {
                    @let symbol = bookmark.emoji.as_deref().map(emoji::replace_names);
                    (link(&bookmark.link, html! {
                        @match symbol {
                            Some(symbol) => span.symbol { (symbol) },
                            None => (icon("bookmark")),
                        }
                        (bookmark.title)
                    }))
                }
            }
        }
    }
}

fn topic(channel: &Channel, look: &Look<'_>) -> Markup {
    let topic = flatten(&channel.topic.value, &look.directory);
    html! {
        button.topic type="button" popovertarget="topic-editor" title=(topic)
            data-testid="topic" disabled[!channel.has(&look.viewer.id) || channel.is_archived] {
            @if topic.is_empty() { span.faint { "Add a topic" } } @else { (topic) }
        }
        div.card popover="auto" #topic-editor {
            @if !topic.is_empty() {
                div.text { (mrkdwn(&channel.topic.value, false, &look.directory)) }
            }
            form data-act=(json!({
                "act": "set_topic", "user": look.viewer.id, "channel": channel.id })) {
                label for="topic-text" { "Topic" }
                input #topic-text name="topic" maxlength="250" autocomplete="off" value=(topic);
                button.button.primary type="submit" { "Save" }
            }
        }
    }
}

fn pins(channel: &Channel, look: &Look<'_>) -> Markup {
    html! {
        button.pill type="button" popovertarget="pin-list" data-testid="pins"
            aria-label={ (channel.pins.len()) " pinned" } title="Pinned messages" {
            (icon("pin")) (channel.pins.len())
        }
        div.card popover="auto" #pin-list {
            h2 { "Pinned" }
            ul.pin-list {
                @for pin in &channel.pins {
                    @if let Some(message) = channel.messages.get(&pin.ts) {
                        li {
                            a href={ "#m-" (pin.ts) } data-jump=(pin.ts) {
                                strong { (look.state.name_of(&message.user)) }
                                p { (flatten(&message.text, &look.directory)) }
                            }
                            small { "Pinned by " (look.state.name_of(&pin.created_by)) }
                        }
                    }
                }
            }
        }
    }
}

fn members(channel: &Channel, look: &Look<'_>) -> Markup {
    let may_invite = channel.has(&look.viewer.id) && !channel.is_archived;
    let outside = look.state.users.values().filter(|it| !it.deleted && !channel.has(&it.id));
    html! {
        button.pill type="button" popovertarget="member-list" data-testid="members"
            aria-label={ (channel.members.len()) " members" } title="Members" {
            span.faces {
                @for member in channel.members.iter().take(3) { (avatar(member, &look.directory)) }
            }
            (channel.members.len())
        }
        div.card popover="auto" #member-list {
            h2 { "Members" }
            ul.people {
                @for member in &channel.members {
                    li {
                        (avatar(member, &look.directory))
                        span { (look.directory.person(member)) }
                        @if look.directory.people.get(member).is_some_and(|it| it.is_bot) {
                            span.app-badge { "APP" }
                        }
                    }
                }
            }
            @if may_invite {
                form data-act=(json!({
                    "act": "invite", "user": look.viewer.id, "channel": channel.id })) {
                    label for="invite-who" { "Add somebody" }
                    span.select {
                        select #invite-who name="who" {
                            @for user in outside { option value=(user.id) { (user.real_name) } }
                        }
                        (icon("down"))
                    }
                    button.button type="submit" { "Add" }
                }
            }
        }
    }
}

fn channel_menu(channel: &Channel, look: &Look<'_>) -> Markup {
    let act = |act: &str| {
        json!({ "act": act, "user": look.viewer.id, "channel": channel.id }).to_string()
    };
    html! {
        button.quiet type="button" popovertarget="channel-menu" aria-label="Channel menu"
            title="More" { (icon("dots")) }
        div.menu popover="auto" #channel-menu role="menu" {
            @if channel.has(&look.viewer.id) {
                button type="button" role="menuitem" data-act=(act("leave")) { "Leave channel" }
                @if !channel.is_archived {
                    button.danger type="button" role="menuitem" data-act=(act("archive_channel")) {
                        "Archive channel"
                    }
                }
            } @else if !channel.is_archived {
                button type="button" role="menuitem" data-act=(act("join")) { "Join channel" }
            }
            @if channel.is_archived {
                button type="button" role="menuitem" data-act=(act("unarchive_channel")) {
                    "Unarchive channel"
                }
            }
        }
    }
}
