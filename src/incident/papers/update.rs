//! Updates: what people were told, and how things stood then.
//!
//! A record says what changed. How things stood after an entry is found by folding what came before.

use std::collections::BTreeMap;

use crate::ids::{IncidentId, SeverityId, StatusId};
use crate::incident::catalogue::StatusCategory;
use crate::incident::event::{Entry, Event};
use crate::incident::state::Incident;

/// How an incident stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its status.
    pub status: StatusId,
    /// The part of life that status belongs to.
    pub category: StatusCategory,
    /// How bad it was, if somebody knew.
    pub severity: Option<SeverityId>,
}

impl From<&Incident> for Standing {
    fn from(incident: &Incident) -> Standing {
        Standing {
            status: incident.status.clone(),
            category: incident.category,
            severity: incident.severity.clone(),
        }
    }
}

/// How the incident stood after each of these entries, by their versions. They are its declaration
/// and all that has changed its status or severity, oldest first; what else is among them does no
/// harm. Without the declaration nothing is known.
pub fn standings(incident: &IncidentId, turns: &[Entry]) -> BTreeMap<i64, Standing> {
    let Some((first, rest)) = turns.split_first() else { return BTreeMap::new() };
    let Event::Declared(declared) = &first.event else { return BTreeMap::new() };
    let mut state = Incident::declared(incident.clone(), first.at, &first.actor, declared);
    let mut standings = BTreeMap::from([(first.version, Standing::from(&state))]);
    for entry in rest {
        state.apply(entry);
        standings.insert(entry.version, Standing::from(&state));
    }
    standings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::incident::catalogue::Catalogue;
    use crate::incident::command::{Command, Declare};
    use crate::incident::decide::{Context, decide, declare};
    use crate::incident::event::{Actor, Via};

    #[test]
    fn each_entry_is_told_as_things_stood_then() {
        let catalogue = Catalogue::default();
        let (actor, via, now) = (Actor::Stentor, Via::Api, Timestamp::from_micros(0));
        let context = Context { now, actor: &actor, via, catalogue: &catalogue };
        let id = IncidentId::from("01K5QGJH00000000000000000A");
        let request = Declare { name: "x".to_owned(), ..Declare::default() };
        let declared = declare(&request, 1, &context).unwrap();
        let mut state = Incident::declared(id.clone(), now, &actor, &declared);
        let entry = |version, event| Entry {
            version,
            at: now,
            actor: Actor::Stentor,
            via,
            telling: None,
            event,
            through: None,
        };
        let mut turns = vec![entry(1, Event::Declared(declared))];
        let update = |status: &str, severity: Option<&str>| Command::Update {
            message: Some("x".to_owned()),
            status: Some(status.to_owned()),
            severity: severity.map(str::to_owned),
            next_update_in_minutes: None,
        };
        for command in [
            update("fixing", Some("minor")),
            Command::Severity { severity: "critical".to_owned() },
            update("monitoring", None),
        ] {
            // What changes neither may be left out.
            let version = turns.last().unwrap().version + 2;
            let entry = entry(version, decide(&state, &command, &context).unwrap().remove(0));
            state.apply(&entry);
            turns.push(entry);
        }
        let name = |standing: &Standing| {
            let severity = standing.severity.as_ref().and_then(|id| catalogue.severity(id));
            let status = catalogue.status(&standing.status).unwrap().name.clone();
            (status, severity.map(|severity| severity.name.clone()))
        };
        let told: Vec<_> = standings(&id, &turns)
            .iter()
            .map(|(version, standing)| (*version, name(standing)))
            .collect();
        let expected = [
            (1, ("Investigating", None)),
            (3, ("Fixing", Some("Minor"))),
            (5, ("Fixing", Some("Critical"))),
            (7, ("Monitoring", Some("Critical"))),
        ];
        let expected = expected.map(|(version, (status, severity))| {
            (version, (status.to_owned(), severity.map(str::to_owned)))
        });
        assert_eq!(told, expected);
        assert!(standings(&id, &turns[1..]).is_empty());
        assert!(standings(&id, &[]).is_empty());
    }
}
