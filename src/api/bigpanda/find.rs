//! What the path means: an environment, and an incident in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::bigpanda::view::{Alerts, Glass};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::v1::environments;
use crate::api::v1::incidents::{self, target};
use crate::app::App;
use crate::engine::order::{Done, Order, Target};
use crate::ids::{SourceId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::command::Command;
use crate::incident::environment::Environment;
use crate::incident::event::Via;
use crate::incident::picture::{Picture, PictureFields};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::oncall::person::Person;
use crate::store::db::Tx;
use crate::store::pictures;

/// An incident with all that is needed to show it.
pub struct Scene {
    /// What things are called.
    pub catalogue: Arc<Catalogue>,
    /// What sources are called.
    pub systems: BTreeMap<SourceId, String>,
    /// What is known of those who have to do with it.
    pub people: BTreeMap<UserId, Person>,
    /// The incident.
    pub picture: Picture,
}

impl Scene {
    /// The incident.
    pub fn incident(&self) -> &Incident {
        &self.picture.incident
    }

    /// The incident as it is shown.
    pub fn shown(&self, alerts: Alerts) -> serde_json::Value {
        self.glass().incident(&self.picture, alerts)
    }

    /// What it takes to show it.
    pub fn glass(&self) -> Glass<'_> {
        Glass::new(&self.catalogue, &self.systems, &self.people)
    }
}

/// The incident of this id, if it is there and the caller may know of it.
pub async fn incident(tx: &mut Tx, caller: &Caller, id: &str) -> Outcome<Incident> {
    let target = target(id).ok_or_else(Problem::no_such_incident)?;
    Ok(incidents::find(tx, caller, &target).await?)
}

/// The incident of this id wherever it is.
pub async fn anywhere(app: &App, tx: &mut Tx, caller: &Caller, id: &str) -> Outcome<Scene> {
    let catalogue = app.catalogues.of(tx, &caller.workspace).await?;
    let found = incident(tx, caller, id).await?;
    let systems = pictures::systems(tx, &caller.workspace).await?;
    let mut pictures = pictures::of(tx, &caller.workspace, vec![found]).await?;
    let picture = pictures.pop().ok_or_else(Problem::no_such_incident)?;
    let people = pictures::people(tx, &caller.workspace, &[&picture.incident]).await?;
    Ok(Scene { catalogue, systems, people, picture })
}

/// The incident of this id in this environment.
pub async fn within(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    environment: &str,
    id: &str,
) -> Outcome<Scene> {
    let catalogue = app.catalogues.of(tx, &caller.workspace).await?;
    let environment: Environment = environments::one(&catalogue, environment)?;
    let scene = anywhere(app, tx, caller, id).await?;
    let filter = environment.filter().map_err(|_| Problem::internal())?;
    let Scene { picture, systems, .. } = &scene;
    if !filter.holds(&PictureFields { picture, catalogue: &catalogue, systems }) {
        return Err(Problem::no_such_incident().into());
    }
    Ok(scene)
}

/// Gives an incident a command.
pub async fn submit(
    app: &App,
    caller: &Caller,
    incident: &Incident,
    command: Command,
) -> Outcome<Done> {
    let order = Order {
        workspace: caller.workspace.clone(),
        receipt: None,
        target: Target::Id(incident.id.clone()),
        actor: caller.actor.clone(),
        through: Some(caller.program()),
        via: Via::Api,
        command,
        expected_version: None,
    };
    Ok(app.engine.submit(order).await?)
}

/// The same where it is no mistake that the incident is that way already.
pub async fn ensure(
    app: &App,
    caller: &Caller,
    incident: &Incident,
    command: Command,
) -> Outcome<()> {
    let order = Order {
        workspace: caller.workspace.clone(),
        receipt: None,
        target: Target::Id(incident.id.clone()),
        actor: caller.actor.clone(),
        through: Some(caller.program()),
        via: Via::Api,
        command,
        expected_version: None,
    };
    match app.engine.submit(order).await {
        Ok(_) => Ok(()),
        Err(crate::engine::order::NotDone::Refused(Refusal::AlreadySo { .. })) => Ok(()),
        Err(error) => Err(Failure::from(error)),
    }
}

/// Writes a comment down, if there is one.
pub async fn comment(
    app: &App,
    caller: &Caller,
    incident: &Incident,
    text: Option<String>,
) -> Outcome<()> {
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) => submit(app, caller, incident, Command::Note { text }).await.map(|_| ()),
        None => Ok(()),
    }
}
