//! About this API, and about the key.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api::incident_io::document;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::app::App;
use crate::incident::event::Actor;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v1/identity", identity),
        reads("/v1/openapiV3.json", openapi),
        reads("/v1/ip_ranges", ip_ranges),
    ]
}

#[derive(Serialize)]
struct Answer {
    identity: Identity,
}

#[derive(Serialize)]
struct Identity {
    name: String,
    dashboard_url: String,
    roles: Vec<&'static str>,
    team_roles: [&'static str; 0],
    teams: [&'static str; 0],
}

async fn identity(State(app): State<App>, Key(caller): Key) -> Result<Json<Answer>, Failure> {
    let name = match &caller.actor {
        Actor::ApiToken { name } => name.clone(),
        Actor::Person { .. } | Actor::Stentor => String::new(),
    };
    let dashboard_url = app.public_url.as_deref().unwrap_or_default().to_owned();
    let roles = vec!["viewer", "incident_creator", "incident_editor"];
    let identity = Identity { name, dashboard_url, roles, team_roles: [], teams: [] };
    Ok(Json(Answer { identity }))
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document()).into_response()
}

#[derive(Serialize)]
struct IpRanges {
    ip_ranges: [&'static str; 0],
}

/// Stentor runs where its operator runs it: it has no addresses to tell.
async fn ip_ranges() -> Json<IpRanges> {
    Json(IpRanges { ip_ranges: [] })
}
