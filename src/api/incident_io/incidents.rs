//! Incidents.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::api::caller::Caller;
use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incident_body::{
    FieldEntry, RetrospectiveOptions, RoleAssignment, TimestampValue, fields, roles, timestamps,
};
use crate::api::incident_io::incident_filter;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, reads};
use crate::api::incident_io::order;
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::{Reader, resolve_people};
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::incident::Incident;
use crate::api::v1::incidents::{find, target};
use crate::app::App;
use crate::engine::order::Target;
use crate::ids::TeamId;
use crate::incident::command::{Command, Declare};
use crate::incident::edit::Edit;
use crate::incident::state::{self, Mode};
use crate::store::db::Tx;
use crate::store::incident_lists::{self, IncidentQuery, Place};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/incidents", list),
        posts("/v2/incidents", create),
        reads("/v2/incidents/{id}", show),
        posts("/v2/incidents/{id}/actions/edit", edit),
    ]
}

/// The most incidents on a page.
const PAGE_LIMIT: usize = 250;

/// Which incident a path means: by its id, or by its number.
pub struct Wanted(pub Target);

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Wanted, Failure> {
        let missing = || Failure::not_found("incident");
        let path = Path::from_request_parts(parts, state).await;
        let Path(text): Path<String> = path.map_err(|_| missing())?;
        target(&text).map(Wanted).ok_or_else(missing)
    }
}

/// The incident that a field or parameter names.
pub async fn find_field(
    tx: &mut Tx,
    key: &Key,
    field: &str,
    text: &str,
) -> Result<state::Incident, Failure> {
    let missing = || Failure::not_found("incident");
    let target =
        target(text).ok_or_else(|| Failure::invalid(field, "This is no incident's id."))?;
    find(tx, &key.0, &target).await.map_err(|problem| match problem.status() {
        StatusCode::NOT_FOUND => missing(),
        _ => problem.into(),
    })
}

#[derive(Serialize)]
struct Many {
    incidents: Vec<Incident>,
    pagination_meta: PaginationMeta,
}

