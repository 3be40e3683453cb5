//! What people read about alerts.

use crate::alert::observation::Status;
use crate::alert::signal::Signal;
use crate::incident::event::Entry;
use crate::incident::signal::{self, News};
use crate::incident::state::Incident;
use crate::slack::view::button::Button;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;

/// What the channel is told when the alerts say something new together; nothing if the card shows
/// it, or somebody wants quiet.
pub fn news(
    from: Option<&Signal>,
    to: &Signal,
    _entry: &Entry,
    incident: &Incident,
) -> Option<Message> {
    let line = match signal::news(from, to)? {
        News::Firing => Line::of("🔔 Alerts fire again."),
        News::Over => Line::of("🟢 All alerts are over."),
        News::Worse => Line::of(&format!("🔺 The worst alert is {} now.", to.status.as_str())),
        News::Flapping => {
            Line::of("🎢 Alerts go on and off. Nothing more is said of it until that ends.")
        }
    };
    let is_over = !to.active && incident.category.is_active();
    let buttons = is_over.then(|| vec![Button::Resolve.about(&incident.id).primary()]);
    let blocks = [Some(Block::text(&line)), buttons.and_then(Block::actions)];
    let fallback = Line::of(&format!("{}: ", incident.reference())).then(line);
    Some(Message::new(&fallback, blocks.into_iter().flatten().collect()))
}

/// What the timeline says of it.
pub fn sentence(from: Option<&Signal>, to: &Signal) -> Line {
    let what = match (from, to) {
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
