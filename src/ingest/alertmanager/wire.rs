//! What the original shows, field by field.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::alert::matcher::Matcher;
use crate::ingest::alertmanager::time::Shown;

/// An alert that fires.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GettableAlert {
    pub annotations: BTreeMap<String, String>,
    pub ends_at: Shown,
    pub fingerprint: String,
    pub receivers: Vec<Receiver>,
    pub starts_at: Shown,
    pub status: AlertStatus,
    pub updated_at: Shown,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    pub generator_url: Option<String>,
    pub labels: BTreeMap<String, String>,
}

/// Whether anybody hears of it, and why not.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertStatus {
    pub inhibited_by: Vec<String>,
    pub muted_by: Vec<String>,
    pub silenced_by: Vec<String>,
    pub state: &'static str,
}

/// Alerts that belong together.
#[derive(Debug, Serialize)]
pub struct AlertGroup {
    pub alerts: Vec<GettableAlert>,
    pub labels: BTreeMap<String, String>,
    pub receiver: Receiver,
}

/// Who hears of alerts: here, what a route is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Receiver {
    pub name: String,
}

/// A silence.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GettableSilence {
    pub id: String,
    pub status: SilenceStatus,
    pub updated_at: Shown,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    pub comment: String,
    pub created_by: String,
    pub ends_at: Shown,
    pub matchers: Vec<Matcher>,
    pub starts_at: Shown,
}

/// Where a silence is in its life.
#[derive(Debug, Serialize)]
pub struct SilenceStatus {
    pub state: &'static str,
}
