//! The card of a group of alerts in an incident's channel: how they stand, and what to press.

use crate::alert::group::Group;
use crate::alert::signal::{Count, Maintenance, Signal};
use crate::alert::state::Alert;
use crate::clock::Timestamp;
use crate::incident::event::Actor;
use crate::incident::state::{Incident, reference};
use crate::slack::view::alerts::button::CardButton;
use crate::slack::view::alerts::one;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;

/// How many alerts are named; the rest is counted.
const NAMED: usize = 5;
/// How many links an alert has beside its name.
const LINKS: usize = 2;
/// How many runbooks the card leads to.
const RUNBOOKS: usize = 3;
/// How many people are named who look after alerts.
const PEOPLE: usize = 3;
/// From none to all that there were at once.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What a card shows.
pub struct Card<'a> {
    /// The incident in whose channel it is.
    pub incident: &'a Incident,
    /// The group.
    pub group: &'a Group,
    /// Its alerts.
    pub alerts: &'a [Alert],
    /// How many of them fired when, step by step…
    pub course: &'a [usize],
    /// …up to then, when they last changed.
    pub until: Timestamp,
    /// The number of the incident that it continues.
    pub continues: Option<i64>,
    /// The number of the incident in which it goes on.
    pub continued_in: Option<i64>,
    /// When it is drawn.
    pub now: Timestamp,
}

/// How a group of alerts stands.
pub fn card(card: &Card) -> Message {
    let title = one::title(&card.group.title);
    let (signal, count) = Signal::of(card.alerts, None, card.now);
    let sorted = one::worst_first(card.alerts);
    let shown: Vec<&Alert> = sorted.iter().take(NAMED).copied().collect();
    let runbooks = runbooks(&shown);
    let facts = [
        Line::of(mark(&signal)).text(" ").bold(&title),
        standing(&signal, count, card),
        course(card.course, card.until),
        conditions(&signal, card),
        acknowledged(card.alerts),
        match runbooks.is_empty() {
            true => Line::new(),
            false => Line::of("📖 ").then(one::linked(&runbooks)),
        },
    ];
    let mut blocks = vec![Block::text(&Line::joined(facts, "\n"))];
    let labels = one::telling_labels(&shown, 2);
    // What the heading says need not be said again, unless the lines would look as if some had no name.
    let all_alike = shown.iter().all(|alert| one::title(&alert.title) == title);
    let heading = all_alike.then_some(title.as_str());
    let lines = shown.iter().map(|alert| named(alert, heading, &labels, &runbooks));
    let lines: Vec<Line> = lines.filter(|line| !line.is_empty()).collect();
    if !lines.is_empty() {
        blocks.push(Block::list(&lines));
    }
    let footnotes = footnotes(card, sorted.len() - shown.len());
    if !footnotes.is_empty() {
        blocks.push(Block::context(&footnotes));
    }
    blocks.extend(Block::actions(buttons(card, count)));
    let fallback = format!("{} alerts: {title}: ", card.incident.reference());
    Message::new(&Line::of(&fallback).then(counted(&signal, count)), blocks)
}

/// What is left of a card whose group is no part of the incident any more; `to` is the number of the
/// incident that it belongs to now, if that may be said.
pub fn gone(group: &Group, to: Option<i64>) -> Message {
    let title = Line::of("↪️ ").bold(&one::title(&group.title));
    let what = match (to, &group.incident) {
        (Some(number), _) => format!("These alerts belong to {} now.", reference(number)),
        (None, Some(_)) => "These alerts belong to another incident now.".to_owned(),
        (None, None) => "These alerts are no part of this incident.".to_owned(),
    };
    let line = Line::joined([title, Line::of(&what)], "\n");
    Message::line(&line)
}

fn mark(signal: &Signal) -> &'static str {
    let is_expected = signal.active && signal.maintenance == Maintenance::Active;
    if is_expected { "🔧" } else { one::cue(signal.status) }
}

