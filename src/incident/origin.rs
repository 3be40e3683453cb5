//! Where an incident that alerts opened comes from, in the words of its first alert.
//!
//! It is a fact of the declaration: alerts come and go, and lists and sums must not change with them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::state::Alert;
use crate::ids::SourceId;
use crate::incident::text::{clean_line, shorten};

/// The labels that are kept. Under the first name stands what others call otherwise.
pub const KEPT: [(&str, &[&str]); 13] = [
    ("project", &["project_id", "project"]),
    ("asset", &["asset_id", "asset"]),
    ("asset_name", &["asset_name", "source_name"]),
    ("policy", &["alert_policy_id", "policy_id", "policy", "alertname"]),
    ("policy_name", &["alert_policy_name", "policy_name", "alertname"]),
    ("connection", &["connection_id", "connection"]),
    ("connection_type", &["connection_type", "source_type"]),
    ("impact", &["impact"]),
    ("ticket", &["ticket_id", "ticket"]),
    ("tags", &["tags"]),
    ("environment", &["environment", "env"]),
    ("service", &["service"]),
    ("team", &["team"]),
];

/// The longest value, in characters.
const VALUE_LIMIT: usize = 200;
/// The most tags.
const TAGS_LIMIT: usize = 20;

/// Where an incident comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = IncidentOrigin)]
pub struct Origin {
    /// The source of its first alert.
    #[schema(value_type = String)]
    pub source: SourceId,
    /// What the labels of that alert say of project, asset, policy and the like.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl Origin {
    /// What is kept of an alert.
    pub fn of(alert: &Alert) -> Origin {
        let said = |names: &[&str]| {
            let found = names.iter().find_map(|name| alert.labels.get(*name));
            found.map(|value| shorten(&clean_line(value), VALUE_LIMIT))
        };
        let labels = KEPT.iter().filter_map(|(name, names)| {
            let value = said(names).filter(|value| !value.is_empty())?;
            Some(((*name).to_owned(), value))
        });
        Origin { source: alert.source.clone(), labels: labels.collect() }
    }

    /// What one of the kept labels says.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    /// What it is about: the asset that is named, or else the source itself.
    pub fn asset(&self) -> &str {
        self.label("asset").unwrap_or(self.source.as_str())
    }

    /// The project's number; 0 where it has none.
    pub fn project_number(&self) -> i64 {
        self.label("project").and_then(|project| project.parse().ok()).unwrap_or(0)
    }

    /// The tags, each once, in the order in which they are given.
    pub fn tags(&self) -> Vec<&str> {
        let mut tags = Vec::new();
        for tag in self.label("tags").unwrap_or_default().split(',').map(str::trim) {
            if !tag.is_empty() && !tags.contains(&tag) && tags.len() < TAGS_LIMIT {
                tags.push(tag);
            }
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_there_once() {
        let labels = [("tags".to_owned(), " T1, PROD,,T1 ,prod".to_owned())];
        let origin = Origin { source: "S".into(), labels: labels.into() };
        assert_eq!(origin.tags(), ["T1", "PROD", "prod"]);
    }
}
