//! Escalations: people being paged.

use serde::Serialize;

use crate::alert::state::Alert;
use crate::api::incident_io::shape::actor::Actor;
use crate::api::incident_io::shape::alert::AlertSlim;
use crate::api::incident_io::shape::incident::IncidentSlim;
use crate::api::incident_io::shape::user::{People, User};
use crate::clock::Timestamp;
use crate::ids::{ChannelId, EscalationId, PathId, UserId};
use crate::incident::event;
use crate::incident::state::Incident;
use crate::oncall::escalation::state::{self, Course, Logged, Status, What};
use crate::oncall::path::definition::Urgency;

/// An escalation, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Escalation {
    id: EscalationId,
    title: String,
    description: String,
    status: Status,
    priority: Priority,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalation_path_id: Option<PathId>,
    creator: Actor,
    events: Vec<Event>,
    related_incidents: Vec<IncidentSlim>,
    related_alerts: Vec<AlertSlim>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// How important it is; without a name if nobody has said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Priority {
    name: String,
}

/// Something that happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Event {
    id: String,
    occurred_at: Timestamp,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    urgency: Option<Urgency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<User>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<Vec<Channel>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Channel {
    slack_channel_id: ChannelId,
}

impl Escalation {
    /// The escalation as this format shows it. Its incident and alerts may be named.
    pub fn show(
        escalation: &state::Escalation,
        incident: Option<&Incident>,
        alerts: &[Alert],
        people: &People,
    ) -> Escalation {
        let log = escalation.log.iter();
        Escalation {
            id: escalation.id.clone(),
            title: escalation.title.clone(),
            description: escalation.description.clone(),
            status: escalation.status,
            priority: Priority { name: escalation.priority.clone().unwrap_or_default() },
            escalation_path_id: match &escalation.course {
                Course::Path { path, .. } => Some(path.clone()),
                Course::People { .. } => None,
            },
            creator: Actor::of_workflows(&escalation.by, people),
            events: log.filter_map(|one| happened(&escalation.id, one, people)).collect(),
            related_incidents: incident.map(IncidentSlim::show).into_iter().collect(),
            related_alerts: alerts.iter().map(AlertSlim::show).collect(),
            created_at: escalation.created_at,
            updated_at: escalation.updated_at,
        }
    }
}

/// Everybody whom an escalation names.
pub fn people_in(escalation: &state::Escalation) -> Vec<UserId> {
    let mut people: Vec<UserId> = escalation.by.person().cloned().into_iter().collect();
    for logged in &escalation.log {
        match &logged.what {
            What::NotifiedUsers { people: paged, .. } => people.extend(paged.iter().cloned()),
            What::Acked { by } | What::Cancelled { by } => people.extend(by.person().cloned()),
            _ => {}
        }
    }
    people
}

/// What happened, where the format has a word for it.
fn happened(escalation: &EscalationId, logged: &Logged, people: &People) -> Option<Event> {
    let all = |users: &[UserId]| users.iter().map(|user| people.show(user)).collect();
    let whoever =
        |by: &event::Actor| by.person().map(|user| people.show(user)).into_iter().collect();
    let (mut urgency, mut users, mut channels) = (None, None, None);
    let event = match &logged.what {
        What::Triggered => "triggered",
        What::EnteredGracePeriod => "entered_grace_period",
        What::NotifiedUsers { people, urgency: how } => {
            (users, urgency) = (Some(all(people)), Some(*how));
            "notified_users"
        }
        What::NotifiedChannels { channels: told } => {
            let told = told.iter().map(|id| Channel { slack_channel_id: id.clone() });
            channels = Some(told.collect());
            "notified_channels"
        }
        What::Acked { by } => {
            users = Some(whoever(by));
            "acked"
        }
        What::Cancelled { by } => {
            users = Some(whoever(by));
            "cancelled"
        }
        What::Resolved { .. } => "resolved",
        What::Expired => "expired",
        What::FoundNobody
        | What::NotDelivered { .. }
        | What::Declined { .. }
        | What::Snoozed { .. }
        | What::Reassigned { .. }
        | What::Unknown => return None,
    };
    let id = format!("{escalation}.{}", logged.number);
    Some(Event { id, occurred_at: logged.at, event, urgency, users, channels })
}
