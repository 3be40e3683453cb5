//! "Behind the scenes": what goes over the wire between the app and Slack, and switches to make
//! Slack fail.
//!
//! It belongs to the visitor rather than to the person they act as, so it hides nothing.

use maud::{Markup, html};
use serde_json::Value;

use super::directory::moment;
use super::look::Look;
use crate::simulator::faults::{Failing, Fault};
use crate::simulator::state::journal::{Call, Sent};

/// How many calls and deliveries are listed.
const LISTED: usize = 40;

/// The troubles a visitor can switch on, by name.
pub const TROUBLES: [Trouble; 5] = [
    Trouble { name: "none", label: "All well", about: "Slack answers as it should" },
    Trouble { name: "down", label: "Outage", about: "Every call ends with status 503" },
    Trouble { name: "slow", label: "Slow", about: "Every call takes four seconds" },
    Trouble { name: "limited", label: "Rate limited", about: "Every call gets a 429" },
    Trouble { name: "lost", label: "Lost answers", about: "The work is done, the answer is lost" },
];

/// A way for Slack to fail.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    /// What the page calls it in requests.
    pub name: &'static str,
    /// What the switch says.
    pub label: &'static str,
    /// What it does.
    pub about: &'static str,
}

impl Trouble {
    /// The trouble of that name.
    pub fn named(name: &str) -> Option<Trouble> {
        TROUBLES.into_iter().find(|trouble| trouble.name == name)
    }

    /// What the simulator does about it.
    pub fn faults(self) -> Vec<Fault> {
        let failing = match self.name {
            "down" => Failing::Status { status: 503 },
            "slow" => Failing::Delay { ms: 4_000 },
            "limited" => Failing::RateLimited { retry_after: 5 },
            "lost" => Failing::LostAnswer { hang_ms: 0 },
            _ => return Vec::new(),
        };
        vec![Fault::always("*", failing)]
    }
}

/// Draws the drawer.
pub fn drawer(look: &Look<'_>) -> Markup {
    let state = look.state;
    let active = &state.faults.list;
    let current = |trouble: &Trouble| match (trouble.faults().first(), active.first()) {
        (None, None) => true,
        (Some(a), Some(b)) => active.len() == 1 && a.failing == b.failing && a.method == b.method,
        _ => false,
    };
    let waiting = state.calls.back().map(|call| call.method.as_str());
    html! {
        details.drawer #drawer data-testid="drawer" {
            summary {
                span.lamp.red[!active.is_empty()] aria-hidden="true" {}
                b { "Behind the scenes" }
                span.faint {
                    @if !active.is_empty() { "Slack is in trouble · " }
                    (counted(state.calls.len(), "call")) " by " (state.app.name)
                    @if let Some(method) = waiting { " · last: " code { (method) } }
                }
            }
            div.drawer-body {
                fieldset.troubles {
                    legend { "How is Slack today?" }
                    @for trouble in TROUBLES {
                        button type="button" data-trouble=(trouble.name)
                            data-testid={ "trouble-" (trouble.name) } title=(trouble.about)
                            aria-pressed=(current(&trouble)) { (trouble.label) }
                    }
                }
                div.wires {
                    section aria-label="Calls by the app" {
                        h3 { (state.app.name) " → Slack" }
                        @if state.calls.is_empty() { p.faint { "No calls yet" } }
                        ul.wire {
                            @for call in state.calls.iter().rev().take(LISTED) { (called(call, look)) }
                        }
                    }
                    section aria-label="Requests to the app" {
                        h3 { "Slack → " (state.app.name) }
                        @if state.sent.is_empty() { p.faint { "Nothing sent yet" } }
                        ul.wire {
                            @for sent in state.sent.iter().rev().take(LISTED) { (delivered(sent, look)) }
                        }
                    }
                }
            }
        }
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn called(call: &Call, look: &Look<'_>) -> Markup {
    let outcome = match (call.status, &call.error) {
        (0, _) => "no answer".to_owned(),
        (200, Some(error)) => error.clone(),
        (200, None) if call.fault.is_some() => "broken answer".to_owned(),
        (200, None) => "ok".to_owned(),
        (status, _) => status.to_string(),
    };
    let is_good = call.ok && call.status == 200 && call.fault.is_none();
    html! {
        li {
            time { (look.directory.local(moment(call.at)).strftime("%H:%M:%S").to_string()) }
            code { (call.method) }
            span.args title=(call.args) { (brief(&call.args, look)) }
            span.outcome.bad[!is_good] { (outcome) }
        }
    }
}

fn delivered(sent: &Sent, look: &Look<'_>) -> Markup {
    let is_good = sent.failure.is_none() && sent.status.is_some_and(|status| status == 200);
    html! {
        li {
            time { (look.directory.local(moment(sent.at)).strftime("%H:%M:%S").to_string()) }
            code { (sent.what) }
            span.args { @if sent.retry > 0 { "retry " (sent.retry) } }
            span.outcome.bad[!is_good] {
                @match (&sent.failure, sent.status) {
                    (Some(failure), _) => (failure),
                    (None, Some(status)) => (status),
                    (None, None) => "no answer",
                }
            }
        }
    }
}

/// The arguments that say most in one line.
fn brief(args: &Value, look: &Look<'_>) -> String {
    let worth = ["name", "channel", "users", "topic", "text", "title", "user_id"];
    let shown = worth.iter().filter_map(|key| {
        let value = &args[*key];
        let text = match value.as_str() {
            Some(id) if look.state.channels.contains_key(id) => {
                format!("#{}", look.state.channels[id].name)
            }
            Some(id) if look.state.users.contains_key(id) => format!("@{}", look.state.name_of(id)),
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        (!value.is_null()).then(|| text.chars().take(40).collect::<String>())
    });
    let view_title = args["view"]["title"]["text"].as_str().map(str::to_owned);
    shown.chain(view_title).collect::<Vec<_>>().join(" · ")
}
