//! Who is taken out of a private incident.

use crate::ids::UserId;
use crate::incident::catalogue::RoleKind;
use crate::incident::decide::{Context, check_person};
use crate::incident::event::Event;
use crate::incident::papers::bad::BadPaper;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Visibility};

/// Takes somebody out, and out of its channel. Nobody who holds a role goes by that way: the role
/// would go on without them.
pub(super) fn remove(
    incident: &Incident,
    person: &UserId,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let person = check_person(person)?;
    if incident.visibility == Visibility::Public {
        return Err(BadPaper::NotPrivate.into());
    }
    let held = incident.roles.iter().find(|(id, holder)| {
        let role = context.catalogue.role(id);
        // Whoever is the reporter stays so, and is told by being the creator.
        *holder == person && role.is_none_or(|role| role.kind != RoleKind::Reporter)
    });
    if let Some((id, _)) = held {
        let role = context.catalogue.role(id);
        let part = role.map_or_else(|| id.to_string(), |role| role.name.clone());
        return Err(BadPaper::HasAPart { part }.into());
    }
    let reporter = &context.catalogue.reporter().id;
    if incident.creator.person() == Some(person) || incident.roles.get(reporter) == Some(person) {
        return Err(BadPaper::IsCreator.into());
    }
    if !incident.invited.contains(person) {
        return Err(Refusal::AlreadySo { what: "They have no part in it".to_owned() });
    }
    Ok(vec![Event::MemberRemoved { person: person.clone() }])
}
