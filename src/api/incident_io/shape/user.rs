//! People.

use std::collections::HashMap;

use serde::Serialize;

use crate::ids::UserId;

/// What is known of people by their Slack id.
#[derive(Clone, Debug, Default)]
pub struct People(HashMap<UserId, Known>);

#[derive(Clone, Debug)]
struct Known {
    name: String,
    email: Option<String>,
}

/// A person, as part of other objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    id: UserId,
    name: String,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    slack_user_id: UserId,
}

impl People {
    /// Remembers who somebody is.
    pub fn learn(&mut self, id: UserId, name: String, email: Option<String>) {
        self.0.insert(id, Known { name, email });
    }

    /// The person as this format shows them. Who is not known goes by their id.
    pub fn show(&self, id: &UserId) -> User {
        let known = self.0.get(id);
        User {
            id: id.clone(),
            name: known.map_or_else(|| id.to_string(), |known| known.name.clone()),
            // What the format calls a role here has not changed since 2023.
            role: "unset",
            email: known.and_then(|known| known.email.clone()),
            slack_user_id: id.clone(),
        }
    }
}
