//! What the incident's channel is told about a change: one message each, as short as can be.

use crate::clock::Timestamp;
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::event::{Entry, Event, SeverityChange, StatusChange};
use crate::incident::snooze::Woken;
use crate::incident::state::Incident;
use crate::incident::text::shorten;
use crate::slack::view::alerts;
use crate::slack::view::button::Button;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::{page, timeline, words};

/// The message for an entry; nothing for what the channel shows in another way.
pub fn post(entry: &Entry, incident: &Incident, catalogue: &Catalogue) -> Option<Message> {
    match &entry.event {
        Event::UpdatePosted { message, status, severity, next_update_due } => {
            let step = status.as_ref().map(|change| headline(change, entry, incident, catalogue));
            let cue = step.as_ref().map_or("📣", |(cue, _)| cue);
            let mut facts = vec![Line::of("Update from ").actor(&entry.actor)];
            facts.extend(step.map(|(_, line)| line));
            facts.extend(severity.as_ref().map(|change| severity_change(change, catalogue)));
            facts.extend(next_update_due.map(|due| Line::of("Next update by ").date(due)));
            Some(said(cue, facts, message.as_deref(), incident))
        }
        Event::SeverityChanged { change } => {
            let facts = vec![severity_change(change, catalogue), by(entry)];
            let severity = catalogue.severity(&change.to);
            let cue = severity.map_or("⚪", |to| words::severity_cue(to, catalogue));
            Some(said(cue, facts, None, incident))
        }
        Event::StatusChanged { change, message } => {
            let (cue, headline) = headline(change, entry, incident, catalogue);
            Some(said(cue, vec![headline, by(entry)], message.as_deref(), incident))
        }
        Event::RoleAssigned { .. } => {
            Some(said("👤", vec![handover(entry, catalogue)?], None, incident))
        }
        Event::UpdateOverdue { due } => Some(overdue(*due, incident, catalogue)),
        Event::TypeChanged { to, .. } => {
            let kind = Line::of(&format!("Type set to {}", words::type_called(to, catalogue)));
            Some(said("🏷️", vec![kind, by(entry)], None, incident))
        }
        Event::Snoozed { until, cancel_on_news } => {
            let length = Line::of("Alerts are quiet until ").date(*until);
            let length =
                if *cancel_on_news { length.text(", or until there is news") } else { length };
            Some(said("😴", vec![length, by(entry)], None, incident))
        }
        Event::Unsnoozed { because } => {
            let facts = match because {
                Woken::Asked => vec![Line::of("The snooze has ended"), by(entry)],
                Woken::TimeIsUp => vec![Line::of("The snooze has ended: its time is up")],
                Woken::News => vec![Line::of("The snooze has ended: there is news")],
            };
            Some(said("🔔", facts, None, incident))
        }
        Event::MergedInto { into, .. } => {
            let merged =
                Line::of("Merged into ").then(words::destination(into)).text(", where it goes on");
            Some(said("🔀", vec![merged, by(entry)], None, incident))
        }
        Event::Absorbed(absorbed) => {
            let what = words::absorbed(absorbed).text(" was merged into this incident");
            Some(said("🔀", vec![what], None, incident))
        }
        Event::SignalChanged { from, to, proposes, .. } => {
            alerts::news(from.as_ref(), to, *proposes, incident)
        }
        Event::CallChanged { to, .. } => {
            let call = match to {
                Some(url) => Line::of("Call: ").link(url, &shorten(url, 200)),
                None => Line::of("The call has ended"),
            };
            Some(said("📞", vec![call, by(entry)], None, incident))
        }
        Event::VisibilityChanged { .. } => {
            let private = Line::of("Private from now on: only people invited can see it");
            Some(said("🔒", vec![private, by(entry)], None, incident))
        }
        Event::Paged(paged) => {
            let (cue, line) = page::news(paged);
            Some(said(cue, vec![line], None, incident))
        }
        Event::Declared(_)
        | Event::FieldChanged { .. }
        | Event::TimestampSet { .. }
        | Event::Invited { .. }
        | Event::SummaryChanged { .. }
        | Event::Renamed { .. }
        | Event::NoteAdded { .. }
        | Event::ChannelOpened { .. }
        | Event::ChannelChanged { .. }
        | Event::ChannelNamed { .. }
        | Event::Undelivered { .. }
        | Event::MessagePinned { .. }
        | Event::MessageEdited { .. }
        | Event::MessageUnpinned { .. }
        | Event::AlertsHandled { .. }
        | Event::TagSet { .. }
        | Event::TagRemoved { .. }
        | Event::AlertsEnded {}
        | Event::Paperwork(_)
        | Event::MemberRemoved { .. }
        | Event::Subscribed { .. }
        | Event::Unsubscribed { .. }
        | Event::Related { .. }
        | Event::Unrelated { .. }
        | Event::Unknown => None,
    }
}

