//! What people do about the alerts of an incident: under a card, and in the form that it opens.

use crate::ids::{GroupId, IncidentId, UserId, WorkspaceId};
use crate::incident::access::may_see;
use crate::incident::command::Command;
use crate::incident::event::Actor;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, parse_reference, reference};
use crate::incident::wanted::Wanted;
use crate::intake::order::{Carried, Errand, Place, Which};
use crate::slack::inbound::act::{Asking, Failure};
use crate::slack::inbound::answer::Answer;
use crate::slack::inbound::door::Door;
use crate::slack::inbound::payload::View;
use crate::slack::inbound::submission::FilledIn;
use crate::slack::view::alerts::button::CardButton;
use crate::slack::view::alerts::list;
use crate::slack::view::form::{self, ATTACH, Form, Origin};
use crate::slack::view::kit::message::Message;
use crate::slack::view::verb::Verb;
use crate::store::db::Tx;
use crate::store::{alert_groups, alerts, incident_lists, incidents};

/// Incidents to choose from in a form: as many as Slack takes, and the one that is left out.
const CHOICES: usize = 101;

impl Asking<'_> {
    /// All alerts of the incident.
    pub(super) async fn alerts(&self) -> Result<Message, Failure> {
        let mut tx = self.door.app.db.read().await?;
        let incident = self.find(&mut tx).await?;
        let found = alerts::of_incident(&mut tx, &self.workspace, &incident.id).await?;
        Ok(list::alerts(&incident, &found))
    }

    /// Does what a button under a card says, if the card is still right and this person may know of
    /// the incident.
    pub(super) async fn press_card(
        &self,
        button: CardButton,
        group: &GroupId,
    ) -> Result<Option<Message>, Failure> {
        let mut tx = self.door.app.db.read().await?;
        let incident = self.find(&mut tx).await?;
        drop(tx);
        let which = Which::GroupOf { group: group.clone(), incident: incident.id.clone() };
        let by = self.actor();
        match button {
            CardButton::Acknowledge => {
                let carried = self.carry(Errand::Acknowledge { which, by }).await?;
                has_changed(&carried, "Somebody looks after all that fires")
            }
            CardButton::Unacknowledge => {
                let carried = self.carry(Errand::Unacknowledge { which, by }).await?;
                has_changed(&carried, "Nobody looks after them")
            }
            CardButton::Unrelated => {
                self.carry(Errand::Move { which, to: Place::Nowhere, by }).await?;
                Ok(None)
            }
            // These are the whole incident's.
            CardButton::Snooze => self.open_form(&Form::Snooze).await,
            CardButton::Unsnooze => self.run(Command::Unsnooze {}).await,
            CardButton::Attach => self.ask_where(incident, group).await,
            CardButton::Details => self.details(&incident, group).await.map(Some),
        }
    }

    async fn ask_where(
        &self,
        incident: Incident,
        group: &GroupId,
    ) -> Result<Option<Message>, Failure> {
        let mut tx = self.door.app.db.read().await?;
        check_group(&mut tx, &self.workspace, group, &incident.id).await?;
        let mut open = open_incidents(&mut tx, &self.workspace, &self.actor()).await?;
        drop(tx);
        open.retain(|other| other.id != incident.id);
        let origin =
            Origin { incident: Some(incident.id), group: Some(group.clone()), ..Origin::default() };
        Ok(self.open(form::attach(&open, &origin), Verb::Alerts).await)
    }

    async fn details(&self, incident: &Incident, group: &GroupId) -> Result<Message, Failure> {
        let mut tx = self.door.app.db.read().await?;
        check_group(&mut tx, &self.workspace, group, &incident.id).await?;
        let ids = std::slice::from_ref(group);
        let found = alerts::of_groups(&mut tx, &self.workspace, ids).await?;
        Ok(list::alerts(incident, &found))
    }

    async fn carry(&self, errand: Errand) -> Result<Carried, Failure> {
        let intake = &self.door.app.intake;
        let carried = intake.carry_once(&self.workspace, self.receipt(), errand).await;
        let carried = carried.map_err(|error| {
            tracing::warn!(error = %error, "Could not do what somebody wanted of alerts");
            Failure::NotSaved
        })?;
        was_there(carried)
    }
}

