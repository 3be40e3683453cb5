//! Who hears of an incident's updates without being part of it.

use crate::ids::UserId;
use crate::incident::decide::{Context, check_person};
use crate::incident::event::Event;
use crate::incident::papers::bad::{BadPaper, member};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;

/// The most people who hear of one incident: each update is a message to each of them.
pub const MOST: usize = 200;

/// Tells somebody from now on; the actor, if nobody is named.
pub(super) fn subscribe(
    incident: &Incident,
    person: Option<&UserId>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let person = meant(person, context)?;
    member(incident, person)?;
    if incident.papers.subscribers.contains(person) {
        return Err(Refusal::AlreadySo { what: "They are subscribed already".to_owned() });
    }
    if room(incident) == 0 {
        return Err(BadPaper::TooMany { what: "subscribers", limit: MOST }.into());
    }
    Ok(vec![Event::Subscribed { people: vec![person.clone()] }])
}

/// Tells somebody nothing more; the actor, if nobody is named.
pub(super) fn unsubscribe(
    incident: &Incident,
    person: Option<&UserId>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let person = check_person(meant(person, context)?)?;
    if !incident.papers.subscribers.contains(person) {
        return Err(Refusal::AlreadySo { what: "They are not subscribed".to_owned() });
    }
    Ok(vec![Event::Unsubscribed { person: person.clone() }])
}

fn meant<'a>(person: Option<&'a UserId>, context: &Context<'a>) -> Result<&'a UserId, BadPaper> {
    person.or(context.actor.person()).ok_or(BadPaper::NobodySaid)
}

/// How many more people can hear of it.
pub(super) fn room(incident: &Incident) -> usize {
    MOST.saturating_sub(incident.papers.subscribers.len())
}
