//! What the record says of those who were paged for an incident.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::EscalationId;
use crate::incident::event::Actor;
use crate::incident::state::{Incident, Visibility};
use crate::oncall::escalation::state::{Course, Whom};

/// Something that happened to an escalation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Paged {
    /// Which escalation.
    pub escalation: EscalationId,
    /// What it is about.
    pub title: String,
    /// Who did it.
    pub by: Actor,
    /// What happened.
    pub happened: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Happened {
    /// It began.
    Created {
        /// Whom it pages.
        course: Course,
    },
    /// People or channels were paged.
    Paged {
        /// Which.
        whom: Vec<Whom>,
        /// Which level they are, from 1.
        level: u32,
    },
    /// Somebody could not be reached.
    NotDelivered {
        /// Who.
        whom: Whom,
        /// Why.
        error: String,
    },
    /// Somebody looks after it.
    Acknowledged {
        /// Whether they were paged themselves, and did not just see it in a channel.
        #[serde(default)]
        was_paged: bool,
    },
    /// Somebody can't take it.
    Declined,
    /// Somebody wants to be paged again.
    Snoozed {
        /// When.
        until: Timestamp,
    },
    /// All were paged, and nobody has answered.
    Expired,
    /// Somebody took it back.
    Cancelled,
    /// What it was about is over.
    Resolved,
    /// What a newer version of Stentor has written.
    #[serde(other)]
    Unknown,
}

impl Paged {
    /// Folds this into the incident. Whoever looks after it has a part in it from then on.
    pub(super) fn apply_to(&self, incident: &mut Incident) {
        match &self.happened {
            Happened::Created { .. } => {
                incident.escalations.insert(self.escalation.clone());
            }
            Happened::Cancelled | Happened::Resolved => {
                incident.escalations.remove(&self.escalation);
            }
            // Who sees a page in a channel gets no part in a private incident by it.
            Happened::Acknowledged { was_paged } => {
                let may_come = *was_paged || incident.visibility == Visibility::Public;
                incident.invited.extend(self.by.person().filter(|_| may_come).cloned());
            }
            Happened::Paged { .. }
            | Happened::NotDelivered { .. }
            | Happened::Declined
            | Happened::Snoozed { .. }
            | Happened::Expired
            | Happened::Unknown => {}
        }
    }

    /// Whether the channel is told: what people wait for, and not what follows from its own end.
    pub fn is_said(&self) -> bool {
        match &self.happened {
            Happened::Paged { .. }
            | Happened::NotDelivered { .. }
            | Happened::Acknowledged { .. }
            | Happened::Declined
            | Happened::Snoozed { .. }
            | Happened::Expired
            | Happened::Cancelled => true,
            Happened::Created { .. } | Happened::Resolved | Happened::Unknown => false,
        }
    }
}
