//! Where an incident begins, and with whom.

use std::collections::BTreeMap;

use crate::ids::{RoleId, UserId};
use crate::incident::catalogue::{Catalogue, CreateInTriage, IncidentType, Status, StatusCategory};
use crate::incident::command::Declare;
use crate::incident::decide::{Context, check_person};
use crate::incident::refusal::Refusal;
use crate::incident::state::Mode;

/// Where an incident begins: as somebody says, or as its type does.
pub(super) fn first_status<'c>(
    declare: &Declare,
    kind: Option<&IncidentType>,
    catalogue: &'c Catalogue,
) -> Result<&'c Status, Refusal> {
    use StatusCategory::{Canceled, Declined, Merged};
    if let Some(word) = &declare.status {
        let status = catalogue.find_status(word)?;
        return match status.category {
            category @ (Declined | Merged | Canceled) => Err(Refusal::BadStart { category }),
            _ => Ok(status),
        };
    }
    let always = kind.is_some_and(|kind| kind.create_in_triage == CreateInTriage::Always);
    let in_triage = declare.triage || (always && declare.mode != Mode::Retrospective);
    // Where nothing is called triage, whatever is declared is an incident.
    let triage = catalogue.first_status(StatusCategory::Triage).filter(|_| in_triage);
    let live = || catalogue.first_status(StatusCategory::Live);
    Ok(triage.or_else(live).expect("every catalogue has a live status"))
}

/// Who holds which role from the start: whoever declares reports, unless somebody else is said to.
pub(super) fn first_roles(
    declare: &Declare,
    context: &Context,
) -> Result<Vec<(RoleId, UserId)>, Refusal> {
    let catalogue = context.catalogue;
    let mut roles = BTreeMap::new();
    if let Some(reporter) = context.actor.person() {
        roles.insert(catalogue.reporter().id.clone(), reporter.clone());
    }
    if let Some(lead) = &declare.lead {
        roles.insert(catalogue.lead().id.clone(), check_person(lead)?.clone());
    }
    for (word, person) in &declare.roles {
        let role = catalogue.find_role(word)?;
        roles.insert(role.id.clone(), check_person(person)?.clone());
    }
    Ok(roles.into_iter().collect())
}
