//! Which alerts conditions mean, as an expression over alerts.
//!
//! What this format has no words for is one condition of ours: the subject `expression`, the operation
//! `holds`, and the expression as text. So everything that is laid down elsewhere can be shown, and
//! written again.

use std::collections::BTreeMap;

use crate::alert::attribute::BETWEEN;
use crate::alert::filter::{Expression, Filter, Pattern};
use crate::alert::matcher::Matcher;
use crate::alert::observation::Status;
use crate::alert::settings::Route;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::phrase::{Binding, Condition, ConditionGroup};
use crate::store::alert_attributes::Kept;

/// The subject of a condition that is an expression of ours.
pub const EXPRESSION: &str = "expression";
/// What has to be so of it.
pub const HOLDS: &str = "holds";

/// The words for what has to be so.
const OPERATIONS: [&str; 11] = [
    "one_of",
    "not_one_of",
    "is",
    "is_not",
    "is_set",
    "is_not_set",
    "contains",
    "does_not_contain",
    "starts_with",
    "ends_with",
    HOLDS,
];

/// Every status that an alert can have.
pub const EVERY_STATUS: [Status; 4] =
    [Status::Ok, Status::Unknown, Status::Warning, Status::Critical];

/// The field of alerts that a reference stands for.
pub fn field_of(reference: &str, attributes: &[Kept], field: &str) -> Result<String, Failure> {
    if let Some(id) = attribute_of(reference) {
        let found = attributes.iter().find(|kept| kept.id.as_str() == id);
        let found = found.ok_or_else(|| Failure::invalid(field, "There is no such attribute."))?;
        return Ok(found.attribute.label.clone());
    }
    match reference {
        "alert.title" => Ok("title".to_owned()),
        "alert.description" => Ok("description".to_owned()),
        _ => {
            let message = "A reference is alert.title, alert.description, or alert.attributes. and \
                           the id of an attribute.";
            Err(Failure::invalid(field, message))
        }
    }
}

/// The id of the attribute that a reference stands for.
pub fn attribute_of(reference: &str) -> Option<&str> {
    let rest = reference.strip_prefix("alert.attributes")?;
    let bracketed = rest.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]"));
    bracketed.or_else(|| rest.strip_prefix('.'))
}

/// What all of these mean together: of the groups one is enough. Nothing if there are none.
pub fn read(
    groups: &[ConditionGroup],
    attributes: &[Kept],
    field: &str,
) -> Result<Option<Filter>, Failure> {
    let mut any = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let mut all = Vec::new();
        for (place, condition) in group.conditions.iter().enumerate() {
            let field = format!("{field}.{index}.conditions.{place}");
            all.push(read_one(condition, attributes, &field)?);
        }
        // A group that asks for nothing lets everything through.
        any.push(joined(all, Filter::All).unwrap_or(Filter::Everything));
    }
    Ok(joined(any, Filter::Any))
}

