//! Messages of the channel that the timeline holds. The record is never changed, so what was edited
//! or deleted since stands in later entries; who reads the timeline is shown how it is now.

use std::collections::{HashMap, HashSet};

use crate::clock::Timestamp;
use crate::ids::{MessageTs, UserId};
use crate::incident::event::{Entry, Event};
use crate::incident::pins::{Author, Quote};
use crate::incident::text::shorten;
use crate::slack::view::kit::line::Line;
use crate::slack::view::words;

/// How much of a message is shown.
const EXCERPT: usize = 280;

/// What became of the messages in a record, or in its latest part.
pub struct Kept<'a> {
    /// Entries that later ones have made obsolete.
    obsolete: HashSet<i64>,
    /// What a message says now, by the entry that shows it.
    edited: HashMap<i64, &'a str>,
}

impl<'a> Kept<'a> {
    /// Looks through a record, oldest entry first.
    pub fn of(record: &'a [Entry]) -> Self {
        let mut kept = Kept { obsolete: HashSet::new(), edited: HashMap::new() };
        // The entry that shows a message, and whether it is the one that brought it.
        let mut shown: HashMap<&MessageTs, (i64, bool)> = HashMap::new();
        for entry in record {
            match &entry.event {
                Event::MessagePinned { quote, .. } => {
                    shown.insert(&quote.ts, (entry.version, true));
                }
                Event::MessageEdited { ts, text, .. } => match shown.get(ts) {
                    Some((version, true)) => {
                        kept.edited.insert(*version, text);
                        kept.obsolete.insert(entry.version);
                    }
                    Some((version, false)) => {
                        kept.obsolete.insert(*version);
                        shown.insert(ts, (entry.version, false));
                    }
                    None => {
                        shown.insert(ts, (entry.version, false));
                    }
                },
                Event::MessageUnpinned { ts, .. } => {
                    kept.obsolete.extend(shown.remove(ts).map(|(version, _)| version));
                }
                _ => {}
            }
        }
        kept
    }

    /// Whether a later entry says it all.
    pub fn hides(&self, entry: &Entry) -> bool {
        self.obsolete.contains(&entry.version)
    }

    /// What the message of this entry says now, if it was edited since.
    pub fn now_says(&self, entry: &Entry) -> Option<&'a str> {
        self.edited.get(&entry.version).copied()
    }
}

/// When it happened: a message that is kept stands where it was written.
pub fn happened_at(entry: &Entry) -> Timestamp {
    match &entry.event {
        Event::MessagePinned { quote, .. } => quote.at,
        _ => entry.at,
    }
}

/// A message that is kept: who wrote it, what it says, who wants it kept, and where it is.
pub fn pinned(quote: &Quote, by: Option<&UserId>, now_says: Option<&str>) -> Line {
    let author = match &quote.author {
        Author::Person { user } => Line::new().user(user),
        Author::Program { name } => Line::of(&words::one_line(name, 80)),
    };
    let line = author
        .text(" wrote: ")
        .text(&shorten(now_says.unwrap_or(&quote.text), EXCERPT))
        .text(if now_says.is_some() { " (edited)  📌 " } else { "  📌 " });
    let line = by.map_or_else(|| line.clone(), |by| line.clone().user(by).text(" "));
    line.link(&quote.permalink, "message")
}

/// A kept message that says something else now, where its first text is not at hand.
pub fn edited(text: &str) -> Line {
    Line::of("A message of the timeline was edited: ").text(&shorten(text, EXCERPT))
}

/// A message that is no longer kept.
pub fn unpinned(deleted: bool, by: Option<&UserId>) -> Line {
    match by {
        _ if deleted => Line::of("A message of the timeline was deleted"),
        Some(by) => Line::new().user(by).text(" took a message out of the timeline"),
        None => Line::of("A message was taken out of the timeline"),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::incident::command::Command;
    use crate::incident::event::Actor;
    use crate::incident::pins::Sight;
    use crate::slack::view::drawing;
    use crate::slack::view::samples::{Story, minute};
    use crate::slack::view::timeline::timeline;

    fn ts(number: u64) -> MessageTs {
        MessageTs::new(format!("179000{number:04}.000100"))
    }

    fn sees(story: &mut Story, number: u64, text: &str) {
        let quote = Quote {
            ts: ts(number),
            at: minute(number),
            author: Author::Person { user: UserId::from("U0BEA") },
            text: text.to_owned(),
            permalink: "https://acme.slack.com/archives/C0INC1/p1".to_owned(),
        };
        let sight = Sight::Marked { quote, by: Some(UserId::from("U0ALICE")) };
        story.happens(Actor::Stentor, &Command::RecordMessage { ts: ts(number), sight });
    }

    #[test]
    fn messages_stand_where_they_were_written_as_they_are_now() {
        let mut story = Story::new();
        story.says(&Command::Note { text: "The queue is full".to_owned() });
        sees(&mut story, 3, "rolled *back* <!channel>");
        sees(&mut story, 30, "p99 is 3 s");
        sees(&mut story, 35, "the password is hunter2");
        sees(&mut story, 30, "p99 is 4 s");
        let gone = Command::RecordMessage { ts: ts(35), sight: Sight::Gone };
        story.happens(Actor::Stentor, &gone);
        let by = Some(UserId::from("U0CARL"));
        let unmarked = Command::RecordMessage { ts: ts(3), sight: Sight::Unmarked { by } };
        story.happens(Actor::Stentor, &unmarked);
        sees(&mut story, 4, "rolled back again");
        let message = timeline(&story.incident, &story.record, &story.catalogue);
        assert_snapshot!(drawing::message(&message), @"
        Timeline of *INC-1 Checkout is slow*
        2026-09-21 14:13 UTC  @U0ALICE declared “Checkout is slow”, Major
        2026-09-21 14:17 UTC  @U0BEA wrote: rolled back again  📌 @U0ALICE message
        2026-09-21 14:33 UTC  Stentor opened the channel #C0INC1
        2026-09-21 14:43 UTC  @U0BEA wrote: p99 is 4 s (edited)  📌 @U0ALICE message
        2026-09-21 14:53 UTC  @U0ALICE noted: The queue is full
        2026-09-21 16:33 UTC  A message of the timeline was deleted
        2026-09-21 16:53 UTC  @U0CARL took a message out of the timeline
        ");
    }

    #[test]
    fn an_edit_of_what_is_no_longer_in_sight_is_told_as_it_is() {
        let mut story = Story::new();
        sees(&mut story, 3, "one");
        sees(&mut story, 3, "two");
        sees(&mut story, 3, "three");
        let message = timeline(&story.incident, &story.record[3..], &story.catalogue);
        assert_snapshot!(drawing::message(&message), @"
        Timeline of *INC-1 Checkout is slow*
        ~ 4 earlier entries are not shown.
        2026-09-21 15:33 UTC  A message of the timeline was edited: three
        ");
    }
}
