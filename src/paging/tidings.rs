//! What webhooks are told of escalations and schedules, written in the transaction that makes it so.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::ids::{ScheduleId, UserId, WorkspaceId};
use crate::incident::access::may_be_named;
use crate::incident::event::Actor;
use crate::oncall::escalation::state::{Escalation, Status};
use crate::outbox::webhook_work::About;
use crate::outbox::work::NewWork;
use crate::paging::Paging;
use crate::store::db::{Result, Tx};
use crate::store::schedules::Kept;
use crate::store::{incidents, webhooks};
use crate::webhooks::event_type::EventType;
use crate::webhooks::meaning::News;
use crate::webhooks::spread;

const CREATED: &str = "public_escalation.escalation_created_v1";
const STATUS_UPDATED: &str = "public_escalation.escalation_status_updated_v1";

/// What has become of a schedule.
pub(super) enum Happened<'a> {
    /// It was made.
    Created,
    /// It says something else.
    Updated,
    /// It was archived.
    Deleted,
    /// Others are on call.
    ShiftChanged { before: &'a [UserId], now: &'a [UserId] },
}

impl Paging {
    /// The work of telling that an escalation has begun, or stands otherwise than before.
    pub(super) async fn tidings(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        escalation: &Escalation,
        was: Option<Status>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<NewWork>> {
        let event = match was {
            None => CREATED,
            Some(was) if was != escalation.status => STATUS_UPDATED,
            Some(_) => return Ok(Vec::new()),
        };
        let listening = webhooks::listening(tx, workspace).await?;
        let Some(event) = EventType::parse(event).filter(|_| !listening.is_empty()) else {
            return Ok(Vec::new());
        };
        let incident = match &escalation.incident {
            Some(incident) => incidents::by_id(tx, workspace, incident).await?,
            None => None,
        };
        let is_private = incident.is_some_and(|incident| !may_be_named(&incident));
        let payload = match was {
            None => shown(escalation),
            Some(was) => json!({
                "escalation": shown(escalation),
                "previous_status": was,
                "new_status": escalation.status,
                "actor": by,
            }),
        };
        let private_id = is_private.then(|| escalation.id.to_string());
        let about = About::Recorded { payload, private_id };
        let news = News { event, is_private: Some(is_private), about, at: now };
        Ok(spread(&listening, &[news], &self.ids, now))
    }

    /// The work of telling what has become of a schedule.
    pub(super) async fn schedule_tidings(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        kept: &Kept,
        happened: Happened<'_>,
        now: Timestamp,
    ) -> Result<Vec<NewWork>> {
        let schedule = schedule(&kept.id, kept);
        let (event, payload) = match happened {
            Happened::Created => ("schedule.created_v1", schedule),
            Happened::Updated => ("schedule.updated_v1", schedule),
            Happened::Deleted => ("schedule.deleted_v1", schedule),
            Happened::ShiftChanged { before, now } => (
                "schedule.shift_change_v1",
                json!({"schedule": schedule, "previous_users": before, "current_users": now}),
            ),
        };
        let Some(event) = EventType::parse(event) else { return Ok(Vec::new()) };
        let listening = webhooks::listening(tx, workspace).await?;
        let about = About::Recorded { payload, private_id: None };
        let news = News { event, is_private: Some(false), about, at: now };
        Ok(spread(&listening, &[news], &self.ids, now))
    }
}

/// An escalation as webhooks are shown it.
fn shown(escalation: &Escalation) -> Value {
    json!({
        "id": escalation.id,
        "title": escalation.title,
        "description": escalation.description,
        "status": escalation.status,
        "priority": escalation.priority,
        "course": escalation.course,
        "incident": escalation.incident,
        "alerts": escalation.alerts,
        "created_by": escalation.by,
        "acked_by": escalation.acked_by,
        "events": escalation.log,
        "created_at": escalation.created_at,
        "updated_at": escalation.updated_at,
    })
}

fn schedule(id: &ScheduleId, kept: &Kept) -> Value {
    json!({
        "id": id,
        "name": kept.definition.name,
        "time_zone": kept.definition.time_zone,
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
    })
}
