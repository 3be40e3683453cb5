//! Doing something about alerts: looking after them, ending them, and saying where they belong.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::group::Group;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey};
use crate::api::v1::alerts::view::AlertView;
use crate::api::v1::alerts::{Named, one};
use crate::api::v1::incidents::{REFERENCE, Reference, find, target};
use crate::api::v1::openapi::{Authorized, Keyed, OneAlert, OneIncident, Written};
use crate::api::v1::view::IncidentView;
use crate::api::v1::write::KEY;
use crate::app::App;
use crate::engine::order::Target;
use crate::ids::{AlertId, GroupId};
use crate::incident::catalogue::StatusCategory;
use crate::incident::event::Actor;
use crate::incident::state::Incident;
use crate::incident::text::shorten;
use crate::intake::order::{Carried, Errand, Place, Which};
use crate::store::alert_lists::{self, Listed};
use crate::store::db::Tx;
use crate::store::{alert_groups, incidents, receipts};

/// The most alerts that are split off at once.
const SPLIT_LIMIT: usize = 1_000;

/// Declares the documented handler of a command that needs nothing but the alert.
macro_rules! command {
    ($name:ident, $path:literal, $operation:literal, $summary:literal, $description:literal, $errand:expr, $already:literal) => {
        #[doc = $summary]
        #[utoipa::path(
            post,
            path = $path,
            operation_id = $operation,
            summary = $summary,
            description = $description,
            tag = "alerts",
            security(("token" = [])),
            params(
                ("id" = String, Path, description = "The id of the alert"),
                ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
            ),
            responses(
                (status = 200, description = "The alert, as it is now", body = AlertView),
                (status = 409, description = "It is that way already (`already-so`)",
                    body = Problem, content_type = "application/problem+json"),
                Authorized,
                OneAlert,
                Keyed,
            ),
        )]
        pub async fn $name(
            State(app): State<App>,
            caller: Caller,
            Named(id): Named,
            key: IdempotencyKey,
        ) -> Result<Json<AlertView>, Problem> {
            let make: fn(Which, Actor) -> Errand = $errand;
            let path = $path.replace("{id}", id.as_str());
            let errand = make(Which::Alerts(vec![id.clone()]), caller.actor.clone());
            let wish = Wish { path, key, errand, already: $already };
            change(&app, &caller, &id, wish, is_unlinked).await
        }
    };
}

command!(
    acknowledge,
    "/api/v1/alerts/{id}/acknowledge",
    "acknowledgeAlert",
    "Acknowledge an alert",
    "Somebody looks after it. It fires as before.",
    |which, by| Errand::Acknowledge { which, by },
    "Somebody looks after this alert already, or it is over."
);
command!(
    unacknowledge,
    "/api/v1/alerts/{id}/unacknowledge",
    "unacknowledgeAlert",
    "Take an acknowledgement back",
    "Nobody looks after it any more.",
    |which, by| Errand::Unacknowledge { which, by },
    "Nobody looks after this alert."
);
command!(
    resolve,
    "/api/v1/alerts/{id}/resolve",
    "resolveAlert",
    "Resolve an alert",
    "It is over. If its source says merely again that it fires, it stays so; if it begins anew, it comes back.",
    |which, by| Errand::Resolve { which, by },
    "This alert is over."
);
command!(
    unlink,
    "/api/v1/alerts/{id}/unlink",
    "unlinkAlert",
    "Take an alert out of its incident",
    "It is no part of an incident any more, and opens none.",
    |which, by| Errand::Move { which, to: Place::Nowhere, by },
    "This alert is part of no incident."
);

/// What a caller wants of one alert.
struct Wish {
    path: String,
    key: IdempotencyKey,
    errand: Errand,
    already: &'static str,
}

/// Does it in the name of whoever calls. A second time changes nothing.
async fn carry(
    app: &App,
    caller: &Caller,
    receipt: String,
    errand: Errand,
) -> Result<Carried, Problem> {
    let (workspace, through) = (&caller.workspace, caller.through());
    Ok(app.intake.carry_through(workspace, through, Some(receipt), errand).await?)
}

/// Does it, unless the alert is that way already.
async fn change(
    app: &App,
    caller: &Caller,
    id: &AlertId,
    wish: Wish,
    is_so: impl Fn(&Listed, &Group, &Errand) -> bool,
) -> Result<Json<AlertView>, Problem> {
    let already_so = || Problem::already_so(wish.already);
    let receipt = caller.receipt_for(&wish.path, &wish.key, &app.ids.ulid(app.clock.now()));
    let mut tx = app.db.read().await?;
    let listed = one(&mut tx, caller, id).await?;
    let groups = std::slice::from_ref(&listed.alert.group);
    let groups = alert_groups::with_ids(&mut tx, &caller.workspace, groups).await?;
    let is_so = groups.iter().any(|group| is_so(&listed, group, &wish.errand));
    // What was done before is said again, however it is now.
    if is_so && receipts::marked(&mut tx, &caller.workspace, &receipt).await?.is_none() {
        return Err(already_so());
    }
    drop(tx);
    let carried = carry(app, caller, receipt, wish.errand).await?;
    if carried.alerts.is_empty() {
        return Err(already_so());
    }
    let mut tx = app.db.read().await?;
    let listed = one(&mut tx, caller, id).await?;
    Ok(Json(AlertView::new(listed, app.clock.now())))
}

