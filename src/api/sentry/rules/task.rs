//! Where Sentry has to look a channel up, it answers later, and this is where its clients ask for that
//! answer. A channel is named by its id here, so nothing is ever unfinished: the task of a rule is the
//! rule's own id, written as a UUID.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::sentry::house::House;
use crate::api::sentry::refused::Refused;
use crate::api::sentry::rules::{know, showing};
use crate::app::App;
use crate::ids::RuleId;
use crate::store::alert_rules;

/// How a rule's making went: it is there, or it was not made.
pub async fn show(State(app): State<App>, house: House) -> Result<Json<Value>, Refused> {
    let id = rule_id(house.part("uuid")).ok_or_else(Refused::not_there)?;
    let mut tx = app.db.read().await?;
    let rule = alert_rules::by_id(&mut tx, &house.caller.workspace, &id).await?;
    drop(tx);
    let project = house.project.as_deref().unwrap_or_default();
    match rule.filter(|rule| rule.definition.is_about(project)) {
        Some(rule) => {
            let known = know(&app, &house, rule).await?;
            let rule = showing::detailed(&known, &house);
            Ok(Json(json!({"status": "success", "alertRule": rule, "error": null})))
        }
        None => {
            let error = "There is no such task.";
            Ok(Json(json!({"status": "failed", "alertRule": null, "error": error})))
        }
    }
}

/// A UUID, with or without dashes, as a ULID: both have 128 bits.
fn rule_id(uuid: &str) -> Option<RuleId> {
    let digits: String = uuid.chars().filter(|c| *c != '-').collect();
    let bits = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    Some(RuleId::new(ulid::Ulid::from(bits).to_string()))
}
