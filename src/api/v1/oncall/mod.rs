//! People, schedules, escalation paths and escalations.

pub mod escalation_list;
pub mod escalations;
pub mod overrides;
pub mod paths;
pub mod people;
pub mod schedules;
pub mod seen;

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::cursor;
use crate::api::v1::openapi::problems;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::store::db::Tx;
use crate::store::oncall_changes::{self, Change, Written};

/// The most that one page holds.
const PAGE_LIMIT: i64 = 100;
/// What a page holds if nobody says.
const PAGE: i64 = 25;

/// Every path, with its methods.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/api/v1/people", get(people::list)),
        ("/api/v1/people/{id}", get(people::show)),
        ("/api/v1/schedules", get(schedules::list).post(schedules::create)),
        (
            "/api/v1/schedules/{id}",
            get(schedules::show).put(schedules::replace).delete(schedules::archive),
        ),
        ("/api/v1/schedules/{id}/entries", get(schedules::entries)),
        ("/api/v1/schedules/{id}/changes", get(schedules::changes)),
        ("/api/v1/schedules/{id}/overrides", get(overrides::list).post(overrides::create)),
        (
            "/api/v1/overrides/{id}",
            get(overrides::show).put(overrides::replace).delete(overrides::remove),
        ),
        ("/api/v1/escalation-paths", get(paths::list).post(paths::create)),
        (
            "/api/v1/escalation-paths/{id}",
            get(paths::show).put(paths::replace).delete(paths::archive),
        ),
        ("/api/v1/escalation-paths/{id}/changes", get(paths::changes)),
        ("/api/v1/escalations", get(escalation_list::list).post(escalations::create)),
        ("/api/v1/escalations/{id}", get(escalations::show)),
        ("/api/v1/escalations/{id}/cancel", post(escalations::cancel)),
        ("/api/v1/escalations/{id}/respond", post(escalations::respond)),
        ("/api/v1/escalations/{id}/reassign", post(escalations::reassign)),
    ]
}

/// Answers of operations on one of them.
pub struct OneOfThem;

impl IntoResponses for OneOfThem {
    fn responses()
    -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        problems(&[(
            "404",
            "There is no such thing, or this token may not know of it (`no-such-person`, `no-such-schedule`, `no-such-override`, `no-such-escalation-path`, `no-such-escalation`, `no-such-incident`)",
        )])
    }
}

/// An id in the path. What is none names nothing.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id): Path<String> =
            Path::from_request_parts(parts, state).await.map_err(|_| Problem::no_such_route())?;
        Ok(Id(id.chars().take(100).collect()))
    }
}

/// A change of a schedule or an escalation path.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnCallChangeView)]
pub struct ChangeView {
    /// Its id.
    id: String,
    /// When.
    at: Timestamp,
    /// Who did what.
    #[serde(flatten)]
    change: Change,
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnCallChangePage)]
pub struct ChangePage {
    /// Newest first.
    changes: Vec<ChangeView>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

impl From<Written> for ChangeView {
    fn from(written: Written) -> Self {
        ChangeView { id: written.id, at: written.at, change: written.change }
    }
}

/// A page of what was changed in one schedule or path.
async fn changes_of(
    tx: &mut Tx,
    caller: &Caller,
    list: &str,
    id: &str,
    query: Option<&str>,
) -> Result<Json<ChangePage>, Problem> {
    let this = (list, &caller.workspace, id);
    let wanted = Wanted::read(query, &[], &this)?;
    let (before, limit) = (wanted.place.as_deref(), wanted.limit + 1);
    let mut found = oncall_changes::of(tx, &caller.workspace, id, before, limit).await?;
    let next_cursor = wanted.cut(&mut found, &this, |change| change.id.clone());
    Ok(Json(ChangePage { changes: found.into_iter().map(ChangeView::from).collect(), next_cursor }))
}

/// How many, and after which one: what every list here asks for.
struct Wanted {
    params: Params,
    limit: i64,
    place: Option<String>,
}

impl Wanted {
    /// Reads it from a query that may have these parameters besides.
    fn read(query: Option<&str>, more: &[&str], list: &impl Serialize) -> Result<Wanted, Problem> {
        let known = [&["limit", "cursor"], more].concat();
        let params = Params::read(query, &known)?;
        let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
        let place = cursor::of_query(&params, list)?;
        Ok(Wanted { params, limit, place })
    }

    /// Takes the one away that only says that there are more, and returns the next cursor.
    fn cut<T>(
        &self,
        items: &mut Vec<T>,
        list: &impl Serialize,
        id: impl Fn(&T) -> String,
    ) -> Option<String> {
        let is_more = items.len() > usize::try_from(self.limit).unwrap_or(usize::MAX);
        if is_more {
            items.pop();
        }
        items.last().filter(|_| is_more).map(|last| cursor::issue_at(&id(last), list))
    }
}

/// What tells a list from every other.
fn name<'a>(path: &'a str, workspace: &'a WorkspaceId) -> (&'a str, &'a WorkspaceId) {
    (path, workspace)
}

/// Something new, with its address.
fn created(place: &str, body: impl IntoResponse) -> Response {
    let location = HeaderValue::try_from(place).expect("an id of ours is a header value");
    (StatusCode::CREATED, [(header::LOCATION, location)], body).into_response()
}

/// A body with the version that it shows.
fn versioned(version: i64, body: impl IntoResponse) -> Response {
    let tag = HeaderValue::try_from(format!("\"{version}\"")).expect("digits are a header value");
    ([(header::ETAG, tag)], body).into_response()
}
