//! One message: its author, its content, and all that hangs on it.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::avatar::avatar;
use super::blocks::blocks;
use super::directory::{Directory, ago, moment};
use super::emoji;
use super::icons::icon;
use super::json::{items, string};
use super::look::Look;
use super::mrkdwn::{as_typed, link, mrkdwn};
use super::surface::Surface;
use crate::simulator::state::{
    channel::Channel,
    message::{Message, Reaction},
};

/// How a message stands among the others.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// It goes on under the heading of the one before it.
    pub continues: bool,
    /// It stands in the thread pane rather than in the channel.
    pub in_thread: bool,
}

/// What can be added with one click, as the toolbar offers it.
const QUICK_REACTIONS: [(&str, &str); 5] = [
    ("pushpin", "📌"),
    ("fast_forward", "⏩"),
    ("rotating_light", "🚨"),
    ("eyes", "👀"),
    ("white_check_mark", "✅"),
];

/// Draws a message.
pub fn message(message: &Message, channel: &Channel, shape: Shape, look: &Look<'_>) -> Markup {
    let directory = &look.directory;
    // Two panes can show the same message.
    let pane = if shape.in_thread { "t" } else { "m" };
    if message.is_tombstone {
        return html! {
            li.message.system id={ (pane) "-" (message.ts) } {
                div.gutter {} div.body { "This message was deleted." }
                @if !shape.in_thread { (replies(message, channel, look)) }
            }
        };
    }
    if message.subtype.as_deref().is_some_and(is_system) {
        return system(message, pane, directory);
    }
    let pinned = channel.pins.iter().find(|pin| pin.ts == message.ts);
    let is_own = message.user == look.viewer.id && message.bot_id.is_none();
    let is_ephemeral = message.ephemeral_to.is_some();
    let at = moment(message.ts.0);
    let heads = !shape.continues || pinned.is_some();
    html! {
        li.message.continues[!heads].ephemeral[is_ephemeral].pinned[pinned.is_some()]
            id={ (pane) "-" (message.ts) } data-surface data-ts=(message.ts)
            data-channel=(channel.id) data-own[is_own] data-pinned[pinned.is_some()]
            data-typed=[is_own.then(|| as_typed(&message.text, directory))]
            data-testid=(if is_ephemeral { "ephemeral" } else { "message" }) {
            div.gutter {
                @if heads {
                    (avatar(&message.user, directory))
                } @else {
                    time.time { (directory.clock_time(at)) }
                }
            }
            div.body {
                @if is_ephemeral { p.only-you { (icon("people")) "Only visible to you" } }
                @if let Some(pin) = pinned {
                    p.pinned-by { (icon("pin")) "Pinned by " (directory.person(&pin.created_by)) }
                }
                @if message.is_broadcast && !shape.in_thread {
                    p.pinned-by { (icon("thread")) "Replied to a thread" }
                }
                @if heads { (heading(message, channel, directory)) }
                (content(message, pane, channel, look))
                @if !message.reactions.is_empty() { (reactions(&message.reactions, look)) }
                @if !shape.in_thread { (replies(message, channel, look)) }
            }
            @if !is_ephemeral { (toolbar(message, channel, shape, look)) }
        }
    }
}

fn heading(message: &Message, channel: &Channel, directory: &Directory) -> Markup {
    let at = moment(message.ts.0);
    let is_app = message.bot_id.is_some();
    let permalink = format!("/archives/{}/{}", channel.id, message.ts.in_permalink());
    html! {
        div.head {
            strong.author { (directory.person(&message.user)) }
            @if is_app { span.app-badge { "APP" } }
            a.time href=(permalink) data-permalink title=(directory.full_time(at)) {
                time datetime=(at.to_string()) { (directory.clock_time(at)) }
            }
        }
    }
}

fn content(message: &Message, pane: &str, channel: &Channel, look: &Look<'_>) -> Markup {
    let id = format!("{pane}-{}", message.ts);
    let errors = BTreeMap::new();
    let surface = Surface {
        directory: &look.directory,
        id: &id,
        channel: Some(&channel.id),
        errors: &errors,
    };
    let edited = html! {
        @if message.edited.is_some() { " " span.edited { "(edited)" } }
    };
    // People's blocks are only what they typed, while their text is marked up like everybody's.
    let is_typed = message.bot_id.is_none() && !message.text.is_empty();
    html! {
        @if message.blocks.is_empty() || is_typed {
            @if !message.text.is_empty() {
                div.text { (mrkdwn(&message.text, false, &look.directory)) (edited) }
            }
        } @else {
            // Slack doesn't say of blocks that they were edited.
            div.blocks { (blocks(&message.blocks, surface)) }
        }
        @for attachment in &message.attachments { (attached(attachment, surface)) }
        @for (url, unfurl) in &message.unfurls {
            div.unfurl-source { (link(url, html! { (url) })) }
            (attached(unfurl, surface))
        }
    }
}

