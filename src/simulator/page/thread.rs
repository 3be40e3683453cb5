//! The right pane: one message and its replies.

use maud::{Markup, html};

use super::composer;
use super::icons::icon;
use super::look::Look;
use super::message::{Shape, message};

/// Draws the thread that is open, if one is.
pub fn thread(look: &Look<'_>) -> Markup {
    let (Some(channel), Some(root)) = (look.channel(), look.thread) else { return html! {} };
    let reply = |continues| Shape { continues, in_thread: true };
    let replies = root.replies.iter().filter_map(|ts| channel.messages.get(ts));
    let count = root.replies.len();
    html! {
        aside.thread aria-label="Thread" data-testid="thread" data-thread=(root.ts) {
            header {
                h2 { "Thread" }
                span.faint { (if channel.is_im { "" } else { "#" }) (look.name_of(channel)) }
                a.quiet href=(look.href(&channel.id)) aria-label="Close thread" title="Close" {
                    (icon("close"))
                }
            }
            div.scroller #thread-scroller {
                ol.messages {
                    (message(root, channel, reply(false), look))
                    @if count > 0 {
                        li.day { span { (count) (if count == 1 { " reply" } else { " replies" }) } }
                    }
                    @for it in replies { (message(it, channel, reply(false), look)) }
                }
            }
            (composer::thread_composer(channel, root, look))
        }
    }
}
