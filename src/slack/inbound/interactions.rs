//! Buttons, forms and shortcuts. Slack sends each once and waits 3 s.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::engine::order::{NotDone, Order, Target};
use crate::ids::{IncidentId, UserId, WorkspaceId};
use crate::incident::command::Command;
use crate::incident::event::{Actor, Via};
use crate::slack::inbound::act::Asking;
use crate::slack::inbound::door::{Door, silence};
use crate::slack::inbound::grammar::{Intent, pressed};
use crate::slack::inbound::payload::{Interaction, View};
use crate::slack::inbound::submission::{self, SubmissionError};
use crate::slack::inbound::verify::Signed;
use crate::slack::view::button::Button;
use crate::slack::view::form::{Origin, failed, not_installed, refused};
use crate::slack::view::reply;

/// The global shortcut that opens the form that declares.
const DECLARE_SHORTCUT: &str = "declare_incident";

#[derive(Deserialize)]
struct Envelope {
    payload: String,
}

/// Answers an interaction.
pub async fn interaction(State(door): State<Door>, Signed(body): Signed) -> Response {
    let payload = serde_urlencoded::from_bytes::<Envelope>(&body).map(|envelope| envelope.payload);
    let interaction =
        payload.ok().and_then(|payload| serde_json::from_str::<Interaction>(&payload).ok());
    let Some(interaction) = interaction else {
        return (StatusCode::BAD_REQUEST, "this is not an interaction").into_response();
    };
    match interaction.kind.as_str() {
        "block_actions" => press(&door, interaction).await,
        "view_submission" => submit(&door, interaction).await,
        "shortcut" if interaction.callback_id == DECLARE_SHORTCUT => {
            ask(&door, interaction, None, Intent::Declare { name: String::new() }).await
        }
        other => {
            tracing::debug!(kind = other, "Left an interaction alone");
            silence()
        }
    }
}

async fn press(door: &Door, interaction: Interaction) -> Response {
    let Some(action) = interaction.actions.first() else { return silence() };
    let (Some(button), Some(user)) = (Button::parse(&action.action_id), interaction.user()) else {
        tracing::debug!("Left a button alone");
        return silence();
    };
    let intent = pressed(button, user);
    let target = action.value.as_deref().map(|id| Target::Id(IncidentId::from(id)));
    ask(door, interaction, target, intent).await
}

/// The answer to a press is empty; what only this person should read goes to the response address.
async fn ask(
    door: &Door,
    interaction: Interaction,
    target: Option<Target>,
    intent: Intent,
) -> Response {
    let Some(user) = interaction.user().cloned() else { return silence() };
    let answer = match door.workspace(interaction.installed_for().as_ref()).await {
        Ok(Some(workspace)) => {
            let asking = Asking {
                door,
                workspace,
                user,
                channel: interaction.channel().cloned(),
                target,
                trigger_id: interaction.trigger_id,
                via: Via::Button,
            };
            asking.act(intent).await
        }
        Ok(None) => Some(reply::not_installed()),
        Err(error) => {
            tracing::warn!(error = %error, "Could not look up the workspace of a button");
            Some(reply::not_saved())
        }
    };
    if let (Some(message), Some(url)) = (answer, interaction.response_url) {
        let slack = door.slacks.connection().clone();
        tokio::spawn(async move {
            if let Err(error) = slack.respond(&url, &message).await {
                tracing::warn!(error = %error, "An answer to a button was not delivered");
            }
        });
    }
    silence()
}

async fn submit(door: &Door, interaction: Interaction) -> Response {
    let (Some(user), Some(view)) = (interaction.user(), &interaction.view) else {
        return silence();
    };
    let workspace = match door.workspace(interaction.installed_for().as_ref()).await {
        Ok(Some(workspace)) => workspace,
        Ok(None) => return Json(not_installed(&view.callback_id)).into_response(),
        Err(error) => {
            tracing::warn!(error = %error, "Could not look up the workspace of a form");
            return Json(failed(&view.callback_id)).into_response();
        }
    };
    let order = match order(workspace, user, view) {
        Ok(order) => order,
        Err(error) => {
            tracing::warn!(error = %error, form = view.callback_id, "Could not read a form");
            return Json(failed(&view.callback_id)).into_response();
        }
    };
    match door.app.engine.submit(order).await {
        Ok(_) => silence(),
        Err(NotDone::Refused(refusal)) => {
            Json(refused(&view.callback_id, &refusal)).into_response()
        }
        Err(NotDone::Unavailable(_)) => Json(failed(&view.callback_id)).into_response(),
    }
}

fn order(workspace: WorkspaceId, user: &UserId, view: &View) -> Result<Order, SubmissionError> {
    let origin = Origin::parse(&view.private_metadata);
    let mut command = submission::command(&view.callback_id, view.values())?;
    if let Command::Declare(declare) = &mut command {
        declare.declared_in = origin.declared_in;
    }
    Ok(Order {
        workspace,
        receipt: (!view.id.is_empty()).then(|| format!("view/{}", view.id)),
        target: origin.incident.map_or(Target::New, Target::Id),
        actor: Actor::Person { user: user.clone() },
        via: Via::Modal,
        command,
        expected_version: None,
    })
}
