//! Actions and follow-ups.

use serde::Serialize;

use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::actor::Actor;
use crate::api::incident_io::shape::issue::ExternalIssue;
use crate::api::incident_io::shape::user::User;
use crate::clock::Timestamp;
use crate::ids::{IncidentId, ItemId};
use crate::incident::papers::item::Item;

/// Something that is to be done while the incident lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    description: String,
    creator: Actor,
    #[serde(flatten)]
    common: Common,
}

/// Something that is to be done afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowUp {
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    creator: Actor,
    labels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_issue_reference: Option<ExternalIssue>,
    #[serde(flatten)]
    common: Common,
}

/// What both say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Common {
    id: ItemId,
    incident_id: IncidentId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A team's own word for a priority or a category. It is its own id, and there is no order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Word {
    id: String,
    name: String,
    rank: i64,
}

impl From<&String> for Word {
    fn from(word: &String) -> Word {
        Word { id: word.clone(), name: word.clone(), rank: 0 }
    }
}

impl Common {
    /// What this format says of either.
    pub fn show(incident: &IncidentId, item: &Item, terms: &Terms<'_>) -> Common {
        Common {
            id: item.id.clone(),
            incident_id: incident.clone(),
            status: item.status.as_str(),
            assignee: item.assignee.as_ref().map(|person| terms.people.show(person)),
            completed_at: item.completed_at,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

impl Action {
    /// The action as this format shows it.
    pub fn show(incident: &IncidentId, item: &Item, terms: &Terms<'_>) -> Action {
        Action {
            description: item.title.clone(),
            creator: Actor::show(&item.creator, terms),
            common: Common::show(incident, item, terms),
        }
    }
}

impl FollowUp {
    /// The follow-up as this format shows it.
    pub fn show(incident: &IncidentId, item: &Item, terms: &Terms<'_>) -> FollowUp {
        FollowUp {
            title: item.title.clone(),
            description: item.description.clone(),
            creator: Actor::show(&item.creator, terms),
            labels: item.labels.clone(),
            priority: item.priority.as_ref().map(Word::from),
            category: item.category.as_ref().map(Word::from),
            external_issue_reference: item.issue.as_ref().and_then(ExternalIssue::show),
            common: Common::show(incident, item, terms),
        }
    }

    /// The same as the second version of the format shows it, which knows no categories.
    pub fn without_category(self) -> FollowUp {
        FollowUp { category: None, ..self }
    }
}
