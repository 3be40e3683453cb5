//! Sees what follows from how a group of alerts stands, and has it done.
//!
//! It is work of the outbox, so it happens, whatever dies meanwhile; and it looks at the present
//! state, so that a storm of a thousand alerts is one look.

use std::sync::Arc;

use crate::alert::group::Group;
use crate::alert::observation::Status;
use crate::alert::prepared::{PEOPLE_LIMIT, Prepared};
use crate::alert::settings::{Opens, Route};
use crate::alert::settle::{Standing, Step};
use crate::alert::signal::Signal;
use crate::alert::state::Alert;
use crate::clock::{Clock, Timestamp};
use crate::engine::Engine;
use crate::engine::order::{NotDone, Order, Target};
use crate::ids::{GroupId, IncidentId, UserId, WorkspaceId};
use crate::incident::command::{Command, Declare};
use crate::incident::event::{Actor, Via};
use crate::incident::origin::Origin;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Visibility};
use crate::incident::text::{NAME_LIMIT, SUMMARY_LIMIT, clean_line, shorten};
use crate::intake::Intake;
use crate::intake::order::Errand;
use crate::paging::Paging;
use crate::store::db::Db;
use crate::store::{alert_groups, alerts, incidents};

/// How many steps are taken at one look; more would be going round in a circle.
const STEPS: usize = 8;
/// How many alerts that may keep others quiet are looked at.
const INHIBITORS: i64 = 10_000;

/// Sees what follows from alerts.
#[derive(Clone)]
pub struct Settler {
    /// Where everything is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Writes incidents.
    pub engine: Engine,
    /// Writes alerts.
    pub intake: Intake,
    /// Pages people.
    pub paging: Paging,
}

/// What a look needs to know.
pub(super) struct View {
    pub(super) group: Group,
    pub(super) alerts: Vec<Alert>,
    of_incident: Vec<Alert>,
    inhibitors: Vec<Alert>,
    incident: Option<Incident>,
    pub(super) settings: Arc<Prepared>,
}

impl Settler {
    /// Does what follows from how a group stands. Says when to look again, if nothing happens before.
    pub async fn settle(
        &self,
        workspace: &WorkspaceId,
        group: &GroupId,
    ) -> anyhow::Result<Option<Timestamp>> {
        for _ in 0..STEPS {
            let Some(view) = self.look(workspace, group).await? else { return Ok(None) };
            // Whatever was merged: its alerts are the other one's now.
            if let Some(incident) = &view.incident
                && let Some(into) = &incident.merged_into
                && self.follow(workspace, &incident.id, &into.incident).await?
            {
                continue;
            }
            let standing = Standing {
                group: &view.group,
                alerts: &view.alerts,
                of_incident: &view.of_incident,
                inhibitors: &view.inhibitors,
                incident: view.incident.as_ref(),
                settings: &view.settings,
                now: self.clock.now(),
            };
            match standing.next() {
                Step::Open { status } => self.open(workspace, &view, status).await?,
                Step::Report { signal, news_at, on_resolve } => {
                    let incident = view.incident.as_ref().expect("it is reported to somebody");
                    // Before it is told: it is told once, and a process may die in between.
                    if let Some(at) = news_at.filter(|_| fires_again(incident, &signal)) {
                        let time = at.as_micros().to_string();
                        self.page(workspace, &view, incident, &time).await?;
                    }
                    let on_resolve = Some(on_resolve);
                    let command = Command::RecordSignal { signal, news_at, on_resolve };
                    if self.report(workspace, incident, command).await? == Told::KnewThat {
                        return Ok(None);
                    }
                }
                Step::Wait { until } => return Ok(Some(until)),
                Step::Rest => return Ok(None),
            }
        }
        anyhow::bail!("a group of alerts does not come to rest")
    }

