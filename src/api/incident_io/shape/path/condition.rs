//! What a branch of an escalation path goes by.

use serde::Serialize;

use crate::oncall::path::definition::{self, Path};

/// Something that has to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    subject: Subject,
    operation: Operation,
    param_bindings: Vec<Binding>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Subject {
    label: String,
    reference: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Operation {
    label: &'static str,
    value: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Binding {
    array_value: Vec<Literal>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Literal {
    label: String,
    literal: String,
}

impl Condition {
    /// The condition as this format shows it.
    pub fn show(condition: &definition::Condition, path: &Path) -> Condition {
        match condition {
            definition::Condition::WorkingHours { hours, active } => {
                let known = path.working_hours.iter().find(|it| it.id == *hours);
                let label = known.map_or(hours.as_str(), |it| it.name.as_str()).to_owned();
                let reference = format!("escalation.working_hours[\"{hours}\"]");
                let operation = match active {
                    true => Operation { label: "is active", value: "is_active" },
                    false => Operation { label: "is inactive", value: "is_inactive" },
                };
                let subject = Subject { label, reference };
                Condition { subject, operation, param_bindings: Vec::new() }
            }
            definition::Condition::Priority { one_of } => {
                let literals = one_of
                    .iter()
                    .map(|name| Literal { label: name.clone(), literal: name.clone() });
                Condition {
                    subject: Subject {
                        label: "Priority".to_owned(),
                        reference: "escalation.priority".to_owned(),
                    },
                    operation: Operation { label: "is one of", value: "one_of" },
                    param_bindings: vec![Binding { array_value: literals.collect() }],
                }
            }
        }
    }
}
