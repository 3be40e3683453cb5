//! Each alert of an incident, or of one group of them, for the person who asks.

use crate::alert::history::Cause;
use crate::alert::state::Alert;
use crate::incident::event::Actor;
use crate::incident::state::Incident;
use crate::slack::view::alerts::one;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::words;

/// The most alerts that are shown.
const SHOWN: usize = 15;
/// The most labels of one.
const LABELS: usize = 8;
/// The most links of one.
const LINKS: usize = 4;

/// These alerts, the worst first.
pub fn alerts(incident: &Incident, alerts: &[Alert]) -> Message {
    let title = words::title(incident);
    if alerts.is_empty() {
        return Message::line(&Line::new().bold(&title).text(" has no alerts."));
    }
    let firing = alerts.iter().filter(|alert| alert.phase.is_firing()).count();
    let counted = format!("{firing} of {} firing", alerts.len());
    let heading = Line::of("Alerts of ").bold(&title).text(&format!(": {counted}"));
    let sorted = one::worst_first(alerts);
    let mut blocks = vec![Block::text(&heading)];
    blocks.extend(sorted.iter().take(SHOWN).map(|alert| Block::text(&described(alert))));
    let more = sorted.len().saturating_sub(SHOWN);
    if more > 0 {
        blocks.push(Block::context(&Line::of(&format!("and {more} more"))));
    }
    Message::new(&heading, blocks)
}

fn described(alert: &Alert) -> Line {
    let title = Line::of(one::cue_of(alert)).text(" ").bold(&one::title(&alert.title));
    let names = one::telling_labels(&[alert], LABELS);
    let mut links = one::links(alert);
    links.truncate(LINKS);
    let lines = [title, standing(alert), one::labels(alert, &names), one::linked(&links)];
    Line::joined(lines, "\n")
}

fn standing(alert: &Alert) -> Line {
    if !alert.phase.is_firing() {
        let at = alert.resolved_at.unwrap_or(alert.changed_at);
        let over = Line::of("over since ").date(at);
        let why = match &alert.resolved {
            Some(Cause::Expiry) => Line::of("nothing more was heard of it"),
            Some(Cause::Somebody { actor }) => Line::of("said by ").actor(actor),
            Some(Cause::SourceRemoved) => Line::of("its source was removed"),
            Some(Cause::Sender | Cause::Unknown) | None => Line::new(),
        };
        return Line::joined([over, why], ", ");
    }
    let acknowledged =
        alert.acknowledged.as_ref().map(|acknowledgement| match &acknowledgement.by {
            Actor::Stentor => Line::of("acknowledged at its sender's"),
            by => Line::of("acknowledged by ").actor(by),
        });
    let peak = match alert.peak == alert.status {
        true => Line::new(),
        false => Line::of("was ").text(alert.peak.as_str()),
    };
    let expected = alert.maintenance.as_ref().map(|_| Line::of("expected: maintenance"));
    let since = Line::of("since ").date(alert.starts_at);
    let status = Line::of(alert.status.as_str());
    let rest = [Some(peak), Some(since), expected, acknowledged];
    Line::joined(std::iter::once(status).chain(rest.into_iter().flatten()), " · ")
}
