//! Those who stand in for others in a schedule.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::given::instant;
use crate::api::incident_io::incident_body::UserReference;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads, removes};
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::{Addresses, people_of};
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::schedule::ScheduleOverride;
use crate::api::v1::oncall::schedules::find as find_schedule;
use crate::app::App;
use crate::ids::{LayerId, OverrideId, RotationId, ScheduleId, WorkspaceId};
use crate::oncall::schedule::definition::{NewOverride, Override};
use crate::paging::NotDone;
use crate::store::db::Tx;
use crate::store::schedules::{self, Where};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/schedule_overrides", list),
        posts("/v2/schedule_overrides", create),
        reads("/v2/schedule_overrides/{id}", show),
        puts("/v2/schedule_overrides/{id}", replace),
        removes("/v2/schedule_overrides/{id}", remove),
    ]
}

/// The most overrides on a page.
const PAGE_LIMIT: usize = 250;

#[derive(Serialize)]
struct Many {
    overrides: Vec<ScheduleOverride>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    #[serde(rename = "override")]
    one: ScheduleOverride,
}

#[derive(Debug, Deserialize)]
struct Create {
    schedule_id: String,
    #[serde(flatten)]
    says: Says,
}

#[derive(Debug, Deserialize)]
struct Says {
    rotation_id: String,
    layer_id: String,
    start_at: String,
    end_at: String,
    user: UserReference,
}

impl Says {
    async fn read(self, app: &App, key: &Key) -> Result<NewOverride, Failure> {
        let mut tx = app.db.read().await?;
        let addresses = Addresses::of(&mut tx, key, &[&self.user]).await?;
        Ok(NewOverride {
            person: addresses.find_in("user", &self.user)?,
            rotation: RotationId::new(self.rotation_id),
            layer: LayerId::new(self.layer_id),
            start_at: instant("start_at", &self.start_at)?,
            end_at: instant("end_at", &self.end_at)?,
        })
    }
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let kept = find_schedule(&app, &caller, query.required("schedule_id")?).await?;
    let place = Where {
        rotation: query.one("rotation_id").map(RotationId::new),
        layer: query.one("layer_id").map(LayerId::new),
    };
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let before = page.after.as_deref().map(OverrideId::new);
    if let Some(last) = &before
        && schedules::override_by_id(&mut tx, workspace, last).await?.is_none()
    {
        return Err(Failure::no_such_cursor("override"));
    }
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let found =
        schedules::override_page(&mut tx, workspace, &kept.id, &place, before.as_ref(), limit);
    let mut found = found.await?;
    let pagination_meta = PaginationMeta::close(&page, &mut found, |one| one.id.to_string());
    let overrides = drawn(&mut tx, workspace, &found).await?;
    Ok(Json(Many { overrides, pagination_meta }))
}

async fn drawn(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    all: &[Override],
) -> Result<Vec<ScheduleOverride>, Failure> {
    let people = people_of(tx, workspace, all.iter().map(|one| one.person.clone())).await?;
    Ok(all.iter().map(|one| ScheduleOverride::show(one, &people)).collect())
}

/// The answer that shows this override.
async fn one(app: &App, workspace: &WorkspaceId, one: Override) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let one = drawn(&mut tx, workspace, &[one]).await?.remove(0);
    Ok(Json(One { one }))
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let found = schedules::override_by_id(&mut tx, workspace, &OverrideId::new(id)).await?;
    drop(tx);
    one(&app, workspace, found.ok_or_else(|| Failure::not_found("override"))?).await
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(Create { schedule_id, says }): Body<Create>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let new = says.read(&app, &key).await?;
    let Key(caller) = key;
    let (workspace, schedule) = (&caller.workspace, ScheduleId::new(schedule_id));
    // This format has no keys here: each request is another one.
    let made = app.paging.create_override(workspace, &schedule, &new, &caller.actor, None).await;
    Ok((StatusCode::CREATED, one(&app, workspace, made.map_err(in_our_terms)?).await?))
}

/// Whoever is moved stands in before those whose time it takes.
async fn replace(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(says): Body<Says>,
) -> Result<Json<One>, Failure> {
    let new = says.read(&app, &key).await?;
    let Key(caller) = key;
    let workspace = &caller.workspace;
    let id = OverrideId::new(id);
    let changed = app.paging.replace_override(workspace, &id, &new, &caller.actor).await;
    one(&app, workspace, changed.map_err(in_our_terms)?).await
}

/// Who does not stand in any more need not be removed.
async fn remove(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.paging.remove_override(&caller.workspace, &OverrideId::new(id), &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn in_our_terms(not_done: NotDone) -> Failure {
    const NAMES: [(&str, &str); 3] =
        [("rotation", "rotation_id"), ("layer", "layer_id"), ("person", "user")];
    Failure::from(not_done).in_terms_of(&NAMES)
}
