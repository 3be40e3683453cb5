//! The message in the announcement channel: one for each incident, edited in place.

use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::channel::ChannelState;
use crate::incident::state::Incident;
use crate::incident::text::shorten;
use crate::slack::view::alerts;
use crate::slack::view::button::Button;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::{extra, words};

/// How much of the summary and of the latest update is shown; the channel has the rest.
const EXCERPT: usize = 600;

/// What the workspace is told about an incident.
pub fn announcement(incident: &Incident, catalogue: &Catalogue) -> Message {
    if incident.category == StatusCategory::Triage {
        return in_triage(incident, catalogue);
    }
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

/// What is left of an announcement that is taken back.
pub fn withdrawn(incident: &Incident) -> Message {
    let line = Line::of("🔒 ").text(&incident.reference()).text(" is private now.");
    Message::line(&line)
}

/// Nobody knows yet whether it is an incident: it is said in two lines, and asks nobody for anything.
fn in_triage(incident: &Incident, catalogue: &Catalogue) -> Message {
    let title = words::title(incident);
    let status = words::status_name(&incident.status, catalogue);
    let standing = Line::of(&status).text(": not yet accepted as an incident");
    let reported = Line::of("Reported by ").actor(&incident.creator);
    let channel = incident.channel.as_ref().map(|channel| Line::new().channel(channel));
    let blocks = vec![
        Block::text(&Line::of("🔍 ").text(&title)),
        Block::text(&Line::joined([standing, reported, channel.unwrap_or_default()], " · ")),
    ];
    Message::new(&Line::of(&format!("{title}: {status}")), blocks)
}

fn facts(incident: &Incident, catalogue: &Catalogue) -> Vec<Line> {
    let status = words::status_name(&incident.status, catalogue);
    let took = words::took(incident, catalogue).map(words::duration);
    let ended = match (incident.category, took) {
        (StatusCategory::Learning, Some(took)) => {
            Line::new().bold("Resolved").text(&format!(" after {took}, now {status}"))
        }
        (_, Some(took)) => Line::new().bold(&status).text(&format!(" after {took}")),
        (_, None) => Line::new().bold(&status),
    };
    let severity = words::severity_name(incident.severity.as_ref(), catalogue);
    let standing = ended.text(" · Severity ").bold(&severity);
    let standing = match words::type_name(incident, catalogue) {
        Some(kind) => standing.text(&format!(" · {kind}")),
        None => standing,
    };
    let merged = incident.merged_into.as_ref();
    let merged = merged.map(|into| Line::of("Goes on in ").then(words::destination(into)));
    let mut people =
        Line::of("Lead ").then(words::person_or(words::lead(incident, catalogue), "nobody yet"));
    if !incident.category.is_active() && words::lead(incident, catalogue).is_none() {
        people = Line::new();
    }
    let reported = Line::of("Reported by ").actor(&incident.creator);
    let since = Line::of("Since ").date(incident.declared_at);
    let channel = incident.channel.as_ref().map(|channel| {
        let link = Line::new().channel(channel);
        let is_archived = incident.standing.state == ChannelState::Archived;
        if is_archived && !incident.category.is_ended() { link.text(" (archived)") } else { link }
    });
    vec![
        standing,
        merged.unwrap_or_default(),
        Line::joined([people, reported], " · "),
        Line::joined([since, channel.unwrap_or_default()], " · "),
        incident
            .signal
            .map(|signal| Line::of("Alerts: ").then(alerts::in_short(&signal)))
            .unwrap_or_default(),
        words::tags(incident, catalogue),
        Line::joined(extra::fields(incident, catalogue), "   "),
        extra::call(incident).filter(|_| incident.category.is_active()).unwrap_or_default(),
        extra::mode(incident).unwrap_or_default(),
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

fn buttons(incident: &Incident, catalogue: &Catalogue) -> Vec<element::Button> {
    let mut buttons = vec![Button::Update];
    if words::lead(incident, catalogue).is_none() {
        buttons.push(Button::TakeLead);
    }
    buttons.push(Button::Timeline);
    buttons.into_iter().map(|button| button.about(&incident.id)).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::incident::command::{Command, Declare};
    use crate::slack::view::drawing;
    use crate::slack::view::samples::Story;

    fn drawn(story: &Story) -> String {
        drawing::message(&announcement(&story.incident, &story.catalogue))
    }

    #[test]
    fn it_asks_for_a_lead_until_somebody_leads() {
        let mut story = Story::new();
        assert_snapshot!(drawn(&story), @"
        # 🟠 INC-1 Checkout is slow
        *Investigating* · Severity *Major*
        Lead nobody yet · Reported by @U0ALICE
        Since 2026-09-21 14:13 UTC · #C0INC1
        Payments time out for some people.
        [Post update] [Take the lead] [Timeline]
        ");
        story.says(&Command::Role { role: "lead".to_owned(), person: Some("U0BEA".into()) });
        story.says(&Command::Update {
            message: Some("Rolling back to 1.4, which takes ten minutes.".to_owned()),
            status: Some("fixing".to_owned()),
            severity: Some("critical".to_owned()),
            next_update_in_minutes: Some(30),
        });
        assert_snapshot!(drawn(&story), @"
        # 🔴 INC-1 Checkout is slow
        *Fixing* · Severity *Critical*
        Lead @U0BEA · Reported by @U0ALICE
        Since 2026-09-21 14:13 UTC · #C0INC1
        Payments time out for some people.
        ~ Latest update · <@U0ALICE> · <!date^1790003600^{date_short_pretty} at {time}|2026-09-21 15:13 UTC>
        | Rolling back to 1.4, which takes ten minutes.
        [Post update] [Timeline]
        ");
    }

    #[test]
    fn it_is_calm_when_the_incident_is_over() {
        let mut story = Story::new();
        story.says(&Command::Resolve { message: Some("Rolled back.".to_owned()) });
        assert_snapshot!(drawn(&story), @"
        # ✅ INC-1 Checkout is slow
        *Resolved* after 40 min, now Documenting · Severity *Major*
        Reported by @U0ALICE
        Since 2026-09-21 14:13 UTC · #C0INC1
        Payments time out for some people.
        ~ Latest update · <@U0ALICE> · <!date^1790002400^{date_short_pretty} at {time}|2026-09-21 14:53 UTC>
        | Rolled back.
        ");
        story.says(&Command::Close { message: None });
        assert_snapshot!(drawn(&story), @"
        # ✅ INC-1 Checkout is slow
        *Closed* after 40 min · Severity *Major*
        Reported by @U0ALICE
        Since 2026-09-21 14:13 UTC · #C0INC1
        Payments time out for some people.
        ~ Last word · <@U0ALICE> · <!date^1790002400^{date_short_pretty} at {time}|2026-09-21 14:53 UTC>
        | Rolled back.
        ");
    }

    #[test]
    fn a_name_is_enough() {
        let story = Story::of(Declare { name: "Login is down".to_owned(), ..Declare::default() });
        assert_snapshot!(drawn(&story), @"
        # ⚪ INC-1 Login is down
        *Investigating* · Severity *not set*
        Lead nobody yet · Reported by @U0ALICE
        Since 2026-09-21 14:13 UTC · #C0INC1
        [Post update] [Take the lead] [Timeline]
        ");
        assert_snapshot!(announcement(&story.incident, &story.catalogue).text, @"INC-1 Login is down: Investigating");
    }
}
