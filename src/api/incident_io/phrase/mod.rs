//! What this format has in place of plain values: a text that may be a reference, conditions on
//! references, and expressions that make new ones.
//!
//! Each is read from bodies, and drawn again with the labels that answers have. What it means is said by
//! [`said`] (where a value comes from), [`condition`] (which alerts are meant) and [`transform`] (how a
//! body is read).

pub mod condition;
pub mod said;
pub mod transform;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::api::incident_io::failure::Failure;

/// A text, or a reference to one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub literal: Option<String>,
    /// What it is taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A value, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array_value: Option<Vec<Value>>,
    /// One.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A condition on what a reference stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The reference.
    pub subject: String,
    /// The word for what has to be so.
    pub operation: String,
    /// With what it is compared.
    pub param_bindings: Vec<Binding>,
}

/// Conditions that have to hold together. Of several groups one is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionGroup {
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// What an expression makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returns {
    /// Of what type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is a list.
    pub array: bool,
}

/// Takes a part of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parse {
    /// Which, as a path.
    pub source: String,
    /// What it makes.
    pub returns: Returns,
}

/// One step of an expression. There are more of them in the format; what is read is what can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The word for it.
    pub operation_type: String,
    /// What it takes, if it is `parse`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parse: Option<Parse>,
}

/// Makes a value that can be referred to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expression {
    /// What people call it.
    pub label: String,
    /// What it is referred to by, within `expressions["…"]`.
    pub reference: String,
    /// What it begins with.
    pub root_reference: String,
    /// What is done, in order.
    pub operations: Vec<Operation>,
    /// What it makes where nothing is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub else_branch: Option<Json>,
}

impl Value {
    /// This text.
    pub fn text(text: impl Into<String>) -> Value {
        Value { literal: Some(text.into()), reference: None }
    }

    /// What this reference stands for.
    pub fn reference(reference: impl Into<String>) -> Value {
        Value { literal: None, reference: Some(reference.into()) }
    }

    /// The text, where nothing else will do.
    pub fn plain(&self, field: &str) -> Result<&str, Failure> {
        match (&self.literal, &self.reference) {
            (Some(literal), None) => Ok(literal),
            _ => Err(Failure::invalid(field, format!("{field} takes nothing but a literal here."))),
        }
    }

    /// As answers show it.
    pub fn shown(&self) -> Json {
        let label = self.literal.as_ref().or(self.reference.as_ref());
        let mut shown = json!({"label": label.map_or("", String::as_str)});
        if let Some(literal) = &self.literal {
            shown["literal"] = json!(literal);
        }
        if let Some(reference) = &self.reference {
            shown["reference"] = json!(reference);
        }
        shown
    }
}

impl Binding {
    /// One text.
    pub fn text(text: impl Into<String>) -> Binding {
        Binding { array_value: None, value: Some(Value::text(text)) }
    }

    /// These texts.
    pub fn texts(texts: impl IntoIterator<Item = String>) -> Binding {
        let values = texts.into_iter().map(Value::text).collect();
        Binding { array_value: Some(values), value: None }
    }

    /// Everything that it says.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.value.iter().chain(self.array_value.iter().flatten())
    }

    /// Its texts, where nothing else will do.
    pub fn plain(&self, field: &str) -> Result<Vec<String>, Failure> {
        self.values().map(|value| value.plain(field).map(str::to_owned)).collect()
    }

    /// Its only text, where nothing else will do.
    pub fn only(&self, field: &str) -> Result<String, Failure> {
        let mut texts = self.plain(field)?;
        match texts.pop() {
            Some(text) if texts.is_empty() => Ok(text),
            _ => Err(Failure::invalid(field, format!("{field} takes one value here."))),
        }
    }

    /// As answers show it.
    pub fn shown(&self) -> Json {
        let mut shown = Map::new();
        if let Some(values) = &self.array_value {
            let values = values.iter().map(Value::shown).collect::<Vec<_>>();
            shown.insert("array_value".to_owned(), json!(values));
        }
        if let Some(value) = &self.value {
            shown.insert("value".to_owned(), value.shown());
        }
        Json::Object(shown)
    }
}

impl ConditionGroup {
    /// As answers show it.
    pub fn shown(&self) -> Json {
        let conditions = self.conditions.iter().map(|condition| {
            let Condition { subject, operation, param_bindings } = condition;
            json!({
                "subject": {"label": subject, "reference": subject},
                "operation": {"label": operation.replace('_', " "), "value": operation},
                "param_bindings": param_bindings.iter().map(Binding::shown).collect::<Vec<_>>(),
            })
        });
        json!({"conditions": conditions.collect::<Vec<_>>()})
    }
}

/// Groups as answers show them.
pub fn shown_groups(groups: &[ConditionGroup]) -> Json {
    json!(groups.iter().map(ConditionGroup::shown).collect::<Vec<_>>())
}

impl Expression {
    /// The path of a body that it takes, if that is all it does.
    pub fn path(&self, field: &str) -> Result<&Parse, Failure> {
        let parse = match self.operations.as_slice() {
            [Operation { operation_type, parse: Some(parse) }] if operation_type == "parse" => {
                parse
            }
            _ => {
                let message = "An expression is one operation here: `parse`, which takes a path of the payload.";
                return Err(Failure::invalid(field, message));
            }
        };
        if self.root_reference != "payload" {
            let message = "An expression begins with `payload` here.";
            return Err(Failure::invalid(&format!("{field}.root_reference"), message));
        }
        if self.else_branch.is_some() {
            let message = "What is not there is nothing here.";
            return Err(Failure::invalid(&format!("{field}.else_branch"), message));
        }
        Ok(parse)
    }

    /// As answers show it.
    pub fn shown(&self) -> Json {
        let parse = self.operations.first().and_then(|operation| operation.parse.as_ref());
        let returns = parse.map(|parse| json!(parse.returns)).unwrap_or_default();
        let operations = self.operations.iter().map(|operation| {
            let mut shown = json!(operation);
            shown["returns"] = returns.clone();
            shown
        });
        json!({
            "label": self.label,
            "reference": self.reference,
            "root_reference": self.root_reference,
            "operations": operations.collect::<Vec<_>>(),
            "returns": returns,
        })
    }
}
