//! The types of events that a webhook can be told of, by the names that incident.io gives them.
//!
//! What is private has names of its own, under which nothing but an id is sent.

use std::fmt;

/// A type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventType(&'static str);

impl EventType {
    /// An incident was declared.
    pub const INCIDENT_CREATED: EventType = EventType("public_incident.incident_created_v2");
    /// Something about an incident changed.
    pub const INCIDENT_UPDATED: EventType = EventType("public_incident.incident_updated_v2");
    /// An incident's status changed.
    pub const STATUS_UPDATED: EventType = EventType("public_incident.incident_status_updated_v2");
    /// Somebody may see a private incident now.
    pub const MEMBERSHIP_GRANTED: EventType = EventType("private_incident.membership_granted_v1");
    /// Somebody may not see a private incident any more.
    pub const MEMBERSHIP_REVOKED: EventType = EventType("private_incident.membership_revoked_v1");
    /// An alert began.
    pub const ALERT_CREATED: EventType = EventType("public_alert.alert_created_v1");
    /// An alert is over.
    pub const ALERT_RESOLVED: EventType = EventType("public_alert.alert_resolved_v1");

    /// All of them, by name.
    pub const ALL: [EventType; 34] = [
        EventType("private_alert.alert_created_v1"),
        EventType("private_alert.alert_resolved_v1"),
        EventType("private_escalation.escalation_created_v1"),
        EventType("private_escalation.escalation_status_updated_v1"),
        EventType("private_incident.action_created_v1"),
        EventType("private_incident.action_updated_v1"),
        EventType("private_incident.follow_up_created_v1"),
        EventType("private_incident.follow_up_created_v2"),
        EventType("private_incident.follow_up_updated_v1"),
        EventType("private_incident.follow_up_updated_v2"),
        EventType("private_incident.incident_created_v2"),
        EventType("private_incident.incident_updated_v2"),
        EventType("private_incident.membership_granted_v1"),
        EventType("private_incident.membership_revoked_v1"),
        EventType("private_incident.postmortem_document_status_updated_v1"),
        EventType("public_alert.alert_created_v1"),
        EventType("public_alert.alert_resolved_v1"),
        EventType("public_escalation.escalation_created_v1"),
        EventType("public_escalation.escalation_status_updated_v1"),
        EventType("public_incident.action_created_v1"),
        EventType("public_incident.action_updated_v1"),
        EventType("public_incident.follow_up_created_v1"),
        EventType("public_incident.follow_up_created_v2"),
        EventType("public_incident.follow_up_updated_v1"),
        EventType("public_incident.follow_up_updated_v2"),
        EventType("public_incident.incident_created_v2"),
        EventType("public_incident.incident_status_updated_v2"),
        EventType("public_incident.incident_updated_v2"),
        EventType("public_incident.postmortem_document_status_updated_v1"),
        EventType("schedule.created_v1"),
        EventType("schedule.deleted_v1"),
        EventType("schedule.shift_change_v1"),
        EventType("schedule.updated_v1"),
        EventType("status_page_incident.update_shared_v1"),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The type of this name, if there is one.
    pub fn parse(name: &str) -> Option<EventType> {
        EventType::ALL.into_iter().find(|known| known.0 == name)
    }

    /// Whether nothing but ids may be sent under this name.
    pub fn is_private(self) -> bool {
        self.0.starts_with("private_")
    }

    /// The name of the same event where it may not be spoken of; nothing if it is not told then.
    pub fn private_twin(self) -> Option<EventType> {
        if self.is_private() {
            return Some(self);
        }
        let rest = self.0.strip_prefix("public_")?;
        EventType::parse(&format!("private_{rest}"))
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_event_but_one_has_a_private_twin() {
        let public = EventType::ALL.iter().filter(|one| one.0.starts_with("public_"));
        let lonely: Vec<_> = public.filter(|one| one.private_twin().is_none()).collect();
        assert_eq!(lonely, [&EventType::STATUS_UPDATED]);
        assert!(EventType::ALL.is_sorted() && EventType::ALL.len() == 34);
        for known in [
            EventType::INCIDENT_CREATED,
            EventType::INCIDENT_UPDATED,
            EventType::STATUS_UPDATED,
            EventType::MEMBERSHIP_GRANTED,
            EventType::MEMBERSHIP_REVOKED,
            EventType::ALERT_CREATED,
            EventType::ALERT_RESOLVED,
        ] {
            assert_eq!(EventType::parse(known.as_str()), Some(known));
        }
        assert_eq!(EventType::parse("public_incident.of_tomorrow_v1"), None);
    }
}
