//! Buttons, forms and shortcuts. Slack sends each once and waits 3 s.

use std::time::Duration;

use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;

use crate::engine::order::{NotDone, Order, Target};
use crate::ids::{EscalationId, IncidentId, TeamId, UserId, WorkspaceId};
use crate::incident::command::Command;
use crate::incident::event::{Actor, Via};
use crate::incident::papers::Paperwork;
use crate::incident::refusal::Refusal;
use crate::slack::client::{CallError, Connection};
use crate::slack::inbound::act::Asking;
use crate::slack::inbound::answer::Answer;
use crate::slack::inbound::door::Door;
use crate::slack::inbound::grammar::{Intent, papers, pressed};
use crate::slack::inbound::payload::{Interaction, View};
use crate::slack::inbound::submission::{self, SubmissionError};
use crate::slack::inbound::verify::Signed;
use crate::slack::inbound::{alerts, oncall};
use crate::slack::view::alerts::button::CardButton;
use crate::slack::view::button::Button;
use crate::slack::view::form::{
    ATTACH, FIELD, Origin, PAGE, TIMESTAMPS, failed, not_installed, refused, under_its_field,
};
use crate::slack::view::kit::message::Message;
use crate::slack::view::page::PageButton;
use crate::slack::view::papers::ItemButton;
use crate::slack::view::reply;

/// How long after a failure an answer to a press is repeated. Whoever pressed is still looking.
const REPEATED_AFTER: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(10)];
/// The global shortcut that opens the form that declares.
const DECLARE_SHORTCUT: &str = "declare_incident";
/// The entry of a message's menu that makes a follow-up of it.
const FOLLOW_UP_SHORTCUT: &str = "make_follow_up";

#[derive(Deserialize)]
struct Envelope {
    payload: String,
}

/// Takes an interaction that came over HTTP.
pub async fn interaction(State(door): State<Door>, Signed(body): Signed) -> Answer {
    let payload = serde_urlencoded::from_bytes::<Envelope>(&body).map(|envelope| envelope.payload);
    let interaction = payload.ok().and_then(|payload| Interaction::read(&payload));
    match interaction {
        Some(interaction) => answer(&door, interaction).await,
        None => Answer::unreadable("this is not an interaction"),
    }
}

/// Answers an interaction.
pub async fn answer(door: &Door, interaction: Interaction) -> Answer {
    match interaction.kind.as_str() {
        "block_actions" => press(door, interaction).await,
        "view_submission" => submit(door, interaction).await,
        "shortcut" if interaction.callback_id == DECLARE_SHORTCUT => {
            ask(door, interaction, None, Intent::Declare { name: String::new() }).await
        }
        "message_action" if interaction.callback_id == FOLLOW_UP_SHORTCUT => {
            let intent = papers::of_message(&interaction.message);
            ask(door, interaction, None, intent).await
        }
        other => {
            tracing::debug!(kind = other, "Left an interaction alone");
            Answer::silence()
        }
    }
}

