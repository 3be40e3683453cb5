//! Alert rules snoozed, for whoever asks or for everyone.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::api::sentry::body::Given;
use crate::api::sentry::house::House;
use crate::api::sentry::numbers;
use crate::api::sentry::query::moment;
use crate::api::sentry::refused::{Refused, Wrong};
use crate::api::sentry::rules::{showing, the_one};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::rules::Snoozed;

/// Snoozes a rule.
pub async fn create(
    State(app): State<App>,
    house: House,
    given: Given,
) -> Result<Response, Refused> {
    let person = target(&given, &house)?;
    let until = until(&given, app.clock.now())?;
    let rule = the_one(&app, &house).await?.rule;
    let workspace = &house.caller.workspace;
    let snoozed = app.rules.snooze_anew(workspace, &rule.id, person.clone(), until).await?;
    let snooze = match snoozed {
        Snoozed::Anew(snooze) => snooze,
        Snoozed::Already => {
            return Err(Refused::gone("RuleSnooze already exists for this rule and scope."));
        }
        Snoozed::NoRule => return Err(Refused::not_there()),
    };
    let user = person.as_ref().map(numbers::of_person);
    let body = json!({
        "ownerId": user,
        "userId": user.as_deref().unwrap_or("everyone"),
        "until": until.map_or_else(|| json!("forever"), |until| json!(until)),
        "dateAdded": snooze.since,
        "ruleId": null,
        "alertRuleId": showing::number(&rule),
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Takes a snooze back: that of whoever asks, if there is one, and else that of everyone.
pub async fn delete(State(app): State<App>, house: House) -> Result<StatusCode, Refused> {
    let rule = the_one(&app, &house).await?.rule;
    let workspace = &house.caller.workspace;
    let own = house.caller.actor.person();
    let mut was_there = false;
    if own.is_some() {
        was_there = app.rules.unsnooze(workspace, &rule.id, own).await?;
    }
    if !was_there {
        was_there = app.rules.unsnooze(workspace, &rule.id, None).await?;
    }
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Refused::not_there()) }
}

/// For whom; nobody stands for everyone.
fn target(given: &Given, house: &House) -> Result<Option<UserId>, Refused> {
    let mut wrong = Wrong::default();
    given.need("target", &mut wrong);
    let target = given.text("target", &mut wrong);
    wrong.check()?;
    match (target.as_deref(), house.caller.actor.person()) {
        (Some("everyone"), _) => Ok(None),
        (Some("me"), Some(person)) => Ok(Some(person.clone())),
        (Some("me"), None) => {
            Err(Refused::field("target", "A token is nobody who is told of alerts."))
        }
        (target, _) => {
            let why = format!("\"{}\" is not a valid choice.", target.unwrap_or_default());
            Err(Refused::field("target", &why))
        }
    }
}

fn until(given: &Given, now: Timestamp) -> Result<Option<Timestamp>, Refused> {
    let mut wrong = Wrong::default();
    let text = given.text("until", &mut wrong);
    wrong.check()?;
    let Some(text) = text.filter(|text| !text.is_empty() && text != "forever") else {
        return Ok(None);
    };
    let until = moment(&text).ok_or_else(|| {
        Refused::field("until", "Datetime has wrong format. Use ISO 8601: YYYY-MM-DDThh:mm:ssZ.")
    })?;
    if until <= now {
        return Err(Refused::field("until", "This instant has passed."));
    }
    Ok(Some(until))
}