/// `3 of 5 firing, worst critical`.
fn counted(signal: &Signal, count: Count) -> Line {
    match (count.firing, count.all) {
        (0, 1) => Line::of("over"),
        (0, all) => Line::of(&format!("all {all} are over")),
        (1, 1) => Line::of(&format!("firing, {}", signal.status.as_str())),
        (firing, all) => {
            Line::of(&format!("{firing} of {all} firing, worst {}", signal.status.as_str()))
        }
    }
}

fn standing(signal: &Signal, count: Count, card: &Card) -> Line {
    let peak = Line::of("was ").text(signal.peak.as_str());
    let Some(since) = began(card.alerts) else {
        let over = match count.all {
            1 => Line::new().bold("Over"),
            all => Line::new().bold(&format!("All {all} are over")),
        };
        let ended = card.alerts.iter().filter_map(|alert| alert.resolved_at).max();
        let at = ended.map_or_else(Line::new, |at| Line::of("since ").date(at));
        return Line::joined([over, peak, at], " · ");
    };
    let firing = match (count.firing, count.all) {
        (1, 1) => Line::new().bold("Firing"),
        (firing, all) => Line::new().bold(&format!("{firing} of {all} firing")),
    };
    let is_expected = signal.maintenance == Maintenance::Active;
    let worst = match (is_expected, count.firing) {
        (true, _) => Line::new(),
        (false, 1) => Line::of(signal.status.as_str()),
        (false, _) => Line::of("worst ").text(signal.status.as_str()),
    };
    let peak = if signal.peak == signal.status { Line::new() } else { peak };
    Line::joined([firing, worst, peak, Line::of("since ").date(since)], " · ")
}

/// Since when the oldest of those that fire does.
fn began(alerts: &[Alert]) -> Option<Timestamp> {
    let firing = alerts.iter().filter(|alert| alert.phase.is_firing());
    firing.map(|alert| alert.starts_at).min()
}

/// `▁▁▃▇▇▅ up to 12 firing, in the 3 h until 14:30`.
fn course(course: &[usize], until: Timestamp) -> Line {
    let most = course.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return Line::new();
    }
    let height = |count: &usize| BARS[(count * (BARS.len() - 1)).div_ceil(most)];
    let bars: String = course.iter().map(height).collect();
    let most = if most == 1 { String::new() } else { format!("up to {most} ") };
    Line::new().code(&bars).text(&format!(" {most}firing, in the 3 h until ")).date(until)
}

/// What has to be known to read the rest right.
fn conditions(signal: &Signal, card: &Card) -> Line {
    let flapping = card.alerts.iter().filter(|alert| alert.is_flapping(card.now)).count();
    let firing = || card.alerts.iter().filter(|alert| alert.phase.is_firing());
    let expected = firing().filter(|alert| alert.maintenance.is_some()).count();
    let flapping = match flapping {
        0 => Line::new(),
        1 => Line::of("🎢 1 goes on and off"),
        some => Line::of(&format!("🎢 {some} go on and off")),
    };
    let expected = match signal.maintenance {
        Maintenance::None => Line::new(),
        Maintenance::Partial => Line::of(&format!("🔧 {expected} expected: maintenance")),
        Maintenance::Active => Line::of("🔧 expected: maintenance"),
    };
    let snoozed = card.incident.snooze.as_ref().map(|snooze| {
        let until = Line::of("😴 quiet until ").date(snooze.until);
        if snooze.cancel_on_news { until.text(", or until there is news") } else { until }
    });
    Line::joined([flapping, expected, snoozed.unwrap_or_default()], " · ")
}

