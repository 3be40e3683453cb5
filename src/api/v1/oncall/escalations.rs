//! Escalations: people being paged.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::seen::{self, Seen};
use super::{Id, OneOfThem, created};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey};
use crate::api::v1::openapi::{Authorized, Keyed, Written};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{AlertId, EscalationId, IncidentId, PathId, UserId};
use crate::incident::event::Actor;
use crate::oncall::escalation::state::{Course, Escalation, Logged, Page, Request, Status};
use crate::paging::Reassignment;
use crate::store::escalations::Asked;

pub(super) const PATH: &str = "/api/v1/escalations";

/// An escalation as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Escalation)]
pub struct View {
    /// Its id.
    id: EscalationId,
    /// What it is about, in a line.
    title: String,
    /// What else there is to know.
    description: String,
    /// Where it stands.
    status: Status,
    /// How important it is; null if nobody has said.
    priority: Option<String>,
    /// Whom it pages.
    course: Course,
    /// The incident that it is about; null if it is about none.
    incident: Option<IncidentRef>,
    /// The alerts that it is about.
    alerts: Vec<AlertId>,
    /// Who began it.
    created_by: Actor,
    /// Who looks after it; null if nobody does.
    acked_by: Option<Actor>,
    /// When something happens next if nobody answers; null if nothing does.
    next_at: Option<Timestamp>,
    /// The messages, with what was answered.
    pages: Vec<Page>,
    /// What happened.
    events: Vec<Logged>,
    /// The escalation that took its place; null if none did.
    reassigned_to: Option<EscalationId>,
    /// When it began.
    created_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
}

/// The incident that an escalation is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationIncident)]
pub struct IncidentRef {
    /// Its id.
    id: IncidentId,
    /// What people call it.
    reference: String,
}

/// Somebody to be paged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewEscalation)]
pub struct New {
    /// What it is about, in a line of at most 200 characters.
    title: String,
    /// What else there is to know, in at most 3,000 characters.
    #[serde(default)]
    description: String,
    /// How important it is, in a word of your own: paths can go by it.
    #[serde(default)]
    priority: Option<String>,
    /// The escalation path by which people are paged. Either this or `people`.
    #[serde(default)]
    path: Option<PathId>,
    /// The people who are paged: at most 50, by their Slack ids.
    #[serde(default)]
    people: Vec<UserId>,
    /// The incident that it is about: `INC-42`, or its id.
    #[serde(default)]
    incident: Option<String>,
    /// The alerts that it is about: at most 100.
    #[serde(default)]
    alerts: Vec<AlertId>,
}

/// What is answered to a page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationResponse)]
pub struct Respond {
    /// Look after it, say that one can't (which only a person who was paged can), or be paged again later.
    response: Kind,
    /// When to page again.
    #[serde(default)]
    snooze_until: Option<Timestamp>,
    /// Why.
    #[serde(default)]
    reason: Option<String>,
}

/// What is answered.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EscalationResponseKind)]
pub enum Kind {
    /// Look after it.
    Ack,
    /// Can't take it.
    Nack,
    /// Page again later.
    Snooze,
}

/// Who is paged instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationReassignment)]
pub struct Instead {
    /// The escalation path by which people are paged. Either this or `people`.
    #[serde(default)]
    path: Option<PathId>,
    /// The people who are paged: at most 50.
    #[serde(default)]
    people: Vec<UserId>,
    /// Another title; the same, if left out.
    #[serde(default)]
    title: Option<String>,
    /// Another description; the same, if left out.
    #[serde(default)]
    description: Option<String>,
    /// Whether the first escalation is over then; it is, if left out.
    #[serde(default = "yes")]
    resolve_original: bool,
}

fn yes() -> bool {
    true
}

/// Page somebody
///
/// It is certain when this answers: they are paged as soon as Slack lets it happen, and again, and
/// others after them, as the path says, until somebody answers.
#[utoipa::path(
    post,
    path = "/api/v1/escalations",
    operation_id = "createEscalation",
    tag = "on-call",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, max_length = 255,
        description = "Your name for this request: a second one with the same key and token pages nobody, and gets the first one's escalation as it is now")),
    request_body(content = New, description = "Who is paged, and what for",
        example = json!({"title": "The database is down", "people": ["U012AB3CD"]})),
    responses(
        (status = 201, description = "The escalation", body = View,
            headers(("Location" = String, description = "Where the escalation is"))),
        Authorized,
        OneOfThem,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let incident = match &new.incident {
        Some(reference) => {
            let mut tx = app.db.read().await?;
            let found = seen::incident(&mut tx, &caller, reference).await?;
            Some(found.ok_or_else(Problem::no_such_incident)?.id)
        }
        None => None,
    };
    let request = Request {
        title: new.title,
        description: new.description,
        priority: new.priority,
        path: new.path,
        people: new.people,
        incident,
        alerts: new.alerts,
        ends_with_alerts: false,
    };
    let asked = Asked { request: key.as_deref().map(|key| caller.receipt(key)), key };
    let begun = app.paging.begin(&caller.workspace, request, &caller.actor, &asked).await?;
    let view = view(&app, &caller, begun).await?;
    let place = format!("{PATH}/{}", view.id);
    Ok(created(&place, Json(view)))
}

