//! Who is invited besides those who hold a role.

use std::collections::BTreeSet;

use crate::ids::UserId;
use crate::incident::decide::check_person;
use crate::incident::event::Event;
use crate::incident::refusal::{Field, Refusal};
use crate::incident::state::Incident;

/// The most people that are invited at once.
pub const PEOPLE_LIMIT: usize = 100;

/// The people named, each once; refuses who is nobody by the name that was given.
pub(super) fn named(people: &[UserId]) -> Result<Vec<UserId>, Refusal> {
    let mut seen = BTreeSet::new();
    let mut named = Vec::new();
    for person in people {
        let person = check_person(person)?;
        if seen.insert(person) {
            named.push(person.clone());
        }
    }
    match named.len() {
        count if count > PEOPLE_LIMIT => Err(Refusal::TooManyPeople { count, limit: PEOPLE_LIMIT }),
        _ => Ok(named),
    }
}

/// Who holds a role may be invited nevertheless, and then stays so without it.
pub(super) fn invite(incident: &Incident, people: &[UserId]) -> Result<Vec<Event>, Refusal> {
    if people.is_empty() {
        return Err(Refusal::Missing { field: Field::People });
    }
    let mut people = named(people)?;
    people.retain(|person| {
        !incident.invited.contains(person) && incident.creator.person() != Some(person)
    });
    if people.is_empty() {
        return Err(Refusal::AlreadySo { what: "They are invited already".to_owned() });
    }
    Ok(vec![Event::Invited { people }])
}