fn acknowledged(alerts: &[Alert]) -> Line {
    let firing: Vec<&Alert> = alerts.iter().filter(|alert| alert.phase.is_firing()).collect();
    let all: Vec<_> = firing.iter().filter_map(|alert| alert.acknowledged.as_ref()).collect();
    let mut people: Vec<&Actor> = Vec::new();
    for acknowledgement in &all {
        if !people.contains(&&acknowledgement.by) {
            people.push(&acknowledgement.by);
        }
    }
    if people.is_empty() {
        return Line::new();
    }
    let more = people.len().saturating_sub(PEOPLE);
    let named = people.into_iter().take(PEOPLE).map(|by| match by {
        // That is how an alert says that its sender's own people do.
        Actor::Stentor => Line::of("its sender's people"),
        by => Line::new().actor(by),
    });
    let named = Line::joined(named, ", ");
    let named = if more > 0 { named.text(&format!(" and {more} more")) } else { named };
    let line = Line::of("👀 Acknowledged by ").then(named);
    if all.len() == firing.len() {
        line
    } else {
        line.text(&format!(": {} of {}", all.len(), firing.len()))
    }
}

/// Where it is written what is to be done: address and words, by which several can be told apart.
fn runbooks(alerts: &[&Alert]) -> Vec<(String, String)> {
    let mut runbooks: Vec<(String, String)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for alert in alerts {
        for link in one::links(alert).into_iter().filter(one::is_runbook) {
            if runbooks.len() < RUNBOOKS && runbooks.iter().all(|known| known.0 != link.0) {
                names.push(one::named_after(&link.1, alert));
                runbooks.push(link);
            }
        }
    }
    let texts: Vec<String> = runbooks.iter().map(|(_, text)| text.clone()).collect();
    for (number, (_, text)) in runbooks.iter_mut().enumerate() {
        if is_alone(text, &texts) {
            continue;
        }
        let name = &names[number];
        *text =
            if is_alone(name, &names) { name.clone() } else { format!("{text} {}", number + 1) };
    }
    runbooks
}

/// Whether nothing else among these is called that.
fn is_alone(text: &str, among: &[String]) -> bool {
    among.iter().filter(|other| other.as_str() == text).count() == 1
}

/// One of the worst: what the heading does not say already.
fn named(
    alert: &Alert,
    heading: Option<&str>,
    labels: &[String],
    above: &[(String, String)],
) -> Line {
    let title = one::title(&alert.title);
    let is_said = heading.is_some_and(|heading| heading == title);
    let title = if is_said { Line::new() } else { Line::new().bold(&title) };
    let mut links = one::links(alert);
    links.retain(|link| above.iter().all(|known| known.0 != link.0));
    links.truncate(LINKS);
    let facts = [title, one::labels(alert, labels), one::linked(&links)];
    let facts = Line::joined(facts, " · ");
    if facts.is_empty() { facts } else { Line::of(one::cue_of(alert)).text(" ").then(facts) }
}

fn footnotes(card: &Card, more: usize) -> Line {
    let more = if more > 0 { format!("and {more} more") } else { String::new() };
    let continues = card.continues.map(|number| format!("goes on from {}", reference(number)));
    let full = match (card.continued_in, &card.group.continued_in) {
        (Some(number), _) => Some(format!("full: more of them are in {}", reference(number))),
        (None, Some(_)) => Some("full: more of them stand apart".to_owned()),
        (None, None) => None,
    };
    let all = [Some(more), continues, full].into_iter().flatten();
    Line::joined(all.map(|note| Line::of(&note)), " · ")
}

fn buttons(card: &Card, count: Count) -> Vec<element::Button> {
    let firing = || card.alerts.iter().filter(|alert| alert.phase.is_firing());
    let acknowledged = firing().filter(|alert| alert.acknowledged.is_some()).count();
    let about = |button: CardButton| button.about(&card.incident.id, &card.group.id);
    let mut buttons = Vec::new();
    if card.incident.category.is_active() {
        if acknowledged < count.firing {
            buttons.push(about(CardButton::Acknowledge).primary());
        }
        if acknowledged > 0 {
            buttons.push(about(CardButton::Unacknowledge));
        }
        match card.incident.snooze {
            Some(_) => buttons.push(about(CardButton::Unsnooze)),
            None if count.firing > 0 => buttons.push(about(CardButton::Snooze)),
            None => {}
        }
    }
    if !card.incident.category.is_ended() {
        buttons.push(about(CardButton::Attach));
        buttons.push(about(CardButton::Unrelated));
    }
    buttons.push(about(CardButton::Details));
    buttons
}
