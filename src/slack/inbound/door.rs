//! What the handlers of Slack's requests share: whose request it is, and how to answer.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use crate::app::App;
use crate::config::SigningSecrets;
use crate::ids::{TeamId, WorkspaceId};
use crate::slack::client::CallError;
use crate::slack::install::directory::{NoAccess, Slacks};
use crate::slack::view::kit::message::Message;
use crate::slack::view::kit::modal::Modal;
use crate::store::workspaces;

/// Slack waits 3 s for the answer and a trigger lives as long; what is left is for the way.
const FORM_LIMIT: Duration = Duration::from_millis(2_200);

/// The way in from Slack.
#[derive(Clone)]
pub struct Door {
    /// The rest of the house.
    pub app: App,
    /// For forms, which can't wait in the outbox.
    pub slacks: Slacks,
    /// How Slack signs.
    pub secrets: Arc<SigningSecrets>,
    /// Teams that were asked for before.
    known: Arc<RwLock<HashMap<TeamId, WorkspaceId>>>,
}

impl Door {
    /// The way in for whoever signs with these secrets.
    pub fn new(app: App, slacks: Slacks, secrets: SigningSecrets) -> Door {
        Door { app, slacks, secrets: Arc::new(secrets), known: Arc::default() }
    }

    /// The workspace of this team or organisation. Where there is only the token of the settings, the
    /// first team that speaks to a fresh database is its own; the signature has shown that it may.
    /// Where others can install Stentor, it might be anybody's.
    pub async fn workspace(
        &self,
        team: Option<&TeamId>,
    ) -> Result<Option<WorkspaceId>, sqlx::Error> {
        if let (None, Some(team)) = (self.known_workspace(team).await?, team)
            && self.slacks.serves_one_workspace()
        {
            let mut tx = self.app.db.begin().await?;
            if workspaces::claim_team(&mut tx, &self.app.workspace, team).await? {
                tx.commit().await?;
            }
        }
        self.known_workspace(team).await
    }

    /// The workspace of this team or organisation, if it is known.
    pub async fn known_workspace(
        &self,
        team: Option<&TeamId>,
    ) -> Result<Option<WorkspaceId>, sqlx::Error> {
        let Some(team) = team else { return Ok(None) };
        if let Some(known) = self.known.read().expect("nothing panics with it").get(team) {
            return Ok(Some(known.clone()));
        }
        let mut tx = self.app.db.read().await?;
        let Some(workspace) = workspaces::by_team(&mut tx, team).await? else { return Ok(None) };
        // A team never moves to another workspace.
        let mut known = self.known.write().expect("nothing panics with it");
        known.insert(team.clone(), workspace.id.clone());
        Ok(Some(workspace.id))
    }

    /// Opens a form, at once or not at all.
    pub async fn open(
        &self,
        workspace: &WorkspaceId,
        trigger_id: &str,
        form: Modal,
    ) -> Result<(), NotOpened> {
        let arguments = serde_json::json!({"trigger_id": trigger_id, "view": form.into_value()});
        let call = async {
            let access = self.slacks.of(workspace).await?;
            Ok(access.slack.post("views.open", &arguments).await.map(drop)?)
        };
        let timed = tokio::time::timeout(FORM_LIMIT, call).await;
        timed.unwrap_or_else(|_| {
            Err(NotOpened::Call(CallError::InDoubt {
                method: "views.open".to_owned(),
                reason: "no answer in time".to_owned(),
            }))
        })
    }
}

/// Why a form did not open.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// There is no way to Slack for this workspace.
    #[error(transparent)]
    Access(#[from] NoAccess),
    /// The call did not succeed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Nothing to say: what was asked for shows itself.
pub fn silence() -> Response {
    StatusCode::OK.into_response()
}

/// Says something that only the person who asked can see.
pub fn whisper(message: &Message) -> Response {
    json(whispered(message))
}

/// The body of such an answer.
pub fn whispered(message: &Message) -> Bytes {
    #[derive(Serialize)]
    struct Whisper<'a> {
        response_type: &'static str,
        #[serde(flatten)]
        message: &'a Message,
    }
    let whisper = Whisper { response_type: "ephemeral", message };
    serde_json::to_vec(&whisper).expect("a message is JSON").into()
}

/// An answer whose body is this JSON.
pub fn json(body: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}
