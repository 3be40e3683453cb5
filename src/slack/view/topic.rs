//! The topic of an incident's channel: one line that is always in sight.

use crate::incident::catalogue::Catalogue;
use crate::incident::state::Incident;
use crate::slack::view::kit::line::Line;
use crate::slack::view::words;

/// The longest topic of a channel.
const TOPIC_LIMIT: usize = 250;
/// The longest address for which there is always room.
const CALL_LIMIT: usize = 80;

/// `[Major] Investigating · Lead @bea · INC-1`, as `mrkdwn`.
pub fn topic(incident: &Incident, catalogue: &Catalogue) -> String {
    let severity = incident
        .severity
        .as_ref()
        .map(|id| Line::of(&format!("[{}] ", words::severity_name(Some(id), catalogue))));
    let standing =
        severity.unwrap_or_default().text(&words::status_name(&incident.status, catalogue));
    let lead = words::lead(incident, catalogue).map(|user| Line::of("Lead ").user(user));
    let reference = Line::of(&incident.reference());
    // Half an address leads nowhere.
    let call = incident.call_url.as_deref().filter(|url| url.chars().count() <= CALL_LIMIT);
    let call = call.map(Line::of).unwrap_or_default();
    Line::joined([standing, lead.unwrap_or_default(), reference, call], " · ")
        .to_mrkdwn(TOPIC_LIMIT)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::incident::command::{Command, Declare};
    use crate::slack::view::samples::Story;

    #[test]
    fn it_says_the_most_in_one_line() {
        let mut story = Story::new();
        assert_snapshot!(topic(&story.incident, &story.catalogue), @"[Major] Investigating · INC-1");
        story.says(&Command::Role { role: "lead".to_owned(), person: Some("U0BEA".into()) });
        assert_snapshot!(topic(&story.incident, &story.catalogue), @"[Major] Investigating · Lead <@U0BEA> · INC-1");
        let story = Story::of(Declare { name: "x".to_owned(), ..Declare::default() });
        assert_snapshot!(topic(&story.incident, &story.catalogue), @"Investigating · INC-1");
    }
}
