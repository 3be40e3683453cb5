//! What workspaces have laid down, read once for each change of it.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use crate::alert::prepared::Prepared;
use crate::alert::rule::counting::Counter;
use crate::ids::WorkspaceId;
use crate::store::db::{Result, Tx};
use crate::store::{alert_rules, alert_settings};

/// Settings, ready for use, with their number.
type Numbered = (i64, Arc<Prepared>);

/// The settings of workspaces, by number. Clones are the same one.
#[derive(Clone, Default)]
pub struct Settings(Arc<RwLock<HashMap<WorkspaceId, Numbered>>>);

impl Settings {
    /// The settings of a workspace as they are now.
    pub async fn of(&self, tx: &mut Tx, workspace: &WorkspaceId) -> Result<Arc<Prepared>> {
        let version = alert_settings::version(tx, workspace).await?;
        self.with_version(tx, workspace, version).await
    }

    /// The settings of a workspace, which have this number.
    pub async fn with_version(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        version: i64,
    ) -> Result<Arc<Prepared>> {
        let known = self.0.read().expect("nobody panics while remembering").get(workspace).cloned();
        if let Some((known, prepared)) = known
            && known == version
        {
            return Ok(prepared);
        }
        let kept = alert_settings::all(tx, workspace).await?;
        let mut prepared = Prepared::new(&kept, |id, error| {
            tracing::error!(setting.id = %id, %error, "A setting of alerts can't be used");
        });
        let rules = alert_rules::counting(tx, workspace).await?;
        prepared.counter =
            Counter::prepare(rules.iter().map(|(id, rule)| (id, rule)), |id, error| {
                tracing::error!(rule.id = %id, error, "An alert rule can't be used");
            });
        let prepared = Arc::new(prepared);
        let mut known = self.0.write().expect("nobody panics while remembering");
        known.insert(workspace.clone(), (version, Arc::clone(&prepared)));
        Ok(prepared)
    }
}
