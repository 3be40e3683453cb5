//! Maintenance plans: they are the maintenance windows of a workspace.

use std::cmp::Ordering;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::alert::filter::Filter;
use crate::alert::recurrence::{Openings, Standing};
use crate::alert::settings::{Kept, MaintenanceWindow, Setting};
use crate::api::bigpanda::ask::{Body, Guest};
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::bigpanda::{recurring, times};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::environments::LAST;
use crate::api::v1::settings::{check_setting, refuse_if_enough};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::SettingId;
use crate::intake::order::Errand;
use crate::store::alert_settings;

const KIND: &str = "maintenance";

/// A plan as somebody wants it. What is left out of a change stays.
#[derive(Deserialize)]
pub struct Wanted {
    name: Option<String>,
    condition: Option<Value>,
    start: Option<Value>,
    end: Option<Value>,
    #[serde(flatten)]
    repeats: recurring::Given,
    post_maintenance_action: Option<String>,
}

impl Wanted {
    fn fill(self, window: MaintenanceWindow) -> Outcome<MaintenanceWindow> {
        match self.post_maintenance_action.as_deref() {
            None | Some("None") => {}
            Some("Resolve" | "Reactivate") => {
                let error = "Nothing is done after a plan: post_maintenance_action is None.";
                return Err(Failure::not_implemented(error));
            }
            Some(_) => {
                let error = "post_maintenance_action is Resolve, Reactivate or None.";
                return Err(Failure::bad(error));
            }
        }
        let (filter, matchers) = match self.condition {
            None => (window.filter, window.matchers),
            Some(condition) => {
                let filter = Filter::from_value(&condition);
                let filter = filter.map_err(|bad| Failure::bad(format!("condition: {bad}.")))?;
                (Some(filter.to_string()), Vec::new())
            }
        };
        let at = |value: Option<Value>, name, before| match value {
            Some(value) => times::field(&value, name),
            None => Ok(before),
        };
        Ok(MaintenanceWindow {
            name: self.name.unwrap_or(window.name),
            matchers,
            starts_at: at(self.start, "start", window.starts_at)?,
            ends_at: at(self.end, "end", window.ends_at)?,
            filter,
            repeats: self.repeats.read(window.repeats)?,
        })
    }
}

/// Where a plan is in its life.
fn standing(window: &MaintenanceWindow, now: Timestamp) -> &'static str {
    match Openings::of(window).standing(now) {
        Standing::Planned => "planned",
        Standing::Running => "running",
        Standing::Done => "done",
    }
}

fn shown(kept: &Kept, window: &MaintenanceWindow, now: Timestamp) -> Value {
    let condition = window.filter.as_deref().and_then(|text| Filter::parse(text).ok());
    // What was laid down otherwise has conditions on labels.
    let matchers: Vec<Value> =
        window.matchers.iter().map(|matcher| matcher.to_string().into()).collect();
    let condition = match condition {
        Some(filter) => filter.to_value(),
        None => json!({"AND": matchers}),
    };
    let mut shown = json!({
        "id": kept.id,
        "name": window.name,
        "condition": condition,
        "start": window.starts_at.as_seconds(),
        "end": window.ends_at.as_seconds(),
        "status": standing(window, now),
        "post_maintenance_action": "None",
        "created_at": kept.created_at.as_seconds(),
        "updated_at": kept.updated_at.as_seconds(),
    });
    if let Some(plan) = shown.as_object_mut() {
        recurring::show(window.repeats.as_ref(), plan);
    }
    shown
}

async fn one(app: &App, caller: &Caller, id: &SettingId) -> Outcome<(Kept, MaintenanceWindow)> {
    let missing = || Problem::no_such("maintenance plan");
    // A text that no database takes is no id.
    if id.as_str().contains('\0') {
        return Err(missing().into());
    }
    let mut tx = app.db.read().await?;
    let kept = alert_settings::by_id(&mut tx, &caller.workspace, KIND, id).await?;
    match kept {
        Some(kept) => match kept.setting.clone() {
            Setting::Maintenance(window) => Ok((kept, window)),
            _ => Err(missing().into()),
        },
        None => Err(missing().into()),
    }
}

pub async fn create(
    State(app): State<App>,
    Guest(caller): Guest,
    Body(wanted): Body<Wanted>,
) -> Outcome<(StatusCode, Json<Value>)> {
    let missing = [
        ("name", wanted.name.is_none()),
        ("condition", wanted.condition.is_none()),
        ("start", wanted.start.is_none()),
        ("end", wanted.end.is_none()),
    ];
    if let Some((name, _)) = missing.into_iter().find(|(_, is_missing)| *is_missing) {
        return Err(Failure::bad(format!("{name} is required.")));
    }
    let empty = MaintenanceWindow {
        name: String::new(),
        matchers: Vec::new(),
        starts_at: Timestamp::default(),
        ends_at: Timestamp::default(),
        filter: None,
        repeats: None,
    };
    let setting = Setting::Maintenance(wanted.fill(empty)?);
    check_setting(&app, &caller.workspace, &setting).await?;
    refuse_if_enough(&app, &caller.workspace, KIND, "maintenance plans").await?;
    let id = SettingId::new(app.ids.ulid(app.clock.now()));
    app.intake.carry(&caller.workspace, Errand::Put { id: id.clone(), setting }).await?;
    let (kept, window) = one(&app, &caller, &id).await?;
    Ok((StatusCode::CREATED, Json(shown(&kept, &window, app.clock.now()))))
}

