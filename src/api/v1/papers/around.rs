//! Reading what is around one incident: its curated timeline, notes, links, people.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, Params};
use crate::api::v1::incidents::{REFERENCE, Reference, find};
use crate::api::v1::openapi::{Authorized, OneIncident, Queried, Written};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{IncidentId, UserId};
use crate::incident::event::Event;
use crate::incident::papers::link::{Attachment, ExternalIssue};
use crate::incident::papers::moment::{self, TimelineItem};
use crate::incident::papers::note::{self, Note};
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, reference};
use crate::store::db::Tx;
use crate::store::{attachments as kept, incidents, seen as marks, timeline as record};

/// People who are named as having looked at one incident.
const LOOKED: i64 = 1_000;

/// An attachment, and its incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentView {
    /// The incident that it belongs to.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub incident: IncidentId,
    /// What belongs to it.
    #[serde(flatten)]
    pub attachment: Attachment,
}

/// What belongs to incidents elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attachments {
    /// The first one first.
    pub attachments: Vec<AttachmentView>,
    /// Where the incident is tracked; nothing if several are asked about.
    pub external_issue: Option<ExternalIssue>,
}

/// List attachments of an incident
///
/// What belongs to it elsewhere, and where it is tracked.
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/attachments",
    operation_id = "listAttachmentsOfIncident",
    tag = "papers",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses((status = 200, description = "All of them", body = Attachments), Authorized, OneIncident),
)]
pub async fn attachments_of(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<Attachments>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let attached = incident.papers.attachments.into_values();
    let attachments =
        attached.map(|attachment| AttachmentView { incident: incident.id.clone(), attachment });
    let external_issue = incident.papers.issue;
    Ok(Json(Attachments { attachments: attachments.collect(), external_issue }))
}

/// List attachments by what they are
///
/// Which incidents something elsewhere belongs to.
#[utoipa::path(
    get,
    path = "/api/v1/attachments",
    operation_id = "listAttachments",
    tag = "papers",
    security(("token" = [])),
    params(
        ("resource_type" = String, Query, description = "What it is, such as `github_pull_request`"),
        ("external_id" = String, Query, description = "What it is called there"),
    ),
    responses((status = 200, description = "All of them", body = Attachments), Authorized, Queried),
)]
pub async fn attachments(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Attachments>, Problem> {
    let params = Params::read(query.as_deref(), &["resource_type", "external_id"])?;
    let needed = |name: &'static str| {
        let given = params.one(name)?.filter(|text| !text.contains('\0'));
        given.ok_or_else(|| Problem::bad_parameter(name, "Both have to be said."))
    };
    let (resource_type, external_id) = (needed("resource_type")?, needed("external_id")?);
    let mut tx = app.db.read().await?;
    let (workspace, eyes) = (&caller.workspace, &caller.eyes());
    let found = kept::of_resource(&mut tx, workspace, eyes, resource_type, external_id).await?;
    let attachments =
        found.into_iter().map(|(incident, attachment)| AttachmentView { incident, attachment });
    Ok(Json(Attachments { attachments: attachments.collect(), external_issue: None }))
}

/// The curated timeline of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineItems {
    /// Oldest first: by time, then by place in the record.
    pub items: Vec<TimelineItem>,
}

/// Show an incident's curated timeline
///
/// What of its record people want told, in order of when it happened: updates, changes of status and
/// severity, notes and messages that were kept by themselves, and what was written by hand. The whole
/// record is at `/timeline`.
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/timeline-items",
    operation_id = "listTimelineItems",
    tag = "papers",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses((status = 200, description = "All of it", body = TimelineItems), Authorized, OneIncident),
)]
pub async fn timeline(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<TimelineItems>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let entries = record::whole(&mut tx, &caller.workspace, &incident.id).await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    Ok(Json(TimelineItems { items: moment::timeline(&incident.id, &entries, &catalogue) }))
}

/// The notes of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notes {
    /// Oldest first, as they read now.
    pub notes: Vec<Note>,
}

/// List an incident's notes
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/notes",
    operation_id = "listNotes",
    tag = "papers",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses((status = 200, description = "All of them", body = Notes), Authorized, OneIncident),
)]
pub async fn notes(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<Notes>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let entries = record::whole(&mut tx, &caller.workspace, &incident.id).await?;
    Ok(Json(Notes { notes: note::notes(&incident.id, &entries) }))
}

/// How two incidents have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Somebody has said so.
    Related,
    /// This one goes on in the other.
    MergedInto,
    /// The other one goes on in this one.
    Absorbed,
}

/// Another incident that one has to do with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relative {
    /// The other incident's id.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub incident: IncidentId,
    /// The number people know it by, as they say it.
    #[schema(example = "INC-7")]
    pub reference: String,
    /// What it is called.
    pub name: String,
    /// How they have to do with each other.
    pub relation: Relation,
}

