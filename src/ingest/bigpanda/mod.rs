//! Alerts and deployment marks as BigPanda takes them.
//!
//! The paths are served behind a source, and under `/bigpanda` for software that knows only a host: the
//! source is found there by its secret, which is the organisation's token to the sender.

mod alert;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::json;

use crate::app::App;
use crate::ingest::caller::Caller;
use crate::ingest::kind::Kind;
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::{proof, values};
use crate::intake::order::{Effect, Taken};

/// What a request can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Alerts,
    DeploymentBegins,
    DeploymentEnds,
}

/// The addresses without `/hooks`.
pub fn router() -> Router<App> {
    Router::new().route("/bigpanda/{*rest}", any(receive_elsewhere))
}

async fn receive_elsewhere(State(app): State<App>, request: Request) -> Response {
    let rest = request.uri().path().trim_start_matches("/bigpanda").trim_matches('/').to_owned();
    let shown = proof::shown(request.headers(), request.uri().query(), "");
    match Caller::of(&request).source_by_secret(&app, &shown, Kind::Bigpanda).await {
        Ok(source) => super::hand_over(&app, source, &rest, request).await,
        Err(trouble) => refuse(trouble),
    }
}

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(answer) => answer,
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    let status = trouble.status();
    trouble.answer(status, json!({"status": status.as_u16(), "errors": [trouble.message()]}))
}

async fn take(knock: &Knock) -> Result<Response, Trouble> {
    if !knock.shows_secret() {
        return Err(Trouble::Unproven);
    }
    let about = about(&knock.path()).ok_or(Trouble::NotThere)?;
    if knock.method != Method::POST {
        return Err(Trouble::WrongMethod);
    }
    let body = knock.json()?;
    if about != About::Alerts {
        let change = alert::deployment(&body, about == About::DeploymentEnds);
        let change = values::change_within_limits(change.map_err(Trouble::Unreadable)?);
        knock.take(Vec::new(), vec![change], None).await?;
        return Ok((StatusCode::CREATED, Json("Deployment received")).into_response());
    }
    let (observations, errors) = alert::read(&body);
    let taken = if observations.is_empty() {
        Taken::default()
    } else {
        knock.take(observations, Vec::new(), None).await?
    };
    if !errors.is_empty() {
        let status = StatusCode::BAD_REQUEST;
        let body = json!({"status": status.as_u16(), "errors": errors});
        return Ok((status, Json(body)).into_response());
    }
    let is_known = taken.folded.iter().all(|folded| folded.effect == Effect::Repeated);
    if is_known && !taken.folded.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok((StatusCode::CREATED, Json("Alerts received")).into_response())
}

fn about(path: &[String]) -> Option<About> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Some(match path.as_slice() {
        ["data", "v2", "alerts"] | ["oim", _, "alerts"] => About::Alerts,
        ["data", "events", "deployments", "start"] => About::DeploymentBegins,
        ["data", "events", "deployments", "end"] => About::DeploymentEnds,
        _ => return None,
    })
}
