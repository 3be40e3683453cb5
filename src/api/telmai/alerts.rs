//! The alerts behind incidents: each time at which one of them said that something is wrong.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::alert::state::Alert;
use crate::api::problem as native;
use crate::api::telmai::answer;
use crate::api::telmai::caller::Tenant;
use crate::api::telmai::detail::is_violation;
use crate::api::telmai::filters::instant;
use crate::api::telmai::level;
use crate::api::telmai::problem::{Problem, Wrong};
use crate::api::telmai::view::time;
use crate::app::App;
use crate::clock::Timestamp;
use crate::incident::facets::Facet;
use crate::incident::origin::Origin;
use crate::incident::wanted::Wanted;
use crate::store::alert_lists::{self, Wanted as WantedAlerts};
use crate::store::{alerts, incident_lists};

/// The most values in one list.
const VALUES_LIMIT: usize = 10_000;
/// Incidents whose alerts are looked at, the newest first.
const INCIDENTS: usize = 1_000;
/// Alerts that are looked at where no source is named, the newest first.
const ALERTS: i64 = 10_000;

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    sources: Option<Vec<String>>,
    #[serde(default)]
    upload_dates: Option<Vec<String>>,
    #[serde(default)]
    violation_names: Option<Vec<String>>,
}

#[derive(Serialize)]
struct View {
    #[serde(rename = "type")]
    kind: String,
    source: String,
    attribute: Option<String>,
    job_id: String,
    create_time: String,
    save_time: String,
    violation_data: BTreeMap<String, String>,
    violation_name: String,
    notification_channels: Vec<String>,
    is_notification_enabled: bool,
    metric_time: String,
    is_notified: bool,
    metric_value: f64,
    policy_name: String,
    segment: Option<String>,
    priority: &'static str,
    description: Map<String, Value>,
    source_name: String,
    source_type: String,
    project_name: String,
    tags: Vec<String>,
}

/// Shows what alerts said: the three lists are independent of each other, and an empty one is none.
pub async fn by_filters(
    State(app): State<App>,
    Tenant(caller): Tenant,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let asked = read(&body.map_err(unread)?)?;
    let (workspace, eyes) = (&caller.workspace, caller.eyes());
    let mut tx = app.db.read().await?;
    let listed = match asked.sources.is_empty() {
        true => {
            let wanted = WantedAlerts::default();
            let page = alert_lists::page(&mut tx, workspace, &eyes, &wanted, ALERTS).await?;
            page.alerts.into_iter().map(|listed| (listed.alert, listed.incident)).collect()
        }
        false => {
            let about = Wanted::any_of(asked.sources.iter().map(|source| Facet::about(source)));
            let found = incident_lists::newest(&mut tx, workspace, &eyes, about, None, INCIDENTS);
            let mut of_incidents = Vec::new();
            for incident in found.await? {
                let alerts = alerts::of_incident(&mut tx, workspace, &incident.id).await?;
                let its = Some((incident.id.clone(), incident.number));
                of_incidents.extend(alerts.into_iter().map(|alert| (alert, its.clone())));
            }
            of_incidents
        }
    };
    let mut shown = Vec::new();
    for (alert, incident) in listed {
        let origin = Origin::of(&alert);
        if !asked.takes(&origin, &alert) {
            continue;
        }
        for (_, at, change) in alerts::history(&mut tx, workspace, &alert.id).await? {
            if is_violation(&change) && asked.takes_time(at) {
                shown.push((at, view(&alert, &origin, at, incident.is_some())));
            }
        }
    }
    shown.sort_by(|(at, one), (other_at, other)| {
        (at, &one.violation_name).cmp(&(other_at, &other.violation_name))
    });
    let shown: Vec<View> = shown.into_iter().map(|(_, view)| view).collect();
    Ok(answer::json(serde_json::to_vec(&shown).expect("a view is plain data")))
}

fn unread(rejection: BytesRejection) -> Problem {
    let is_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
    Problem::from(if is_large {
        native::Problem::too_large()
    } else {
        native::Problem::unreadable()
    })
}

