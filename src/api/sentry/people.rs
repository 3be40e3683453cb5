//! Who did something, as Sentry shows people. A program is shown as its token.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api::sentry::numbers;
use crate::ids::{UserId, WorkspaceId};
use crate::incident::event::Actor;
use crate::oncall::person::Person;
use crate::store::db::{Result, Tx};
use crate::store::people;

/// What Slack tells of people.
#[derive(Debug, Default)]
pub struct Directory(BTreeMap<UserId, Person>);

impl Directory {
    /// What it tells of these.
    pub async fn of<'a>(
        tx: &mut Tx,
        workspace: &WorkspaceId,
        actors: impl IntoIterator<Item = &'a Actor>,
    ) -> Result<Directory> {
        let ids: BTreeSet<&UserId> = actors.into_iter().filter_map(Actor::person).collect();
        let ids: Vec<UserId> = ids.into_iter().cloned().collect();
        let people = people::with_ids(tx, workspace, &ids).await?;
        Ok(Directory(people.into_iter().map(|person| (person.id.clone(), person)).collect()))
    }

    /// A user: null for Stentor itself, which Sentry's clients show as Sentry. Of whom Slack has not told
    /// yet, the id stands for the name.
    pub fn user(&self, actor: &Actor) -> Value {
        let (id, person) = match actor {
            Actor::Person { user } => (user.as_str(), self.0.get(user)),
            Actor::ApiToken { name } => (name.as_str(), None),
            Actor::Stentor => return Value::Null,
        };
        let name = person.map_or(id, |person| &person.name);
        let email = person.and_then(|person| person.email.as_deref()).unwrap_or_default();
        let emails = Some(email)
            .filter(|email| !email.is_empty())
            .map(|email| json!({"id": number(actor), "email": email, "is_verified": true}));
        json!({
            "id": number(actor),
            "name": name,
            "username": if email.is_empty() { name } else { email },
            "email": email,
            "avatarUrl": null,
            "avatar": {"avatarType": "letter_avatar", "avatarUuid": null, "avatarUrl": null},
            "isActive": person.is_none_or(|person| person.is_active),
            "isManaged": true,
            "isSuperuser": false,
            "isStaff": false,
            "has2fa": false,
            "hasPasswordAuth": false,
            "dateJoined": null,
            "lastLogin": null,
            "lastActive": null,
            "experiments": {},
            "emails": emails.into_iter().collect::<Vec<Value>>(),
        })
    }
}

/// The number of whoever did something; nothing for Stentor itself.
fn number(actor: &Actor) -> Option<String> {
    match actor {
        Actor::Person { user } => Some(numbers::of_person(user)),
        Actor::ApiToken { name } => Some(numbers::of_text(&token_word(name)).to_string()),
        Actor::Stentor => None,
    }
}

/// Who made a rule.
pub fn maker(token: &str) -> Value {
    if token.is_empty() {
        return Value::Null;
    }
    json!({"id": numbers::of_text(&token_word(token)).to_string(), "name": token, "email": ""})
}

/// A token's name is no project's.
fn token_word(name: &str) -> String {
    format!("token/{name}")
}
