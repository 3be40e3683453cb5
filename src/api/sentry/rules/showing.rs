//! Our alert rules, as Sentry shows them.

use serde_json::{Map, Value, json};

use crate::alert::rule::definition::{Definition, Measure, Side, Trigger};
use crate::api::sentry::house::House;
use crate::api::sentry::rules::{Known, actions, terms};
use crate::api::sentry::{numbers, people};
use crate::clock::Timestamp;
use crate::store::alert_rules::Rule;

/// A rule in a list, or as part of something else.
pub fn plain(rule: &Rule, house: &House) -> Value {
    Value::Object(fields(rule, house))
}

/// A rule by itself, with what a list leaves out.
pub fn detailed(known: &Known, house: &House) -> Value {
    let mut fields = fields(&known.rule, house);
    let own = house.caller.actor.person();
    let for_everyone = known.snoozes.iter().any(|snooze| snooze.person.is_none());
    let for_me = own.is_some() && known.snoozes.iter().any(|it| it.person.as_ref() == own);
    with_details(&mut fields, &known.rule.definition.excluded_projects);
    fields.insert("snooze".into(), (for_everyone || for_me).into());
    // Who has snoozed it for everyone is not kept.
    let by = if for_me { json!("You") } else { Value::Null };
    fields.insert("snoozeCreatedBy".into(), by);
    fields.insert("snoozeForEveryone".into(), for_everyone.into());
    Value::Object(fields)
}

/// What stands in place of a rule where there is none: nobody's, and without a name.
pub fn nobodys(house: &House) -> Value {
    let mut fields = definition_fields(&nameless(), "0", house);
    fields.insert("triggers".into(), json!([]));
    for field in ["dateModified", "dateCreated", "createdBy"] {
        fields.insert(field.into(), Value::Null);
    }
    with_details(&mut fields, &[]);
    Value::Object(fields)
}

fn nameless() -> Definition {
    let measure =
        Measure::Events { unique: None, source: None, matchers: Vec::new(), filter: None };
    Definition {
        name: String::new(),
        note: String::new(),
        owner: None,
        owner_team: None,
        measure,
        window_minutes: 1,
        compare_minutes_ago: None,
        fires: Side::Above,
        critical: Trigger { threshold: 0.0, actions: Vec::new() },
        warning: None,
        resolve_threshold: None,
        periods: 1,
        environment: None,
        projects: Vec::new(),
        excluded_projects: Vec::new(),
        active: true,
    }
}

fn with_details(fields: &mut Map<String, Value>, excluded: &[String]) {
    fields.insert("excludedProjects".into(), json!(excluded));
    fields.insert("eventTypes".into(), json!(["default", "error"]));
    fields.insert("snooze".into(), false.into());
    fields.insert("snoozeCreatedBy".into(), Value::Null);
    fields.insert("snoozeForEveryone".into(), false.into());
}

fn fields(rule: &Rule, house: &House) -> Map<String, Value> {
    let id = number(rule);
    let mut fields = definition_fields(&rule.definition, &id, house);
    let triggers = triggers(&rule.definition, &id, rule.created_at);
    fields.insert("triggers".into(), triggers.into());
    fields.insert("dateModified".into(), json!(rule.updated_at));
    fields.insert("dateCreated".into(), json!(rule.created_at));
    fields.insert("createdBy".into(), people::maker(&rule.made_by));
    fields
}

fn definition_fields(rule: &Definition, id: &str, house: &House) -> Map<String, Value> {
    let (dataset, query, aggregate) = terms::shown(&rule.measure);
    let value = json!({
        "id": id,
        "name": rule.name,
        "organizationId": numbers::of_ulid(house.caller.workspace.as_str()).to_string(),
        // Pending is what Sentry calls a rule that is evaluated.
        "status": if rule.active { 0 } else { 5 },
        "queryType": 0,
        "dataset": dataset,
        "query": query,
        "aggregate": aggregate,
        "thresholdType": match rule.fires { Side::Above => 0, Side::Below => 1 },
        "resolveThreshold": rule.resolve_threshold,
        "timeWindow": f64::from(rule.window_minutes),
        "environment": rule.environment,
        "resolution": 1.0,
        "thresholdPeriod": rule.periods,
        "projects": rule.projects,
        "includeAllProjects": rule.projects.is_empty(),
        "owner": owner(rule),
        "originalAlertRuleId": null,
        "comparisonDelta": rule.compare_minutes_ago.map(f64::from),
        "description": rule.note,
        "monitorType": 0,
        "detectionType": if rule.compare_minutes_ago.is_some() { "percent" } else { "static" },
        "sensitivity": null,
        "seasonality": null,
    });
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The number of a rule, as text.
pub fn number(rule: &Rule) -> String {
    numbers::of_ulid(rule.id.as_str()).to_string()
}

fn owner(rule: &Definition) -> Option<String> {
    let team = rule.owner_team.as_ref().map(|team| format!("team:{team}"));
    team.or_else(|| rule.owner.as_ref().map(|user| format!("user:{}", numbers::of_person(user))))
}

fn triggers(rule: &Definition, id: &str, made_at: Timestamp) -> Vec<Value> {
    let triggers = [("critical", Some(&rule.critical)), ("warning", rule.warning.as_ref())];
    let numbered = triggers.into_iter().zip(1..);
    let there = numbered.filter_map(|((label, trigger), nth)| Some((label, trigger?, nth)));
    there.map(|(label, one, nth)| trigger(rule, id, label, one, nth, made_at)).collect()
}

fn trigger(
    rule: &Definition,
    rule_id: &str,
    label: &str,
    trigger: &Trigger,
    nth: usize,
    made_at: Timestamp,
) -> Value {
    let id = format!("{rule_id}{nth}");
    let is_lowest = rule.warning.is_none() || label == "warning";
    let actions = trigger.actions.iter().zip(1..);
    let actions: Vec<Value> = actions
        .map(|(action, nth)| actions::shown(action, &id, &format!("{id}{nth:02}"), made_at))
        .collect();
    json!({
        "id": id,
        "alertRuleId": rule_id,
        "label": label,
        "thresholdType": match rule.fires { Side::Above => 0, Side::Below => 1 },
        "alertThreshold": trigger.threshold,
        "resolveThreshold": rule.resolve_threshold.filter(|_| is_lowest),
        "dateCreated": made_at,
        "actions": actions,
    })
}
