//! What the handlers of Slack's requests share: whose request it is, and the forms that they open.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::app::App;
use crate::config::SigningSecrets;
use crate::ids::{TeamId, WorkspaceId};
use crate::slack::client::CallError;
use crate::slack::install::directory::{NoAccess, Slacks};
use crate::slack::missed::Heard;
use crate::slack::view::kit::modal::Modal;
use crate::store::{teams, workspaces};

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
    /// Until when events were heard of.
    pub heard: Arc<Heard>,
    /// Teams that were asked for before.
    known: Arc<RwLock<HashMap<TeamId, WorkspaceId>>>,
}

impl Door {
    /// The way in for whoever signs with these secrets.
    pub fn new(app: App, slacks: Slacks, secrets: SigningSecrets) -> Door {
        Door {
            app,
            slacks,
            secrets: Arc::new(secrets),
            heard: Arc::default(),
            known: Arc::default(),
        }
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

    /// The workspace of this team or organisation, for a request out of this Slack workspace of it:
    /// that one is remembered, for what nobody in Slack has asked for.
    pub async fn workspace_in(
        &self,
        installed_for: Option<&TeamId>,
        slack_team: Option<&TeamId>,
    ) -> Result<Option<WorkspaceId>, sqlx::Error> {
        let workspace = self.workspace(installed_for).await?;
        if let (Some(workspace), Some(slack_team)) = (&workspace, slack_team) {
            self.remember(workspace, slack_team).await?;
        }
        Ok(workspace)
    }

    /// Nearly always it is remembered already, which costs a look and no commit.
    async fn remember(
        &self,
        workspace: &WorkspaceId,
        slack_team: &TeamId,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.app.db.read().await?;
        let is_known = teams::is_known(&mut tx, workspace, slack_team).await?;
        drop(tx);
        if is_known {
            return Ok(());
        }
        let mut tx = self.app.db.begin().await?;
        teams::remember(&mut tx, workspace, slack_team, self.app.clock.now()).await?;
        tx.commit().await
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
