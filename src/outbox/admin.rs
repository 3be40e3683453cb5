//! What an operator does with work that was given up: looks at it, has it tried again, or lets it
//! go. The incident's record says so.

use crate::app::App;
use crate::engine::order::{NotDone, Order};
use crate::ids::{WorkId, WorkspaceId};
use crate::incident::command::Command;
use crate::incident::event::Via;
use crate::store::db::Result;
use crate::store::dead_letters::{self, Letter};
use crate::store::workspaces;

/// So many are shown at once.
const SHOWN: i64 = 1_000;

/// Which work to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What was given up.
    Dead,
    /// What is still to be done.
    Waiting,
}

/// The work of all workspaces, oldest first in each.
pub async fn list(app: &App, which: Which) -> Result<Vec<(WorkspaceId, Letter)>> {
    let mut tx = app.db.read().await?;
    let mut all = Vec::new();
    for workspace in workspaces::ids(&mut tx).await? {
        let letters = match which {
            Which::Dead => dead_letters::dead(&mut tx, &workspace, SHOWN).await?,
            Which::Waiting => dead_letters::waiting(&mut tx, &workspace, SHOWN).await?,
        };
        all.extend(letters.into_iter().map(|letter| (workspace.clone(), letter)));
    }
    Ok(all)
}

/// Has this tried again. Whatever earlier attempts may have done is looked for first.
pub async fn retry(app: &App, workspace: &WorkspaceId, letter: &Letter) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let there = dead_letters::retry(&mut tx, workspace, &letter.id, now).await?;
    tx.commit().await?;
    if there {
        app.work_waits.notify_one();
        let receipt = format!("retried/{}/{}", letter.id, now.as_micros());
        let text = format!("An operator has Stentor try again to {}", letter.work.describe());
        note(app, workspace, letter, receipt, text).await?;
    }
    Ok(there)
}

/// Lets this go for good. The record says so first: nothing disappears without a word.
pub async fn let_go(app: &App, workspace: &WorkspaceId, letter: &Letter) -> anyhow::Result<bool> {
    let receipt = format!("let-go/{}", letter.id);
    let text = format!("An operator let go for good: {}", letter.work.describe());
    note(app, workspace, letter, receipt, text).await?;
    let mut tx = app.db.begin().await?;
    let there = dead_letters::let_go(&mut tx, workspace, &letter.id).await?;
    tx.commit().await?;
    Ok(there)
}

/// The piece of work with this id, if it was given up.
pub async fn find(app: &App, id: &WorkId) -> Result<Option<(WorkspaceId, Letter)>> {
    let all = list(app, Which::Dead).await?;
    Ok(all.into_iter().find(|(_, letter)| letter.id == *id))
}

async fn note(
    app: &App,
    workspace: &WorkspaceId,
    letter: &Letter,
    receipt: String,
    text: String,
) -> anyhow::Result<()> {
    // What is about no incident has no record that could say so.
    if letter.number.is_none() {
        tracing::info!(work.id = %letter.id, "{text}");
        return Ok(());
    }
    let command = Command::Note { text };
    let order = Order::by_stentor(workspace, &letter.incident, receipt, Via::Delivery, command);
    match app.engine.submit(order).await {
        Ok(_) => Ok(()),
        Err(NotDone::Refused(refusal)) => Err(anyhow::anyhow!("the record refuses it: {refusal}")),
        Err(NotDone::Unavailable(error)) => Err(anyhow::anyhow!("could not save it: {error}")),
    }
}
