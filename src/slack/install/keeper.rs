//! Looks after tokens, beside everything else: renews what runs out, and tries again what Slack has
//! refused.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::slack::install::directory::Slacks;

/// How often to look. A lease for a renewal is shorter, and what runs out is noticed hours before.
const EVERY: Duration = Duration::from_secs(30);

impl Slacks {
    /// Looks after tokens until `stop` is told. What has begun is finished: a new token that is not
    /// written down is lost.
    pub async fn keep(self, stop: Arc<Notify>) {
        loop {
            self.look_after().await;
            tokio::select! {
                () = stop.notified() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Looks after tokens once.
    pub async fn look_after(&self) {
        if let Err(error) = self.renew_all().await {
            tracing::warn!(%error, "Could not look for tokens that run out");
        }
        if let Err(error) = self.try_refused_again().await {
            tracing::warn!(%error, "Could not look for tokens to try again");
        }
    }
}
