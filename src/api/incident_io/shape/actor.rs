//! Who did something.

use serde::Serialize;

use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::user::User;
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

impl Actor {
    /// The actor as this format shows it. Stentor itself is the workflow of that name.
    pub fn show(actor: &event::Actor, terms: &Terms<'_>) -> Actor {
        match actor {
            event::Actor::Person { user } => Actor::User(terms.people.show(user)),
            event::Actor::ApiToken { name } => {
                Actor::ApiKey(Named { id: name.clone(), name: name.clone() })
            }
            event::Actor::Stentor => {
                Actor::Workflow(Named { id: "stentor".to_owned(), name: "Stentor".to_owned() })
            }
        }
    }
}