/// A legacy attachment, or the preview of a link, which looks the same.
fn attached(attachment: &Value, surface: Surface<'_>) -> Markup {
    let title = string(attachment, "title");
    let text = string(attachment, "text");
    html! {
        div.attachment {
            @if !title.is_empty() {
                strong { (link(string(attachment, "title_link"), html! { (title) })) }
            }
            @if !text.is_empty() { div.text { (mrkdwn(text, false, surface.directory)) } }
            div.blocks { (blocks(items(attachment, "blocks"), surface)) }
        }
    }
}

fn reactions(reactions: &[Reaction], look: &Look<'_>) -> Markup {
    html! {
        div.reactions {
            @for reaction in reactions {
                @let mine = reaction.users.contains(&look.viewer.id);
                @let names: Vec<_> = reaction.users.iter().map(|id| look.directory.person(id)).collect();
                button.reaction.mine[mine] type="button" aria-pressed=(mine)
                    data-react=(reaction.name)
                    title={ (names.join(", ")) " reacted with :" (reaction.name) ":" } {
                    (emoji::replace_names(&format!(":{}:", reaction.name)))
                    " " (reaction.users.len())
                }
            }
        }
    }
}

fn replies(message: &Message, channel: &Channel, look: &Look<'_>) -> Markup {
    let Some(last) = message.replies.last() else { return html! {} };
    let count = message.replies.len();
    html! {
        a.replies href=(look.thread_href(&channel.id, message.ts)) data-testid="replies" {
            span.faces {
                @for user in message.reply_users.iter().take(4) { (avatar(user, &look.directory)) }
            }
            strong { (count) (if count == 1 { " reply" } else { " replies" }) }
            span.faint { "Last reply " (ago(moment(last.0), look.directory.now)) }
        }
    }
}

fn toolbar(message: &Message, channel: &Channel, shape: Shape, look: &Look<'_>) -> Markup {
    if channel.is_archived || !channel.has(&look.viewer.id) {
        return html! {};
    }
    html! {
        div.tools { div.toolbar role="toolbar" aria-label="Message actions" {
            @for (name, glyph) in QUICK_REACTIONS {
                button type="button" data-react=(name) title={ "React with :" (name) ":" }
                    aria-label={ "React with " (name) } { (glyph) }
            }
            @if !shape.in_thread {
                a href=(look.thread_href(&channel.id, message.thread_ts.unwrap_or(message.ts)))
                    title="Reply in thread" aria-label="Reply in thread"
                    data-testid="reply-in-thread" { (icon("thread")) }
            }
            button type="button" data-message-menu title="More actions" aria-label="More actions"
                aria-haspopup="menu" { (icon("dots")) }
        } }
    }
}

fn system(message: &Message, pane: &str, directory: &Directory) -> Markup {
    let at = moment(message.ts.0);
    // Some begin with the name of who did it, some leave that to the client.
    let text = after_mention(&message.text, &message.user).unwrap_or(&message.text);
    html! {
        li.message.system id={ (pane) "-" (message.ts) } data-testid="system-message" {
            div.gutter { (avatar(&message.user, directory)) }
            div.body {
                strong { (directory.person(&message.user)) } " "
                (mrkdwn(text.trim_start(), false, directory))
                " " time.time title=(directory.full_time(at)) { (directory.clock_time(at)) }
            }
        }
    }
}

/// What follows the mention of that user at the front of a text.
fn after_mention<'a>(text: &'a str, user: &str) -> Option<&'a str> {
    let rest = text.strip_prefix("<@")?.strip_prefix(user)?;
    let (label, rest) = rest.split_once('>')?;
    (label.is_empty() || label.starts_with('|')).then_some(rest)
}

/// Whether the client wrote the message itself rather than its author.
fn is_system(subtype: &str) -> bool {
    subtype.starts_with("channel_") || subtype.starts_with("group_") || subtype == "pinned_item"
}