/// Show an escalation
#[utoipa::path(
    get,
    path = "/api/v1/escalations/{id}",
    operation_id = "showEscalation",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The escalation's id")),
    responses((status = 200, description = "The escalation", body = View), Authorized, OneOfThem),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<View>, Problem> {
    Ok(Json(find(&app, &caller, &EscalationId::new(id)).await?.into()))
}

/// Take an escalation back
///
/// Nobody is paged any more, and those who were are told so. Taking it back again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/escalations/{id}/cancel",
    operation_id = "cancelEscalation",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The escalation's id")),
    responses(
        (status = 200, description = "The escalation", body = View),
        (status = 409, description = "It is resolved or expired (`escalation-over`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneOfThem,
        Keyed,
    ),
)]
pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<View>, Problem> {
    let id = find(&app, &caller, &EscalationId::new(id)).await?.escalation.id;
    let changed = app.paging.cancel(&caller.workspace, &id, &caller.actor).await?;
    Ok(Json(view(&app, &caller, changed).await?))
}

/// Answer to a page
#[utoipa::path(
    post,
    path = "/api/v1/escalations/{id}/respond",
    operation_id = "respondToEscalation",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The escalation's id")),
    request_body(content = Respond, description = "What is answered",
        example = json!({"response": "ack"})),
    responses(
        (status = 200, description = "The escalation", body = View),
        (status = 403, description = "Only a person who was paged can say that they can't take it (`not-for-programs`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Somebody has answered (`already-so`), or it is over (`escalation-over`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneOfThem,
        Written,
    ),
)]
pub async fn respond(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(answer): Body<Respond>,
) -> Result<Json<View>, Problem> {
    let id = find(&app, &caller, &EscalationId::new(id)).await?.escalation.id;
    let (workspace, by) = (&caller.workspace, &caller.actor);
    let changed = match answer.response {
        Kind::Ack => app.paging.acknowledge(workspace, &id, by).await?,
        Kind::Nack => app.paging.decline(workspace, &id, by).await?,
        Kind::Snooze => {
            let until = answer.snooze_until.ok_or_else(|| {
                let field = Some("snooze_until".to_owned());
                Problem::does_not_fit("Say until when.", field)
            })?;
            app.paging.snooze(workspace, &id, by, until, answer.reason.as_deref()).await?
        }
    };
    Ok(Json(view(&app, &caller, changed).await?))
}

/// Page others instead
///
/// Once for each escalation. Answers with the new one.
#[utoipa::path(
    post,
    path = "/api/v1/escalations/{id}/reassign",
    operation_id = "reassignEscalation",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "The escalation's id")),
    request_body(content = Instead, description = "Who is paged instead"),
    responses(
        (status = 201, description = "The new escalation", body = View,
            headers(("Location" = String, description = "Where the new escalation is"))),
        (status = 409, description = "It was reassigned (`already-so`), or it is over (`escalation-over`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneOfThem,
        Written,
    ),
)]
pub async fn reassign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(instead): Body<Instead>,
) -> Result<Response, Problem> {
    let id = find(&app, &caller, &EscalationId::new(id)).await?.escalation.id;
    let to = Reassignment {
        path: instead.path,
        people: instead.people,
        title: instead.title,
        description: instead.description,
        resolves: instead.resolve_original,
    };
    let new = app.paging.reassign(&caller.workspace, &id, &to, &caller.actor).await?;
    let view = view(&app, &caller, new).await?;
    let place = format!("{PATH}/{}", view.id);
    Ok(created(&place, Json(view)))
}

async fn find(app: &App, caller: &Caller, id: &EscalationId) -> Result<Seen, Problem> {
    let mut tx = app.db.read().await?;
    seen::find(&mut tx, caller, id).await?.ok_or_else(no_such)
}

fn no_such() -> Problem {
    Problem::no_such("escalation")
}

async fn view(app: &App, caller: &Caller, escalation: Escalation) -> Result<View, Problem> {
    let mut tx = app.db.read().await?;
    let seen = seen::among(&mut tx, caller, vec![escalation]).await?.pop();
    seen.map(View::from).ok_or_else(no_such)
}

impl From<Seen> for View {
    fn from(Seen { escalation, incident }: Seen) -> Self {
        View {
            id: escalation.id,
            title: escalation.title,
            description: escalation.description,
            status: escalation.status,
            priority: escalation.priority,
            course: escalation.course,
            incident: incident
                .map(|incident| IncidentRef { reference: incident.reference(), id: incident.id }),
            alerts: escalation.alerts,
            created_by: escalation.by,
            acked_by: escalation.acked_by,
            next_at: escalation.due,
            pages: escalation.pages,
            events: escalation.log,
            reassigned_to: escalation.reassigned_to,
            created_at: escalation.created_at,
            updated_at: escalation.updated_at,
        }
    }
}