fn joined(mut filters: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Option<Filter> {
    match filters.len() {
        0 => None,
        1 => filters.pop(),
        _ => Some(join(filters)),
    }
}

fn read_one(condition: &Condition, attributes: &[Kept], field: &str) -> Result<Filter, Failure> {
    let operation = condition.operation.as_str();
    if !OPERATIONS.contains(&operation) {
        let message = format!("There is no such operation; there are {}.", OPERATIONS.join(", "));
        return Err(Failure::invalid(&format!("{field}.operation"), message));
    }
    let parameters = format!("{field}.param_bindings");
    let mut texts = Vec::new();
    for binding in &condition.param_bindings {
        texts.extend(binding.plain(&parameters)?);
    }
    if (condition.subject == EXPRESSION) != (operation == HOLDS) {
        let message = "An expression holds, and nothing else does.";
        return Err(Failure::invalid(&format!("{field}.operation"), message));
    }
    let only = || match texts.as_slice() {
        [text] => Ok(text.clone()),
        _ => Err(Failure::invalid(&parameters, "This operation takes one value.")),
    };
    if operation == HOLDS {
        return Filter::parse(&only()?)
            .map_err(|error| Failure::invalid(&parameters, format!("{error}.")));
    }
    let name = field_of(&condition.subject, attributes, &format!("{field}.subject"))?;
    let several = attribute_of(&condition.subject)
        .is_some_and(|id| attributes.iter().any(|it| it.id.as_str() == id && it.attribute.array));
    let is = |parts: Vec<String>, negated| Filter::Is {
        field: name.clone(),
        pattern: Pattern::Text(parts),
        negated,
    };
    let empty = String::new;
    let among = |texts: &[String], negated| Filter::Among {
        field: name.clone(),
        patterns: texts.iter().flat_map(|text| one_value(text, several)).collect(),
        negated,
    };
    Ok(match operation {
        "is" if several => among(&[only()?], false),
        "is_not" if several => among(&[only()?], true),
        "is" => is(vec![only()?], false),
        "is_not" => is(vec![only()?], true),
        "is_set" => is(vec![empty()], true),
        "is_not_set" => is(vec![empty()], false),
        "contains" => is(vec![empty(), only()?, empty()], false),
        "does_not_contain" => is(vec![empty(), only()?, empty()], true),
        "starts_with" => is(vec![only()?, empty()], false),
        "ends_with" => is(vec![empty(), only()?], false),
        _ if texts.is_empty() => {
            return Err(Failure::invalid(&parameters, "This operation takes values."));
        }
        _ => among(&texts, operation == "not_one_of"),
    })
}

/// What a label is like that says this; one of several values may stand anywhere in it.
fn one_value(text: &str, several: bool) -> Vec<Pattern> {
    let alone = Pattern::exactly(text);
    if !several {
        return vec![alone];
    }
    let any = String::new;
    vec![
        alone,
        Pattern::Text(vec![format!("{text}{BETWEEN}"), any()]),
        Pattern::Text(vec![any(), format!("{BETWEEN}{text}")]),
        Pattern::Text(vec![any(), format!("{BETWEEN}{text}{BETWEEN}"), any()]),
    ]
}

/// The groups that say this.
fn written(filter: &Filter) -> Vec<ConditionGroup> {
    let condition = Condition {
        subject: EXPRESSION.to_owned(),
        operation: HOLDS.to_owned(),
        param_bindings: vec![Binding::text(filter.to_string())],
    };
    vec![ConditionGroup { conditions: vec![condition] }]
}

/// The groups that say which alerts a route of ours is about, but for their sources; none, if it is about
/// all.
pub fn of_route(route: &Route) -> Vec<ConditionGroup> {
    let mut all: Vec<Filter> = route.matchers.iter().filter_map(of_matcher).collect();
    if let Some(least) = route.least {
        let bad = EVERY_STATUS.into_iter().filter(|status| *status >= least);
        let patterns = bad.map(|status| Pattern::exactly(status.as_str())).collect();
        all.push(Filter::Among { field: "status".to_owned(), patterns, negated: false });
    }
    let own = route.filter.as_deref().and_then(|text| Filter::parse(text).ok());
    all.extend(own);
    joined(all, Filter::All).as_ref().map(written).unwrap_or_default()
}

/// What a condition on a label says. A label that is not there is like an empty one.
fn of_matcher(matcher: &Matcher) -> Option<Filter> {
    let is =
        |pattern| Filter::Is { field: matcher.name.clone(), pattern, negated: !matcher.is_equal };
    if !matcher.is_regex {
        return Some(is(Pattern::exactly(matcher.value.as_str())));
    }
    let like = is(Pattern::Expression(Expression::new(&matcher.value).ok()?));
    let prepared = Matcher { is_equal: true, ..matcher.clone() }.prepare().ok()?;
    // An expression of ours says nothing of what is not there.
    Some(match (prepared.matches(&BTreeMap::new()), matcher.is_equal) {
        (false, _) => like,
        (true, true) => Filter::Any(vec![like, is(Pattern::exactly(""))]),
        (true, false) => Filter::All(vec![like, is(Pattern::exactly(""))]),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::alert::attribute::Attribute;
    use crate::alert::filter::AlertFields;
    use crate::alert::observation::Observation;
    use crate::clock::Timestamp;

    fn attributes() -> Vec<Kept> {
        let attribute: Attribute = serde_json::from_value(json!({"name": "Team"})).unwrap();
        let attribute = Attribute { label: "team".to_owned(), ..attribute };
        let at = Timestamp::from_micros(0);
        vec![Kept { id: "A1".into(), attribute, created_at: at, updated_at: at }]
    }

    fn group(conditions: &[(&str, &str, &[&str])]) -> Value {
        let conditions: Vec<Value> = conditions
            .iter()
            .map(|(subject, operation, values)| {
                let values: Vec<Value> = values.iter().map(|it| json!({"literal": it})).collect();
                let bindings =
                    if values.is_empty() { json!([]) } else { json!([{"array_value": values}]) };
                json!({"subject": subject, "operation": operation, "param_bindings": bindings})
            })
            .collect();
        json!({"conditions": conditions})
    }

    fn text(groups: &Value) -> Result<Option<String>, Failure> {
        let groups: Vec<ConditionGroup> = serde_json::from_value(groups.clone()).unwrap();
        read(&groups, &attributes(), "condition_groups").map(|it| it.map(|it| it.to_string()))
    }

    #[test]
    fn conditions_are_an_expression() {
        for (subject, operation, values, expected) in [
            ("alert.attributes.A1", "one_of", &["db", "sre*"][..], "team IN [db, \"sre\\*\"]"),
            ("alert.attributes[\"A1\"]", "not_one_of", &["db"], "team NOT IN [db]"),
            ("alert.attributes.A1", "is_set", &[], "team != \"\""),
            ("alert.attributes.A1", "is_not_set", &[], "team = \"\""),
            ("alert.title", "contains", &["disk"], "title = *disk*"),
            ("alert.title", "starts_with", &["Disk"], "title = Disk*"),
            ("alert.title", "ends_with", &["full"], "title = *full"),
            ("alert.description", "is_not", &["x"], "description != x"),
            ("expression", "holds", &["host = web-* AND NOT_A = b"], "host = web-* AND NOT_A = b"),
        ] {
            let found = text(&json!([group(&[(subject, operation, values)])])).unwrap().unwrap();
            assert_eq!(found, expected);
            assert!(Filter::parse(&found).is_ok(), "{found}");
        }
        let groups = json!([
            group(&[("alert.title", "is", &["a"]), ("alert.title", "is", &["b"])]),
            group(&[("alert.title", "is", &["c"])]),
        ]);
        assert_eq!(text(&groups).unwrap().unwrap(), "(title = a AND title = b) OR title = c");
        assert_eq!(text(&json!([])), Ok(None));
        assert_eq!(text(&json!([group(&[])])).unwrap().as_deref(), Some("*"));
    }

    #[test]
    fn one_of_several_values_is_enough() {
        let mut several = attributes();
        several[0].attribute.array = true;
        let holds = |operation: &str, label: &str| {
            let groups = json!([group(&[("alert.attributes.A1", operation, &["b"])])]);
            let groups: Vec<ConditionGroup> = serde_json::from_value(groups).unwrap();
            let filter = read(&groups, &several, "g").unwrap().unwrap();
            let labels = [("team".to_owned(), label.to_owned())].into();
            let said = Observation { labels, ..Observation::firing("k", "t") };
            filter.holds(&AlertFields::of_observation(&said, ""))
        };
        for (label, expected) in
            [("b", true), ("b, c", true), ("a, b", true), ("a, b, c", true), ("bb, ab", false)]
        {
            assert_eq!(holds("one_of", label), expected, "{label}");
            assert_eq!(holds("is", label), expected, "{label}");
            assert_eq!(holds("not_one_of", label), !expected, "{label}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (subject, operation, values, field) in [
            ("incident.severity", "one_of", &["x"][..], "subject"),
            ("alert.attributes.A2", "one_of", &["x"], "subject"),
            ("alert.title", "rhymes_with", &["x"], "operation"),
            ("alert.title", "holds", &["x"], "operation"),
            ("expression", "is", &["x"], "operation"),
            ("expression", "holds", &["a ="], "param_bindings"),
            ("alert.title", "is", &["x", "y"], "param_bindings"),
            ("alert.title", "one_of", &[], "param_bindings"),
        ] {
            let failure = text(&json!([group(&[(subject, operation, values)])])).unwrap_err();
            let place = format!("field: \"condition_groups.0.conditions.0.{field}\"");
            assert!(format!("{failure:?}").contains(&place), "{failure:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let route = Route {
            filter: Some("(a = b OR c) AND d != e".to_owned()),
            least: Some(Status::Warning),
            matchers: ["env=\"prod\"", "host=~\"web-.*\"", "zone!~\".*\""]
                .map(|text| Matcher::parse(text).unwrap())
                .into(),
            ..Route::default()
        };
        let groups = of_route(&route);
        let filter = read(&groups, &[], "g").unwrap().unwrap();
        let expected = "env = prod AND host = /web-.*/ AND (zone != /.*/ AND zone != \"\") AND \
                        status IN [warning, critical] AND ((a = b OR c) AND d != e)";
        assert_eq!(filter.to_string(), expected);
        let same = Route { filter: Some(filter.to_string()), ..Route::default() };
        assert_eq!(of_route(&same), groups);
        assert_eq!(of_route(&Route::default()), []);
    }
}
