//! What people read about alerts.

pub mod button;
pub mod card;
pub mod list;
mod one;

use crate::alert::observation::Status;
use crate::alert::signal::{Maintenance, Signal};
use crate::incident::handled::Handled;
use crate::incident::signal::{self, News};
use crate::incident::state::{Incident, reference};
use crate::slack::view::button::Button;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::words;

/// How much of a title is shown in the timeline.
const EXCERPT: usize = 120;

/// What the channel is told when the alerts say something new together; nothing if only the card
/// shows it. With `proposes`, it is asked whether the incident is over too.
pub fn news(
    from: Option<&Signal>,
    to: &Signal,
    proposes: bool,
    incident: &Incident,
) -> Option<Message> {
    let worst = to.status.as_str();
    let asks = proposes && incident.category.is_active();
    let line = match signal::news(from, to)? {
        News::Firing => Line::of(&format!("🔔 Alerts fire again, the worst is {worst}.")),
        News::Over if asks => Line::of("🟢 All alerts are over. Is the incident, too?"),
        News::Over => Line::of("🟢 All alerts are over."),
        News::Worse => Line::of(&format!("🔺 The worst alert is {worst} now.")),
        News::Flapping => {
            Line::of("🎢 Alerts go on and off. Nothing more is said of it until that ends.")
        }
    };
    let buttons = asks.then(|| vec![Button::Resolve.about(&incident.id).primary()]);
    let blocks = [Some(Block::text(&line)), buttons.and_then(Block::actions)];
    let fallback = Line::of(&format!("{}: ", incident.reference())).then(line);
    Some(Message::new(&fallback, blocks.into_iter().flatten().collect()))
}

/// What the alerts say together, in a few words: `critical · was worse…`.
pub fn in_short(signal: &Signal) -> Line {
    let now = match (signal.active, signal.maintenance) {
        (false, _) => "all over",
        (true, Maintenance::Active) => "firing, but expected",
        (true, _) => signal.status.as_str(),
    };
    let peak = if signal.peak == signal.status {
        Line::new()
    } else {
        Line::of("peak ").text(signal.peak.as_str())
    };
    let expected = match signal.maintenance {
        Maintenance::Partial => Line::of("some expected"),
        Maintenance::None | Maintenance::Active => Line::new(),
    };
    let flapping = if signal.flapping { Line::of("going on and off") } else { Line::new() };
    Line::joined([Line::of(now), peak, expected, flapping], ", ")
}

/// What the timeline says of it.
pub fn sentence(from: Option<&Signal>, to: &Signal, regrouped: bool) -> Line {
    let what = match (from, to) {
        (_, to) if regrouped && !to.active => "No alert of the incident fires now".to_owned(),
        (None, to) if to.active => format!("Alerts fire, the worst is {}", to.status.as_str()),
        (_, to) if !to.active => "All alerts are over".to_owned(),
        (Some(from), to) if to.flapping && !from.flapping => "Alerts go on and off".to_owned(),
        (Some(from), to) if !to.flapping && from.flapping => {
            "Alerts no longer go on and off".to_owned()
        }
        (Some(from), to) if to.maintenance != from.maintenance => {
            "What of the alerts was expected has changed".to_owned()
        }
        (Some(from), to) if !from.active => {
            format!("Alerts fire again, the worst is {}", to.status.as_str())
        }
        (_, to) if to.status == Status::Ok => "The alerts that fire were expected".to_owned(),
        (_, to) => format!("The worst alert is {} now", to.status.as_str()),
    };
    Line::of(&what)
}

/// What the timeline says of what somebody did about alerts.
pub fn handled(who: Line, done: &Handled) -> Line {
    let about =
        |line: Line, title: &str| line.text(": “").text(&words::one_line(title, EXCERPT)).text("”");
    match done {
        Handled::Acknowledged { count } => who.text(&format!(" acknowledged {}", counted(*count))),
        Handled::Unacknowledged { count } => {
            who.text(&format!(" no longer looks after {}", counted(*count)))
        }
        Handled::Resolved { count, .. } => {
            who.text(&format!(" said that {} over", counted_are(*count)))
        }
        Handled::Came { title, count, from } => {
            let from = from.map_or_else(String::new, |from| format!(" of {}", reference(from)));
            about(who.text(&format!(" attached {}{from}", counted(*count))), title)
        }
        Handled::Went { title, count, to } => {
            let to =
                to.map_or_else(|| "elsewhere".to_owned(), |to| format!("to {}", reference(to)));
            about(who.text(&format!(" moved {} {to}", counted(*count))), title)
        }
        Handled::Unrelated { title, count } => {
            about(who.text(&format!(" said that {} not related", counted_are(*count))), title)
        }
        Handled::Unknown => who.text(" did something about alerts that this version does not know"),
    }
}

fn counted(count: u32) -> String {
    if count == 1 { "1 alert".to_owned() } else { format!("{count} alerts") }
}

fn counted_are(count: u32) -> String {
    format!("{} {}", counted(count), if count == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests;
