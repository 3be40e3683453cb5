//! The pinned message in an incident's channel: how things stand, and what to press.

use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::state::Incident;
use crate::slack::view::alerts;
use crate::slack::view::button::Button;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::{extra, words};

/// What somebody who comes into the channel needs first.
pub fn welcome(incident: &Incident, catalogue: &Catalogue) -> Message {
    let title = words::title(incident);
    let mut blocks = vec![Block::header(&format!("{} {title}", words::cue(incident, catalogue)))];
    blocks.push(Block::text(&Line::joined(facts(incident, catalogue), "\n")));
    blocks.push(Block::text(&summary(incident)));
    blocks.push(Block::context(&how_to(incident)));
    blocks.extend(Block::actions(buttons(incident, catalogue)));
    Message::new(&Line::of(&title), blocks)
}

fn facts(incident: &Incident, catalogue: &Catalogue) -> Vec<Line> {
    let fact = |name: &str, value: Line| Line::new().bold(name).text(" ").then(value);
    let severity = words::severity_name(incident.severity.as_ref(), catalogue);
    let kind = words::type_name(incident, catalogue).map(|kind| fact("Type", Line::of(&kind)));
    let standing = [
        fact("Status", Line::of(&words::status_name(&incident.status, catalogue))),
        fact("Severity", Line::of(&severity)),
        kind.unwrap_or_default(),
    ];
    let lead = words::person_or(words::lead(incident, catalogue), "nobody yet");
    let people = [fact("Lead", lead), fact("Reporter", Line::new().actor(&incident.creator))];
    let since = fact("Since", Line::new().date(incident.declared_at));
    let took =
        words::took(incident, catalogue).map(|took| fact("Took", Line::of(&words::duration(took))));
    let due = incident.next_update_due.map(|due| fact("Next update", Line::new().date(due)));
    let private = words::is_private(incident)
        .then(|| Line::of("🔒 Private: only people invited can see it."));
    let snoozed = incident.snooze.as_ref().map(|snooze| {
        fact("Snoozed", Line::of("until ").date(snooze.until).text(or_news(snooze.cancel_on_news)))
    });
    let merged =
        incident.merged_into.as_ref().map(|into| fact("Goes on in", words::destination(into)));
    vec![
        merged.unwrap_or_default(),
        Line::joined(standing, "   "),
        Line::joined(people, "   "),
        Line::joined(words::other_roles(incident, catalogue), "   "),
        Line::joined([since, took.or(due).unwrap_or_default()], "   "),
        incident.signal.map(|signal| fact("Alerts", alerts::in_short(&signal))).unwrap_or_default(),
        words::tags(incident, catalogue),
        snoozed.unwrap_or_default(),
        Line::joined(extra::fields(incident, catalogue), "   "),
        extra::call(incident).unwrap_or_default(),
        extra::mode(incident).unwrap_or_default(),
        private.unwrap_or_default(),
    ]
}

fn or_news(cancel_on_news: bool) -> &'static str {
    if cancel_on_news { ", or until there is news" } else { "" }
}

fn summary(incident: &Incident) -> Line {
    if incident.summary.is_empty() {
        return Line::new()
            .italic("No summary yet. ")
            .code("/incident summary")
            .italic(" writes one.");
    }
    Line::of(&incident.summary)
}

fn how_to(incident: &Incident) -> Line {
    let sentence = match incident.category {
        StatusCategory::Triage => {
            "Is it an incident? `/incident accept` begins the work, `/incident decline` says that it is none, and `/incident help` shows the rest."
        }
        StatusCategory::Live | StatusCategory::Paused => {
            "Here, `/incident update` tells everybody what is new, `/incident note` writes something down, and `/incident help` shows the rest."
        }
        StatusCategory::Learning => {
            "Resolved. `/incident note` adds what should be remembered; `/incident close` ends it."
        }
        StatusCategory::Closed
        | StatusCategory::Declined
        | StatusCategory::Merged
        | StatusCategory::Canceled => "Over. `/incident timeline` shows what happened.",
    };
    Line::prose(sentence)
}

