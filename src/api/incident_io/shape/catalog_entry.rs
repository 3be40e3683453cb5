//! Entries of the catalog: things that incidents refer to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::incident_io::shape::catalog_type::Kind;
use crate::api::incident_io::shape::catalogue::Times;
use crate::clock::Timestamp;
use crate::incident::catalogue::{Catalogue, IncidentType, Severity};
use crate::incident::environment::Environment;
use crate::oncall::person::Person;

/// One thing of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogEntry {
    /// Its id, unique within the type.
    pub id: String,
    catalog_type_id: &'static str,
    /// What people call it.
    pub name: String,
    rank: i32,
    aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    attribute_values: BTreeMap<&'static str, Binding>,
    #[serde(flatten)]
    times: Times,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Binding {
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Value {
    label: String,
}

/// What an entry says of itself; what is empty is left out.
fn says<const N: usize>(said: [(&'static str, &str); N]) -> BTreeMap<&'static str, Binding> {
    let said = said.into_iter().filter(|(_, text)| !text.is_empty());
    said.map(|(name, text)| (name, Binding { value: Value { label: text.to_owned() } })).collect()
}

impl CatalogEntry {
    /// Every entry of a type that the catalogue knows, in its order.
    pub fn all(kind: Kind, catalogue: &Catalogue) -> Vec<CatalogEntry> {
        match kind {
            Kind::Severity => catalogue.severities.iter().map(Into::into).collect(),
            Kind::IncidentType => catalogue.types.iter().map(Into::into).collect(),
            Kind::Environment => catalogue.environments.iter().map(Into::into).collect(),
            // Who is there is no matter of the catalogue.
            Kind::User => Vec::new(),
        }
    }
}

impl From<&Severity> for CatalogEntry {
    fn from(severity: &Severity) -> CatalogEntry {
        CatalogEntry {
            id: severity.id.to_string(),
            catalog_type_id: Kind::Severity.id(),
            name: severity.name.clone(),
            rank: i32::try_from(severity.rank).unwrap_or(i32::MAX),
            aliases: Vec::new(),
            external_id: None,
            attribute_values: says([("description", &severity.description)]),
            times: Times::new(severity.created_at, severity.updated_at),
        }
    }
}

impl From<&IncidentType> for CatalogEntry {
    fn from(kind: &IncidentType) -> CatalogEntry {
        CatalogEntry {
            id: kind.id.to_string(),
            catalog_type_id: Kind::IncidentType.id(),
            name: kind.name.clone(),
            rank: 0,
            aliases: Vec::new(),
            external_id: None,
            attribute_values: says([("description", &kind.description)]),
            times: Times::new(kind.created_at, kind.updated_at),
        }
    }
}

impl From<&Environment> for CatalogEntry {
    fn from(environment: &Environment) -> CatalogEntry {
        CatalogEntry {
            id: environment.id.to_string(),
            catalog_type_id: Kind::Environment.id(),
            name: environment.name.clone(),
            rank: 0,
            aliases: Vec::new(),
            external_id: None,
            attribute_values: says([
                ("description", &environment.description),
                ("condition", &environment.condition),
            ]),
            times: Times::new(environment.created_at, environment.updated_at),
        }
    }
}

impl From<Person> for CatalogEntry {
    fn from(person: Person) -> CatalogEntry {
        // Slack does not tell since when somebody is there.
        let unknown = Timestamp::from_micros(0);
        CatalogEntry {
            catalog_type_id: Kind::User.id(),
            rank: 0,
            external_id: Some(person.id.to_string()),
            attribute_values: says([
                ("email", person.email.as_deref().unwrap_or_default()),
                ("time_zone", person.time_zone.as_deref().unwrap_or_default()),
            ]),
            id: person.id.to_string(),
            name: person.name,
            aliases: Vec::from_iter(person.email),
            times: Times::new(unknown, unknown),
        }
    }
}
