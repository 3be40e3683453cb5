//! Incidents as Sentry shows them.

use serde_json::{Map, Value, json};

use crate::api::sentry::house::House;
use crate::api::sentry::incidents::status::Status;
use crate::api::sentry::incidents::{Shown, activity, hearing, status};
use crate::api::sentry::numbers;
use crate::api::sentry::refused::Refused;
use crate::api::sentry::rules::{self, showing as rule};
use crate::app::App;
use crate::clock::Timestamp;
use crate::incident::catalogue::Catalogue;

/// An incident in a list, with what is asked to be filled in.
pub async fn listed(
    app: &App,
    house: &House,
    shown: &Shown,
    catalogue: &Catalogue,
) -> Result<Value, Refused> {
    let mut fields = fields(house, shown, catalogue);
    let rule = match &shown.rule {
        Some(rule) => rule::plain(rule, house),
        None => rule::nobodys(house),
    };
    fields.insert("alertRule".into(), rule);
    if house.query.expands("activities") {
        fields.insert("activities".into(), activities(app, house, shown).await?);
    }
    if house.query.expands("seen_by") {
        let known = hearing::known(app, house, shown).await?;
        fields.insert("seenBy".into(), known.seen_by);
        fields.insert("hasSeen".into(), known.has_seen.into());
    }
    Ok(Value::Object(fields))
}

/// An incident by itself.
pub async fn detailed(app: &App, house: &House, shown: &Shown) -> Result<Value, Refused> {
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, &house.caller.workspace).await?;
    drop(tx);
    let mut fields = fields(house, shown, &catalogue);
    let rule = match &shown.rule {
        Some(rule) => {
            let known = rules::know(app, house, rule.clone()).await?;
            rule::detailed(&known, house)
        }
        None => rule::nobodys(house),
    };
    fields.insert("discoverQuery".into(), rule["query"].clone());
    let known = hearing::known(app, house, shown).await?;
    fields.insert("isSubscribed".into(), known.is_subscribed.into());
    fields.insert("seenBy".into(), known.seen_by);
    fields.insert("hasSeen".into(), known.has_seen.into());
    fields.insert("alertRule".into(), rule);
    if house.query.expands("activities") {
        fields.insert("activities".into(), activities(app, house, shown).await?);
    }
    Ok(Value::Object(fields))
}

async fn activities(app: &App, house: &House, shown: &Shown) -> Result<Value, Refused> {
    let number = shown.incident.number;
    let mut all = activity::of(app, house, shown).await?;
    all.reverse();
    Ok(activity::shown(app, house, number, &all).await?.into())
}

fn fields(house: &House, shown: &Shown, catalogue: &Catalogue) -> Map<String, Value> {
    let incident = &shown.incident;
    let value = json!({
        "id": activity::incident_id(incident.number),
        "identifier": incident.number.to_string(),
        "organizationId": numbers::of_ulid(house.caller.workspace.as_str()).to_string(),
        "projects": shown.marks.projects,
        "alertRule": null,
        "activities": null,
        "seenBy": null,
        "hasSeen": null,
        "status": Status::of(incident, catalogue).number(),
        "statusMethod": status::method(incident),
        "type": status::kind(incident),
        "title": incident.name,
        "dateStarted": shown.started_at(),
        "dateDetected": shown.detected_at(),
        "dateCreated": incident.declared_at,
        "dateClosed": incident.ended_at.map(to_the_minute),
    });
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Sentry shows the end without its seconds.
fn to_the_minute(at: Timestamp) -> Timestamp {
    const MINUTE: i64 = 60_000_000;
    Timestamp::from_micros(at.as_micros().div_euclid(MINUTE) * MINUTE)
}
