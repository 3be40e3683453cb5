//! What somebody who is paged reads, and what they can answer.

use crate::ids::EscalationId;
use crate::incident::access::may_be_named;
use crate::incident::event::Actor;
use crate::incident::paged::{Happened, Paged};
use crate::incident::state::Incident;
use crate::oncall::escalation::state::{Answer, Course, Escalation, Page, Status, What, Whom};
use crate::oncall::path::definition::Urgency;
use crate::outbox::page_work::ShiftNews;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::words;

/// The most people that are named in one line.
const NAMED: usize = 10;

/// A button under a page; its value says which escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageButton {
    /// Whoever presses it looks after it.
    Acknowledge,
    /// They can't take it.
    Decline,
    /// They want to be paged again soon.
    Snooze,
}

impl PageButton {
    /// All of them.
    pub const ALL: [PageButton; 3] =
        [PageButton::Acknowledge, PageButton::Decline, PageButton::Snooze];

    /// The word that Slack sends when it is pressed.
    pub fn action_id(self) -> &'static str {
        match self {
            PageButton::Acknowledge => "page_acknowledge",
            PageButton::Decline => "page_decline",
            PageButton::Snooze => "page_snooze",
        }
    }

    /// The button of this word.
    pub fn parse(action_id: &str) -> Option<Self> {
        PageButton::ALL.into_iter().find(|button| button.action_id() == action_id)
    }

    /// What stands on it.
    pub fn label(self) -> &'static str {
        match self {
            PageButton::Acknowledge => "Acknowledge",
            PageButton::Decline => "Can't take it",
            PageButton::Snooze => "Snooze 10 min",
        }
    }

    fn about(self, escalation: &EscalationId) -> element::Button {
        element::Button::new(self.action_id(), self.label(), escalation.as_str())
    }
}

/// The message that pages somebody, as it is now.
pub fn page(escalation: &Escalation, page: &Page, incident: Option<&Incident>) -> Message {
    let urgent = if page.urgency == Urgency::High { "🚨 " } else { "🔔 " };
    // Those in a channel may not know of a private incident; whoever is paged alone was chosen.
    let secret = incident
        .filter(|incident| matches!(page.whom, Whom::Channel { .. }) && !may_be_named(incident));
    let title = match secret {
        Some(incident) => incident.reference(),
        None => words::one_line(&escalation.title, 200),
    };
    let asks = match &escalation.by {
        Actor::Stentor => Line::of("You are needed: "),
        by => Line::new().actor(by).text(" needs you: "),
    };
    let asks = match &page.whom {
        Whom::Person { .. } => asks,
        Whom::Channel { .. } => Line::of("Somebody is needed: "),
    };
    let headline = Line::of(urgent).then(asks).bold(&title);
    let mut blocks = vec![Block::text(&headline)];
    if !escalation.description.is_empty() && escalation.status.is_open() && secret.is_none() {
        blocks.push(Block::text(&Line::of(&escalation.description)));
    }
    blocks.push(Block::context(&place(escalation, page, incident)));
    let (standing, buttons) = standing(escalation, page);
    blocks.extend(standing.as_ref().map(Block::context));
    let buttons = buttons.into_iter().map(|button| match button {
        PageButton::Acknowledge => button.about(&escalation.id).primary(),
        _ => button.about(&escalation.id),
    });
    blocks.extend(Block::actions(buttons.collect()));
    let fallback = match standing {
        Some(standing) => Line::joined([standing, Line::of(&title)], ": "),
        None => headline,
    };
    Message::new(&fallback, blocks)
}

/// Where it comes from. Of a private incident, no more than its number is said: those who are paged
/// may have no part in it yet.
fn place(escalation: &Escalation, page: &Page, incident: Option<&Incident>) -> Line {
    let about = match incident {
        Some(incident) if may_be_named(incident) => {
            let title = Line::of(&words::title(incident));
            match &incident.channel {
                Some(channel) => title.text(" in ").channel(channel),
                None => title,
            }
        }
        Some(incident) => Line::of(&incident.reference()).text(", which is private"),
        None => Line::new(),
    };
    let path = match &escalation.course {
        Course::Path { name, .. } => Line::of("by way of ").text(&words::one_line(name, 100)),
        Course::People { .. } => Line::new(),
    };
    let priority = escalation.priority.as_deref().map(|it| Line::of(&words::one_line(it, 100)));
    let parts = [about, path, priority.unwrap_or_default(), Line::new().date(page.at)];
    Line::joined(parts, " · ")
}

/// How it stands, if that is not that an answer is waited for; and what can be answered.
fn standing(escalation: &Escalation, page: &Page) -> (Option<Line>, Vec<PageButton>) {
    use PageButton::{Acknowledge, Decline, Snooze};
    let is_person = matches!(page.whom, Whom::Person { .. });
    match escalation.status {
        Status::Acked => {
            let by = escalation.acked_by.as_ref();
            let line = Line::of("✅ ").then(by.map(|by| Line::new().actor(by)).unwrap_or_default());
            (Some(line.text(" looks after it")), Vec::new())
        }
        Status::Resolved if escalation.reassigned_to.is_some() => {
            (Some(Line::of("⚪ Others were asked instead")), Vec::new())
        }
        Status::Resolved => (Some(Line::of("⚪ It is over")), Vec::new()),
        Status::Cancelled => (Some(Line::of("⚪ It was taken back")), Vec::new()),
        Status::Expired => (Some(Line::of("⚠️ Nobody has answered")), vec![Acknowledge]),
        Status::Snoozed => {
            let until = escalation.due.map(|due| Line::of("😴 Snoozed until ").date(due));
            (until, vec![Acknowledge])
        }
        Status::Pending | Status::Triggered | Status::Delayed | Status::PendingRepeat => {
            match page.answer {
                Some(Answer::Declined) => {
                    let line = Line::of("You can't take it: others are asked");
                    (Some(line), vec![Acknowledge])
                }
                Some(Answer::Acked) => {
                    (Some(Line::of("✅ You have acknowledged it; others have not")), Vec::new())
                }
                _ if is_person => (None, vec![Acknowledge, Decline, Snooze]),
                _ => (None, vec![Acknowledge]),
            }
        }
    }
}

