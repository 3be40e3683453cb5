//! Pings of what is well, and what follows when none comes.
//!
//! Both are errands, so one of them sees what the other has done, whichever replica did it.

use std::sync::Arc;

use crate::alert::observation::Observation;
use crate::ids::SourceId;
use crate::ingest::heartbeat::{KEY, Settings, silence};
use crate::intake::desk::Desk;
use crate::intake::order::{Carried, Delivery};
use crate::intake::sweep::AT_ONCE;
use crate::store::db::{Result, Tx};
use crate::store::sources::AlertSource;
use crate::store::{heartbeats, sources};

impl Desk<'_> {
    /// A source says that all is well.
    pub(super) async fn ping(&mut self, tx: &mut Tx, id: &SourceId) -> Result<Carried> {
        let Some(source) = sources::of_workspace(tx, self.workspace, id).await? else {
            return Ok(Carried::default());
        };
        let due_at = expected_of(&source).and_then(|settings| settings.due_after(self.now));
        heartbeats::ping(tx, self.workspace, id, self.now, due_at).await?;
        self.speak(tx, source, Observation::resolved(KEY)).await?;
        Ok(Carried { was_there: true, ..Carried::default() })
    }

    /// Sources that have been silent for too long fire.
    pub(super) async fn miss(&mut self, tx: &mut Tx) -> Result<Carried> {
        let mut carried = Carried::default();
        for beat in heartbeats::due_of(tx, self.workspace, self.now, AT_ONCE).await? {
            carried.was_there = true;
            let id = &beat.source;
            let Some(source) = sources::of_workspace(tx, self.workspace, id).await? else {
                heartbeats::forget(tx, self.workspace, id).await?;
                continue;
            };
            let settings = expected_of(&source);
            let due_at = settings.as_ref().and_then(|settings| settings.due_after(beat.pinged_at));
            // Somebody may have given it more time meanwhile.
            let later = due_at.filter(|at| *at > self.now);
            heartbeats::look(tx, self.workspace, id, later).await?;
            if let (Some(settings), Some(_), None) = (settings, due_at, later) {
                let said = silence(&source, &settings, beat.pinged_at);
                self.speak(tx, source, said).await?;
            }
        }
        Ok(carried)
    }

    async fn speak(&mut self, tx: &mut Tx, source: AlertSource, said: Observation) -> Result<()> {
        let delivery = Delivery {
            source: Arc::new(source),
            observations: vec![said],
            changes: Vec::new(),
            receipt: None,
        };
        self.take_in(tx, &delivery).await
    }
}

/// What is expected of a source; nothing, if its settings can't be read.
fn expected_of(source: &AlertSource) -> Option<Settings> {
    match Settings::read(&source.settings.door) {
        Ok(settings) => Some(settings),
        Err(reason) => {
            tracing::error!(reason, source.id = %source.id, "The settings of a source can't be read");
            None
        }
    }
}
