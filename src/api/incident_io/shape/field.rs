//! Custom fields, and what incidents say in them.

use serde::Serialize;

use crate::api::incident_io::shape::catalogue::Times;
use crate::ids::CustomFieldId;
use crate::incident::catalogue::field::{self, FieldOption, FieldType, FieldValue};

/// Something that every incident can say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomField {
    id: String,
    name: String,
    description: String,
    field_type: FieldType,
    #[serde(flatten)]
    times: Times,
}

impl From<&field::CustomField> for CustomField {
    fn from(field: &field::CustomField) -> CustomField {
        CustomField {
            id: field.id.to_string(),
            name: field.name.clone(),
            description: field.description.clone(),
            field_type: field.field_type,
            times: Times::new(field.created_at, field.updated_at),
        }
    }
}

/// Something that can be chosen in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    id: String,
    custom_field_id: String,
    sort_key: i64,
    value: String,
}

impl Choice {
    /// The option as this format shows it.
    pub fn show(option: &FieldOption, field: &CustomFieldId) -> Choice {
        Choice {
            id: option.id.to_string(),
            custom_field_id: field.to_string(),
            sort_key: option.sort_key,
            value: option.value.clone(),
        }
    }
}

/// A field, and what an incident says in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldEntry {
    custom_field: FieldInfo,
    values: Vec<Value>,
}

/// A field, and what can be chosen in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldInfo {
    id: String,
    name: String,
    description: String,
    field_type: FieldType,
    options: Vec<Choice>,
}

/// One value: one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Value {
    /// An option.
    #[serde(rename = "value_option")]
    Choice(Choice),
    /// A text.
    #[serde(rename = "value_text")]
    Text(String),
    /// A link.
    #[serde(rename = "value_link")]
    Link(String),
    /// A number, as text.
    #[serde(rename = "value_numeric")]
    Numeric(String),
}

impl FieldEntry {
    /// What an incident says in this field; nothing, if it says nothing.
    pub fn show(field: &field::CustomField, value: Option<&FieldValue>) -> FieldEntry {
        FieldEntry {
            values: value.map(|value| values(field, value)).unwrap_or_default(),
            custom_field: FieldInfo::from(field),
        }
    }
}

impl From<&field::CustomField> for FieldInfo {
    fn from(field: &field::CustomField) -> FieldInfo {
        FieldInfo {
            id: field.id.to_string(),
            name: field.name.clone(),
            description: field.description.clone(),
            field_type: field.field_type,
            options: field.options.iter().map(|it| Choice::show(it, &field.id)).collect(),
        }
    }
}

/// What a value of this field says.
pub fn values(field: &field::CustomField, value: &FieldValue) -> Vec<Value> {
    match value {
        FieldValue::Options { options } => {
            let known = options.iter().filter_map(|id| field.option(id));
            known.map(|option| Value::Choice(Choice::show(option, &field.id))).collect()
        }
        FieldValue::Text { text } => vec![Value::Text(text.clone())],
        FieldValue::Link { url } => vec![Value::Link(url.clone())],
        FieldValue::Numeric { number } => vec![Value::Numeric(number.clone())],
    }
}
