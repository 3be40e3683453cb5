//! What happened, entry by entry, in sentences.

use crate::ids::ChannelId;
use crate::incident::catalogue::Catalogue;
use crate::incident::channel::ChannelChange;
use crate::incident::event::{Actor, Declared, Entry, Event, SeverityChange, StatusChange};
use crate::incident::snooze::Woken;
use crate::incident::state::{Incident, reference};
use crate::incident::text::shorten;
use crate::slack::view::alerts;
use crate::slack::view::kept::{self, Kept};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::page;
use crate::slack::view::papers;
use crate::slack::view::{extra, words};

/// The most entries that are shown.
const SHOWN: usize = 25;
/// How many characters all entries together may have; the rest of a message is for its heading.
const ROOM: usize = 10_000;
/// How much of a text is shown in one entry.
const EXCERPT: usize = 280;
/// The most people that are named in one entry.
const NAMED: usize = 20;

/// The latest entries, oldest of them first. `record` is the whole record or its latest part.
pub fn timeline(incident: &Incident, record: &[Entry], catalogue: &Catalogue) -> Message {
    let title = words::title(incident);
    let mut room = ROOM;
    let mut lines = Vec::new();
    let mut before = record.last().map_or(0, |last| last.version);
    let kept = Kept::of(record);
    for entry in record.iter().rev().filter(|entry| !kept.hides(entry)).take(SHOWN) {
        let happened_at = kept::happened_at(entry);
        let sentence = match &entry.event {
            Event::MessagePinned { quote, by } => {
                kept::pinned(quote, by.as_ref(), kept.now_says(entry))
            }
            _ => sentence(entry, catalogue),
        };
        let line = Line::new().date(happened_at).text("  ").then(sentence);
        let Some(left) = room.checked_sub(line.length()) else { break };
        room = left;
        before = entry.version - 1;
        lines.push((happened_at, line));
    }
    lines.reverse();
    lines.sort_by_key(|(happened_at, _)| *happened_at);
    let mut blocks = vec![Block::text(&Line::of("Timeline of ").bold(&title))];
    if before > 0 {
        blocks.push(Block::context(&Line::of(&earlier(before))));
    }
    blocks.extend(lines.iter().map(|(_, line)| Block::text(line)));
    Message::new(&Line::of(&format!("Timeline of {title}")), blocks)
}