fn is_unlinked(_: &Listed, group: &Group, errand: &Errand) -> bool {
    matches!(errand, Errand::Move { to: Place::Nowhere, .. }) && group.unrelated
}

/// Where an alert belongs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkAlert {
    /// The incident: its reference, number or id.
    #[schema(example = "INC-42")]
    pub incident: String,
}

/// Put an alert into an incident
///
/// Wherever it was before. New alerts that belong together with it follow their patterns as before.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/{id}/link",
    operation_id = "linkAlert",
    tag = "alerts",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The id of the alert"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body = LinkAlert,
    responses(
        (status = 200, description = "The alert, as it is now", body = AlertView),
        (status = 409, description = "It is part of that incident already (`already-so`), or that one goes on in another (`merged`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneAlert,
        Written,
    ),
)]
pub async fn link(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    key: IdempotencyKey,
    Body(body): Body<LinkAlert>,
) -> Result<Json<AlertView>, Problem> {
    let mut tx = app.db.read().await?;
    // Who may not know of the alert learns nothing of the incident either.
    one(&mut tx, &caller, &id).await?;
    let incident = named(&mut tx, &caller, &body.incident).await?;
    drop(tx);
    let which = Which::Alerts(vec![id.clone()]);
    let to = Place::Incident(incident.id.clone());
    let errand = Errand::Move { which, to, by: caller.actor.clone() };
    let path = format!("/api/v1/alerts/{id}/link");
    let wish = Wish { path, key, errand, already: "This alert is part of that incident." };
    let is_there =
        |_: &Listed, group: &Group, _: &Errand| group.incident.as_ref() == Some(&incident.id);
    change(&app, &caller, &id, wish, is_there).await
}

/// The incident that the field `incident` names, which must be one that goes on by itself.
async fn named(tx: &mut Tx, caller: &Caller, text: &str) -> Result<Incident, Problem> {
    let missing =
        || Problem::does_not_fit("There is no such incident here.", Some("incident".to_owned()));
    let target = target(text).ok_or_else(missing)?;
    let incident = find(tx, caller, &target).await.map_err(|problem| match problem.status() {
        StatusCode::NOT_FOUND => missing(),
        _ => problem,
    })?;
    if incident.category == StatusCategory::Merged {
        return Err(Problem::merged(format!(
            "{} goes on in another incident.",
            incident.reference()
        )));
    }
    Ok(incident)
}

/// The alerts that were changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertsChanged {
    /// Their ids; of more than 1,000, the first ones.
    #[schema(value_type = Vec<String>)]
    pub changed: Vec<AlertId>,
}

/// Acknowledge the alerts of an incident
///
/// All that fire and that nobody looks after.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{ref}/alerts/acknowledge",
    operation_id = "acknowledgeIncidentAlerts",
    tag = "alerts",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    responses(
        (status = 200, description = "Which alerts that were", body = AlertsChanged),
        Authorized,
        OneIncident,
        Keyed,
    ),
)]
pub async fn acknowledge_all(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    key: IdempotencyKey,
) -> Result<Json<AlertsChanged>, Problem> {
    let make = |which, by| Errand::Acknowledge { which, by };
    change_all(&app, &caller, &target, "acknowledge", &key, make).await
}

/// Resolve the alerts of an incident
///
/// All that fire.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{ref}/alerts/resolve",
    operation_id = "resolveIncidentAlerts",
    tag = "alerts",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    responses(
        (status = 200, description = "Which alerts that were", body = AlertsChanged),
        Authorized,
        OneIncident,
        Keyed,
    ),
)]
pub async fn resolve_all(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    key: IdempotencyKey,
) -> Result<Json<AlertsChanged>, Problem> {
    let make = |which, by| Errand::Resolve { which, by };
    change_all(&app, &caller, &target, "resolve", &key, make).await
}

