//! What is written down around incidents. All of it is written by commands of the incident: see
//! [`write`](crate::api::v1::write); actions and follow-ups have paths of their own besides.

pub mod around;
pub mod documents;
pub mod items;
pub mod updates;
pub mod write;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::routing::{MethodRouter, get};
use utoipa::{IntoResponses, openapi};

use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::openapi::problems;
use crate::app::App;
use crate::clock::Timestamp;
use crate::incident::papers::bad::BadPaper;
use crate::incident::refusal::Refusal;

/// The paths of this part of the API, with their methods.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/api/v1/actions", get(items::actions).post(write::add_action)),
        (
            "/api/v1/actions/{id}",
            get(items::action).patch(write::change_action).delete(write::delete_action),
        ),
        ("/api/v1/follow-ups", get(items::follow_ups).post(write::add_follow_up)),
        (
            "/api/v1/follow-ups/{id}",
            get(items::follow_up).patch(write::change_follow_up).delete(write::delete_follow_up),
        ),
        ("/api/v1/documents", get(documents::list)),
        ("/api/v1/documents/{id}", get(documents::show)),
        ("/api/v1/documents/{id}/content", get(documents::content)),
        ("/api/v1/updates", get(updates::list)),
        ("/api/v1/entries/{id}", get(updates::entry)),
        ("/api/v1/attachments", get(around::attachments)),
        ("/api/v1/incidents/{ref}/attachments", get(around::attachments_of)),
        ("/api/v1/incidents/{ref}/timeline-items", get(around::timeline)),
        ("/api/v1/incidents/{ref}/notes", get(around::notes)),
        ("/api/v1/incidents/{ref}/related", get(around::related)),
        ("/api/v1/incidents/{ref}/members", get(around::members)),
        ("/api/v1/incidents/{ref}/subscribers", get(around::subscribers)),
        ("/api/v1/incidents/{ref}/seen", get(around::seen).put(around::see)),
    ]
}

/// Answers of operations on one thing that was written down.
pub struct OnePaper;

impl IntoResponses for OnePaper {
    fn responses() -> std::collections::BTreeMap<String, openapi::RefOr<openapi::Response>> {
        problems(&[(
            "404",
            "There is no such thing, or this token may not know of it (`no-such-paper`)",
        )])
    }
}

/// There is no such thing, or the caller may not know of it.
pub(super) fn missing(what: &'static str) -> Problem {
    Refusal::from(BadPaper::NoSuch { what }).into()
}

/// The id in a path. One that does not decode is nothing's.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        // What no database takes is in none.
        let id = path.ok().filter(|Path(id)| !id.contains('\0'));
        id.map(|Path(id)| Id(id)).ok_or_else(|| missing("thing"))
    }
}

/// An instant in a query.
pub(super) fn instant(params: &Params, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = params.one(name)? else { return Ok(None) };
    let read = text.parse::<jiff::Timestamp>();
    let read = read.map_err(|_| {
        let detail = format!("`{name}` is an instant as in 2026-11-21T03:00:00Z.");
        Problem::bad_parameter(name, detail)
    })?;
    Ok(Some(read.into()))
}
