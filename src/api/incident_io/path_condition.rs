//! What a branch of an escalation path goes by, as a body says it.

use serde::Deserialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::given::{refuse_if, word};
use crate::ids::HoursId;
use crate::oncall::path::definition::Condition;

/// A condition.
#[derive(Debug, Deserialize)]
pub struct ConditionSays {
    subject: String,
    operation: String,
    #[serde(default)]
    param_bindings: Vec<BindingSays>,
}

#[derive(Debug, Deserialize)]
struct BindingSays {
    value: Option<ValueSays>,
    array_value: Option<Vec<ValueSays>>,
}

#[derive(Debug, Deserialize)]
struct ValueSays {
    literal: Option<String>,
    reference: Option<String>,
}

const PRIORITY: &str = "escalation.priority";

/// The condition that is meant.
pub fn condition(field: &str, says: ConditionSays) -> Result<Condition, Failure> {
    let part = |name: &str| format!("{field}.{name}");
    let operation = part("operation");
    if let Some(hours) = hours_in(&says.subject) {
        const OPERATIONS: [(&str, bool); 2] = [("is_active", true), ("is_inactive", false)];
        let active = word(&operation, &says.operation, &OPERATIONS)?;
        let why = "Hours are compared with nothing.";
        refuse_if(!says.param_bindings.is_empty(), &part("param_bindings"), why)?;
        return Ok(Condition::WorkingHours { hours: HoursId::new(hours), active });
    }
    if says.subject == PRIORITY {
        word(&operation, &says.operation, &[("one_of", ())])?;
        let one_of = literals(&part("param_bindings"), says.param_bindings)?;
        return Ok(Condition::Priority { one_of });
    }
    let message = "Paths go by escalation.priority and by escalation.working_hours[\"ID\"] here.";
    Err(Failure::invalid(&part("subject"), message))
}

/// The id of the hours that a subject is about: `escalation.working_hours["ID"]`.
fn hours_in(subject: &str) -> Option<&str> {
    subject.strip_prefix("escalation.working_hours[\"")?.strip_suffix("\"]")
}

fn literals(field: &str, bindings: Vec<BindingSays>) -> Result<Vec<String>, Failure> {
    let [binding] = <[BindingSays; 1]>::try_from(bindings)
        .map_err(|_| Failure::invalid(field, "There is one binding: the list of priorities."))?;
    let values = binding.array_value.or_else(|| Some(vec![binding.value?]));
    let values = values.unwrap_or_default().into_iter();
    let literal = |value: ValueSays| {
        let is_plain = value.reference.is_none_or(|reference| reference.is_empty());
        value.literal.filter(|_| is_plain).ok_or_else(|| {
            Failure::invalid(field, "A priority is a literal: nothing is looked up by a reference.")
        })
    };
    values.map(literal).collect()
}
