//! What to do about a call that Slack refused: nearly always something can be done, or somebody
//! can.

use std::time::Duration;

use crate::ids::WorkId;
use crate::incident::channel::ChannelState;
use crate::incident::reactions::{Post, Surface};
use crate::outbox::work::{self, Warning, Work};
use crate::slack::client::CallError;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Trouble;
use crate::store::{notices, outbox};

/// How long a trouble of the whole workspace is not told again.
const TOLD_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Attempts after which a channel that looks well, and refuses, is for people to deal with.
const ATTEMPTS: i64 = 10;
/// Slack's words for a channel that can't be spoken in as it is.
pub(super) const UNUSABLE: [&str; 4] =
    ["channel_not_found", "not_in_channel", "is_archived", "is_inactive"];

impl Job<'_> {
    /// What a refusal means for this work.
    pub(super) async fn remedy(&self, error: CallError) -> Trouble {
        if let Err(trouble) = self.warn_of_workspace(&error).await {
            return trouble;
        }
        if self.is_for_channel() && UNUSABLE.iter().any(|reason| error.is(reason)) {
            return self.look_again(error).await;
        }
        error.into()
    }

    fn is_for_channel(&self) -> bool {
        match &self.work.work {
            Work::Refresh { surface: Surface::Announcement | Surface::Standing } => false,
            Work::Refresh { .. }
            | Work::Say { post: Post::Channel { .. } }
            | Work::ShowAlerts { .. } => true,
            Work::Say { .. }
            | Work::Warn { .. }
            | Work::Ring { .. }
            | Work::Wake
            | Work::RecordMerge { .. }
            | Work::Settle { .. }
            | Work::Signal
            | Work::ShowAllAlerts
            | Work::RecordAlerts { .. }
            | Work::Look { .. }
            | Work::ReadBack(_)
            | Work::Evaluate { .. }
            | Work::Report(_)
            | Work::Act(_)
            | Work::Deliver(_)
            | Work::Unknown => false,
        }
    }

    /// The next attempt acts on what is found now.
    async fn look_again(&self, error: CallError) -> Trouble {
        match self.look().await {
            Ok(ChannelState::Open) if self.work.attempts >= ATTEMPTS => error.into(),
            Ok(_) => Trouble::Again { error: error.to_string(), in_doubt: false },
            Err(failed) => failed.into(),
        }
    }

    /// What the workspace does not allow, each incident would meet: somebody is told once.
    async fn warn_of_workspace(&self, error: &CallError) -> Result<(), Trouble> {
        let CallError::Refused { method, code, needed, .. } = error else { return Ok(()) };
        if code == "missing_scope" {
            let warning = Warning::Scope { method: method.clone(), needed: needed.clone() };
            return self.warn(&format!("scope/{method}"), warning).await;
        }
        let opens = self.work.work == Work::Refresh { surface: Surface::Channel };
        if opens && code.starts_with("restricted_action") {
            return self.warn("channels", Warning::Channels).await;
        }
        Ok(())
    }

    /// Whether somebody was told of this not long ago.
    pub(super) async fn is_told(&self, key: &str) -> Result<bool, Trouble> {
        let since = self.performer.clock.now().minus(TOLD_EVERY);
        let mut tx = self.performer.db.read().await?;
        Ok(notices::is_told(&mut tx, &self.work.workspace, key, since).await?)
    }

    /// Tells who looks after this incident of a trouble that is the workspace's, unless somebody
    /// was told already.
    pub(super) async fn warn(&self, key: &str, warning: Warning) -> Result<(), Trouble> {
        let Some(user) = self.incident.keeper(&self.catalogue).cloned() else { return Ok(()) };
        let (performer, workspace) = (self.performer, &self.work.workspace);
        let now = performer.clock.now();
        let mut tx = performer.db.begin().await?;
        if notices::claim(&mut tx, workspace, key, now.minus(TOLD_EVERY), now).await? {
            let work = Work::Warn { user, warning };
            let id = WorkId::new(performer.ids.ulid(now));
            let work = work::warning(&self.incident.id, key, work, id, now);
            outbox::change(&mut tx, workspace, &[], &[work], now).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
