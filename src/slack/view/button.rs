//! The buttons under Stentor's messages. Each does what a command does.

use crate::ids::IncidentId;
use crate::slack::view::kit::element;

/// A button under one of Stentor's messages; its value is the incident's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Button {
    /// Opens the form of an update.
    Update,
    /// Makes whoever presses it the lead.
    TakeLead,
    /// Opens the form of roles at the lead.
    ChangeLead,
    /// Opens the form of roles.
    Roles,
    /// Opens the form of the severity.
    Severity,
    /// Opens the form of the status.
    Status,
    /// Opens the form that resolves.
    Resolve,
    /// Opens the form that closes.
    Close,
    /// Goes back to working on it.
    Reopen,
    /// Shows what happened so far.
    Timeline,
    /// Begins the work.
    Accept,
    /// Opens the form that declines.
    Decline,
}

impl Button {
    /// All of them.
    pub const ALL: [Button; 12] = [
        Button::Update,
        Button::TakeLead,
        Button::ChangeLead,
        Button::Roles,
        Button::Severity,
        Button::Status,
        Button::Resolve,
        Button::Close,
        Button::Reopen,
        Button::Timeline,
        Button::Accept,
        Button::Decline,
    ];

    /// The word that Slack sends when it is pressed.
    pub fn action_id(self) -> &'static str {
        match self {
            Button::Update => "update",
            Button::TakeLead => "take_lead",
            Button::ChangeLead => "change_lead",
            Button::Roles => "roles",
            Button::Severity => "severity",
            Button::Status => "status",
            Button::Resolve => "resolve",
            Button::Close => "close",
            Button::Reopen => "reopen",
            Button::Timeline => "timeline",
            Button::Accept => "accept",
            Button::Decline => "decline",
        }
    }

    /// The button of this word.
    pub fn parse(action_id: &str) -> Option<Self> {
        Button::ALL.into_iter().find(|button| button.action_id() == action_id)
    }

    /// What stands on it.
    pub fn label(self) -> &'static str {
        match self {
            Button::Update => "Post update",
            Button::TakeLead => "Take the lead",
            Button::ChangeLead => "Change lead",
            Button::Roles => "Roles",
            Button::Severity => "Severity",
            Button::Status => "Status",
            Button::Resolve => "Resolve",
            Button::Close => "Close",
            Button::Reopen => "Reopen",
            Button::Timeline => "Timeline",
            Button::Accept => "Accept",
            Button::Decline => "Decline",
        }
    }

    /// The button, about this incident.
    pub fn about(self, incident: &IncidentId) -> element::Button {
        element::Button::new(self.action_id(), self.label(), incident.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_is_recognised_when_it_is_pressed() {
        for button in Button::ALL {
            assert_eq!(Button::parse(button.action_id()), Some(button));
        }
        assert_eq!(Button::parse("self_destruct"), None);
    }
}