/// What an entry says, in a sentence that begins with who did it.
pub fn sentence(entry: &Entry, catalogue: &Catalogue) -> Line {
    let who = doer(&entry.actor, entry.through.as_deref());
    match &entry.event {
        Event::Declared(declared) if declared.opened_by.is_some() => {
            Line::of("Alerts").then(declaration(declared, catalogue))
        }
        Event::Declared(declared) => who.then(declaration(declared, catalogue)),
        Event::UpdatePosted { message, status, severity, next_update_due } => {
            let mut parts = Vec::new();
            parts.extend(status.as_ref().map(|change| status_step(change, catalogue)));
            parts.extend(severity.as_ref().map(|change| severity_step(change, catalogue)));
            parts.extend(next_update_due.map(|due| Line::of("next update by ").date(due)));
            let changes = Line::joined(parts, ", ");
            let said = if changes.is_empty() {
                who.text(" posted an update")
            } else {
                who.text(" posted an update (").then(changes).text(")")
            };
            with_quote(said, message.as_deref())
        }
        Event::SeverityChanged { change } => {
            who.text(" changed the ").then(severity_step(change, catalogue))
        }
        Event::StatusChanged { change, message } => with_quote(
            who.text(" changed the ").then(status_step(change, catalogue)),
            message.as_deref(),
        ),
        Event::RoleAssigned { role, person, previous } => {
            let role = words::role_name(role, catalogue);
            match (person, previous) {
                (Some(person), Some(previous)) => who
                    .text(&format!(" handed {role} from "))
                    .user(previous)
                    .text(" to ")
                    .user(person),
                (Some(person), None) if entry.actor.person() == Some(person) => {
                    who.text(&format!(" took {role}"))
                }
                (Some(person), None) => who.text(" made ").user(person).text(&format!(" {role}")),
                (None, Some(previous)) => {
                    who.text(&format!(" took {role} back from ")).user(previous)
                }
                (None, None) => who.text(&format!(" left {role} open")),
            }
        }
        Event::SummaryChanged { to, .. } if to.is_empty() => who.text(" removed the summary"),
        Event::SummaryChanged { to, .. } => with_quote(who.text(" wrote the summary"), Some(to)),
        Event::Renamed { from, to } => who
            .text(" renamed it from “")
            .text(&words::one_line(from, EXCERPT))
            .text("” to “")
            .text(&words::one_line(to, EXCERPT))
            .text("”"),
        Event::TypeChanged { from, to } => {
            let name = |id| words::type_called(id, catalogue);
            match from {
                Some(from) => {
                    who.text(&format!(" changed the type from {} to {}", name(from), name(to)))
                }
                None => who.text(&format!(" set the type to {}", name(to))),
            }
        }
        Event::Invited { people } => {
            let named = people.iter().take(NAMED).map(|person| Line::new().user(person));
            let line = who.text(" invited ").then(Line::joined(named, ", "));
            match people.len().saturating_sub(NAMED) {
                0 => line,
                more => line.text(&format!(" and {more} more")),
            }
        }
        Event::Snoozed { until, cancel_on_news } => {
            let line = who.text(" snoozed it until ").date(*until);
            if *cancel_on_news { line.text(", or until there is news") } else { line }
        }
        Event::Unsnoozed { because } => match because {
            Woken::Asked => who.text(" ended the snooze"),
            Woken::TimeIsUp => who.text(" ended the snooze: its time was up"),
            Woken::News => who.text(" ended the snooze: there was news"),
        },
        Event::MergedInto { into, .. } => {
            who.text(" merged it into ").then(words::destination(into))
        }
        Event::Absorbed(absorbed) => who
            .text(" noted that ")
            .then(words::absorbed(absorbed))
            .text(" was merged into this incident"),
        Event::NoteAdded { text } if text.is_empty() => {
            who.text(" wrote a note that was deleted since")
        }
        Event::NoteAdded { text } => with_quote(who.text(" noted"), Some(text)),
        Event::ChannelOpened { channel, .. } => who.text(" opened the channel ").channel(channel),
        Event::ChannelChanged { channel, change, told } => {
            let found = who.text(" found that ").then(channel_change(channel, change));
            match told {
                Some(told) => found.text(", and told ").user(told),
                None => found,
            }
        }
        Event::UpdateOverdue { due } => {
            who.text(" reminded of the update that was due ").date(*due)
        }
        Event::Undelivered { what, error } => who
            .text(" gave up on “")
            .text(&words::one_line(what, EXCERPT))
            .text("”: ")
            .text(&words::one_line(error, EXCERPT)),
        Event::MessagePinned { quote, by } => kept::pinned(quote, by.as_ref(), None),
        Event::MessageEdited { text, .. } => kept::edited(text),
        Event::MessageUnpinned { deleted, by, .. } => kept::unpinned(*deleted, by.as_ref()),
        Event::SignalChanged { from, to, regrouped, .. } => {
            alerts::sentence(from.as_ref(), to, *regrouped)
        }
        Event::AlertsHandled { by, through, done } => {
            alerts::handled(doer(by, through.as_deref()), done)
        }
        Event::TagSet { tag, from, to } => {
            let name = words::tag_name(tag, catalogue);
            let to = words::one_line(&to.join(", "), EXCERPT);
            match from {
                Some(from) => {
                    let from = words::one_line(&from.join(", "), EXCERPT);
                    who.text(&format!(" changed {name} from “{from}” to “{to}”"))
                }
                None => who.text(&format!(" set {name} to “{to}”")),
            }
        }
        Event::TagRemoved { tag, .. } => {
            who.text(&format!(" removed {}", words::tag_name(tag, catalogue)))
        }
        Event::AlertsEnded {} => who.text(" said that its alerts are over too"),
        Event::FieldChanged { field, to, .. } => {
            let name = extra::field_name(field, catalogue);
            match to {
                Some(value) => who
                    .text(&format!(" set {name} to "))
                    .then(extra::value_of(field, value, catalogue)),
                None => who.text(&format!(" cleared {name}")),
            }
        }
        Event::TimestampSet { timestamp, to, .. } => {
            let name = words::timestamp_name(timestamp, catalogue);
            match to {
                Some(at) => who.text(&format!(" set {name} to ")).date(*at),
                None => who.text(&format!(" cleared {name}")),
            }
        }
        Event::CallChanged { to: Some(url), .. } => {
            who.text(" set the call to ").link(url, &shorten(url, EXCERPT))
        }
        Event::CallChanged { to: None, .. } => who.text(" ended the call"),
        Event::ChannelNamed { to: Some(name), .. } => {
            who.text(" called the channel “").text(&words::one_line(name, EXCERPT)).text("”")
        }
        Event::ChannelNamed { to: None, .. } => {
            who.text(" had the channel called after the incident again")
        }
        Event::VisibilityChanged { .. } => who.text(" made it private"),
        Event::Paged(paged) => page::sentence(paged),
        Event::Paperwork(filed) => papers::sentence(who, filed),
        Event::MemberRemoved { person } => who.text(" took ").user(person).text(" out of it"),
        Event::Subscribed { people } => {
            let named = people.iter().take(NAMED).map(|person| Line::new().user(person));
            who.text(" subscribed ").then(Line::joined(named, ", "))
        }
        Event::Unsubscribed { person } => who.text(" unsubscribed ").user(person),
        Event::Related { number, .. } => {
            who.text(" noted that it is related to ").bold(&reference(*number))
        }
        Event::Unrelated { number, .. } => {
            who.text(" noted that it is not related to ").bold(&reference(*number))
        }
        Event::Unknown => who.text(" did something that this version of Stentor does not know"),
    }
}

/// Whoever did something, with the program that did it in their name.
fn doer(actor: &Actor, through: Option<&str>) -> Line {
    let who = Line::new().actor(actor);
    match through {
        Some(program) => who.text(&format!(" (through {})", shorten(program, 75))),
        None => who,
    }
}