/// One incident.
#[derive(Serialize)]
pub struct One {
    incident: Incident,
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let mut tx = app.db.read().await?;
    let (workspace, actor) = (&caller.workspace, &caller.eyes());
    let catalogue = app.catalogues.of(&mut tx, workspace).await?;
    let wanted = incident_filter::wanted(&query, &catalogue)?;
    let order = incident_filter::order(&query)?;
    let after = match &page.after {
        None => None,
        Some(id) => {
            let no_such = || Failure::invalid("after", "There is no such incident.");
            let last = find(&mut tx, &caller, &target(id).ok_or_else(no_such)?).await;
            let last = last.map_err(|_| no_such())?;
            Some(Place { number: last.number, updated_at: last.updated_at })
        }
    };
    let total = incident_lists::found(&mut tx, workspace, actor, &wanted, None).await?.count();
    let limit = page.size;
    let asked = IncidentQuery { wanted, order, after, limit, ..IncidentQuery::default() };
    let found = incident_lists::page(&mut tx, workspace, actor, &asked).await?;
    let reader = Reader::load(&app, &mut tx, workspace, &found.incidents).await?;
    let last = found.incidents.last().filter(|_| found.next.is_some());
    let pagination_meta = PaginationMeta {
        page_size: page.size,
        after: last.map(|last| last.id.to_string()),
        total_record_count: i64::try_from(total).ok(),
    };
    let terms = reader.terms();
    let incidents =
        found.incidents.iter().map(|incident| Incident::show(incident, &terms)).collect();
    Ok(Json(Many { incidents, pagination_meta }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Wanted(target): Wanted,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    one(&app, &mut tx, &caller, &incident).await
}

/// The answer that shows this incident.
async fn one(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    incident: &state::Incident,
) -> Result<Json<One>, Failure> {
    let reader = Reader::load(app, tx, &caller.workspace, std::slice::from_ref(incident)).await?;
    Ok(Json(One { incident: Incident::show(incident, &reader.terms()) }))
}

/// What a new incident is made of.
#[derive(Debug, Deserialize)]
struct Create {
    idempotency_key: String,
    visibility: String,
    name: Option<String>,
    summary: Option<String>,
    mode: Option<String>,
    severity_id: Option<String>,
    incident_type_id: Option<String>,
    incident_status_id: Option<String>,
    slack_team_id: Option<String>,
    slack_channel_name_override: Option<String>,
    retrospective_incident_options: Option<RetrospectiveOptions>,
    #[serde(default)]
    custom_field_entries: Vec<FieldEntry>,
    #[serde(default)]
    incident_role_assignments: Vec<RoleAssignment>,
    #[serde(default)]
    incident_timestamp_values: Vec<TimestampValue>,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(create): Body<Create>,
) -> Result<Json<One>, Failure> {
    let private = match create.visibility.as_str() {
        "public" => false,
        "private" => true,
        _ => return Err(Failure::invalid("visibility", "visibility is public or private.")),
    };
    let mode = match create.mode.as_deref() {
        None => Mode::Standard,
        Some(word) => Mode::parse(word).ok_or_else(|| {
            let known = Mode::ALL.map(Mode::as_str).join(", ");
            Failure::invalid("mode", format!("A mode is one of {known}."))
        })?,
    };
    let receipt = key.once("incidents", &create.idempotency_key)?;
    let retrospective = create.retrospective_incident_options.unwrap_or_default();
    let document_url = retrospective.document_url(mode)?;
    let mut tx = app.db.read().await?;
    let assignments = create.incident_role_assignments;
    let people = resolve_people(&mut tx, &key, &assignments).await?;
    drop(tx);
    let held = roles(assignments, |person| people.find(person))?;
    let reached = timestamps(create.incident_timestamp_values);
    let command = Command::Declare(Declare {
        name: create.name.unwrap_or_default(),
        summary: create.summary,
        severity: create.severity_id,
        status: create.incident_status_id,
        incident_type: create.incident_type_id,
        private,
        mode,
        channel_name: create.slack_channel_name_override,
        document_url,
        slack_team: create.slack_team_id.filter(|team| !team.is_empty()).map(TeamId::new),
        fields: fields(create.custom_field_entries)?,
        roles: held.into_iter().filter_map(|(role, holder)| Some((role, holder?))).collect(),
        timestamps: reached.into_iter().filter_map(|(kind, at)| Some((kind, at?))).collect(),
        ..Declare::default()
    });
    submit(&app, key, Some(receipt), Target::New, command).await
}

/// What of an incident is to be otherwise. What is left out stays as it is.
#[derive(Debug, Deserialize)]
struct EditBody {
    incident: Changes,
    notify_incident_channel: bool,
}

#[derive(Debug, Deserialize)]
struct Changes {
    name: Option<String>,
    summary: Option<String>,
    severity_id: Option<String>,
    incident_status_id: Option<String>,
    call_url: Option<String>,
    slack_channel_name_override: Option<String>,
    #[serde(default)]
    custom_field_entries: Vec<FieldEntry>,
    #[serde(default)]
    incident_role_assignments: Vec<RoleAssignment>,
    #[serde(default)]
    incident_timestamp_values: Vec<TimestampValue>,
}

async fn edit(
    State(app): State<App>,
    key: Key,
    Wanted(target): Wanted,
    Body(EditBody { incident: changes, notify_incident_channel }): Body<EditBody>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let assignments = changes.incident_role_assignments;
    let people = resolve_people(&mut tx, &key, &assignments).await?;
    drop(tx);
    let command = Command::Edit(Edit {
        name: changes.name,
        summary: changes.summary,
        severity: changes.severity_id,
        status: changes.incident_status_id,
        call_url: changes.call_url,
        channel_name: changes.slack_channel_name_override,
        fields: fields(changes.custom_field_entries)?,
        roles: roles(assignments, |person| people.find(person))?,
        timestamps: timestamps(changes.incident_timestamp_values),
        notify: notify_incident_channel,
        ..Edit::default()
    });
    submit(&app, key, None, target, command).await
}

async fn submit(
    app: &App,
    key: Key,
    receipt: Option<String>,
    target: Target,
    command: Command,
) -> Result<Json<One>, Failure> {
    let done = order::give(app, &key, receipt, target, command).await;
    let done = done.map_err(|not_done| Failure::from(not_done).in_terms_of(&NAMES))?;
    let mut tx = app.db.read().await?;
    one(app, &mut tx, &key.0, &done.incident).await
}

/// What this format calls fields of ours.
pub const NAMES: [(&str, &str); 9] = [
    ("severity", "severity_id"),
    ("status", "incident_status_id"),
    ("incident_type", "incident_type_id"),
    ("slack_team", "slack_team_id"),
    ("fields", "custom_field_entries"),
    ("roles", "incident_role_assignments"),
    ("timestamps", "incident_timestamp_values"),
    ("channel_name", "slack_channel_name_override"),
    ("url", "retrospective_incident_options.postmortem_document_url"),
];
