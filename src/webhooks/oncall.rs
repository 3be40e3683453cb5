//! Who is paged and who is on call, as webhooks are told of it, in the shapes of the incident.io
//! format. It is written down when it happens.

use serde_json::{Value, json};

use crate::alert::state::Alert;
use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::actor::Actor as ActorShape;
use crate::api::incident_io::shape::escalation::Escalation as EscalationShape;
use crate::api::incident_io::shape::user::People;
use crate::clock::Timestamp;
use crate::ids::{ScheduleId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::event::Actor;
use crate::incident::state::Incident;
use crate::oncall::escalation::state::{Escalation, Status};

/// An escalation. Its incident and alerts may be named.
pub fn escalation(escalation: &Escalation, incident: Option<&Incident>, alerts: &[Alert]) -> Value {
    as_json(&EscalationShape::show(escalation, incident, alerts, &People::default()))
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

fn as_json(shown: &impl serde::Serialize) -> Value {
    serde_json::to_value(shown).expect("a shape is plain JSON")
}
