//! Escalations as far as a caller may know of them: one is as private as the incident it is about.

use std::collections::BTreeMap;

use crate::api::caller::Caller;
use crate::ids::{EscalationId, IncidentId};
use crate::incident::access::may_see;
use crate::incident::state::{Incident, parse_reference};
use crate::oncall::escalation::state::Escalation;
use crate::store::db::{Result, Tx};
use crate::store::escalations::Filter;
use crate::store::{escalations, incidents};

/// The fewest escalations that are looked up at once.
const AT_ONCE: usize = 50;

/// An escalation that the caller may know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The escalation.
    pub escalation: Escalation,
    /// The incident that it is about.
    pub incident: Option<Incident>,
}

/// The escalation of this id.
pub async fn find(tx: &mut Tx, caller: &Caller, id: &EscalationId) -> Result<Option<Seen>> {
    let found = escalations::by_id(tx, &caller.workspace, id).await?;
    Ok(among(tx, caller, found.into_iter().collect()).await?.pop())
}

/// So many escalations at most, older than this one, newest first. What the caller may not know of
/// leaves no trace: no shorter page, and no empty one.
pub async fn page(
    tx: &mut Tx,
    caller: &Caller,
    filter: &Filter,
    before: Option<EscalationId>,
    most: usize,
) -> Result<Vec<Seen>> {
    let limit = most.max(AT_ONCE);
    let mut before = before;
    let mut seen: Vec<Seen> = Vec::new();
    while seen.len() < most {
        let count = i64::try_from(limit).unwrap_or(i64::MAX);
        let some = escalations::page(tx, &caller.workspace, filter, before.as_ref(), count).await?;
        let is_end = some.len() < limit;
        before = some.last().map(|escalation| escalation.id.clone()).or(before);
        seen.extend(among(tx, caller, some).await?);
        if is_end {
            break;
        }
    }
    seen.truncate(most);
    Ok(seen)
}

/// Those of these that the caller may know of.
pub async fn among(tx: &mut Tx, caller: &Caller, all: Vec<Escalation>) -> Result<Vec<Seen>> {
    let mut ids: Vec<IncidentId> = all.iter().filter_map(|it| it.incident.clone()).collect();
    ids.sort();
    ids.dedup();
    let found = incidents::with_ids(tx, &caller.workspace, &ids).await?;
    let found: BTreeMap<IncidentId, Incident> =
        found.into_iter().map(|incident| (incident.id.clone(), incident)).collect();
    let eyes = caller.eyes();
    let seen = all.into_iter().filter_map(|escalation| match &escalation.incident {
        None => Some(Seen { escalation, incident: None }),
        Some(id) => {
            let incident = found.get(id).filter(|it| may_see(it, &eyes))?.clone();
            Some(Seen { escalation, incident: Some(incident) })
        }
    });
    Ok(seen.collect())
}

/// The incident of this number or id, if the caller may know of it.
pub async fn incident(tx: &mut Tx, caller: &Caller, reference: &str) -> Result<Option<Incident>> {
    let workspace = &caller.workspace;
    let found = match parse_reference(reference) {
        Some(number) => incidents::by_number(tx, workspace, number).await?,
        None => incidents::by_id(tx, workspace, &IncidentId::new(reference)).await?,
    };
    Ok(found.filter(|incident| may_see(incident, &caller.eyes())))
}
