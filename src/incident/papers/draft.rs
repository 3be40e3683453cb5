//! The first draft of a post-mortem, made of the record: what is known is written down already.

use std::fmt::Write as _;

use crate::clock::Timestamp;
use crate::incident::catalogue::Catalogue;
use crate::incident::event::{Actor, Entry};
use crate::incident::papers::document::MARKDOWN_LIMIT;
use crate::incident::papers::item::{Item, ItemKind, ItemStatus};
use crate::incident::papers::moment::{TimelineItem, timeline};
use crate::incident::state::Incident;
use crate::incident::text::{clean_line, shorten};

/// How much of a text stands in one line of the timeline.
const EXCERPT: usize = 500;
/// How many characters the timeline may take: the rest is for what people write.
const TIMELINE_ROOM: usize = MARKDOWN_LIMIT / 2;

/// What the document is called.
pub fn title(incident: &Incident) -> String {
    shorten(&format!("Post-mortem of {}: {}", incident.reference(), incident.name), 200)
}

/// The draft, in Markdown. `record` is the whole of it.
pub fn draft(incident: &Incident, record: &[Entry], catalogue: &Catalogue) -> String {
    let mut text = format!("# {}\n\n", plain(&title(incident)));
    let summary = match incident.summary.as_str() {
        "" => "What happened, in a few sentences?".to_owned(),
        summary => summary.lines().map(plain).collect::<Vec<_>>().join("\n"),
    };
    section(&mut text, "Summary", &summary);
    section(&mut text, "Facts", &facts(incident, catalogue));
    section(&mut text, "Timeline", &told(&timeline(&incident.id, record, catalogue)));
    section(&mut text, "What caused it", "");
    section(&mut text, "Actions", &items(incident, ItemKind::Action));
    section(&mut text, "Follow-ups", &items(incident, ItemKind::FollowUp));
    text
}

fn section(text: &mut String, title: &str, body: &str) {
    write!(text, "## {title}\n\n").expect("a string takes any text");
    if !body.is_empty() {
        text.push_str(body.trim_end());
        text.push_str("\n\n");
    }
}

fn facts(incident: &Incident, catalogue: &Catalogue) -> String {
    let severity = incident.severity.as_ref().and_then(|id| catalogue.severity(id));
    let mut lines = vec![
        format!("- Severity: {}", plain(severity.map_or("not set", |it| it.name.as_str()))),
        format!("- Declared by {}", name(&incident.creator)),
    ];
    for role in &catalogue.roles {
        if let Some(person) = incident.roles.get(&role.id) {
            lines.push(format!("- {}: {person}", plain(&role.name)));
        }
    }
    for kind in &catalogue.timestamps {
        if let Some(at) = incident.timestamps.get(&kind.id) {
            let took = at.since(incident.declared_at).as_secs() / 60;
            let after = if took > 0 { format!(" (after {took} min)") } else { String::new() };
            lines.push(format!("- {}: {}{after}", plain(&kind.name), moment(*at)));
        }
    }
    lines.join("\n")
}

fn told(items: &[TimelineItem]) -> String {
    let mut text = String::new();
    let mut left = TIMELINE_ROOM;
    for (nth, item) in items.iter().enumerate() {
        let said = plain(&shorten(&item.description, EXCERPT));
        let said = if said.is_empty() { said } else { format!(": {said}") };
        let line = format!("- {} {}{said}\n", moment(item.timestamp), plain(&item.title));
        match left.checked_sub(line.chars().count()) {
            Some(rest) => left = rest,
            None => {
                let more = items.len() - nth;
                writeln!(text, "- and {more} more").expect("a string takes any text");
                break;
            }
        }
        text.push_str(&line);
    }
    text
}

fn items(incident: &Incident, kind: ItemKind) -> String {
    let there = |item: &&Item| item.kind == kind && item.status != ItemStatus::Deleted;
    let lines = incident.papers.items.values().filter(there).map(|item| {
        let done = if item.status == ItemStatus::Completed { "x" } else { " " };
        let who = item.assignee.as_ref().map(|person| format!(" ({person})"));
        let dropped =
            if item.status == ItemStatus::NotDoing { " – will not be done" } else { "" };
        let title = plain(&shorten(&item.title, 150));
        format!("- [{done}] {title}{}{dropped}", who.unwrap_or_default())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn name(actor: &Actor) -> String {
    match actor {
        Actor::Person { user } => user.to_string(),
        Actor::ApiToken { name } => plain(name),
        Actor::Stentor => "Stentor".to_owned(),
    }
}

/// `2026-09-21 14:13 UTC`.
fn moment(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// One line in which Markdown reads no markup.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in clean_line(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}
