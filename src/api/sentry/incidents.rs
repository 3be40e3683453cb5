//! Incidents: the same as everywhere else, in Sentry's shape. Their identifier is the number that
//! people know them by.

pub mod activity;
pub mod comments;
pub mod hearing;
pub mod list;
pub mod showing;
pub mod stats;
pub mod status;
pub mod write;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::alert::rule::validate::RULES_LIMIT;
use crate::api::sentry::house::House;
use crate::api::sentry::numbers;
use crate::api::sentry::refused::Refused;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{IncidentId, RuleId, SourceId, WorkspaceId};
use crate::incident::access::may_see;
use crate::incident::state::Incident;
use crate::ingest::kind::Kind;
use crate::store::alert_marks::{self, Marks};
use crate::store::alert_rules::{self, Rule};
use crate::store::db::Tx;
use crate::store::{incidents, sources};

/// An incident with what its alerts say of it.
pub struct Shown {
    /// The incident.
    pub incident: Incident,
    /// What its alerts say.
    pub marks: Marks,
    /// The rule that has sent the first of them, as it is now.
    pub rule: Option<Rule>,
}

impl Shown {
    /// When it began: when the first of its alerts did, and at the latest when it was declared.
    pub fn started_at(&self) -> Timestamp {
        let declared_at = self.incident.declared_at;
        self.marks.started_at.map_or(declared_at, |at| at.min(declared_at))
    }

    /// When it was found.
    pub fn detected_at(&self) -> Timestamp {
        let declared_at = self.incident.declared_at;
        self.marks.detected_at.map_or(declared_at, |at| at.min(declared_at))
    }
}

/// Shows an incident.
pub async fn show(State(app): State<App>, house: House) -> Result<Json<Value>, Refused> {
    let shown = the_one(&app, &house).await?;
    showing::detailed(&app, &house, &shown).await.map(Json)
}

/// The incident whose identifier stands in the path, if the caller may know of it.
pub async fn the_one(app: &App, house: &House) -> Result<Shown, Refused> {
    let number = numbers::read(house.part("incident")).and_then(|it| i64::try_from(it).ok());
    let number = number.ok_or_else(Refused::not_there)?;
    let mut tx = app.db.read().await?;
    let workspace = &house.caller.workspace;
    let incident = incidents::by_number(&mut tx, workspace, number).await?;
    let incident = incident.filter(|it| may_see(it, &house.caller.eyes()));
    let incident = incident.ok_or_else(Refused::not_there)?;
    let mut all = with_rules(&mut tx, workspace, vec![incident]).await?;
    all.pop().ok_or_else(Refused::not_there)
}

/// Incidents with what their alerts say, and the rules behind them.
pub async fn with_rules(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incidents: Vec<Incident>,
) -> Result<Vec<Shown>, Refused> {
    let mut marks = marks(tx, workspace, &incidents).await?;
    let named = marks.values().any(|marks| !marks.rules.is_empty());
    let rules = if named { rules(tx, workspace).await? } else { BTreeMap::new() };
    let shown = incidents.into_iter().map(|incident| {
        let marks = marks.remove(&incident.id).unwrap_or_default();
        let rule = marks.rule.as_ref().and_then(|rule| rules.get(rule)).cloned();
        Shown { incident, marks, rule }
    });
    Ok(shown.collect())
}

/// What the alerts of these incidents say of them.
pub async fn marks(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incidents: &[Incident],
) -> Result<BTreeMap<IncidentId, Marks>, Refused> {
    let rules = source_of_rules(tx, workspace).await?;
    let ids: Vec<IncidentId> = incidents.iter().map(|incident| incident.id.clone()).collect();
    Ok(alert_marks::of_incidents(tx, workspace, rules.as_ref(), &ids).await?)
}

/// All rules there are: some hundred at most.
pub async fn rules(
    tx: &mut Tx,
    workspace: &WorkspaceId,
) -> Result<BTreeMap<RuleId, Rule>, Refused> {
    let rules = alert_rules::page(tx, workspace, None, RULES_LIMIT).await?;
    Ok(rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect())
}

async fn source_of_rules(
    tx: &mut Tx,
    workspace: &WorkspaceId,
) -> Result<Option<SourceId>, Refused> {
    let all = sources::all(tx, workspace).await?;
    Ok(all.into_iter().find(|source| source.kind == Kind::Rules).map(|source| source.id))
}
