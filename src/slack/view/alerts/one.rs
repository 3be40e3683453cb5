//! One alert among others: what it is called, what sets it apart, and where to look.

use std::cmp::Reverse;

use crate::alert::observation::{Status, is_web_address};
use crate::alert::state::Alert;
use crate::incident::text::shorten;
use crate::slack::view::kit::line::Line;
use crate::slack::view::words;

/// How much of a title is shown.
const TITLE: usize = 150;
/// How much of a label's value is shown.
const VALUE: usize = 60;
/// How much of a link's words is shown.
const LINK: usize = 40;
/// The longest address that a message carries: what is longer fills it for little use.
const ADDRESS: usize = 1_000;
/// Labels that say best which one it is.
const TELLING: [&str; 9] =
    ["instance", "host", "hostname", "pod", "node", "container", "service", "cluster", "region"];
/// Annotations that hold addresses, and what they lead to.
const NAMED_LINKS: [(&str, &str); 4] = [
    ("runbook_url", "Runbook"),
    ("runbook", "Runbook"),
    ("dashboard_url", "Dashboard"),
    ("dashboard", "Dashboard"),
];

/// A coloured mark that says at a glance how bad it is.
pub fn cue(status: Status) -> &'static str {
    match status {
        Status::Critical => "🔴",
        Status::Warning => "🟡",
        Status::Unknown => "⚪",
        Status::Ok => "🟢",
    }
}

/// The same for an alert; one that was expected troubles nobody.
pub fn cue_of(alert: &Alert) -> &'static str {
    if alert.phase.is_firing() && alert.maintenance.is_some() { "🔧" } else { cue(alert.status) }
}

/// What is wrong, in one line.
pub fn title(text: &str) -> String {
    let title = words::one_line(text, TITLE);
    if title.is_empty() { "An alert without a title".to_owned() } else { title }
}

/// The worst first: what fires, was not expected, is bad, is nobody's yet, and has been so for long.
pub fn worst_first(alerts: &[Alert]) -> Vec<&Alert> {
    let mut sorted: Vec<&Alert> = alerts.iter().collect();
    sorted.sort_by_key(|alert| {
        let is_firing = alert.phase.is_firing();
        let is_nobodys = alert.acknowledged.is_none();
        let is_unexpected = alert.maintenance.is_none();
        let badness = (is_firing, is_unexpected, alert.status, is_nobodys, alert.peak);
        (Reverse(badness), alert.starts_at, alert.id.clone())
    });
    sorted
}

/// So many labels in which these alerts differ; of a single one, those that say most.
pub fn telling_labels(alerts: &[&Alert], most: usize) -> Vec<String> {
    let Some(first) = alerts.first() else { return Vec::new() };
    let differs = |name: &str| {
        alerts.len() == 1 || alerts.iter().any(|one| one.labels.get(name) != first.labels.get(name))
    };
    let is_title = |alert: &Alert, name: &str| alert.labels.get(name) == Some(&alert.title);
    let says_more = |name: &str| {
        !alerts.iter().all(|one| is_title(one, name) || !one.labels.contains_key(name))
    };
    let names = alerts.iter().flat_map(|alert| alert.labels.keys());
    let mut names: Vec<&String> = names.filter(|name| differs(name) && says_more(name)).collect();
    let rank =
        |name: &str| TELLING.iter().position(|known| *known == name).unwrap_or(TELLING.len());
    names.sort_by_key(|name| (rank(name), *name));
    names.dedup();
    names.into_iter().take(most).cloned().collect()
}

/// `host web-1, region eu`.
pub fn labels<'a>(alert: &Alert, names: impl IntoIterator<Item = &'a String>) -> Line {
    let named = names.into_iter().filter_map(|name| {
        let value = words::one_line(alert.labels.get(name)?, VALUE);
        Some(Line::of(&words::one_line(name, VALUE)).text(" ").code(&value))
    });
    Line::joined(named, ", ")
}

/// Where an alert's sender says to look: address and words, each address once.
pub fn links(alert: &Alert) -> Vec<(String, String)> {
    let named = NAMED_LINKS.iter().filter_map(|(name, text)| {
        let href = alert.annotations.get(*name)?;
        Some((href.clone(), (*text).to_owned()))
    });
    let given = alert.links.iter().map(|link| (link.href.clone(), link.text.clone()));
    let mut all: Vec<(String, String)> = Vec::new();
    for (href, text) in given.chain(named) {
        let is_new = all.iter().all(|(known, _)| *known != href);
        if is_new && is_web_address(&href) && href.len() <= ADDRESS {
            let text = shorten(&words::one_line(&text, LINK), LINK);
            all.push((href, if text.is_empty() { "Link".to_owned() } else { text }));
        }
    }
    all
}

/// Whether a link leads to what is to be done.
pub fn is_runbook(link: &(String, String)) -> bool {
    link.1.to_lowercase().contains("runbook")
}

/// `Runbook: HighLatency`: a link's words and what its alert is an instance of.
pub fn named_after(text: &str, alert: &Alert) -> String {
    match alert.labels.get("alertname") {
        Some(name) => shorten(&format!("{text}: {}", words::one_line(name, LINK)), LINK),
        None => text.to_owned(),
    }
}

/// Links side by side.
pub fn linked(links: &[(String, String)]) -> Line {
    Line::joined(links.iter().map(|(href, text)| Line::new().link(href, text)), " · ")
}
