//! Whether it is an incident at all: somebody accepts it or declines it.

use crate::incident::catalogue::StatusCategory;
use crate::incident::decide::{Context, enter, refuse_if_over};
use crate::incident::event::Event;
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;

/// It is one: the work begins.
pub(super) fn accept(incident: &Incident, context: &Context) -> Result<Vec<Event>, Refusal> {
    refuse_if_over(incident)?;
    if incident.category != StatusCategory::Triage {
        return Err(Refusal::AlreadySo { what: "The incident is accepted already".to_owned() });
    }
    enter(incident, StatusCategory::Live, None, context)
}

/// It is none.
pub(super) fn decline(
    incident: &Incident,
    message: Option<&str>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    refuse_unless_declinable(incident)?;
    enter(incident, StatusCategory::Declined, message, context)
}

/// Refuses what can't be declined: only while nobody has accepted it, that is a question.
pub fn refuse_unless_declinable(incident: &Incident) -> Result<(), Refusal> {
    match incident.category {
        StatusCategory::Triage => Ok(()),
        StatusCategory::Declined => {
            Err(Refusal::AlreadySo { what: "The incident is declined already".to_owned() })
        }
        from => {
            refuse_if_over(incident)?;
            Err(Refusal::WrongStep { from, to: StatusCategory::Declined })
        }
    }
}
