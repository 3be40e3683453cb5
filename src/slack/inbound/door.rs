//! What the handlers of Slack's requests share: whose request it is, and the forms that they open.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::app::App;
use crate::config::SigningSecrets;
use crate::ids::{TeamId, WorkspaceId};
use crate::slack::client::{CallError, Slack};
use crate::slack::missed::Heard;
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
    pub slack: Slack,
    /// How Slack signs.
    pub secrets: Arc<SigningSecrets>,
    /// Until when events were heard of.
    pub heard: Arc<Heard>,
    /// Teams that were asked for before.
    known: Arc<RwLock<HashMap<TeamId, WorkspaceId>>>,
}

impl Door {
    /// The way in for whoever signs with these secrets.
    pub fn new(app: App, slack: Slack, secrets: SigningSecrets) -> Door {
        Door {
            app,
            slack,
            secrets: Arc::new(secrets),
            heard: Arc::default(),
            known: Arc::default(),
        }
    }

    /// The workspace of this team. The first team that speaks to a fresh database is its own; the
    /// signature has shown that it may.
    pub async fn workspace(
        &self,
        team: Option<&TeamId>,
    ) -> Result<Option<WorkspaceId>, sqlx::Error> {
        let Some(team) = team else { return Ok(None) };
        if let Some(known) = self.known.read().expect("nothing panics with it").get(team) {
            return Ok(Some(known.clone()));
        }
        let mut tx = self.app.db.begin().await?;
        let workspace = match workspaces::by_team(&mut tx, team).await? {
            Some(workspace) => Some(workspace.id),
            None if workspaces::claim_team(&mut tx, &self.app.workspace, team).await? => {
                tx.commit().await?;
                Some(self.app.workspace.clone())
            }
            None => None,
        };
        if let Some(workspace) = &workspace {
            let mut known = self.known.write().expect("nothing panics with it");
            known.insert(team.clone(), workspace.clone());
        }
        Ok(workspace)
    }

    /// Opens a form, at once or not at all.
    pub async fn open(&self, trigger_id: &str, form: Modal) -> Result<(), CallError> {
        let arguments = serde_json::json!({"trigger_id": trigger_id, "view": form.into_value()});
        let call = self.slack.post("views.open", &arguments);
        match tokio::time::timeout(FORM_LIMIT, call).await {
            Ok(result) => result.map(drop),
            Err(_) => Err(CallError::InDoubt {
                method: "views.open".to_owned(),
                reason: "no answer in time".to_owned(),
            }),
        }
    }
}
