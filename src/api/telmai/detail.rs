//! One incident, with what was measured and what became of it.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use crate::alert::history::{Change, What};
use crate::alert::state::Alert;
use crate::api::telmai::answer;
use crate::api::telmai::caller::Tenant;
use crate::api::telmai::problem::Problem;
use crate::api::telmai::view::{Item, time};
use crate::app::App;
use crate::clock::Timestamp;
use crate::incident::access::may_see;
use crate::incident::event::{Entry, Event};
use crate::incident::state::Incident;
use crate::store::{alerts, incidents, timeline};

/// Alerts of one incident that are looked at: more say nothing that these do not.
const ALERTS: usize = 500;
/// Entries of a record that are looked at.
const ENTRIES: i64 = 5_000;

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    item: Item,
    metrics: Vec<Metric>,
    history: Vec<Step>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Metric {
    metric_name: String,
    metric_aggregation: String,
    display_metric_name: String,
    segment: Option<String>,
    rule: Option<String>,
    attribute: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Step {
    timestamp: String,
    state: &'static str,
    alert_refs: Vec<AlertRef>,
}

/// By what an alert is found: it is one violation at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct AlertRef {
    metric_time: String,
    violation_name: String,
}

/// Shows an incident.
pub async fn show(
    State(app): State<App>,
    Tenant(caller): Tenant,
    Path((_, incident)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let number: i64 = incident.parse().map_err(|_| Problem::not_found())?;
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let found = incidents::by_number(&mut tx, workspace, number).await?;
    let found = found.filter(|incident| may_see(incident, &caller.eyes()));
    let incident = found.ok_or_else(Problem::not_found)?;
    let catalogue = app.catalogues.of(&mut tx, workspace).await?;
    let record = timeline::after(&mut tx, workspace, &incident.id, 0, ENTRIES).await?;
    let mut alerts = alerts::of_incident(&mut tx, workspace, &incident.id).await?;
    alerts.truncate(ALERTS);
    let mut violations = Vec::new();
    for alert in &alerts {
        for (_, at, change) in alerts::history(&mut tx, workspace, &alert.id).await? {
            if is_violation(&change) {
                violations.push((at, alert.key.clone()));
            }
        }
    }
    drop(tx);
    violations.sort();
    let last_upload = violations.last().map_or(incident.updated_at, |(at, _)| *at);
    let detail = Detail {
        item: Item::detailed(&incident, last_upload, &catalogue),
        metrics: metrics(&alerts),
        history: history(&incident, &record, &violations),
    };
    Ok(answer::tagged(&detail, &headers))
}

/// Whether it says that something is wrong: seen, or seen again, otherwise or anew.
pub fn is_violation(change: &Change) -> bool {
    let says_so =
        matches!(change.what, Some(What::Seen | What::Edited | What::Severity | What::Reopened));
    says_so && change.phase.is_firing() && change.by.is_none()
}

fn metrics(alerts: &[Alert]) -> Vec<Metric> {
    let metrics: BTreeSet<Metric> = alerts.iter().map(metric).collect();
    metrics.into_iter().collect()
}

fn metric(alert: &Alert) -> Metric {
    let label = |names: &[&str]| names.iter().find_map(|name| alert.labels.get(*name)).cloned();
    let name = label(&["metric_name", "metric", "alertname"]).unwrap_or_else(|| alert.key.clone());
    Metric {
        metric_name: name,
        metric_aggregation: label(&["metric_aggregation", "aggregation"]).unwrap_or_default(),
        display_metric_name: alert.title.clone(),
        segment: label(&["segment"]),
        rule: label(&["rule"]),
        attribute: label(&["attribute"]),
    }
}

/// The record tells when it was closed and opened again, the alerts what they have said meanwhile.
fn history(incident: &Incident, record: &[Entry], violations: &[(Timestamp, String)]) -> Vec<Step> {
    let mut turns: Vec<(Timestamp, bool)> = record.iter().filter_map(turn).collect();
    turns.sort_by_key(|(at, _)| *at);
    let mut turns = turns.into_iter().peekable();
    // Alerts are there before their incident is.
    let mut first =
        Step { timestamp: time(incident.declared_at), state: "NEW", alert_refs: Vec::new() };
    let (before, later): (Vec<_>, Vec<_>) =
        violations.iter().partition(|(at, _)| *at <= incident.declared_at);
    first.alert_refs = before.iter().map(|violation| alert_ref(violation)).collect();
    let mut steps = vec![first];
    let mut is_open = true;
    for violation in later {
        while let Some((at, opens)) = turns.next_if(|(at, _)| *at <= violation.0) {
            turn_to(&mut steps, &mut is_open, at, opens);
        }
        match steps.last_mut() {
            // What is said while it is closed belongs to its being opened again, if it is.
            _ if !is_open => {}
            Some(step) if step.timestamp == time(violation.0) => {
                step.alert_refs.push(alert_ref(violation));
            }
            _ => steps.push(Step {
                timestamp: time(violation.0),
                state: "ONGOING",
                alert_refs: vec![alert_ref(violation)],
            }),
        }
    }
    for (at, opens) in turns {
        turn_to(&mut steps, &mut is_open, at, opens);
    }
    steps
}

fn turn_to(steps: &mut Vec<Step>, is_open: &mut bool, at: Timestamp, opens: bool) {
    if opens != *is_open {
        *is_open = opens;
        let state = if opens { "REOPENED" } else { "RESOLVED" };
        steps.push(Step { timestamp: time(at), state, alert_refs: Vec::new() });
    }
}

/// When it was closed or opened again.
fn turn(entry: &Entry) -> Option<(Timestamp, bool)> {
    let change = match &entry.event {
        Event::StatusChanged { change, .. }
        | Event::UpdatePosted { status: Some(change), .. }
        | Event::MergedInto { change, .. } => change,
        _ => return None,
    };
    Some((entry.at, change.to_category.is_active()))
}

fn alert_ref((at, key): &(Timestamp, String)) -> AlertRef {
    AlertRef { metric_time: time(*at), violation_name: key.clone() }
}
