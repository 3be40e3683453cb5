//! What webhooks are told of escalations and schedules, written in the transaction that makes it so.

use crate::alert::state::Alert;
use crate::clock::Timestamp;
use crate::ids::{UserId, WorkspaceId};
use crate::incident::access::may_be_named;
use crate::incident::event::Actor;
use crate::oncall::escalation::state::{Escalation, Status};
use crate::outbox::webhook_work::About;
use crate::outbox::work::NewWork;
use crate::paging::Paging;
use crate::store::db::{Result, Tx};
use crate::store::schedules::Kept;
use crate::store::{alert_lists, incidents, webhooks};
use crate::webhooks::event_type::EventType;
use crate::webhooks::meaning::News;
use crate::webhooks::{oncall, spread};

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
        let is_private = incident.as_ref().is_some_and(|incident| !may_be_named(incident));
        // Alerts of private incidents are nobody's business here.
        let everybody = Actor::ApiToken { name: String::new() };
        let listed = alert_lists::with_ids(tx, workspace, &everybody, &escalation.alerts).await?;
        let alerts: Vec<Alert> = listed.into_iter().map(|listed| listed.alert).collect();
        let shown = oncall::escalation(escalation, incident.as_ref(), &alerts);
        let payload = match was {
            None => shown,
            Some(was) => oncall::escalation_updated(shown, was, escalation.status, by),
        };
        let private_id = is_private.then(|| escalation.id.to_string());
        let about = About::Recorded { payload, private_id };
        let news = News { event, is_private: Some(is_private), about, at: now, only: None };
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
        let (name, zone) = (&kept.definition.name, &kept.definition.time_zone);
        let schedule = oncall::schedule(&kept.id, name, zone, kept.created_at, kept.updated_at);
        let (event, payload) = match happened {
            Happened::Created => ("schedule.created_v1", schedule),
            Happened::Updated => ("schedule.updated_v1", schedule),
            Happened::Deleted => ("schedule.deleted_v1", schedule),
            Happened::ShiftChanged { before, now } => {
                ("schedule.shift_change_v1", oncall::shift_change(schedule, before, now))
            }
        };
        let Some(event) = EventType::parse(event) else { return Ok(Vec::new()) };
        let listening = webhooks::listening(tx, workspace).await?;
        let about = About::Recorded { payload, private_id: None };
        let news = News { event, is_private: Some(false), about, at: now, only: None };
        Ok(spread(&listening, &[news], &self.ids, now))
    }
}