    /// Tells an incident what its alerts say together, some of which are gone.
    pub async fn tell(&self, workspace: &WorkspaceId, incident: &IncidentId) -> anyhow::Result<()> {
        for _ in 0..STEPS {
            let mut tx = self.db.read().await?;
            let found = incidents::by_id(&mut tx, workspace, incident).await?;
            let Some(incident) = found else { return Ok(()) };
            if let Some(into) = &incident.merged_into {
                drop(tx);
                self.follow(workspace, &incident.id, &into.incident).await?;
                return Ok(());
            }
            let of_incident = alerts::of_incident(&mut tx, workspace, &incident.id).await?;
            drop(tx);
            let before = incident.signal.as_ref();
            let (signal, _) = Signal::of(&of_incident, before, self.clock.now());
            // Nothing is over: it was never this incident's.
            let command = Command::RecordSignal { signal, news_at: None, on_resolve: None };
            if self.report(workspace, &incident, command).await? != Told::Later {
                return Ok(());
            }
        }
        anyhow::bail!("an incident changes faster than it can be told what its alerts say")
    }

    /// Has the alerts of an incident that was merged belong to the one in which it goes on. What was
    /// private stays where it is: the other one's people would read of it. Says whether they do.
    async fn follow(
        &self,
        workspace: &WorkspaceId,
        from: &IncidentId,
        to: &IncidentId,
    ) -> anyhow::Result<bool> {
        let mut tx = self.db.read().await?;
        let found = incidents::by_id(&mut tx, workspace, from).await?;
        let into = incidents::by_id(&mut tx, workspace, to).await?;
        drop(tx);
        let (Some(found), Some(into)) = (found, into) else { return Ok(false) };
        if found.visibility == Visibility::Private && into.visibility == Visibility::Public {
            return Ok(false);
        }
        let errand = Errand::Repoint { from: found.id, to: into.id };
        self.intake.carry(workspace, errand).await?;
        Ok(true)
    }

    async fn look(&self, workspace: &WorkspaceId, id: &GroupId) -> anyhow::Result<Option<View>> {
        let mut tx = self.db.read().await?;
        let found = alert_groups::with_ids(&mut tx, workspace, std::slice::from_ref(id)).await?;
        let Some(group) = found.into_iter().next() else { return Ok(None) };
        let settings = self.intake.settings().of(&mut tx, workspace).await?;
        let alerts = alerts::of_groups(&mut tx, workspace, std::slice::from_ref(id)).await?;
        let (incident, of_incident) = match &group.incident {
            Some(incident) => (
                incidents::by_id(&mut tx, workspace, incident).await?,
                alerts::of_incident(&mut tx, workspace, incident).await?,
            ),
            None => (None, Vec::new()),
        };
        let inhibitors = match settings.inhibitions.is_empty() {
            true => Vec::new(),
            false => alerts::firing(&mut tx, workspace, None, INHIBITORS).await?,
        };
        Ok(Some(View { group, alerts, of_incident, inhibitors, incident, settings }))
    }

    /// Opens an incident for a group. Whatever happens in between, it is one: the receipt is the
    /// group's.
    async fn open(
        &self,
        workspace: &WorkspaceId,
        view: &View,
        status: Status,
    ) -> anyhow::Result<()> {
        let route = view.settings.route_by_id(view.group.route.as_ref());
        let declare = declaration(view, &route, status);
        let done = match self.submit(workspace, view, declare.clone()).await {
            // What a route says may have been right once, and the catalogue is another one now. The
            // incident is what matters.
            Err(NotDone::Refused(refusal)) => {
                tracing::warn!(%refusal, route = route.name, "A route asks for what can't be; the incident opens without it");
                self.submit(workspace, view, bare(&declare, &view.group)).await
            }
            other => other,
        };
        let incident = Arc::clone(&done?.incident);
        if !view.group.at_once {
            self.page(workspace, view, &incident, "open").await?;
        }
        let incident = incident.id.clone();
        let errand = Errand::Link { group: view.group.id.clone(), incident };
        self.intake.carry(workspace, errand).await?;
        Ok(())
    }

