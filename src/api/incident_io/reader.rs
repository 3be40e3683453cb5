//! What is looked up to draw an answer.

use std::sync::Arc;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::user::People;
use crate::app::App;
use crate::ids::WorkspaceId;
use crate::incident::catalogue::Catalogue;
use crate::store::db::Tx;
use crate::store::workspaces;

/// What things and people of a workspace are called.
pub struct Reader {
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
    people: People,
    slack_team: String,
}

impl Reader {
    /// Looks it up.
    pub async fn load(app: &App, tx: &mut Tx, workspace: &WorkspaceId) -> Result<Reader, Failure> {
        let catalogue = app.catalogues.of(tx, workspace).await?;
        let team = workspaces::by_id(tx, workspace).await?.slack_team;
        let slack_team = team.map(|team| team.to_string()).unwrap_or_default();
        Ok(Reader { catalogue, people: People::default(), slack_team })
    }

    /// What is needed to draw objects.
    pub fn terms(&self) -> Terms<'_> {
        Terms { catalogue: &self.catalogue, people: &self.people, slack_team: &self.slack_team }
    }
}
