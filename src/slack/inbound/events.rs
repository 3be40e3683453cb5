//! The Events API. Slack repeats what is not answered with success, and switches off an app that
//! fails too often: what we don't know is answered like what we do.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::ids::TeamId;
use crate::slack::inbound::channel_events::{self, NotTaken};
use crate::slack::inbound::door::{Door, silence};
use crate::slack::inbound::removal;
use crate::slack::inbound::verify::Signed;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    challenge: Option<String>,
    event_id: String,
    team_id: Option<TeamId>,
    authorizations: Vec<Authorization>,
    event: Value,
}

/// One of the installations that the event is for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Authorization {
    enterprise_id: Option<TeamId>,
    team_id: Option<TeamId>,
    is_enterprise_install: bool,
}

impl Envelope {
    /// Whom the installation belongs to.
    fn installed_for(&self) -> Option<TeamId> {
        let named = self.authorizations.first().and_then(|it| match it.is_enterprise_install {
            true => it.enterprise_id.clone(),
            false => it.team_id.clone(),
        });
        named.or_else(|| self.team_id.clone())
    }
}

/// Answers an event.
pub async fn event(State(door): State<Door>, Signed(body): Signed) -> Response {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
        return (StatusCode::BAD_REQUEST, "this is not an event").into_response();
    };
    match (envelope.kind.as_str(), &envelope.challenge) {
        ("url_verification", Some(challenge)) => {
            ([(CONTENT_TYPE, "text/plain")], challenge.clone()).into_response()
        }
        _ if envelope.event["type"].as_str().is_some_and(|kind| removal::KINDS.contains(&kind)) => {
            removal::removed(&door, &body).await
        }
        _ => match take(&door, &envelope).await {
            Ok(()) => silence(),
            Err(error) => {
                tracing::warn!(event.id = envelope.event_id, error = %error, "Could not take an event");
                // Slack sends it again.
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        },
    }
}

/// Does what follows from an event. It is taken only when that is durable.
async fn take(door: &Door, envelope: &Envelope) -> Result<(), NotTaken> {
    tracing::debug!(event.id = envelope.event_id, event.kind = %envelope.event["type"], "An event");
    let team = envelope.installed_for();
    let Some(workspace) = door.workspace(team.as_ref()).await? else { return Ok(()) };
    channel_events::handle(door, &workspace, &envelope.event).await
}