/// One message for several entries that were made in one step.
pub fn together(entries: &[Entry], incident: &Incident, catalogue: &Catalogue) -> Message {
    let sentences = entries.iter().take(TOLD).map(|entry| timeline::sentence(entry, catalogue));
    let more = entries.len().saturating_sub(TOLD);
    let more = (more > 0).then(|| Line::of(&format!("and {more} more changes")));
    let lines: Vec<Line> = sentences.chain(more).collect();
    let fallback =
        Line::of(&incident.reference()).text(": ").then(Line::joined(lines.clone(), "; "));
    let heading = Block::context(&Line::of("✏️ Changed in one step"));
    Message::new(&fallback, vec![heading, Block::list(&lines)])
}

/// How many changes of one step are told.
const TOLD: usize = 15;

/// A small line of facts, and under it what was said.
fn said(cue: &str, facts: Vec<Line>, message: Option<&str>, incident: &Incident) -> Message {
    let facts = Line::joined(facts, " · ");
    let mut blocks = vec![Block::context(&Line::of(cue).text(" ").then(facts.clone()))];
    let reference = Line::of(&incident.reference()).text(": ");
    let fallback = match message {
        Some(message) => {
            blocks.push(Block::text(&Line::of(message)));
            reference.text(&words::one_line(message, 300)).text(" · ").then(facts)
        }
        None => reference.then(facts),
    };
    Message::new(&fallback, blocks)
}

fn by(entry: &Entry) -> Line {
    Line::of("by ").actor(&entry.actor)
}

fn status_change(change: &StatusChange, catalogue: &Catalogue) -> Line {
    let from = words::status_name(&change.from, catalogue);
    Line::of(&format!("Status {from} → {}", words::status_name(&change.to, catalogue)))
}

/// Says whether it got worse, which the names alone don't tell everybody.
fn severity_change(change: &SeverityChange, catalogue: &Catalogue) -> Line {
    let to = words::severity_name(Some(&change.to), catalogue);
    let Some(from) = &change.from else { return Line::of(&format!("Severity set to {to}")) };
    let rank = |id| catalogue.severity(id).map(|severity| severity.rank);
    let direction = match rank(from).cmp(&rank(&change.to)) {
        std::cmp::Ordering::Less => "raised",
        std::cmp::Ordering::Greater => "lowered",
        std::cmp::Ordering::Equal => "changed",
    };
    let from = words::severity_name(Some(from), catalogue);
    Line::of(&format!("Severity {direction}: {from} → {to}"))
}

/// What a change of status means for the incident as a whole.
fn headline(
    change: &StatusChange,
    entry: &Entry,
    incident: &Incident,
    catalogue: &Catalogue,
) -> (&'static str, Line) {
    let was_over = !change.from_category.is_active();
    // A post can be late: how long it took is read from its entry, not from the present state.
    let after = format!(" after {}", words::duration(entry.at.since(incident.declared_at)));
    let to = words::status_name(&change.to, catalogue);
    match change.to_category {
        StatusCategory::Triage | StatusCategory::Live | StatusCategory::Paused if was_over => {
            ("🔁", Line::of(&format!("Reopened, now {to}")))
        }
        StatusCategory::Live if change.from_category == StatusCategory::Triage => {
            ("🚨", Line::of(&format!("Accepted, now {to}")))
        }
        StatusCategory::Declined => ("⚪", Line::of("Declined: it was no incident")),
        StatusCategory::Learning if !was_over => {
            ("✅", Line::of(&format!("Resolved{after}, now {to}")))
        }
        StatusCategory::Closed if !was_over => ("✅", Line::of(&format!("Closed{after}"))),
        StatusCategory::Closed => ("✅", Line::of("Closed")),
        _ => ("📣", status_change(change, catalogue)),
    }
}

fn handover(entry: &Entry, catalogue: &Catalogue) -> Option<Line> {
    let Event::RoleAssigned { role, person, previous } = &entry.event else { return None };
    let role = words::role_name(role, catalogue);
    let by_others = |line: Line| {
        let by_one_of_them = [person.as_ref(), previous.as_ref()].contains(&entry.actor.person());
        if entry.actor.person().is_some() && by_one_of_them {
            line
        } else {
            line.text(" · ").then(by(entry))
        }
    };
    Some(match (person, previous) {
        (Some(person), Some(previous)) => by_others(
            Line::new().user(person).text(&format!(" takes over as {role} from ")).user(previous),
        ),
        (Some(person), None) => by_others(Line::new().user(person).text(&format!(" is {role}"))),
        (None, Some(previous)) => {
            by_others(Line::new().user(previous).text(&format!(" is no longer {role}; nobody is")))
        }
        (None, None) => by_others(Line::of(&format!("Nobody is {role}"))),
    })
}

