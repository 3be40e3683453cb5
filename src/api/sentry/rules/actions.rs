//! Whom a rule tells, in Sentry's words: `slack` for a channel or somebody there, `email` for somebody
//! (who is told in Slack as well: we send no mail), and `webhook`.

use axum::Json;
use serde_json::{Value, json};

use crate::alert::rule::definition::Action;
use crate::api::sentry::body::Given;
use crate::api::sentry::house::House;
use crate::api::sentry::numbers;
use crate::api::sentry::refused::Wrong;
use crate::clock::Timestamp;
use crate::ids::{ChannelId, UserId};

/// The number that stands for the one Slack.
const SLACK: u32 = 1;

/// Says whom rules can tell.
pub async fn available(_house: House) -> Json<Value> {
    Json(json!([
        {"type": "email", "allowedTargetTypes": ["user"]},
        {"type": "slack", "allowedTargetTypes": ["specific", "user"], "integrationName": "Slack",
            "integrationId": SLACK},
        {"type": "webhook", "allowedTargetTypes": ["specific"]},
    ]))
}

/// An action as it is shown.
pub fn shown(action: &Action, trigger: &str, id: &str, made_at: Timestamp) -> Value {
    let (kind, target_type, target, channel, desc) = match action {
        Action::SlackChannel { channel } => (
            "slack",
            "specific",
            channel.as_str(),
            Some(channel.as_str()),
            format!("Send a Slack notification to {channel}"),
        ),
        Action::SlackPerson { user } => {
            ("slack", "user", user.as_str(), None, format!("Send a Slack notification to {user}"))
        }
        Action::Webhook { url } => {
            ("webhook", "specific", url.as_str(), None, format!("Send a webhook to {url}"))
        }
    };
    json!({
        "id": id,
        "alertRuleTriggerId": trigger,
        "type": kind,
        "targetType": target_type,
        "targetIdentifier": target,
        "inputChannelId": channel,
        "integrationId": (kind == "slack").then_some(SLACK),
        "sentryAppId": null,
        "dateCreated": made_at,
        "desc": desc,
    })
}

/// Reads an action.
pub fn read(given: &Value, wrong: &mut Wrong) -> Option<Action> {
    let Some(given) = Given::of(given) else {
        wrong.add("actions", "Invalid data. Expected a dictionary.");
        return None;
    };
    for name in ["type", "targetType"] {
        given.need(name, wrong);
    }
    let kind = given.text("type", wrong)?;
    let target_type = given.text("targetType", wrong)?;
    let channel = given.text("inputChannelId", wrong).filter(|id| !id.is_empty());
    let target = given.text("targetIdentifier", wrong).filter(|target| !target.is_empty());
    let Some(target) = channel.or(target) else {
        wrong.add("targetIdentifier", "This field is required.");
        return None;
    };
    let person = |wrong: &mut Wrong| {
        let user = numbers::person(&target);
        if user.is_none() {
            wrong.add("targetIdentifier", "User does not belong to this organization");
        }
        user.map(|user| Action::SlackPerson { user })
    };
    match (kind.as_str(), target_type.as_str()) {
        ("slack", "specific") if UserId::from(target.as_str()).is_well_formed() => person(wrong),
        ("slack" | "email", "user") => person(wrong),
        ("slack", "specific") => {
            let channel = ChannelId::new(target.trim_start_matches('#'));
            if channel.is_well_formed() {
                return Some(Action::SlackChannel { channel });
            }
            let why = "Give the id of the channel, such as C012AB3CD: Slack lets nobody look one up by its name at once.";
            wrong.add("targetIdentifier", why);
            None
        }
        ("webhook", "specific") => Some(Action::Webhook { url: target }),
        ("slack" | "email" | "webhook", _) => {
            wrong.add("targetType", &format!("Invalid target type for {kind}."));
            None
        }
        _ => {
            wrong.add("type", "Invalid type, valid values are ['email', 'slack', 'webhook']");
            None
        }
    }
}
