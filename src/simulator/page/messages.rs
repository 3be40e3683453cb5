//! The message list: what one person reads in a channel, in the order it was written.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};

use super::avatar::avatar;
use super::blocks::blocks;
use super::directory::moment;
use super::icons::icon;
use super::local::Line;
use super::look::{Look, Spot};
use super::message::{Shape, message};
use super::mrkdwn::mrkdwn;
use super::surface::Surface;
use crate::simulator::clock::MINUTE;
use crate::simulator::state::{channel::Channel, message::Message, ts::Ts};

/// How many messages of a channel are shown; older ones are there, but out of sight.
const SHOWN: usize = 150;

/// How soon after each other an author's messages share one heading.
const TOGETHER: i64 = 5 * MINUTE;

/// Draws the large pane below the header.
pub fn messages(look: &Look<'_>) -> Markup {
    match look.spot {
        Spot::Channel(channel) => list(channel, look),
        Spot::Home => home(look),
        Spot::Nowhere => html! { p.empty { "There is nothing to see here yet." } },
    }
}

/// Something in the list.
enum Item<'a> {
    Message(&'a Message),
    Line(&'a Line),
}

impl Item<'_> {
    fn ts(&self) -> Ts {
        match self {
            Item::Message(message) => message.ts,
            Item::Line(line) => line.ts,
        }
    }
}

fn list(channel: &Channel, look: &Look<'_>) -> Markup {
    let (items, has_more) = newest(channel, look);
    let mut shown = String::new();
    let mut before: Option<(&Item<'_>, String)> = None;
    for item in &items {
        let day = look.directory.day(moment(item.ts().0));
        let same_day = before.as_ref().filter(|(_, day_before)| *day_before == day);
        let continues = match (same_day, item) {
            (Some((before, _)), Item::Message(message)) => continues(before, message),
            _ => false,
        };
        let drawn = html! {
            @if same_day.is_none() { li.day id={ "day-" (item.ts()) } { span { (day) } } }
            @match item {
                Item::Message(it) => {
                    (message(it, channel, Shape { continues, in_thread: false }, look))
                }
                Item::Line(line) => (own_line(line, look)),
            }
        };
        shown.push_str(&drawn.0);
        before = Some((item, day));
    }
    html! {
        ol.messages #message-list role="log" aria-label={ "Messages in " (look.name_of(channel)) }
            data-channel=(channel.id) data-testid="messages" {
            @if has_more {
                li.older { "Older messages are not shown" }
            } @else {
                (beginning(channel, look))
            }
            (PreEscaped(shown))
        }
    }
}

/// The newest messages a person sees in a channel, oldest first, and whether there are older ones.
fn newest<'a>(channel: &'a Channel, look: &'a Look<'_>) -> (Vec<Item<'a>>, bool) {
    let stands_here = |message: &&Message| !message.is_reply() || message.is_broadcast;
    let all = channel.messages.values().rev().filter(stands_here).map(Item::Message);
    let own = channel.ephemerals.get(&look.viewer.id).into_iter().flat_map(BTreeMap::values).rev();
    let own = own.filter(stands_here).map(Item::Message);
    let lines = look.local.lines(&look.viewer.id, &channel.id).map(Item::Line);
    let mut items: Vec<_> = all.take(SHOWN + 1).chain(own.take(SHOWN)).chain(lines).collect();
    items.sort_by_key(Item::ts);
    let has_more = items.len() > SHOWN;
    (items.split_off(items.len().saturating_sub(SHOWN)), has_more)
}

fn continues(before: &Item<'_>, message: &Message) -> bool {
    let Item::Message(before) = before else { return false };
    before.user == message.user
        && before.subtype.is_none()
        && message.subtype.is_none()
        && before.ephemeral_to == message.ephemeral_to
        && !message.is_broadcast
        && message.ts.0 - before.ts.0 < TOGETHER
}

fn beginning(channel: &Channel, look: &Look<'_>) -> Markup {
    let name = look.name_of(channel);
    let purpose = &channel.purpose.value;
    html! {
        li.beginning {
            @if channel.is_im {
                h2 { (name) }
                p { "This is the beginning of your conversation with " (name) "." }
            } @else {
                h2 { (icon(if channel.is_private { "lock" } else { "hash" })) (name) }
                p {
                    "This is the very beginning of the "
                    @if channel.is_private { "private " } "channel."
                    @if !purpose.is_empty() { " " (mrkdwn(purpose, false, &look.directory)) }
                }
            }
        }
    }
}

/// A line the person's own client wrote.
fn own_line(line: &Line, look: &Look<'_>) -> Markup {
    let at = moment(line.ts.0);
    html! {
        li.message.ephemeral id={ "line-" (line.ts) } data-testid="ephemeral" {
            div.gutter { span.avatar.client aria-hidden="true" { (icon("bolt")) } }
            div.body {
                p.only-you { "Only visible to you" }
                div.head {
                    strong.author { "Slackbot" }
                    time.time title=(look.directory.full_time(at)) { (look.directory.clock_time(at)) }
                }
                div.text { (mrkdwn(&line.text, false, &look.directory)) }
            }
        }
    }
}

fn home(look: &Look<'_>) -> Markup {
    let app = &look.state.app;
    let Some(home) = look.state.homes.get(&look.viewer.id) else {
        return html! {
            div.empty {
                (avatar(&app.bot_user, &look.directory))
                h2 { (app.name) " is getting its home ready" }
                p { "What it shows here comes from the app; it may take a moment." }
            }
        };
    };
    let surface =
        Surface { directory: &look.directory, id: &home.id, channel: None, errors: &home.errors };
    html! {
        div.home id={ "home-" (home.id) } data-surface data-view-id=(home.id) data-testid="home" {
            (blocks(home.blocks(), surface))
        }
    }
}
