//! What Slack told nobody: events are lost while no socket is open, while the process is down for
//! longer than Slack tries again, and when they could not be saved. So it is remembered until when
//! events were heard, and what happened in incidents' channels since then is read back.
//!
//! Reading is work like other work: durable, paced, and done once however many replicas ask for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::outbox::work::{self, Stretch};
use crate::store::db::Result;
use crate::store::{heard, incidents, outbox, workspaces};

/// How often it is written down that events are heard. What is read back twice does no harm.
const SAVE_EVERY: Duration = Duration::from_secs(30);
/// How much older a message may be than the gap: people pin what was said a while ago.
const LOOK_BACK: Duration = Duration::from_secs(24 * 3600);
/// How soon it is tried again to ask for a look back.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// Incidents whose channels are read back in one workspace: the newest.
const INCIDENTS: i64 = 500;

/// Until when events were heard, as this process knows it.
#[derive(Default)]
pub struct Heard {
    saved: Mutex<HashMap<WorkspaceId, Timestamp>>,
    lost: Notify,
}

impl Heard {
    /// An event of that time was taken. It is written down now and then; that is no reason to
    /// refuse the event, as a gap that seems longer than it was is only read for longer.
    pub async fn until(&self, app: &App, workspace: &WorkspaceId, at: Timestamp) {
        let at = at.min(app.clock.now());
        let saved = self.saved.lock().expect("nothing panics with it").get(workspace).copied();
        if saved.is_some_and(|saved| at < saved.plus(SAVE_EVERY)) {
            return;
        }
        match save(app, workspace, at).await {
            Ok(()) => {
                self.saved.lock().expect("nothing panics with it").insert(workspace.clone(), at);
            }
            Err(error) => {
                tracing::warn!(error = %error, "Could not write down that events are heard");
            }
        }
    }

    /// Events were lost, or may have been.
    pub fn lost(&self) {
        self.lost.notify_one();
    }
}

async fn save(app: &App, workspace: &WorkspaceId, at: Timestamp) -> Result<()> {
    let mut tx = app.db.begin().await?;
    heard::save(&mut tx, workspace, at).await?;
    tx.commit().await
}

/// Asks for a look at what happened since events were last heard, in every workspace. When this
/// returns, that is durable.
pub async fn read_back(app: &App) -> Result<()> {
    let mut tx = app.db.read().await?;
    let workspaces = workspaces::ids(&mut tx).await?;
    drop(tx);
    for workspace in &workspaces {
        read_back_in(app, workspace).await?;
    }
    Ok(())
}

async fn read_back_in(app: &App, workspace: &WorkspaceId) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let until = heard::until(&mut tx, workspace).await?;
    heard::save(&mut tx, workspace, now).await?;
    // Nothing was heard yet: nothing can have been missed.
    if let Some(until) = until {
        let open = incidents::with_open_channel(&mut tx, workspace, INCIDENTS).await?;
        let since = until.minus(LOOK_BACK);
        let work: Vec<_> = open
            .iter()
            .map(|incident| {
                work::read_back(incident, Stretch::first(since), now, app.ids.ulid(now))
            })
            .collect();
        outbox::change(&mut tx, workspace, &[], &work, now).await?;
    }
    tx.commit().await?;
    app.work_waits.notify_one();
    Ok(())
}

/// Asks for a look back whenever events were lost, until that is durable.
pub async fn watch(app: App, heard: Arc<Heard>) {
    loop {
        heard.lost.notified().await;
        while let Err(error) = read_back(&app).await {
            tracing::warn!(error = %error, "Could not ask for what was missed");
            tokio::time::sleep(TRY_AGAIN).await;
        }
    }
}