/// What other incidents one has to do with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relatives {
    /// By age.
    pub related: Vec<Relative>,
}

/// List what other incidents one has to do with
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/related",
    operation_id = "listRelated",
    tag = "papers",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses((status = 200, description = "All that this token may know of", body = Relatives), Authorized, OneIncident),
)]
pub async fn related(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<Relatives>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let found = relatives(&mut tx, &caller, &incident).await?;
    let related = found.into_iter().map(|(other, relation)| Relative {
        reference: reference(other.number),
        relation,
        incident: other.id,
        name: other.name,
    });
    Ok(Json(Relatives { related: related.collect() }))
}

/// The other incidents that one has to do with, as far as the caller may know of them: by age.
pub async fn relatives(
    tx: &mut Tx,
    caller: &Caller,
    incident: &Incident,
) -> sqlx::Result<Vec<(Incident, Relation)>> {
    let merged = incident.merged_into.as_ref().map(|into| &into.incident);
    let entries = record::whole(tx, &caller.workspace, &incident.id).await?;
    let absorbed: Vec<&IncidentId> = entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Absorbed(absorbed) => absorbed.incident.as_ref(),
            _ => None,
        })
        .collect();
    let known = incident.papers.related.keys().chain(merged).chain(absorbed.iter().copied());
    let ids: Vec<IncidentId> = known.cloned().collect();
    let others = incidents::with_ids_seen_by(tx, &caller.workspace, &caller.eyes(), &ids).await?;
    let related = others.into_iter().map(|other| {
        let relation = match &other.id {
            id if merged == Some(id) => Relation::MergedInto,
            id if absorbed.contains(&id) => Relation::Absorbed,
            _ => Relation::Related,
        };
        (other, relation)
    });
    Ok(related.collect())
}

/// People.
#[derive(Debug, Serialize, ToSchema)]
pub struct People {
    /// Their ids in Slack.
    #[schema(value_type = Vec<String>, example = json!(["U012AB3CD"]))]
    pub people: Vec<UserId>,
}

/// List who has a part in an incident
///
/// Whoever declared it, holders of roles, and those who were invited. Of a private incident, nobody
/// else may know.
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/members",
    operation_id = "listMembers",
    tag = "papers",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses((status = 200, description = "All of them", body = People), Authorized, OneIncident),
)]
pub async fn members(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<People>, Problem> {
    let mut tx = app.db.read().await?;
    Ok(Json(People { people: find(&mut tx, &caller, &target).await?.people() }))
}

/// List who hears of an incident's updates
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/subscribers",
    operation_id = "listSubscribers",
    tag = "papers",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses((status = 200, description = "All of them", body = People), Authorized, OneIncident),
)]
pub async fn subscribers(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<People>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    Ok(Json(People { people: incident.papers.subscribers.into_iter().collect() }))
}

/// Somebody who has looked at an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct Look {
    /// Who.
    #[schema(value_type = String, example = "U012AB3CD")]
    pub person: UserId,
    /// When last.
    pub at: Timestamp,
}

/// Who has looked at an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct Looks {
    /// Who did so last, first.
    pub seen: Vec<Look>,
}

/// List who has looked at an incident
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{ref}/seen",
    operation_id = "listSeen",
    tag = "papers",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    responses((status = 200, description = "The last thousand of them", body = Looks), Authorized, OneIncident),
)]
pub async fn seen(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
) -> Result<Json<Looks>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let found = marks::of_incident(&mut tx, &caller.workspace, &incident.id, LOOKED).await?;
    let seen = found.into_iter().map(|(person, at)| Look { person, at }).collect();
    Ok(Json(Looks { seen }))
}

/// Who looks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct See {
    /// A user's id in Slack.
    #[schema(value_type = String, example = "U012AB3CD")]
    pub person: UserId,
}

/// Say that somebody looks at an incident
///
/// This changes nothing of the incident, and its timeline says nothing of it.
#[utoipa::path(
    put,
    path = "/api/v1/incidents/{ref}/seen",
    operation_id = "markSeen",
    tag = "papers",
    security(("token" = [])),
    params(("ref" = String, Path, description = REFERENCE, example = "INC-42")),
    request_body = See,
    responses((status = 204, description = "It is written down"), Authorized, OneIncident, Written),
)]
pub async fn see(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    Body(See { person }): Body<See>,
) -> Result<StatusCode, Problem> {
    if !person.is_well_formed() {
        return Err(Refusal::UnknownPerson { given: person.to_string() }.into());
    }
    let mut tx = app.db.begin().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    let at = app.clock.now();
    marks::mark(&mut tx, &caller.workspace, &incident.id, &person, at).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