/// Somebody's time on call has begun or ended.
pub fn shift(news: &ShiftNews) -> Message {
    let name = words::one_line(&news.name, 100);
    let others = people(&news.others);
    let line = match news.begins {
        true => {
            let line = Line::of("📟 You are on call in ").bold(&name);
            let line = match news.until {
                Some(until) => line.text(" until ").date(until),
                None => line,
            };
            if others.is_empty() { line } else { line.text(". Before you: ").then(others) }
        }
        false => {
            let line = Line::of("📴 You are not on call in ").bold(&name).text(" any more");
            if others.is_empty() { line } else { line.text(". After you: ").then(others) }
        }
    };
    Message::line(&line.text("."))
}

fn people(users: &[crate::ids::UserId]) -> Line {
    let named = Line::joined(users.iter().take(NAMED).map(|user| Line::new().user(user)), ", ");
    match users.len().saturating_sub(NAMED) {
        0 => named,
        more => named.text(&format!(" and {more} more")),
    }
}

fn whom(all: &[Whom]) -> Line {
    let one = |whom: &Whom| match whom {
        Whom::Person { user } => Line::new().user(user),
        Whom::Channel { channel } => Line::new().channel(channel),
    };
    let named = Line::joined(all.iter().take(NAMED).map(one), ", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => named.text(&format!(" and {more} more")),
    }
}

fn course(course: &Course) -> Line {
    match course {
        Course::Path { name, .. } => Line::of("“").text(&words::one_line(name, 100)).text("”"),
        Course::People { people: users } => people(users),
    }
}

/// What the incident's channel is told about an escalation: a cue, and what happened.
pub fn news(paged: &Paged) -> (&'static str, Line) {
    let title = words::one_line(&paged.title, 200);
    let by = Line::new().actor(&paged.by);
    match &paged.happened {
        Happened::Created { course: whom } => ("📟", by.text(" pages ").then(course(whom))),
        Happened::Paged { whom: all, level } => {
            let line = match level {
                1 => Line::of("Paged "),
                _ => Line::of("No answer yet; paged "),
            };
            ("📟", line.then(whom(all)).text(": ").text(&title))
        }
        Happened::NotDelivered { whom: one, .. } => {
            ("⚠️", Line::of("Could not page ").then(whom(std::slice::from_ref(one))))
        }
        Happened::Acknowledged { .. } => ("✅", by.text(" looks after it: ").text(&title)),
        Happened::Declined => ("📟", by.text(" can't take it: ").text(&title)),
        Happened::Snoozed { until } => {
            ("😴", by.text(" wants to be paged again ").date(*until).text(": ").text(&title))
        }
        Happened::Expired => {
            ("⚠️", Line::of("Nobody has answered, and everybody was paged: ").text(&title))
        }
        Happened::Cancelled => ("⚪", by.text(" took back a page: ").text(&title)),
        Happened::Resolved => ("⚪", Line::of("Nobody need be paged any more: ").text(&title)),
        Happened::Unknown => ("📟", Line::of("Something happened to a page: ").text(&title)),
    }
}

/// The same, as a line of the timeline.
pub fn sentence(paged: &Paged) -> Line {
    let title = words::one_line(&paged.title, 200);
    let by = Line::new().actor(&paged.by);
    let said = match &paged.happened {
        Happened::Created { course: whom } => by.text(" paged ").then(course(whom)),
        Happened::Paged { whom: all, .. } => Line::of("Stentor paged ").then(whom(all)),
        Happened::NotDelivered { whom: one, error } => Line::of("Stentor could not page ")
            .then(whom(std::slice::from_ref(one)))
            .text(&format!(" ({})", words::one_line(error, 200))),
        Happened::Acknowledged { .. } => by.text(" acknowledged a page"),
        Happened::Declined => by.text(" could not take a page"),
        Happened::Snoozed { until } => by.text(" snoozed a page until ").date(*until),
        Happened::Expired => Line::of("Nobody answered a page"),
        Happened::Cancelled => by.text(" took back a page"),
        Happened::Resolved => by.text(" ended a page"),
        Happened::Unknown => by.text(" did something about a page"),
    };
    said.text(": ").text(&title)
}

/// The answer to somebody who has paged others.
pub fn begun(escalation: &Escalation) -> Message {
    let paged: Vec<Whom> = escalation.pages.iter().map(|page| page.whom.clone()).collect();
    let found_nobody = escalation.log.iter().any(|it| it.what == What::FoundNobody);
    let line = match (paged.is_empty(), escalation.status) {
        (false, _) => Line::of("📟 Paged ").then(whom(&paged)).text("."),
        (true, Status::Delayed) => Line::of("📟 They are paged later, as the path says."),
        (true, _) if found_nobody => Line::of("⚠️ Nobody is on call there, so nobody was paged."),
        (true, _) => Line::of("⚠️ Nobody was paged."),
    };
    Message::line(&line)
}
