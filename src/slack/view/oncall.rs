//! Who is on call.

use crate::ids::UserId;
use crate::incident::text::{nearest, shorten};
use crate::oncall::schedule::entries::Entry;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::words;

/// The most schedules in one list.
pub const SHOWN: usize = 20;
/// The most people that are named in one line.
const NAMED: usize = 10;

/// Who is on call in a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnCall {
    /// What the schedule is called.
    pub name: String,
    /// Who is on call now.
    pub now: Vec<UserId>,
    /// Who comes next.
    pub next: Vec<Entry>,
}

/// Who is on call now, and who comes next; `all` is how many schedules there are.
pub fn on_call(shown: &[OnCall], all: usize, looked_for: &str) -> Message {
    if shown.is_empty() {
        let line = match looked_for {
            "" => Line::prose(
                "There are no schedules yet. Programs make them: `POST /api/v1/schedules`.",
            ),
            name => Line::of("There is no schedule with “")
                .text(&shorten(name, 80))
                .text("” in its name."),
        };
        return Message::line(&line);
    }
    let mut blocks = Vec::new();
    for schedule in shown {
        let now = match schedule.now.as_slice() {
            [] => Line::of("nobody"),
            people => named(people.iter()),
        };
        blocks.push(Block::text(
            &Line::of("📟 ").bold(&words::one_line(&schedule.name, 100)).text(": ").then(now),
        ));
        let next = schedule.next.iter().take(NAMED);
        let next =
            next.map(|entry| Line::new().user(&entry.person).text(" from ").date(entry.start_at));
        let next = Line::joined(next, ", ");
        if !next.is_empty() {
            blocks.push(Block::context(&Line::of("Next: ").then(next)));
        }
    }
    if shown.len() < all {
        let more = format!("And {} more; `/incident oncall <name>` finds one.", all - shown.len());
        blocks.push(Block::context(&Line::prose(&more)));
    }
    Message::new(&Line::of("Who is on call"), blocks)
}

fn named<'a>(people: impl ExactSizeIterator<Item = &'a UserId>) -> Line {
    let more = people.len().saturating_sub(NAMED);
    let line = Line::joined(people.take(NAMED).map(|user| Line::new().user(user)), ", ");
    if more == 0 { line } else { line.text(&format!(" and {more} more")) }
}

/// That nothing goes by that name, and what does.
pub fn unknown<'a>(words: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| shorten(name, 75)).collect();
    let given = shorten(words, 80);
    if names.is_empty() {
        return format!(
            "I don't know whom to page by “{given}”. Mention somebody, as in `/incident page @bea`; there are no schedules or escalation paths yet."
        );
    }
    let near =
        nearest(words, &names).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    let some: Vec<&str> = names.iter().take(10).map(String::as_str).collect();
    format!("I don't know whom to page by “{given}”.{near} There are: {}.", some.join(", "))
}
