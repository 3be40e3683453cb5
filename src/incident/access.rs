//! Who may know of an incident, and who may change it.
//!
//! Public incidents belong to the whole workspace: at 3 a.m. nobody should lack a permission.
//! A private incident does not exist for those without a part in it.

use crate::incident::command::Command;
use crate::incident::event::{Actor, Via};
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Visibility};

/// Whether the incident exists as far as they are concerned.
pub fn may_see(incident: &Incident, actor: &Actor) -> bool {
    match (incident.visibility, actor) {
        (Visibility::Public, _) | (_, Actor::Stentor) => true,
        (Visibility::Private, Actor::Person { user }) => {
            incident.creator == *actor
                || incident.roles.values().any(|holder| holder == user)
                || incident.invited.contains(user)
        }
        (Visibility::Private, Actor::ApiToken { .. }) => incident.creator == *actor,
    }
}

/// Whether it may be spoken of where others read it.
pub fn may_be_named(incident: &Incident) -> bool {
    incident.visibility == Visibility::Public
}

/// Refuses whatever is asked of an incident that does not exist as far as they are concerned.
pub fn check_visible(incident: &Incident, actor: &Actor) -> Result<(), Refusal> {
    if may_see(incident, actor) {
        Ok(())
    } else {
        Err(Refusal::NoSuchIncident { reference: incident.reference() })
    }
}

/// Refuses a command that this actor may not give.
pub fn check(
    incident: &Incident,
    actor: &Actor,
    via: Via,
    command: &Command,
) -> Result<(), Refusal> {
    check_visible(incident, actor)?;
    let from_within = *actor == Actor::Stentor && matches!(via, Via::Delivery | Via::Timer);
    if command.is_internal() && !from_within {
        return Err(Refusal::NotForPeople);
    }
    Ok(())
}
