//! The list of incidents that somebody asked for.

use crate::incident::catalogue::Catalogue;
use crate::incident::state::Incident;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::words;

/// The most incidents that are shown.
pub const SHOWN: usize = 20;

/// The incidents that were found, of which there may be more than are handed in. `what` says
/// which were looked for: `open incidents`.
pub fn incidents(found: &[Incident], total: usize, what: &str, catalogue: &Catalogue) -> Message {
    let shown = &found[..found.len().min(SHOWN)];
    if shown.is_empty() {
        return Message::line(&Line::of(&format!("There are no {what}.")));
    }
    let total = total.max(found.len());
    let counted = match total {
        1 => format!("1 {}", what.replacen("incidents", "incident", 1)),
        _ => format!("{total} {what}"),
    };
    let heading = Line::new().bold(&counted);
    let mut blocks = vec![Block::text(&heading)];
    blocks.extend(shown.iter().map(|incident| Block::text(&line(incident, catalogue))));
    let more = total - shown.len();
    if more > 0 {
        blocks.push(Block::context(&Line::of(&format!("and {more} more"))));
    }
    Message::new(&heading, blocks)
}

fn line(incident: &Incident, catalogue: &Catalogue) -> Line {
    let cue = words::cue(incident, catalogue);
    let lead = words::lead(incident, catalogue).map(|user| Line::of("lead ").user(user));
    let channel = incident.channel.as_ref().map(|channel| Line::new().channel(channel));
    let facts = [
        Line::of(&words::status_name(&incident.status, catalogue)),
        Line::of(&words::severity_name(incident.severity.as_ref(), catalogue)),
        lead.unwrap_or_default(),
        channel.unwrap_or_default(),
    ];
    Line::of(cue)
        .text(" ")
        .bold(&incident.reference())
        .text(&format!(" {}\n", words::one_line(&incident.name, 120)))
        .then(Line::joined(facts, " · "))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::slack::view::drawing;
    use crate::slack::view::samples::{Story, long_story};

    #[test]
    fn each_incident_takes_two_lines() {
        let found = [Story::new().incident, long_story().incident];
        let catalogue = Catalogue::default();
        let message = incidents(&found, 2, "incidents", &catalogue);
        assert_snapshot!(drawing::message(&message), @"
        *2 incidents*
        🟠 *INC-1* Checkout is slow
        Investigating · Major · #C0INC1
        ✅ *INC-1* Payments time out
        Closed · Minor · lead @U0BEA · #C0INC1
        ");
    }

    #[test]
    fn it_says_how_many_more_there_are() {
        let found = vec![Story::new().incident; 25];
        let drawn =
            drawing::message(&incidents(&found, 31, "open incidents", &Catalogue::default()));
        assert!(drawn.starts_with("*31 open incidents*"), "{drawn}");
        assert!(drawn.ends_with("~ and 11 more"), "{drawn}");
        let none = incidents(&[], 0, "open incidents", &Catalogue::default());
        assert_snapshot!(drawing::message(&none), @"There are no open incidents.");
    }
}