fn declaration(declared: &Declared, catalogue: &Catalogue) -> Line {
    let name = words::one_line(&declared.name, EXCERPT);
    let line = Line::of(" declared “").text(&name).text("”");
    match &declared.severity {
        Some(id) => line.text(&format!(", {}", words::severity_name(Some(id), catalogue))),
        None => line,
    }
}

/// `#inc-1-checkout was archived`.
fn channel_change(channel: &ChannelId, change: &ChannelChange) -> Line {
    let channel = Line::new().channel(channel);
    match change {
        ChannelChange::Archived => channel.text(" was archived"),
        ChannelChange::Back => Line::of("it can speak in ").then(channel).text(" again"),
        ChannelChange::Left { shut_out: false } => Line::of("it was removed from ").then(channel),
        ChannelChange::Left { shut_out: true } => {
            Line::of("it can't get into ").then(channel).text(" any more")
        }
        // Nothing is left that a link could lead to.
        ChannelChange::Deleted => Line::of("the channel was deleted"),
        ChannelChange::Moved { to } => {
            Line::of("Slack calls the channel ").channel(to).text(" by another id")
        }
        ChannelChange::MadePrivate => channel.text(" was made private"),
        ChannelChange::Renamed { to, .. } => {
            channel.text(" was renamed to “").text(&words::one_line(to, EXCERPT)).text("”")
        }
    }
}

/// `severity from Minor to Major`.
fn severity_step(change: &SeverityChange, catalogue: &Catalogue) -> Line {
    let to = words::severity_name(Some(&change.to), catalogue);
    Line::of(&match &change.from {
        Some(from) => {
            format!("severity from {} to {to}", words::severity_name(Some(from), catalogue))
        }
        None => format!("severity to {to}"),
    })
}

/// `status from Investigating to Fixing`.
fn status_step(change: &StatusChange, catalogue: &Catalogue) -> Line {
    let from = words::status_name(&change.from, catalogue);
    Line::of(&format!("status from {from} to {}", words::status_name(&change.to, catalogue)))
}

fn with_quote(line: Line, quote: Option<&str>) -> Line {
    match quote {
        Some(quote) => line.text(": ").text(&shorten(quote, EXCERPT)),
        None => line,
    }
}

fn earlier(count: i64) -> String {
    match count {
        1 => "1 earlier entry is not shown.".to_owned(),
        count => format!("{count} earlier entries are not shown."),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::incident::command::Command;
    use crate::slack::view::drawing;
    use crate::slack::view::samples::{Story, long_story};

    #[test]
    fn it_tells_what_happened() {
        let story = long_story();
        let message = timeline(&story.incident, &story.record, &story.catalogue);
        assert_snapshot!(drawing::message(&message), @"
        Timeline of *INC-1 Payments time out*
        2026-09-21 14:13 UTC  @U0ALICE declared “Checkout is slow”, Major
        2026-09-21 14:33 UTC  Stentor opened the channel #C0INC1
        2026-09-21 14:53 UTC  @U0ALICE took Incident Lead
        2026-09-21 15:13 UTC  @U0ALICE handed Incident Lead from @U0ALICE to @U0BEA
        2026-09-21 15:33 UTC  @U0ALICE made @U0CARL Scribe
        2026-09-21 15:53 UTC  @U0ALICE took Scribe back from @U0CARL
        2026-09-21 16:13 UTC  @U0ALICE noted: The queue is full
        2026-09-21 16:33 UTC  @U0ALICE posted an update (status from Investigating to Fixing, severity from Major to Critical, next update by 2026-09-21 16:43 UTC): A bad release; rolling back.
        2026-09-21 16:53 UTC  Stentor reminded of the update that was due 2026-09-21 16:43 UTC
        2026-09-21 17:13 UTC  @U0ALICE changed the severity from Critical to Minor
        2026-09-21 17:33 UTC  @U0ALICE changed the status from Fixing to Monitoring
        2026-09-21 17:53 UTC  @U0ALICE wrote the summary: Payments timed out.
        2026-09-21 18:13 UTC  @U0ALICE renamed it from “Checkout is slow” to “Payments time out”
        2026-09-21 18:33 UTC  @U0ALICE changed the status from Monitoring to Documenting: Rolled back to 1.4.
        2026-09-21 18:53 UTC  ci changed the status from Documenting to Investigating: It is back.
        2026-09-21 19:13 UTC  @U0ALICE changed the status from Investigating to Documenting
        2026-09-21 19:33 UTC  Stentor gave up on “post to #incidents”: not_in_channel
        2026-09-21 19:53 UTC  @U0ALICE changed the status from Documenting to Closed
        ");
    }

    #[test]
    fn it_keeps_to_the_latest_entries() {
        let mut story = Story::new();
        for number in 0..60 {
            story.says(&Command::Note { text: format!("Note {number}") });
        }
        let drawn = drawing::message(&timeline(&story.incident, &story.record, &story.catalogue));
        assert!(drawn.contains("37 earlier entries are not shown."), "{drawn}");
        assert!(drawn.ends_with("noted: Note 59"), "{drawn}");
    }
}