/// Refuses a group that is no part of the incident any more.
async fn check_group(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &GroupId,
    incident: &IncidentId,
) -> Result<(), Failure> {
    let found = alert_groups::with_ids(tx, workspace, std::slice::from_ref(group)).await?.pop();
    let is_here = found.is_some_and(|group| group.incident.as_ref() == Some(incident));
    if is_here { Ok(()) } else { Err(Failure::Refused(Refusal::AlertsElsewhere)) }
}

async fn open_incidents(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
) -> Result<Vec<Incident>, sqlx::Error> {
    incident_lists::newest(tx, workspace, actor, Wanted::open(), None, CHOICES).await
}

/// What nobody finds any more may have gone between the look and the deed.
fn was_there(carried: Carried) -> Result<Carried, Failure> {
    if carried.was_there { Ok(carried) } else { Err(Failure::Refused(Refusal::AlertsElsewhere)) }
}

fn has_changed(carried: &Carried, what: &str) -> Result<Option<Message>, Failure> {
    if carried.alerts.is_empty() && !carried.was_repeated {
        return Err(Failure::Refused(Refusal::AlreadySo { what: what.to_owned() }));
    }
    Ok(None)
}

/// Takes the form that moves a group of alerts to another incident.
pub(super) async fn attach(
    door: &Door,
    workspace: WorkspaceId,
    user: &UserId,
    view: &View,
) -> Answer {
    match try_attach(door, &workspace, user, view).await {
        Ok(()) => Answer::silence(),
        Err(Failure::Refused(refusal)) => Answer::value(&form::refused(ATTACH, &refusal)),
        Err(Failure::NotSaved) => Answer::value(&form::failed(ATTACH)),
        Err(Failure::Store(error)) => {
            tracing::warn!(error = %error, "Could not read what somebody wanted of alerts");
            Answer::value(&form::failed(ATTACH))
        }
    }
}

async fn try_attach(
    door: &Door,
    workspace: &WorkspaceId,
    user: &UserId,
    view: &View,
) -> Result<(), Failure> {
    let origin = Origin::parse(&view.private_metadata);
    let (Some(incident), Some(group)) = (origin.incident, origin.group) else {
        return Err(Failure::Refused(Refusal::AlertsElsewhere));
    };
    let by = Actor::Person { user: user.clone() };
    let filled_in = FilledIn(view.values());
    let given = filled_in.text("reference").or_else(|| filled_in.choice("incident"));
    let given = given.ok_or(Refusal::NoDestination)?;
    let number = parse_reference(&given).ok_or(Refusal::NoDestination)?;
    let mut tx = door.app.db.read().await?;
    let here = incidents::by_id(&mut tx, workspace, &incident).await?;
    if !here.is_some_and(|here| may_see(&here, &by)) {
        return Err(Refusal::NoSuchIncident { reference: "like that".to_owned() }.into());
    }
    let to = incidents::by_number(&mut tx, workspace, number).await?;
    drop(tx);
    let to = to.filter(|to| may_see(to, &by));
    let to = to.ok_or_else(|| Refusal::NoSuchIncident { reference: reference(number) })?;
    if to.id == incident {
        let what = format!("These alerts are part of {} already", reference(number));
        return Err(Refusal::AlreadySo { what }.into());
    }
    if to.category.is_ended() {
        return Err(Refusal::Over { category: to.category }.into());
    }
    let which = Which::GroupOf { group, incident };
    let errand = Errand::Move { which, to: Place::Incident(to.id), by };
    let receipt = (!view.id.is_empty()).then(|| format!("view/{}", view.id));
    let carried = door.app.intake.carry_once(workspace, receipt, errand).await;
    let carried = carried.map_err(|error| {
        tracing::warn!(error = %error, "Could not move alerts");
        Failure::NotSaved
    })?;
    was_there(carried).map(drop)
}
