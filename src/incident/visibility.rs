//! Who may know of an incident, if that changes.

use crate::incident::access;
use crate::incident::decide::Context;
use crate::incident::event::Event;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Visibility};

/// Makes an incident private. Whoever does that has a part in it from then on: nobody shuts themselves
/// out. What is private stays so, because what was written in it was written for few.
pub(super) fn change(
    incident: &Incident,
    private: bool,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let already = |what: &str| Err(Refusal::AlreadySo { what: what.to_owned() });
    let (from, to) = (incident.visibility, Visibility::Private);
    match (from, private) {
        (Visibility::Private, true) => return already("The incident is private already"),
        (Visibility::Public, false) => return already("Everybody may know of it already"),
        (Visibility::Private, false) => return Err(Refusal::StaysPrivate),
        (Visibility::Public, true) => {}
    }
    let after = Incident { visibility: to, ..incident.clone() };
    let mut events = vec![Event::VisibilityChanged { from, to }];
    if let Some(person) = context.actor.person()
        && !access::may_see(&after, context.actor)
    {
        events.insert(0, Event::Invited { people: vec![person.clone()] });
    }
    Ok(events)
}
