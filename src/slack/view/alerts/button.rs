//! The buttons under a card of alerts.

use crate::ids::{GroupId, IncidentId};
use crate::slack::view::kit::element;

/// A button under a card; its value says which incident, and which group of its alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardButton {
    /// Whoever presses it looks after the alerts.
    Acknowledge,
    /// Nobody looks after them any more.
    Unacknowledge,
    /// Opens the form that keeps the incident's alerts quiet for a while.
    Snooze,
    /// They are to be heard again.
    Unsnooze,
    /// Opens the form that moves them to another incident.
    Attach,
    /// They are no part of an incident.
    Unrelated,
    /// Shows each of them.
    Details,
}

impl CardButton {
    /// All of them.
    pub const ALL: [CardButton; 7] = [
        CardButton::Acknowledge,
        CardButton::Unacknowledge,
        CardButton::Snooze,
        CardButton::Unsnooze,
        CardButton::Attach,
        CardButton::Unrelated,
        CardButton::Details,
    ];

    /// The word that Slack sends when it is pressed.
    pub fn action_id(self) -> &'static str {
        match self {
            CardButton::Acknowledge => "alerts_acknowledge",
            CardButton::Unacknowledge => "alerts_unacknowledge",
            CardButton::Snooze => "alerts_snooze",
            CardButton::Unsnooze => "alerts_unsnooze",
            CardButton::Attach => "alerts_attach",
            CardButton::Unrelated => "alerts_unrelated",
            CardButton::Details => "alerts_details",
        }
    }

    /// The button of this word.
    pub fn parse(action_id: &str) -> Option<Self> {
        CardButton::ALL.into_iter().find(|button| button.action_id() == action_id)
    }

    /// What stands on it.
    pub fn label(self) -> &'static str {
        match self {
            CardButton::Acknowledge => "Acknowledge",
            CardButton::Unacknowledge => "Unacknowledge",
            CardButton::Snooze => "Snooze",
            CardButton::Unsnooze => "End snooze",
            CardButton::Attach => "Move…",
            CardButton::Unrelated => "Not related",
            CardButton::Details => "Details",
        }
    }

    /// The button, about this group of this incident's alerts.
    pub fn about(self, incident: &IncidentId, group: &GroupId) -> element::Button {
        let value = format!("{incident}/{group}");
        let button = element::Button::new(self.action_id(), self.label(), &value);
        match self {
            CardButton::Unrelated => button.confirmed(
                "Not related?",
                "These alerts, and new ones like them, will have no part in this incident. \
                 They open no other one either.",
                "Not related",
                "Cancel",
            ),
            _ => button,
        }
    }

    /// Which incident and which group the value of a button means.
    pub fn read(value: &str) -> Option<(IncidentId, GroupId)> {
        let (incident, group) = value.split_once('/')?;
        Some((IncidentId::from(incident), GroupId::from(group)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::view::button::Button;

    #[test]
    fn every_button_is_recognised_when_it_is_pressed() {
        for button in CardButton::ALL {
            assert_eq!(CardButton::parse(button.action_id()), Some(button));
            assert_eq!(Button::parse(button.action_id()), None);
        }
        assert_eq!(CardButton::parse("self_destruct"), None);
        assert_eq!(CardButton::read("I/G"), Some(("I".into(), "G".into())));
        assert_eq!(CardButton::read("I"), None);
    }
}
