//! Who is paged and who is on call, as webhooks are told of it, in the shapes of the incident.io
//! format. It is written down when it happens.

use serde_json::{Value, json};

use crate::alert::state::Alert;
use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::actor::Actor as ActorShape;
use crate::api::incident_io::shape::alert::AlertSlim;
use crate::api::incident_io::shape::incident::IncidentSlim;
use crate::api::incident_io::shape::user::People;
use crate::clock::Timestamp;
use crate::ids::{ScheduleId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::event::Actor;
use crate::incident::state::Incident;
use crate::oncall::escalation::state::{Course, Escalation, Logged, Status, What};

/// An escalation. Its incident and alerts may be named.
pub fn escalation(escalation: &Escalation, incident: Option<&Incident>, alerts: &[Alert]) -> Value {
    let related: Vec<Value> =
        incident.map(|incident| as_json(&IncidentSlim::show(incident))).into_iter().collect();
    let alerts: Vec<Value> = alerts.iter().map(|alert| as_json(&AlertSlim::show(alert))).collect();
    let log = escalation.log.iter();
    let events: Vec<Value> = log.filter_map(|one| logged(escalation, one)).collect();
    let mut shown = json!({
        "id": escalation.id,
        "title": escalation.title,
        "description": escalation.description,
        "status": escalation.status,
        "priority": { "name": escalation.priority.as_deref().unwrap_or_default() },
        "creator": creator(&escalation.by),
        "events": events,
        "related_incidents": related,
        "related_alerts": alerts,
        "created_at": escalation.created_at,
        "updated_at": escalation.updated_at,
    });
    if let Course::Path { path, .. } = &escalation.course {
        shown["escalation_path_id"] = json!(path);
    }
    shown
}

/// An escalation that stands otherwise than before.
pub fn escalation_updated(shown: Value, was: Status, now: Status, by: &Actor) -> Value {
    json!({
        "escalation": shown,
        "previous_status": was,
        "new_status": now,
        "actor": actor(by),
    })
}

/// A schedule.
pub fn schedule(
    id: &ScheduleId,
    name: &str,
    time_zone: &str,
    created_at: Timestamp,
    updated_at: Timestamp,
) -> Value {
    json!({
        "id": id,
        "name": name,
        "timezone": time_zone,
        "created_at": created_at,
        "updated_at": updated_at,
    })
}

/// Others are on call by a schedule.
pub fn shift_change(schedule: Value, before: &[UserId], now: &[UserId]) -> Value {
    let people = People::default();
    let all = |users: &[UserId]| -> Vec<Value> {
        users.iter().map(|user| as_json(&people.show(user))).collect()
    };
    json!({ "schedule": schedule, "previous_users": all(before), "current_users": all(now) })
}

fn actor(by: &Actor) -> Value {
    let (catalogue, people) = (Catalogue::default(), People::default());
    let terms = Terms { catalogue: &catalogue, people: &people, slack_team: "" };
    as_json(&ActorShape::show(by, &terms))
}

/// Who began it: the format knows no programs here, and calls them workflows.
fn creator(by: &Actor) -> Value {
    match by {
        Actor::ApiToken { name } => json!({ "workflow": { "id": name, "name": name } }),
        by => actor(by),
    }
}

/// An entry of an escalation's log, where the format has a word for it.
fn logged(escalation: &Escalation, logged: &Logged) -> Option<Value> {
    let people = People::default();
    let mut more = json!({});
    let event = match &logged.what {
        What::Triggered => "triggered",
        What::EnteredGracePeriod => "entered_grace_period",
        What::NotifiedUsers { people: users, urgency } => {
            let users: Vec<Value> = users.iter().map(|user| as_json(&people.show(user))).collect();
            more = json!({ "users": users, "urgency": urgency });
            "notified_users"
        }
        What::NotifiedChannels { channels } => {
            let channels: Vec<Value> =
                channels.iter().map(|channel| json!({ "slack_channel_id": channel })).collect();
            more = json!({ "channels": channels });
            "notified_channels"
        }
        What::Acked { by } => {
            more = json!({ "users": users_of(by, &people) });
            "acked"
        }
        What::Cancelled { by } => {
            more = json!({ "users": users_of(by, &people) });
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
    more["id"] = json!(format!("{}.{}", escalation.id, logged.number));
    more["event"] = json!(event);
    more["occurred_at"] = json!(logged.at);
    Some(more)
}

fn users_of(by: &Actor, people: &People) -> Vec<Value> {
    by.person().map(|user| as_json(&people.show(user))).into_iter().collect()
}

fn as_json(shown: &impl serde::Serialize) -> Value {
    serde_json::to_value(shown).expect("a shape is plain JSON")
}
