//! Incidents that have to do with each other, without one going on in the other.
//!
//! Both records say so, but for what is private: it is named in no public record, and nowhere but in
//! the record of whoever named the other one.

use crate::incident::access;
use crate::incident::decide::Context;
use crate::incident::event::Event;
use crate::incident::papers::bad::BadPaper;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Visibility};
use crate::incident::text::shorten;

/// Relates an incident to the one that goes by the word `to`, if there is one.
pub fn relate(
    incident: &Incident,
    to: &str,
    other: Option<&Incident>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let other = visible(incident, to, other, context)?;
    if incident.papers.related.contains_key(&other.id) {
        let what = format!("The incident is related to {} already", other.reference());
        return Err(Refusal::AlreadySo { what });
    }
    if other.visibility == Visibility::Private {
        return Err(BadPaper::PrivateRelative { other: other.reference() }.into());
    }
    if incident.papers.related.len() >= MOST {
        return Err(BadPaper::TooMany { what: "related incidents", limit: MOST }.into());
    }
    Ok(vec![Event::Related { incident: other.id.clone(), number: other.number }])
}

/// Says that an incident has nothing to do with that one.
pub fn unrelate(
    incident: &Incident,
    to: &str,
    other: Option<&Incident>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let other = visible(incident, to, other, context)?;
    if !incident.papers.related.contains_key(&other.id) {
        let what = format!("The incident is not related to {}", other.reference());
        return Err(Refusal::AlreadySo { what });
    }
    Ok(vec![Event::Unrelated { incident: other.id.clone(), number: other.number }])
}

/// What the other one's record says of it, if it has to say anything.
pub fn mirrored(event: &Event, incident: &Incident, other: &Incident) -> Option<Event> {
    let (id, number) = (incident.id.clone(), incident.number);
    let is_known = other.papers.related.contains_key(&id);
    match event {
        Event::Related { .. } => {
            let may_be_named = access::may_be_named(incident);
            let has_room = other.papers.related.len() < MOST;
            (may_be_named && has_room && !is_known)
                .then_some(Event::Related { incident: id, number })
        }
        Event::Unrelated { .. } => is_known.then_some(Event::Unrelated { incident: id, number }),
        _ => None,
    }
}

/// Incidents that one is related to.
const MOST: usize = 100;

fn visible<'o>(
    incident: &Incident,
    to: &str,
    other: Option<&'o Incident>,
    context: &Context,
) -> Result<&'o Incident, Refusal> {
    access::check_visible(incident, context.actor)?;
    let other = other.filter(|other| access::may_see(other, context.actor));
    let other = other.ok_or_else(|| BadPaper::NoSuchRelative { given: shorten(to.trim(), 80) })?;
    if other.id == incident.id {
        return Err(BadPaper::Itself.into());
    }
    Ok(other)
}
