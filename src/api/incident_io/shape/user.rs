//! People.

use std::collections::HashMap;

use serde::Serialize;

use crate::ids::UserId;
use crate::oncall::person::Person;

/// What the format calls a role here has not changed since 2023.
const UNSET: &str = "unset";

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
            role: UNSET,
            email: known.and_then(|known| known.email.clone()),
            slack_user_id: id.clone(),
        }
    }
}

/// A person, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserWithRoles {
    #[serde(flatten)]
    user: User,
    is_active: bool,
    base_role: Role,
    custom_roles: [Role; 0],
    seats: Seats,
}

/// What somebody may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Role {
    id: &'static str,
    name: &'static str,
    slug: &'static str,
    description: &'static str,
}

/// Of which parts somebody may make use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Seats {
    on_call: &'static str,
    response: &'static str,
}

/// The one role that there is: what it opens depends on the incident, not on the person.
const MEMBER: Role = Role {
    id: "member",
    name: "Member",
    slug: "member",
    description: "Everybody of this Slack may declare incidents and work on those they may see.",
};

impl From<Person> for UserWithRoles {
    fn from(person: Person) -> UserWithRoles {
        let seat = if person.is_active { "full_access" } else { "none" };
        UserWithRoles {
            is_active: person.is_active,
            base_role: MEMBER,
            custom_roles: [],
            seats: Seats { on_call: seat, response: seat },
            user: User {
                slack_user_id: person.id.clone(),
                id: person.id,
                name: person.name,
                role: UNSET,
                email: person.email,
            },
        }
    }
}
