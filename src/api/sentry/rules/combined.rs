//! Rules of both kinds that Sentry has. Of its issue alerts there are none here.

use std::cmp::Reverse;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::Value;

use crate::alert::rule::definition::Definition;
use crate::alert::rule::standing::{Level, Standing};
use crate::api::sentry::house::House;
use crate::api::sentry::links::Page;
use crate::api::sentry::query::Query;
use crate::api::sentry::refused::Refused;
use crate::api::sentry::rules::{Known, all, showing};
use crate::app::App;
use crate::clock::Timestamp;

/// Lists rules, by what is asked.
pub async fn list(State(app): State<App>, house: House) -> Result<Response, Refused> {
    let query = &house.query;
    let page = Page::asked(query, 25)?;
    let name = query.last("name").unwrap_or_default().to_lowercase();
    let projects = query.projects()?;
    let teams: Vec<&str> = query.every("team").collect();
    let mut rules = all(&app, &house).await?;
    rules.retain(|known| {
        let rule = &known.rule.definition;
        let is_in_project =
            rule.projects.is_empty() || Query::means(projects.as_deref(), rule.projects.iter());
        is_in_project && rule.name.to_lowercase().contains(&name) && is_of_team(rule, &teams)
    });
    sort(&mut rules, query)?;
    let count = rules.len();
    let (rules, is_more) = page.of(rules);
    let rules = rules.iter().map(|known| typed(showing::plain(&known.rule, &house))).collect();
    let mut response = page.answer(&house, rules, is_more);
    let headers = response.headers_mut();
    let hits = [("x-sentry-issue-rule-hits", 0), ("x-sentry-alert-rule-hits", count)];
    for (name, hits) in hits {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(hits));
    }
    Ok(response)
}

/// Whether a rule is owned by one of these teams; `unassigned` are those that nobody owns. A program
/// is in no team, so `myteams` are none.
pub fn is_of_team(rule: &Definition, teams: &[&str]) -> bool {
    let is_one = |team: &&str| match *team {
        "unassigned" => rule.owner_team.is_none() && rule.owner.is_none(),
        "myteams" => false,
        team => rule.owner_team.as_deref() == Some(team),
    };
    teams.is_empty() || teams.iter().any(is_one)
}

/// Sorts rules by up to several keys; the first one counts most. Without a key: newest first.
fn sort(rules: &mut [Known], query: &Query) -> Result<(), Refused> {
    let is_rising = query.is_on("asc", false);
    let keys: Vec<&str> = query.every("sort").collect();
    let keys = if keys.is_empty() { vec!["date_added"] } else { keys };
    for key in keys.iter().rev() {
        match *key {
            "date_added" => rules.sort_by_key(|known| Reverse(known.rule.id.clone())),
            "name" => rules.sort_by_key(|it| Reverse(it.rule.definition.name.to_lowercase())),
            "incident_status" => rules.sort_by_key(|known| Reverse(level(known))),
            "date_triggered" => rules.sort_by_key(|known| Reverse(fired_at(known))),
            _ => return Err(Refused::parameter("Invalid sort parameter.")),
        }
    }
    if is_rising {
        rules.reverse();
    }
    Ok(())
}

/// How bad it is in the project where it is worst.
fn level(known: &Known) -> Level {
    known.standings.values().map(Standing::level).max().unwrap_or_default()
}

/// When it fired last, of all that fires.
fn fired_at(known: &Known) -> Option<Timestamp> {
    known.standings.values().filter_map(|standing| standing.began_at).max()
}

fn typed(mut rule: Value) -> Value {
    rule["type"] = "alert_rule".into();
    rule
}
