//! Who did something.

use serde::Serialize;

use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::user::{People, User};
use crate::incident::event;

/// Who did something: one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Somebody in Slack.
    User(User),
    /// A program.
    ApiKey(Named),
    /// Stentor itself.
    Workflow(Named),
    /// An alert.
    Alert(Titled),
}

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    id: String,
    name: String,
}

/// Something with a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Titled {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
}

impl Named {
    fn by_name(name: &str) -> Named {
        Named { id: name.to_owned(), name: name.to_owned() }
    }
}

impl Actor {
    /// The actor as this format shows it. Stentor itself is the workflow of that name.
    pub fn show(actor: &event::Actor, terms: &Terms<'_>) -> Actor {
        match actor {
            event::Actor::ApiToken { name } => Actor::ApiKey(Named::by_name(name)),
            actor => Actor::of_workflows(actor, terms.people),
        }
    }

    /// The actor, where this format knows no programs: it calls them workflows.
    pub fn of_workflows(actor: &event::Actor, people: &People) -> Actor {
        match actor {
            event::Actor::Person { user } => Actor::User(people.show(user)),
            event::Actor::ApiToken { name } => Actor::Workflow(Named::by_name(name)),
            event::Actor::Stentor => {
                Actor::Workflow(Named { id: "stentor".to_owned(), name: "Stentor".to_owned() })
            }
        }
    }
}