/// What is asked for, understood.
struct Filters {
    sources: Vec<String>,
    /// In milliseconds, as times are shown.
    times: Vec<i64>,
    names: Vec<String>,
}

fn read(body: &[u8]) -> Result<Filters, Problem> {
    let asked: Asked = serde_json::from_slice(body)
        .map_err(|error| Problem::from(native::Problem::malformed(format!("{error}."))))?;
    let mut wrong = Vec::new();
    let sources = asked.sources.unwrap_or_default();
    let names = asked.violation_names.unwrap_or_default();
    let dates = asked.upload_dates.unwrap_or_default();
    for (parameter, count) in [
        ("sources", sources.len()),
        ("upload_dates", dates.len()),
        ("violation_names", names.len()),
    ] {
        if count > VALUES_LIMIT {
            let message = format!("has more than {VALUES_LIMIT} values");
            wrong.push(Wrong { parameter, message });
        }
    }
    let times: Vec<Option<Timestamp>> = dates.iter().map(|date| instant(date)).collect();
    if times.contains(&None) {
        let message = "has a value that is not an ISO 8601 timestamp".to_owned();
        wrong.push(Wrong { parameter: "upload_dates", message });
    }
    if sources.is_empty() && names.is_empty() && dates.is_empty() {
        let message = "is empty, and so are upload_dates and violation_names".to_owned();
        wrong.push(Wrong { parameter: "sources", message });
    }
    if !wrong.is_empty() {
        return Err(Problem::bad_parameters(wrong));
    }
    let mut times: Vec<i64> = times.into_iter().flatten().map(millis).collect();
    let (mut sources, mut names) = (sources, names);
    times.sort_unstable();
    sources.sort();
    names.sort();
    Ok(Filters { sources, times, names })
}

fn millis(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000)
}

impl Filters {
    fn takes(&self, origin: &Origin, alert: &Alert) -> bool {
        let has = |list: &[String], value: &str| {
            list.is_empty() || list.binary_search_by(|one| one.as_str().cmp(value)).is_ok()
        };
        has(&self.sources, origin.asset()) && has(&self.names, &alert.key)
    }

    /// The times that are shown have no more than milliseconds.
    fn takes_time(&self, at: Timestamp) -> bool {
        self.times.is_empty() || self.times.binary_search(&millis(at)).is_ok()
    }
}

fn view(alert: &Alert, origin: &Origin, at: Timestamp, is_notified: bool) -> View {
    let label = |name: &str| alert.labels.get(name).cloned();
    let text = |name: &str| label(name).unwrap_or_default();
    let said = |name: &str| origin.label(name).unwrap_or_default().to_owned();
    let value = label("metric_value").or_else(|| alert.annotations.get("value").cloned());
    let value = value.and_then(|value| value.parse().ok()).filter(|value: &f64| value.is_finite());
    let priority = level::of_alert(alert);
    let words = if alert.description.is_empty() { &alert.title } else { &alert.description };
    let channels = text("notification_channels");
    let channels = channels.split(',').map(str::trim).filter(|channel| !channel.is_empty());
    View {
        kind: label("type").unwrap_or_else(|| "ALERT".to_owned()),
        source: origin.asset().to_owned(),
        attribute: label("attribute"),
        job_id: text("job_id"),
        create_time: time(alert.first_seen),
        save_time: time(alert.changed_at),
        violation_data: alert.annotations.clone(),
        violation_name: alert.key.clone(),
        notification_channels: channels.map(str::to_owned).collect(),
        is_notification_enabled: alert.maintenance.is_none(),
        metric_time: time(at),
        is_notified,
        metric_value: value.unwrap_or(0.0),
        policy_name: origin
            .label("policy_name")
            .or(origin.label("policy"))
            .unwrap_or_default()
            .to_owned(),
        segment: label("segment"),
        priority,
        description: Map::from_iter([(priority.to_owned(), json!([words]))]),
        source_name: origin.label("asset_name").unwrap_or(origin.asset()).to_owned(),
        source_type: said("connection_type"),
        project_name: label("project_name").unwrap_or_else(|| said("project")),
        tags: origin.tags().into_iter().map(str::to_owned).collect(),
    }
}
