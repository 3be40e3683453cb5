//! Who did something, as Sentry shows people. A program is shown as its token.

use serde_json::{Value, json};

use crate::api::sentry::numbers;
use crate::incident::event::Actor;

/// The number of whoever did something; nothing for Stentor itself.
pub fn number(actor: &Actor) -> Option<String> {
    match actor {
        Actor::Person { user } => Some(numbers::of_person(user)),
        Actor::ApiToken { name } => Some(numbers::of_text(&token_word(name)).to_string()),
        Actor::Stentor => None,
    }
}

/// A user: null for Stentor itself, which Sentry's clients show as Sentry.
pub fn user(actor: &Actor) -> Value {
    let name = match actor {
        Actor::Person { user } => user.as_str(),
        Actor::ApiToken { name } => name,
        Actor::Stentor => return Value::Null,
    };
    json!({
        "id": number(actor),
        "name": name,
        "username": name,
        "email": "",
        "avatarUrl": null,
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": null, "avatarUrl": null},
        "isActive": true,
        "isManaged": true,
        "isSuperuser": false,
        "isStaff": false,
        "has2fa": false,
        "hasPasswordAuth": false,
        "dateJoined": null,
        "lastLogin": null,
        "lastActive": null,
        "experiments": {},
        "emails": [],
    })
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
