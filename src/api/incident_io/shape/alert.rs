//! Alerts.

use serde::Serialize;

use crate::alert::state;
use crate::clock::Timestamp;
use crate::store::alert_attributes::Kept;
use crate::store::alert_tags::AlertTag;

/// An alert, as part of other objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertSlim {
    id: String,
    alert_source_id: String,
    deduplication_key: String,
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_url: Option<String>,
    alert_group_ids: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl AlertSlim {
    /// The alert as this format shows it.
    pub fn show(alert: &state::Alert) -> AlertSlim {
        let is_firing = alert.phase.is_firing();
        AlertSlim {
            id: alert.id.to_string(),
            alert_source_id: alert.source.to_string(),
            deduplication_key: alert.key.clone(),
            title: alert.title.clone(),
            description: alert.description.clone(),
            status: if is_firing { "firing" } else { "resolved" },
            source_url: alert.links.first().map(|link| link.href.clone()),
            alert_group_ids: [alert.group.to_string()],
            resolved_at: alert.resolved_at.filter(|_| !is_firing),
            created_at: alert.first_seen,
            updated_at: alert.changed_at,
        }
    }
}

/// An alert, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    #[serde(flatten)]
    slim: AlertSlim,
    attributes: Vec<AttributeEntry>,
    tags: Vec<Tag>,
}

/// What a label of alerts means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribute {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    array: bool,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<String>,
}

impl From<&Kept> for Attribute {
    fn from(kept: &Kept) -> Attribute {
        let says = &kept.attribute;
        Attribute {
            id: kept.id.to_string(),
            name: says.name.clone(),
            kind: says.kind.clone(),
            array: says.array,
            required: says.required,
            emoji: says.emoji.clone(),
        }
    }
}

/// An attribute with the value that an alert has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeEntry {
    attribute: Attribute,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<AttributeValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    array_value: Option<Vec<AttributeValue>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct AttributeValue {
    literal: String,
    label: String,
}

impl AttributeEntry {
    /// What an alert says in this attribute; nothing, if it has no such label.
    fn show(kept: &Kept, alert: &state::Alert) -> Option<AttributeEntry> {
        let text = alert.labels.get(&kept.attribute.label)?;
        let value =
            |text: &str| AttributeValue { literal: text.to_owned(), label: text.to_owned() };
        let values: Vec<AttributeValue> =
            kept.attribute.values(text).into_iter().map(value).collect();
        let (value, array_value) = match kept.attribute.array {
            true => (None, Some(values)),
            false => (values.into_iter().next(), None),
        };
        Some(AttributeEntry { attribute: Attribute::from(kept), value, array_value })
    }
}

/// What people call alerts by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tag {
    id: String,
    name: String,
}

impl From<AlertTag> for Tag {
    fn from(tag: AlertTag) -> Tag {
        Tag { id: tag.id, name: tag.name }
    }
}

impl Alert {
    /// The alert as this format shows it; `tags` are those of all alerts that are shown.
    pub fn show(alert: &state::Alert, tags: &[AlertTag], attributes: &[Kept]) -> Alert {
        let own = alert.tags.iter().filter_map(|name| tags.iter().find(|tag| tag.name == *name));
        Alert {
            slim: AlertSlim::show(alert),
            attributes: attributes
                .iter()
                .filter_map(|kept| AttributeEntry::show(kept, alert))
                .collect(),
            tags: own.cloned().map(Tag::from).collect(),
        }
    }
}
