//! Alert rules: the same as everywhere else, in Sentry's shape.

pub mod actions;
pub mod combined;
pub mod reading;
pub mod showing;
pub mod snooze;
pub mod task;
pub mod terms;
pub mod write;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use crate::alert::rule::standing::Standing;
use crate::alert::rule::validate::RULES_LIMIT;
use crate::api::sentry::house::House;
use crate::api::sentry::links::Page;
use crate::api::sentry::numbers;
use crate::api::sentry::refused::Refused;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::RuleId;
use crate::store::alert_rules::{self, Rule, Snooze};

/// A rule with what there is to say of it.
pub struct Known {
    /// The rule.
    pub rule: Rule,
    /// Who hears nothing of it at present.
    pub snoozes: Vec<Snooze>,
    /// How it stands in each project in which there is something to say.
    pub standings: BTreeMap<String, Standing>,
}

/// Lists rules, newest first.
pub async fn list(State(app): State<App>, house: House) -> Result<Response, Refused> {
    let page = Page::asked(&house.query, 25)?;
    let (rules, is_more) = page.of(all(&app, &house).await?);
    let rules = rules.iter().map(|known| showing::plain(&known.rule, &house)).collect();
    Ok(page.answer(&house, rules, is_more))
}

/// Shows a rule.
pub async fn show(State(app): State<App>, house: House) -> Result<Json<Value>, Refused> {
    let known = the_one(&app, &house).await?;
    Ok(Json(showing::detailed(&known, &house)))
}

/// All rules of the organisation, or those that are about the project in the path; newest first.
pub async fn all(app: &App, house: &House) -> Result<Vec<Known>, Refused> {
    let mut tx = app.db.read().await?;
    let workspace = &house.caller.workspace;
    let mut rules = alert_rules::page(&mut tx, workspace, None, RULES_LIMIT).await?;
    rules.retain(|rule| is_here(rule, house));
    let ids: Vec<RuleId> = rules.iter().map(|rule| rule.id.clone()).collect();
    let mut snoozes = alert_rules::snoozes(&mut tx, workspace, &ids).await?;
    let mut standings = alert_rules::standings(&mut tx, workspace, &ids).await?;
    let now = app.clock.now();
    let known = rules.into_iter().map(|rule| Known {
        snoozes: in_force(snoozes.remove(&rule.id), now),
        standings: standings.remove(&rule.id).unwrap_or_default(),
        rule,
    });
    Ok(known.collect())
}

/// The rule that the path means.
pub async fn the_one(app: &App, house: &House) -> Result<Known, Refused> {
    let number = numbers::read(house.part("rule")).ok_or_else(Refused::not_there)?;
    let rule = by_number(app, house, number).await?.ok_or_else(Refused::not_there)?;
    know(app, house, rule).await
}

/// What there is to say of a rule.
pub async fn know(app: &App, house: &House, rule: Rule) -> Result<Known, Refused> {
    let mut tx = app.db.read().await?;
    let workspace = &house.caller.workspace;
    let only = std::slice::from_ref(&rule.id);
    let snoozes = alert_rules::snoozes(&mut tx, workspace, only).await?.remove(&rule.id);
    let standings = alert_rules::standings(&mut tx, workspace, only).await?.remove(&rule.id);
    let snoozes = in_force(snoozes, app.clock.now());
    Ok(Known { rule, snoozes, standings: standings.unwrap_or_default() })
}

/// The rule of this number, if it is about the project in the path.
pub async fn by_number(app: &App, house: &House, number: u64) -> Result<Option<Rule>, Refused> {
    let (first, mut before) = numbers::ulids(number);
    let mut tx = app.db.read().await?;
    let workspace = &house.caller.workspace;
    // Of the same millisecond there is rarely a second one.
    loop {
        let rules = alert_rules::page(&mut tx, workspace, Some(&before), 8).await?;
        let is_over = rules.last().is_none_or(|last| last.id < first);
        before = rules.last().map_or(before, |last| last.id.clone());
        let is_it = |rule: &Rule| {
            rule.id >= first && numbers::of_ulid(rule.id.as_str()) == number && is_here(rule, house)
        };
        let found = rules.into_iter().find(is_it);
        if found.is_some() || is_over {
            return Ok(found);
        }
    }
}

fn is_here(rule: &Rule, house: &House) -> bool {
    house.project.as_ref().is_none_or(|project| rule.definition.is_about(project))
}

fn in_force(snoozes: Option<Vec<Snooze>>, now: Timestamp) -> Vec<Snooze> {
    let mut snoozes = snoozes.unwrap_or_default();
    snoozes.retain(|snooze| snooze.holds(now));
    snoozes
}