fn buttons(incident: &Incident, catalogue: &Catalogue) -> Vec<element::Button> {
    let lead = match words::lead(incident, catalogue) {
        Some(_) => Button::ChangeLead,
        None => Button::TakeLead,
    };
    let buttons = match incident.category {
        StatusCategory::Triage => {
            vec![Button::Accept, Button::Decline, lead, Button::Roles, Button::Severity]
        }
        StatusCategory::Live | StatusCategory::Paused => vec![
            Button::Update,
            lead,
            Button::Roles,
            Button::Severity,
            Button::Status,
            Button::Resolve,
        ],
        StatusCategory::Learning => vec![Button::Close, Button::Reopen],
        StatusCategory::Closed | StatusCategory::Declined | StatusCategory::Canceled => {
            vec![Button::Reopen]
        }
        StatusCategory::Merged => Vec::new(),
    };
    let primary = buttons.first().copied();
    let draw = |button: Button| match button.about(&incident.id) {
        drawn if Some(button) == primary && button != Button::Reopen => drawn.primary(),
        drawn => drawn,
    };
    buttons.into_iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::incident::command::{Command, Declare};
    use crate::slack::view::drawing;
    use crate::slack::view::samples::Story;

    fn drawn(story: &Story) -> String {
        drawing::message(&welcome(&story.incident, &story.catalogue))
    }

    #[test]
    fn it_shows_how_things_stand_and_what_to_press() {
        let mut story = Story::of(Declare {
            name: "Login is down".to_owned(),
            private: true,
            ..Declare::default()
        });
        assert_snapshot!(drawn(&story), @"
        # ⚪ INC-1 Login is down
        *Status* Investigating   *Severity* not set
        *Lead* nobody yet   *Reporter* @U0ALICE
        *Since* 2026-09-21 14:13 UTC
        🔒 Private: only people invited can see it.
        _No summary yet. _`/incident summary`_ writes one._
        ~ Here, `/incident update` tells everybody what is new, `/incident note` writes something down, and `/incident help` shows the rest.
        [*Post update*] [Take the lead] [Roles] [Severity] [Status] [Resolve]
        ");
        for (role, person) in [("lead", "U0BEA"), ("comms", "U0CARL"), ("scribe", "U0DORA")] {
            story.says(&Command::Role { role: role.to_owned(), person: Some(person.into()) });
        }
        story.says(&Command::Summary { summary: "Nobody can log in.".to_owned() });
        assert_snapshot!(drawn(&story), @"
        # ⚪ INC-1 Login is down
        *Status* Investigating   *Severity* not set
        *Lead* @U0BEA   *Reporter* @U0ALICE
        *Communications* @U0CARL   *Scribe* @U0DORA
        *Since* 2026-09-21 14:13 UTC
        🔒 Private: only people invited can see it.
        Nobody can log in.
        ~ Here, `/incident update` tells everybody what is new, `/incident note` writes something down, and `/incident help` shows the rest.
        [*Post update*] [Change lead] [Roles] [Severity] [Status] [Resolve]
        ");
    }

    #[test]
    fn its_buttons_follow_the_life_of_the_incident() {
        let mut story = Story::new();
        story.says(&Command::Resolve { message: None });
        assert_snapshot!(drawn(&story), @"
        # ✅ INC-1 Checkout is slow
        *Status* Documenting   *Severity* Major
        *Lead* nobody yet   *Reporter* @U0ALICE
        *Since* 2026-09-21 14:13 UTC   *Took* 40 min
        Payments time out for some people.
        ~ Resolved. `/incident note` adds what should be remembered; `/incident close` ends it.
        [*Close*] [Reopen]
        ");
        story.says(&Command::Close { message: None });
        assert_snapshot!(drawn(&story), @"
        # ✅ INC-1 Checkout is slow
        *Status* Closed   *Severity* Major
        *Lead* nobody yet   *Reporter* @U0ALICE
        *Since* 2026-09-21 14:13 UTC   *Took* 40 min
        Payments time out for some people.
        ~ Over. `/incident timeline` shows what happened.
        [Reopen]
        ");
    }
}
