//! Who is taken out of a private incident.

use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::incident::catalogue::RoleKind;
use crate::incident::decide::{Context, check_person};
use crate::incident::event::{Entry, Event};
use crate::incident::paged::Happened;
use crate::incident::papers::bad::BadPaper;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Visibility};

/// Since when somebody has a part in it, by its whole record; nothing if they have none.
pub fn since(person: &UserId, record: &[Entry]) -> Option<Timestamp> {
    let mut since = None;
    for entry in record {
        match &entry.event {
            Event::MemberRemoved { person: removed } if removed == person => since = None,
            _ if gives_a_part(person, entry) => since = since.or(Some(entry.at)),
            _ => {}
        }
    }
    since
}

fn gives_a_part(person: &UserId, entry: &Entry) -> bool {
    match &entry.event {
        Event::Declared(declared) => {
            let holders = declared.roles.iter().map(|(_, holder)| holder);
            let named = holders.chain(&declared.invited).any(|named| named == person);
            named || entry.actor.person() == Some(person)
        }
        Event::Invited { people } => people.contains(person),
        Event::RoleAssigned { person: holder, .. } => holder.as_ref() == Some(person),
        Event::Paged(paged) => {
            let took_it = matches!(paged.happened, Happened::Acknowledged { .. });
            took_it && paged.by.person() == Some(person)
        }
        _ => false,
    }
}

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