/// A reminder, addressed to whoever can act on it.
fn overdue(due: Timestamp, incident: &Incident, catalogue: &Catalogue) -> Message {
    let lead = words::lead(incident, catalogue).map(|user| Line::new().user(user).text(": "));
    let line = Line::of("⏰ ")
        .then(lead.unwrap_or_default())
        .text("an update was due ")
        .date(due)
        .text(".");
    let button = Button::Update.about(&incident.id).primary();
    let blocks = [Some(Block::text(&line)), Block::actions(vec![button])];
    Message::new(&line, blocks.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::incident::command::Command;
    use crate::slack::view::drawing;
    use crate::slack::view::samples::{Story, long_story};

    #[test]
    fn every_change_is_one_short_message() {
        let story = long_story();
        let posts = story.record.iter().map(|entry| {
            // Each post is sent soon after its entry: the incident is as it was then.
            let until = &story.record[..usize::try_from(entry.version).unwrap()];
            let then = Incident::replay(story.incident.id.clone(), until).unwrap();
            post(entry, &then, &story.catalogue)
        });
        let drawn: Vec<String> =
            posts.flatten().map(|message| drawing::message(&message)).collect();
        assert_snapshot!(drawn.join("\n\n"), @"
        ~ 👤 <@U0ALICE> is Incident Lead

        ~ 👤 <@U0BEA> takes over as Incident Lead from <@U0ALICE>

        ~ 👤 <@U0CARL> is Scribe · by <@U0ALICE>

        ~ 👤 <@U0CARL> is no longer Scribe; nobody is · by <@U0ALICE>

        ~ 📣 Update from <@U0ALICE> · Status Investigating → Fixing · Severity raised: Major → Critical · Next update by <!date^1790009000^{date_short_pretty} at {time}|2026-09-21 16:43 UTC>
        A bad release; rolling back.

        ⏰ @U0BEA: an update was due 2026-09-21 16:43 UTC.
        [*Post update*]

        ~ 🟡 Severity lowered: Critical → Minor · by <@U0ALICE>

        ~ 📣 Status Fixing → Monitoring · by <@U0ALICE>

        ~ ✅ Resolved after 4 h 20 min, now Documenting · by <@U0ALICE>
        Rolled back to 1.4.

        ~ 🔁 Reopened, now Investigating · by ci
        It is back.

        ~ ✅ Resolved after 5 h, now Documenting · by <@U0ALICE>

        ~ ✅ Closed · by <@U0ALICE>
        ");
    }

    #[test]
    fn a_post_that_is_late_says_what_it_would_have_said() {
        let mut story = Story::new();
        let resolved = Command::Update {
            message: None,
            status: Some("documenting".to_owned()),
            severity: None,
            next_update_in_minutes: None,
        };
        let entry = story.says(&resolved).clone();
        let in_time = post(&entry, &story.incident, &story.catalogue);
        story.says(&Command::Reopen { message: None });
        story.says(&Command::Resolve { message: None });
        assert_eq!(post(&entry, &story.incident, &story.catalogue), in_time);
        assert_snapshot!(drawing::message(&in_time.unwrap()), @"~ ✅ Update from <@U0ALICE> · Resolved after 40 min, now Documenting");
    }

    #[test]
    fn a_notification_says_it_in_one_line() {
        let mut story = Story::new();
        let entry = story.says(&Command::Update {
            message: Some("Rolled *back*\nto <1.4> & waiting".to_owned()),
            status: Some("monitoring".to_owned()),
            severity: Some("minor".to_owned()),
            next_update_in_minutes: None,
        });
        let entry = entry.clone();
        let message = post(&entry, &story.incident, &story.catalogue).unwrap();
        assert_snapshot!(message.text, @"INC-1: Rolled *back* to &lt;1.4&gt; &amp; waiting · Update from <@U0ALICE> · Status Investigating → Monitoring · Severity lowered: Major → Minor");
        assert_snapshot!(serde_json::to_string_pretty(&message.blocks).unwrap(), @r#"
        [
          {
            "elements": [
              {
                "text": "📣 Update from <@U0ALICE> · Status Investigating → Monitoring · Severity lowered: Major → Minor",
                "type": "mrkdwn",
                "verbatim": true
              }
            ],
            "type": "context"
          },
          {
            "elements": [
              {
                "elements": [
                  {
                    "text": "Rolled *back*\nto <1.4> & waiting",
                    "type": "text"
                  }
                ],
                "type": "rich_text_section"
              }
            ],
            "type": "rich_text"
          }
        ]
        "#);
    }
}