async fn change_all(
    app: &App,
    caller: &Caller,
    target: &Target,
    what: &str,
    key: &IdempotencyKey,
    make: impl Fn(Which, Actor) -> Errand,
) -> Result<Json<AlertsChanged>, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, caller, target).await?;
    drop(tx);
    let path = format!("/api/v1/incidents/{}/alerts/{what}", incident.id);
    let errand = make(Which::Incident(incident.id), caller.actor.clone());
    let receipt = caller.receipt_for(&path, key, &app.ids.ulid(app.clock.now()));
    let carried = carry(app, caller, receipt, errand).await?;
    Ok(Json(AlertsChanged { changed: carried.alerts }))
}

/// Which alerts are split off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitAlerts {
    /// Their ids: from 1 to 1,000.
    #[schema(value_type = Vec<String>)]
    pub alerts: Vec<AlertId>,
}

/// Split alerts off an incident
///
/// They open an incident of their own at once, which is as private as this one.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{ref}/alerts/split",
    operation_id = "splitIncidentAlerts",
    tag = "alerts",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = REFERENCE, example = "INC-42"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body = SplitAlerts,
    responses(
        (status = 201, description = "The incident that they open", body = IncidentView, headers(
            ("Location" = String, description = "Where the incident is"),
            ("ETag" = String, description = "Its version, for `If-Match`"),
        )),
        Authorized,
        OneIncident,
        Written,
    ),
)]
pub async fn split(
    State(app): State<App>,
    caller: Caller,
    Reference(target): Reference,
    key: IdempotencyKey,
    Body(body): Body<SplitAlerts>,
) -> Result<Response, Problem> {
    let mut tx = app.db.read().await?;
    let incident = find(&mut tx, &caller, &target).await?;
    drop(tx);
    let path = format!("/api/v1/incidents/{}/alerts/split", incident.id);
    let receipt = caller.receipt_for(&path, &key, &app.ids.ulid(app.clock.now()));
    let group = split_off(&app, &caller, &incident, body.alerts, receipt).await?;
    opened(&app, &caller, &group).await
}

/// Takes alerts out of an incident, into a group that opens an incident of its own at once.
pub(crate) async fn split_off(
    app: &App,
    caller: &Caller,
    incident: &Incident,
    mut alerts: Vec<AlertId>,
    receipt: String,
) -> Result<GroupId, Problem> {
    let misfit = |detail: String| Problem::does_not_fit(detail, Some("alerts".to_owned()));
    alerts.sort();
    alerts.dedup();
    let foreign = |id: &AlertId| {
        let shown = shorten(id.as_str(), 30);
        misfit(format!("\u{201c}{shown}\u{201d} is no alert of this incident."))
    };
    if let Some(id) = alerts.iter().find(|id| ulid::Ulid::from_string(id.as_str()).is_err()) {
        return Err(foreign(id));
    }
    if !(1..=SPLIT_LIMIT).contains(&alerts.len()) {
        return Err(misfit(format!("Name from 1 to {SPLIT_LIMIT} alerts.")));
    }
    let mut tx = app.db.read().await?;
    if receipts::marked(&mut tx, &caller.workspace, &receipt).await?.is_none() {
        let of_incident: Vec<AlertId> =
            alert_lists::with_ids(&mut tx, &caller.workspace, &caller.eyes(), &alerts)
                .await?
                .into_iter()
                .filter(|listed| listed.incident.as_ref().is_some_and(|(id, _)| *id == incident.id))
                .map(|listed| listed.alert.id)
                .collect();
        if let Some(id) = alerts.iter().find(|id| !of_incident.contains(id)) {
            return Err(foreign(id));
        }
    }
    drop(tx);
    let errand =
        Errand::Move { which: Which::Alerts(alerts), to: Place::Apart, by: caller.actor.clone() };
    let carried = carry(app, caller, receipt, errand).await?;
    carried.groups.into_iter().next().ok_or_else(Problem::internal)
}

/// The incident that a group opens, which the worker does too, if it is faster or this does not come
/// to its end.
async fn opened(app: &App, caller: &Caller, group: &GroupId) -> Result<Response, Problem> {
    if let Err(error) = app.settler().settle(&caller.workspace, group).await {
        tracing::warn!(%error, "Could not open an incident for alerts yet");
        return Err(Problem::unavailable());
    }
    let mut tx = app.db.read().await?;
    let groups =
        alert_groups::with_ids(&mut tx, &caller.workspace, std::slice::from_ref(group)).await?;
    let incident = groups.into_iter().next().and_then(|group| group.incident);
    let incident = incident.ok_or_else(Problem::unavailable)?;
    let incident = incidents::by_id(&mut tx, &caller.workspace, &incident).await?;
    let incident = incident.ok_or_else(Problem::no_such_incident)?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let view = IncidentView::new(incident, &catalogue);
    let location = format!("/api/v1/incidents/{}", view.reference);
    let location = HeaderValue::try_from(location).expect("a reference is a header value");
    let mut response = view.answer(StatusCode::CREATED);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}
