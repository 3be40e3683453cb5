//! Who is on call within a window of time.
//!
//! Pages are parts of the window here: the cursor is an instant, from which the next part begins.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use serde::Serialize;

use crate::api::incident_io::PREFIX;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::given::instant;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::people_of;
use crate::api::incident_io::shape::schedule::{Entry, people_in};
use crate::api::v1::oncall::schedules::find;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::ScheduleId;
use crate::oncall::schedule::shifts::REACH;
use crate::store::schedules;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads(PATH, list)]
}

const PATH: &str = "/v2/schedule_entries";
const START: &str = "entry_window_start";
const END: &str = "entry_window_end";

#[derive(Serialize)]
struct Many {
    schedule_entries: Entries,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_meta: Option<GoOn>,
}

#[derive(Serialize)]
struct Entries {
    #[serde(rename = "final")]
    all: Vec<Entry>,
    scheduled: Vec<Entry>,
    overrides: Vec<Entry>,
}

/// Where the next part of the window is.
#[derive(Serialize)]
struct GoOn {
    after: Timestamp,
    after_url: String,
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    headers: HeaderMap,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let kept = find(&app, &caller, query.required("schedule_id")?).await?;
    let from = bound(&query, START)?.unwrap_or_else(|| app.clock.now());
    let until = bound(&query, END)?;
    let part = kept.definition.part(from, until);
    let part = part.ok_or_else(|| Failure::invalid(END, "The window ends after it begins."))?;
    let mut tx = app.db.read().await?;
    let workspace = &caller.workspace;
    let overrides = schedules::overrides(&mut tx, workspace, &kept.id, from.minus(REACH)).await?;
    let found = kept.definition.shifts(&overrides, from, part.to);
    let named = people_in([&found.all, &found.scheduled, &found.overrides].into_iter().flatten());
    let people = people_of(&mut tx, workspace, named).await?;
    let schedule_entries = Entries {
        all: Entry::show_all(&found.all, &people),
        scheduled: Entry::show_all(&found.scheduled, &people),
        overrides: Entry::show_all(&found.overrides, &people),
    };
    let here = format!("{}{PREFIX}{PATH}", origin(&app, &headers));
    let pagination_meta = part
        .next_from
        .map(|after| GoOn { after, after_url: address(&here, &kept.id, after, until) });
    Ok(Json(Many { schedule_entries, pagination_meta }))
}

/// An end of the window. Beyond these years no calendar of ours goes.
fn bound(query: &Query, name: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = query.one(name) else { return Ok(None) };
    // A plus sign that was not encoded arrives as a space.
    let at = instant(name, &text.trim().replace(' ', "+"))?;
    match (0..=4_102_444_800).contains(&at.as_seconds()) {
        true => Ok(Some(at)),
        false => Err(Failure::invalid(name, "It is from 1970 to 2100.")),
    }
}

/// What addresses of ours begin with: what the operator says, or else what the caller called us.
fn origin(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    match (&app.public_url, host) {
        (Some(public), _) => public.to_string(),
        (None, Some(host)) => format!("http://{host}"),
        (None, None) => String::new(),
    }
}

fn address(here: &str, id: &ScheduleId, after: Timestamp, until: Option<Timestamp>) -> String {
    let mut query = vec![("schedule_id", id.to_string()), (START, after.to_string())];
    query.extend(until.map(|until| (END, until.to_string())));
    let query = serde_urlencoded::to_string(query).expect("pairs of texts are a query");
    format!("{here}?{query}")
}
