//! The message in the announcement channel: one for each incident, edited in place.

use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::state::Incident;
use crate::incident::text::shorten;
use crate::slack::view::button::Button;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::words;

/// How much of the summary and of the latest update is shown; the channel has the rest.
const EXCERPT: usize = 600;

/// What the workspace is told about an incident.
pub fn announcement(incident: &Incident, catalogue: &Catalogue) -> Message {
    let title = words::title(incident);
    let status = words::status_name(&incident.status, catalogue);
    let mut blocks = vec![Block::header(&format!("{} {title}", words::cue(incident, catalogue)))];
    blocks.push(Block::text(&Line::joined(facts(incident, catalogue), "\n")));
    if !incident.summary.is_empty() {
        blocks.push(Block::text(&Line::of(&shorten(&incident.summary, EXCERPT))));
    }
    blocks.extend(latest_update(incident));
    if incident.category.is_active() {
        blocks.extend(Block::actions(buttons(incident, catalogue)));
    }
    Message::new(&Line::of(&format!("{title}: {status}")), blocks)
}

fn facts(incident: &Incident, catalogue: &Catalogue) -> Vec<Line> {
    let severity = words::severity_name(incident.severity.as_ref(), catalogue);
    let mut standing = Line::new()
        .bold(&words::status_name(&incident.status, catalogue))
        .text(" · Severity ")
        .bold(&severity);
    if let Some(took) = words::took(incident, catalogue) {
        standing = standing.text(&format!(" · Took {}", words::duration(took)));
    }
    let mut people =
        Line::of("Lead ").then(words::person_or(words::lead(incident, catalogue), "nobody yet"));
    if !incident.category.is_active() && words::lead(incident, catalogue).is_none() {
        people = Line::new();
    }
    let reported = Line::of("Reported by ").actor(&incident.creator);
    let since = Line::of("Since ").date(incident.declared_at);
    let channel = incident.channel.as_ref().map(|channel| Line::new().channel(channel));
    vec![
        standing,
        Line::joined([people, reported], " · "),
        Line::joined([since, channel.unwrap_or_default()], " · "),
    ]
}

/// What was said last, and by whom; the closing words of an incident that is over.
fn latest_update(incident: &Incident) -> Vec<Block> {
    let Some(update) = &incident.last_update else { return Vec::new() };
    let said =
        if incident.category == StatusCategory::Closed { "Last word" } else { "Latest update" };
    vec![
        Block::context(&Line::of(said).text(" · ").actor(&update.by).text(" · ").date(update.at)),
        Block::quote(&Line::of(&shorten(&update.message, EXCERPT))),
    ]
}

fn buttons(
    incident: &Incident,
    catalogue: &Catalogue,
) -> Vec<crate::slack::view::kit::element::Button> {
    let mut buttons = vec![Button::Update];
    if words::lead(incident, catalogue).is_none() {
        buttons.push(Button::TakeLead);
    }
    buttons.push(Button::Timeline);
    buttons.into_iter().map(|button| button.about(&incident.id)).collect()
}
