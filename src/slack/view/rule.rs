//! What an alert rule says, to those whom it tells.

use crate::alert::rule::report::Report;
use crate::alert::rule::standing::Level;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;

/// How bad it is and what the number is; where; whose rule it is, and what they should know.
pub fn report(report: &Report) -> Message {
    let level = match (report.to, report.from) {
        (Level::Critical, _) => "Critical",
        (Level::Warning, Level::Critical) => "Back to a warning",
        (Level::Warning, _) => "Warning",
        (Level::Resolved, _) => "Resolved",
    };
    let title = Line::new().bold(&format!("{level}: {}", report.name));
    let place = |name: &str, value: &str| match value {
        "" => Line::new(),
        value => Line::of(&format!("{name} {value}")),
    };
    let details = [
        place("project", &report.project),
        place("environment", report.environment.as_deref().unwrap_or_default()),
        Line::of("began ").date(report.began_at),
        report.owner.as_ref().map(|owner| Line::of("owner ").user(owner)).unwrap_or_default(),
        place("team", report.team.as_deref().unwrap_or_default()),
    ];
    let mut blocks = vec![
        Block::text(&Line::joined([title.clone(), Line::of(&report.reading)], "\n")),
        Block::context(&Line::joined(details, " · ")),
    ];
    if !report.note.is_empty() && report.to != Level::Resolved {
        blocks.push(Block::text(&Line::of(&report.note)));
    }
    Message::new(&Line::joined([title, Line::of(&report.reading)], ": "), blocks)
}