    async fn submit(
        &self,
        workspace: &WorkspaceId,
        view: &View,
        declare: Declare,
    ) -> Result<crate::engine::order::Done, NotDone> {
        let order = Order {
            workspace: workspace.clone(),
            receipt: Some(format!("alerts/{}/open", view.group.id)),
            target: Target::New,
            actor: view.group.asked_by.clone().unwrap_or(Actor::Stentor),
            through: None,
            via: Via::Delivery,
            command: Command::Declare(declare),
            expected_version: None,
        };
        self.engine.submit(order).await
    }

    async fn report(
        &self,
        workspace: &WorkspaceId,
        incident: &Incident,
        command: Command,
    ) -> anyhow::Result<Told> {
        // What is seen follows from this version; if it is another one meanwhile, it is looked at again.
        let order = Order {
            workspace: workspace.clone(),
            receipt: None,
            target: Target::Id(incident.id.clone()),
            actor: Actor::Stentor,
            through: None,
            via: Via::Delivery,
            command,
            expected_version: Some(incident.version),
        };
        match self.engine.submit(order).await {
            Ok(_) => Ok(Told::News),
            Err(NotDone::Refused(Refusal::Stale { .. })) => Ok(Told::Later),
            Err(NotDone::Refused(_)) => Ok(Told::KnewThat),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether alerts fire again that were all over, and somebody wants to hear of it.
fn fires_again(incident: &Incident, signal: &Signal) -> bool {
    let was_over = incident.signal.is_some_and(|before| !before.active);
    was_over && signal.active && !signal.flapping && incident.snooze.is_none()
}

/// How an incident took what it was told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It was news.
    News,
    /// It was not.
    KnewThat,
    /// It is another one meanwhile, and has to be looked at again.
    Later,
}

/// What is declared for a group: its first alert that fires says what is wrong.
fn declaration(view: &View, route: &Route, status: Status) -> Declare {
    let firing = || view.alerts.iter().filter(|alert| alert.phase.is_firing());
    let first = firing().find(|alert| alert.status == status).or_else(|| firing().next());
    let name = first.map_or(view.group.title.as_str(), |alert| alert.title.as_str());
    let name = clean_line(name);
    let name = if name.is_empty() { "Alerts fire".to_owned() } else { shorten(&name, NAME_LIMIT) };
    let summary = first.map(|alert| shorten(alert.description.trim(), SUMMARY_LIMIT));
    let usual = match status {
        Status::Critical => Some("Critical"),
        Status::Warning => Some("Minor"),
        Status::Unknown | Status::Ok => None,
    };
    let severity = route.severity.get(&status).map(String::as_str).or(usual);
    Declare {
        name,
        summary: summary.filter(|summary| !summary.is_empty()),
        severity: severity.map(str::to_owned),
        lead: route.lead.clone(),
        private: route.private || view.group.insiders.is_some(),
        incident_type: route.incident_type.clone(),
        triage: route.opens == Opens::Triage && !view.group.at_once,
        invite: invited(&view.group, &route.invite),
        opened_by: Some(view.group.id.clone()),
        origin: first.map(Origin::of),
        ..Declare::default()
    }
}

/// Who is invited: those who had a part in the private incident that the alerts come from, and those
/// that the route names, as far as there is room.
fn invited(group: &Group, route: &[UserId]) -> Vec<UserId> {
    let mut people: Vec<UserId> = group.insiders.clone().unwrap_or_default();
    people.extend(
        route.iter().filter(|person| !people.contains(person)).cloned().collect::<Vec<_>>(),
    );
    people.truncate(PEOPLE_LIMIT);
    people
}

/// The same without anything that could be unknown.
fn bare(declare: &Declare, group: &Group) -> Declare {
    Declare {
        severity: None,
        lead: None,
        incident_type: None,
        invite: invited(group, &[]),
        ..declare.clone()
    }
}
