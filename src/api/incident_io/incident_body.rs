//! What a body says of an incident, in the terms of the engine.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::incident_io::failure::Failure;
use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::incident::state::Mode;

/// What is to stand in a custom field.
#[derive(Debug, Deserialize)]
pub struct FieldEntry {
    custom_field_id: String,
    values: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Value {
    value_text: Option<String>,
    value_link: Option<String>,
    value_numeric: Option<Numeric>,
    value_option_id: Option<String>,
}

/// A number is a text here, but not every client knows.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Numeric {
    Text(String),
    Number(serde_json::Number),
}

/// Who is to hold a role; nobody takes it back.
#[derive(Debug, Deserialize)]
pub struct RoleAssignment {
    incident_role_id: String,
    /// Who.
    pub assignee: Option<UserReference>,
}

/// A person, by one of these.
#[derive(Debug, Deserialize)]
pub struct UserReference {
    id: Option<String>,
    email: Option<String>,
    slack_user_id: Option<String>,
}

/// When the incident reached a point; nothing clears it.
#[derive(Debug, Deserialize)]
pub struct TimestampValue {
    incident_timestamp_id: String,
    value: Option<Timestamp>,
}

/// What is known of an incident that is written down after the fact.
#[derive(Debug, Default, Deserialize)]
pub struct RetrospectiveOptions {
    external_id: Option<i64>,
    postmortem_document_url: Option<String>,
    slack_channel_id: Option<String>,
}

impl RetrospectiveOptions {
    /// Where its document is, which is all of this that can be had here. What can't is refused: an
    /// import that loses something should not look like one that does not.
    pub fn document_url(self, mode: Mode) -> Result<Option<String>, Failure> {
        const NAME: &str = "retrospective_incident_options";
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (url, channel) = (given(self.postmortem_document_url), given(self.slack_channel_id));
        let refuse = |field: &str, message| Err(Failure::invalid(field, message));
        if self.external_id.is_some() {
            let message = "Numbers are given one after the other; none can be chosen.";
            return refuse(&format!("{NAME}.external_id"), message);
        }
        if channel.is_some() {
            let message = "A channel that is there already can't become an incident's.";
            return refuse(&format!("{NAME}.slack_channel_id"), message);
        }
        if url.is_some() && mode != Mode::Retrospective {
            return refuse(NAME, "These are for incidents whose mode is retrospective.");
        }
        Ok(url)
    }
}

/// The fields, by their ids.
pub fn fields(entries: Vec<FieldEntry>) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut fields = BTreeMap::new();
    for FieldEntry { custom_field_id, values } in entries {
        let values: Result<Vec<String>, Failure> = values.into_iter().map(word).collect();
        fields.insert(custom_field_id, values?);
    }
    Ok(fields)
}

fn word(value: Value) -> Result<String, Failure> {
    let numeric = value.value_numeric.map(|numeric| match numeric {
        Numeric::Text(text) => text,
        Numeric::Number(number) => number.to_string(),
    });
    // A client may send all of them, of which one is meant: options come first.
    let given = [value.value_option_id, value.value_link, numeric, value.value_text];
    match given.into_iter().flatten().next() {
        Some(word) => Ok(word),
        None => {
            let message =
                "A value is one of value_text, value_link, value_numeric, value_option_id.";
            Err(Failure::invalid("custom_field_entries", message))
        }
    }
}

/// The roles, by their ids.
pub fn roles(
    assignments: Vec<RoleAssignment>,
    person: impl Fn(&UserReference) -> Result<UserId, Failure>,
) -> Result<BTreeMap<String, Option<UserId>>, Failure> {
    let mut roles = BTreeMap::new();
    for RoleAssignment { incident_role_id, assignee } in assignments {
        let holder = assignee.as_ref().map(&person).transpose()?;
        roles.insert(incident_role_id, holder);
    }
    Ok(roles)
}

/// The timestamps, by their ids.
pub fn timestamps(values: Vec<TimestampValue>) -> BTreeMap<String, Option<Timestamp>> {
    values.into_iter().map(|value| (value.incident_timestamp_id, value.value)).collect()
}

impl UserReference {
    /// The id that the reference gives, if it gives one.
    pub fn id(&self) -> Option<&str> {
        self.slack_user_id.as_deref().or(self.id.as_deref())
    }

    /// The address that the reference gives, if it gives one.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }
}
