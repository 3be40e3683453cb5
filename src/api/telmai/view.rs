//! An incident, as Telmai shows one.

use serde::Serialize;

use crate::api::telmai::level;
use crate::clock::Timestamp;
use crate::incident::catalogue::Catalogue;
use crate::incident::origin::Origin;
use crate::incident::state::Incident;

/// Microseconds of a millisecond.
const MILLI: i64 = 1_000;

/// An instant with milliseconds, in UTC.
pub fn time(at: Timestamp) -> String {
    let micros = at.as_micros().div_euclid(MILLI) * MILLI;
    Timestamp::from_micros(micros).to_jiff().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// An incident in a list; in detail it has all of this but when it was declared.
#[derive(Debug, Serialize)]
pub struct Item {
    id: i64,
    project_id: i64,
    asset_id: String,
    last_upload_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_time: Option<String>,
    severity: &'static str,
    impact: &'static str,
    status: &'static str,
    ticket_id: Option<i64>,
    alert_policy_id: String,
    alert_policy_name: String,
    description: String,
    tags: Vec<String>,
}

impl Item {
    /// As a list shows it.
    pub fn listed(incident: &Incident, catalogue: &Catalogue) -> Item {
        let item = Item::detailed(incident, incident.updated_at, catalogue);
        Item { created_time: Some(time(incident.declared_at)), ..item }
    }

    /// As it is shown alone.
    pub fn detailed(incident: &Incident, last_upload: Timestamp, catalogue: &Catalogue) -> Item {
        let origin = incident.origin.as_ref();
        let said = |name: &str| origin.and_then(|origin| origin.label(name));
        let text = |name: &str| said(name).unwrap_or_default().to_owned();
        let severity = incident.severity.as_ref();
        let severity = severity.and_then(|id| level::of_severity(catalogue, id));
        let policy_name = said("policy_name").or(said("policy")).unwrap_or_default().to_owned();
        let words = if incident.summary.is_empty() { &incident.name } else { &incident.summary };
        let tags = origin.map(Origin::tags).unwrap_or_default();
        Item {
            id: incident.number,
            project_id: origin.map_or(0, Origin::project_number),
            asset_id: origin.map(Origin::asset).unwrap_or_default().to_owned(),
            last_upload_timestamp: time(last_upload),
            created_time: None,
            severity: severity.unwrap_or(""),
            impact: said("impact").and_then(level::of_word).unwrap_or(""),
            status: if incident.category.is_active() { "OPEN" } else { "CLOSED" },
            ticket_id: said("ticket").and_then(|ticket| ticket.parse().ok()),
            alert_policy_id: text("policy"),
            alert_policy_name: policy_name,
            description: words.clone(),
            tags: tags.into_iter().map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        let at = Timestamp::from_micros(1_751_292_771_871_999);
        assert_eq!(time(at), "2025-06-30T14:12:51.871Z");
        assert_eq!(time(Timestamp::from_micros(1_751_292_771_000_000)), "2025-06-30T14:12:51.000Z");
    }
}