pub async fn show(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<Json<Value>> {
    let (kept, window) = one(&app, &caller, &SettingId::new(id)).await?;
    Ok(Json(shown(&kept, &window, app.clock.now())))
}

/// Of one that runs, only the end can be another one; one that is done stays as it was.
pub async fn change(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Outcome<StatusCode> {
    let (kept, before) = one(&app, &caller, &SettingId::new(id)).await?;
    let now = app.clock.now();
    let changed = wanted.fill(before.clone())?;
    match standing(&before, now) {
        "running" if MaintenanceWindow { ends_at: before.ends_at, ..changed.clone() } != before => {
            let error = "The plan is running: only its end can be changed.";
            return Err(Failure::illegal_state(error));
        }
        "done" => return Err(Failure::illegal_state("The plan is done.")),
        _ => {}
    }
    put(&app, &caller, kept.id, changed).await
}

/// It ends now, also if it would have opened again.
pub async fn stop(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<StatusCode> {
    let (kept, window) = one(&app, &caller, &SettingId::new(id)).await?;
    let now = app.clock.now();
    if standing(&window, now) != "running" {
        return Err(Failure::illegal_state("The plan is not running."));
    }
    // One that was to begin this very moment is over a moment later.
    let ends_at = now.max(window.starts_at.plus(std::time::Duration::from_micros(1)));
    put(&app, &caller, kept.id, MaintenanceWindow { ends_at, ..window }).await
}

async fn put(
    app: &App,
    caller: &Caller,
    id: SettingId,
    window: MaintenanceWindow,
) -> Outcome<StatusCode> {
    let setting = Setting::Maintenance(window);
    check_setting(app, &caller.workspace, &setting).await?;
    app.intake.carry(&caller.workspace, Errand::Replace { id, setting, version: None }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
) -> Outcome<StatusCode> {
    let (kept, _) = one(&app, &caller, &SettingId::new(id)).await?;
    app.intake.carry(&caller.workspace, Errand::Delete { kind: KIND, id: kept.id }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn list(
    State(app): State<App>,
    Guest(caller): Guest,
    RawQuery(query): RawQuery,
) -> Outcome<Json<Value>> {
    let known = ["sort_by", "order", "page", "per_page", "search_text", "status", "frequency"];
    let params = Params::read(query.as_deref(), &known)?;
    let page = params.number("page", 1..=LAST, 1)?;
    let limit = params.number("per_page", 1..=100, 100)?;
    let compare = sorted_by(&params)?;
    let is_backwards = match params.one("order")? {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(Failure::bad("order is asc or desc.")),
    };
    let status = match params.one("status")? {
        None => None,
        Some(word @ ("planned" | "running" | "done")) => Some(word),
        Some(_) => return Err(Failure::bad("status is planned, running or done.")),
    };
    let frequency = params.one("frequency")?.map(recurring::asked).transpose()?;
    let is_as_often = |window: &MaintenanceWindow| {
        let every = window.repeats.as_ref().map(|repeats| repeats.every);
        frequency.is_none_or(|frequency| frequency == recurring::word_for(every))
    };
    let text = params.one("search_text")?.unwrap_or_default().to_lowercase();
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let kept = alert_settings::of_kind(&mut tx, &caller.workspace, KIND).await?;
    let plans = kept.into_iter().filter_map(|kept| match kept.setting.clone() {
        Setting::Maintenance(window) => Some((kept, window)),
        _ => None,
    });
    let mut plans: Vec<(Kept, MaintenanceWindow)> = plans
        .filter(|(_, window)| is_as_often(window) && window.name.to_lowercase().contains(&text))
        .filter(|(_, window)| status.is_none_or(|status| standing(window, now) == status))
        .collect();
    plans.sort_by(|a, b| compare(&a.1, &b.1));
    if is_backwards {
        plans.reverse();
    }
    let leave_out = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let page = plans.iter().skip(leave_out).take(usize::try_from(limit).unwrap_or(0));
    Ok(Json(page.map(|(kept, window)| shown(kept, window, now)).collect()))
}

type Compare = fn(&MaintenanceWindow, &MaintenanceWindow) -> Ordering;

fn sorted_by(params: &Params) -> Outcome<Compare> {
    Ok(match params.one("sort_by")? {
        None | Some("start") => |a, b| a.starts_at.cmp(&b.starts_at),
        Some("end") => |a, b| a.ends_at.cmp(&b.ends_at),
        Some("name") => |a, b| a.name.to_lowercase().cmp(&b.name.to_lowercase()),
        Some(_) => return Err(Failure::bad("sort_by is name, start or end.")),
    })
}
