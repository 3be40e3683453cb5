//! An alert as Opsgenie shows it.

use serde_json::{Value, json};

use crate::alert::state::Alert;
use crate::alert::state::Seen;
use crate::ingest::opsgenie::change::{FIELDS, OWNER, TAG};

/// An alert with when it was seen.
pub struct Shown {
    /// The alert.
    pub alert: Alert,
    /// When it was seen.
    pub seen: Seen,
}

/// The tags of an alert.
pub fn tags(alert: &Alert) -> impl Iterator<Item = &str> {
    alert.labels.keys().filter_map(|name| name.strip_prefix(TAG))
}

/// A field of an alert that stands among its labels.
pub fn field<'a>(alert: &'a Alert, name: &str) -> &'a str {
    alert.labels.get(name).map_or("", String::as_str)
}

/// An alert as it stands in a list.
pub fn brief(shown: &Shown) -> Value {
    let Shown { alert, seen } = shown;
    let is_open = alert.phase.is_firing();
    let mut body = json!({
        "id": alert.id,
        // There are no short numbers here: where one is asked for, the id will do.
        "tinyId": alert.id,
        "alias": alert.key,
        "message": alert.title,
        "status": if is_open { "open" } else { "closed" },
        "acknowledged": alert.acknowledged.is_some() && is_open,
        "isSeen": alert.acknowledged.is_some(),
        "tags": tags(alert).collect::<Vec<_>>(),
        "snoozed": false,
        "lastOccurredAt": seen.last_seen,
        "createdAt": alert.first_seen,
        "updatedAt": alert.changed_at,
        "source": field(alert, "source"),
        "owner": alert.annotations.get(OWNER).map_or("", String::as_str),
        "priority": field(alert, "priority"),
        "responders": [],
        "integration": {"id": alert.source, "name": "Stentor", "type": "API"},
    });
    if let Some(acknowledged) = &alert.acknowledged {
        body["report"]["ackTime"] = json!(millis(acknowledged.at.since(alert.first_seen)));
    }
    if let Some(over) = alert.resolved_at.filter(|_| !is_open) {
        body["report"]["closeTime"] = json!(millis(over.since(alert.first_seen)));
    }
    body
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An alert with all that is known of it.
pub fn whole(shown: &Shown) -> Value {
    let alert = &shown.alert;
    let is_detail = |name: &String| !name.starts_with(TAG) && !FIELDS.contains(&name.as_str());
    let details = alert.labels.iter().filter(|(name, _)| is_detail(name));
    let mut body = brief(shown);
    body["actions"] = json!([]);
    body["entity"] = json!(field(alert, "entity"));
    body["description"] = json!(alert.description);
    body["details"] = details.map(|(name, value)| (name.clone(), json!(value))).collect();
    body
}
