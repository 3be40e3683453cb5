//! The left column: the workspace, its channels as one person sees them, and the app.

use maud::{Markup, html};

use super::avatar::avatar;
use super::directory::can_see;
use super::icons::icon;
use super::look::{Look, Spot};
use crate::simulator::state::channel::Channel;

/// Draws the column.
pub fn sidebar(look: &Look<'_>) -> Markup {
    let mut channels: Vec<&Channel> = look
        .state
        .channels
        .values()
        .filter(|channel| !channel.is_im && can_see(channel, look.viewer))
        .collect();
    channels.sort_by(|a, b| a.name.cmp(&b.name));
    let (archived, open): (Vec<_>, Vec<_>) = channels.into_iter().partition(|it| it.is_archived);
    let direct = look.state.channels.values().filter(|it| it.is_im && it.has(&look.viewer.id));
    let direct: Vec<_> = direct.collect();
    html! {
        section aria-labelledby="channels-title" {
            div.section-title {
                h2 #channels-title { "Channels" }
                button.quiet type="button" popovertarget="new-channel" aria-label="Create a channel"
                    title="Create a channel" { (icon("plus")) }
            }
            ul { @for channel in open { (entry(channel, look)) } }
            @if !archived.is_empty() {
                details #archived-channels {
                    summary { "Archived (" (archived.len()) ")" }
                    ul { @for channel in archived { (entry(channel, look)) } }
                }
            }
        }
        @if !direct.is_empty() {
            section aria-labelledby="direct-title" {
                div.section-title { h2 #direct-title { "Direct messages" } }
                ul { @for channel in direct { (entry(channel, look)) } }
            }
        }
        @if has_home(look) { (apps(look)) }
    }
}

/// Whether the app shows something on its home tab, or may once it hears that it was opened.
fn has_home(look: &Look<'_>) -> bool {
    let app = &look.state.app;
    app.events.contains("app_home_opened") || look.state.homes.contains_key(&look.viewer.id)
}

fn apps(look: &Look<'_>) -> Markup {
    let app = &look.state.app;
    let at_home = matches!(look.spot, Spot::Home);
    html! {
        section aria-labelledby="apps-title" {
            div.section-title { h2 #apps-title { "Apps" } }
            ul {
                li {
                    a.entry.current[at_home] href={ "/?as=" (look.viewer.id) "&view=home" }
                        aria-current=[at_home.then_some("page")] data-testid="app-home" {
                        (avatar(&app.bot_user, &look.directory))
                        span.name { (app.name) }
                        span.tag { "Home" }
                    }
                }
            }
        }
    }
}

fn entry(channel: &Channel, look: &Look<'_>) -> Markup {
    let current = look.channel().is_some_and(|open| open.id == channel.id);
    let unread = look.unread(channel);
    let name = look.name_of(channel);
    let other = channel.members.iter().find(|member| **member != look.viewer.id);
    html! {
        li id={ "entry-" (channel.id) } {
            a.entry.current[current].unread[unread.count > 0 && !current]
                .outside[!channel.has(&look.viewer.id)] href=(look.href(&channel.id))
                aria-current=[current.then_some("page")]
                data-testid={ (if channel.is_im { "direct-" } else { "channel-" }) (name) } {
                @if let (true, Some(other)) = (channel.is_im, other) {
                    (avatar(other, &look.directory))
                } @else {
                    (icon(if channel.is_private { "lock" } else { "hash" }))
                }
                span.name { (name) }
                @if !current && unread.calls > 0 {
                    span.badge { (unread.calls) span.hidden { " messages for you" } }
                } @else if !current && unread.count > 0 {
                    span.hidden { ", unread" }
                }
            }
        }
    }
}
