//! What is to be sent to a webhook. It is about no incident in the outbox's sense: whether it was
//! sent is no business of the incident's record, which would make news of it again.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::ids::{AlertId, IncidentId, UserId, WebhookId, WorkId};
use crate::outbox::rule_work::NO_INCIDENT;
use crate::outbox::work::{NewWork, Work};

/// One event for one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where to.
    pub webhook: WebhookId,
    /// What the receiver knows a repetition by: the same in every attempt.
    pub message: String,
    /// The name of the event; the public one, where there are two.
    pub event: String,
    /// What it is about.
    pub about: About,
    /// When it happened.
    pub at: Timestamp,
}

/// What an event is about: enough to find it again when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum About {
    /// An incident, as this entry of its record has left it.
    Incident {
        /// Which.
        incident: IncidentId,
        /// The entry.
        version: i64,
    },
    /// Somebody's part in a private incident.
    Member {
        /// Which incident.
        incident: IncidentId,
        /// Whose part.
        user: UserId,
        /// Who has given or taken it.
        by: Option<UserId>,
    },
    /// An alert.
    Alert {
        /// Which.
        alert: AlertId,
        /// The change in its history.
        version: i64,
    },
    /// What was written down when it happened: this is sent.
    Recorded {
        /// What is sent under the event's name.
        payload: Value,
        /// What alone may be sent, if it is private.
        private_id: Option<String>,
    },
    /// What a newer version of Stentor tells of.
    #[serde(other)]
    Unknown,
}

impl Delivery {
    /// What it is, for people who look after the outbox.
    pub fn describe(&self) -> String {
        format!("send {} to the webhook {}", self.event, self.webhook)
    }

    pub(super) fn key(&self) -> String {
        format!("webhook/{}/{}", self.webhook, self.message)
    }

    /// Each webhook is told in order, and keeps nobody else waiting. It does not wait for Slack
    /// either: `/timer/` says so.
    pub(super) fn lane(&self) -> String {
        format!("webhook/{}/timer/deliver", self.webhook)
    }

    /// Where it waits alone, so that what comes after it need not.
    pub fn lane_aside(&self) -> String {
        format!("webhook/{}/timer/aside/{}", self.webhook, self.message)
    }

    /// The work of sending it.
    pub fn into_work(self, id: WorkId, due_at: Timestamp) -> NewWork {
        let (key, lane, seq) = (self.key(), self.lane(), self.at.as_micros());
        let incident = IncidentId::from(NO_INCIDENT);
        NewWork { id, key, lane, seq, incident, work: Work::Deliver(self.into()), due_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_version_tells_of_can_be_read() {
        let text = r#"{"do":"deliver","webhook":"w","message":"msg_1","event":"of.tomorrow",
            "about":{"type":"of_tomorrow","deep":[1]},"at":"2026-11-21T03:00:00Z"}"#;
        let Work::Deliver(delivery) = serde_json::from_str(text).unwrap() else { panic!() };
        assert_eq!(delivery.about, About::Unknown);
    }
}