async fn press(door: &Door, interaction: Interaction) -> Answer {
    let Some(action) = interaction.actions.first() else { return Answer::silence() };
    if let Some(button) = CardButton::parse(&action.action_id)
        && let Some((incident, group)) = action.value.as_deref().and_then(CardButton::read)
    {
        let intent = Intent::Alerts { button, group };
        return ask(door, interaction, Some(Target::Id(incident)), intent).await;
    }
    if let Some(button) = PageButton::parse(&action.action_id)
        && let Some(escalation) = action.value.as_deref().map(EscalationId::from)
    {
        let intent = Intent::AnswerPage { button, escalation };
        return ask(door, interaction, None, intent).await;
    }
    if let Some(button) = ItemButton::parse(&action.action_id)
        && let Some((incident, kind, item)) = action.value.as_deref().and_then(ItemButton::read)
    {
        let intent = papers::pressed(button, kind, item);
        return ask(door, interaction, Some(Target::Id(incident)), intent).await;
    }
    let (Some(button), Some(user)) = (Button::parse(&action.action_id), interaction.user()) else {
        tracing::debug!("Left a button alone");
        return Answer::silence();
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
) -> Answer {
    let Some(user) = interaction.user().cloned() else { return Answer::silence() };
    let slack_team = interaction.workspace_of_organisation();
    let found = door.workspace_in(interaction.installed_for().as_ref(), slack_team.as_ref()).await;
    let answer = match found {
        Ok(Some(workspace)) => {
            let asking = Asking {
                door,
                workspace,
                slack_team,
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
        tokio::spawn(async move { whisper_to(&slack, &url, &message).await });
    }
    Answer::silence()
}

/// Says something to whoever pressed a button, and says it again while it was not said for certain.
async fn whisper_to(slack: &Connection, url: &str, message: &Message) {
    let mut waits = REPEATED_AFTER.into_iter();
    loop {
        let error = match slack.respond(url, message).await {
            Ok(()) => return,
            Err(error) => error,
        };
        let was_not_said =
            matches!(error, CallError::Unreachable { .. } | CallError::RateLimited { .. });
        match waits.next().filter(|_| was_not_said) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => {
                tracing::warn!(error = %error, "An answer to a button was not delivered");
                return;
            }
        }
    }
}

async fn submit(door: &Door, interaction: Interaction) -> Answer {
    let (Some(user), Some(view)) = (interaction.user(), &interaction.view) else {
        return Answer::silence();
    };
    let slack_team = interaction.workspace_of_organisation();
    let found = door.workspace_in(interaction.installed_for().as_ref(), slack_team.as_ref()).await;
    let workspace = match found {
        Ok(Some(workspace)) => workspace,
        Ok(None) => return Answer::value(&not_installed(&view.callback_id)),
        Err(error) => {
            tracing::warn!(error = %error, "Could not look up the workspace of a form");
            return Answer::value(&failed(&view.callback_id));
        }
    };
    if view.callback_id == ATTACH {
        return alerts::attach(door, workspace, user, view).await;
    }
    if view.callback_id == PAGE {
        return oncall::submit(door, workspace, user, view).await;
    }
    let order = match order(workspace, slack_team, user, view) {
        Ok(order) => order,
        Err(error) => {
            tracing::warn!(error = %error, form = view.callback_id, "Could not read a form");
            return Answer::value(&failed(&view.callback_id));
        }
    };
    match door.app.engine.submit(order).await {
        Ok(_) => Answer::silence(),
        Err(NotDone::Refused(refusal)) => {
            let answer = refused(&view.callback_id, &refusal);
            Answer::value(&placed(answer, Some(&refusal), view))
        }
        Err(NotDone::Unavailable(_)) => {
            Answer::value(&placed(failed(&view.callback_id), None, view))
        }
    }
}

/// The answer, with its sentence under an input that this very form has.
fn placed(answer: Value, refusal: Option<&Refusal>, view: &View) -> Value {
    match view.callback_id.as_str() {
        FIELD | TIMESTAMPS => under_its_field(&answer, refusal, view.values()),
        _ => answer,
    }
}

fn order(
    workspace: WorkspaceId,
    slack_team: Option<TeamId>,
    user: &UserId,
    view: &View,
) -> Result<Order, SubmissionError> {
    let origin = Origin::parse(&view.private_metadata);
    let mut command = submission::command(&view.callback_id, view.values())?;
    if let Command::Declare(declare) = &mut command {
        declare.declared_in = origin.declared_in;
        declare.mode = origin.mode;
        // Where the form was opened counts more than where whoever fills it in belongs.
        let opened_in = origin.slack_team.filter(TeamId::is_workspace);
        declare.slack_team = opened_in.or(slack_team);
    }
    if let Command::Paperwork(
        Paperwork::EditAction { action: item, .. }
        | Paperwork::EditFollowUp { follow_up: item, .. },
    ) = &mut command
        && let Some(meant) = origin.item
    {
        *item = meant;
    }
    Ok(Order {
        workspace,
        receipt: (!view.id.is_empty()).then(|| format!("view/{}", view.id)),
        target: origin.incident.map_or(Target::New, Target::Id),
        actor: Actor::Person { user: user.clone() },
        through: None,
        via: Via::Modal,
        command,
        expected_version: None,
    })
}
