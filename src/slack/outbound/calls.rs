//! Calls to Slack at the pace Slack allows, with their failures sorted into what to do next.

use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::slack::client::CallError;
use crate::slack::outbound::Performer;
use crate::store::pace;

/// Slack takes one message a second in a channel.
const POST_EVERY: Duration = Duration::from_secs(1);

/// Pages of 200 that are looked through: 20,000 channels, or messages.
const PAGES: usize = 100;

/// Why a piece of work was not done, and what to do about it.
#[derive(Debug)]
pub enum Trouble {
    /// Its turn has not come.
    NotYet {
        /// When it comes.
        until: Timestamp,
    },
    /// Try again after a while.
    Again {
        /// What happened.
        error: String,
        /// Whether it may have been done nevertheless.
        in_doubt: bool,
    },
    /// Trying again is of no use.
    GiveUp {
        /// Why.
        error: String,
    },
    /// The database could not say what to do.
    Store(sqlx::Error),
}

impl Trouble {
    /// Trying again is of no use, for this reason.
    pub fn give_up(error: impl Into<String>) -> Self {
        Trouble::GiveUp { error: error.into() }
    }

    /// The database could not take the result; what was done outside stays done.
    pub fn again_store(error: &sqlx::Error) -> Self {
        Trouble::Again { error: format!("the store is away: {error}"), in_doubt: true }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Trouble::Store(error)
    }
}

impl From<CallError> for Trouble {
    /// What a failed call means where there is no remedy of its own.
    fn from(error: CallError) -> Self {
        let text = error.to_string();
        match error {
            CallError::Refused { .. } => Trouble::GiveUp { error: text },
            CallError::RateLimited { .. } | CallError::Unreachable { .. } => {
                Trouble::Again { error: text, in_doubt: false }
            }
            CallError::InDoubt { .. } => Trouble::Again { error: text, in_doubt: true },
        }
    }
}

/// Calls for one workspace.
pub struct Calls<'a> {
    pub(super) performer: &'a Performer,
    pub(super) workspace: &'a WorkspaceId,
}

/// A call that did not succeed: a refusal may have a remedy; the rest is sorted already.
pub enum Failed {
    /// Slack refused. Nothing was done.
    Refused(CallError),
    /// Anything else.
    Trouble(Trouble),
}

impl Failed {
    /// Trying again is of no use, for this reason.
    pub fn give_up(error: impl Into<String>) -> Self {
        Failed::Trouble(Trouble::give_up(error))
    }

    /// Try again after a while; nothing was done.
    pub fn again(error: impl Into<String>) -> Self {
        Failed::Trouble(Trouble::Again { error: error.into(), in_doubt: false })
    }

    /// Whether Slack refused for this reason.
    pub fn is(&self, reason: &str) -> bool {
        matches!(self, Failed::Refused(error) if error.is(reason))
    }
}

impl From<Failed> for Trouble {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(error) => error.into(),
            Failed::Trouble(trouble) => trouble,
        }
    }
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Failed::Trouble(trouble)
    }
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Failed::Trouble(error.into())
    }
}

impl Calls<'_> {
    /// Calls a method that takes JSON.
    pub async fn post(&self, method: &str, arguments: &Value) -> Result<Value, Failed> {
        self.wait_for_method(method).await?;
        let result = self.performer.slack.post(method, arguments).await;
        self.heed(method, result).await
    }

    /// Calls a method that takes a query string.
    pub async fn get(&self, method: &str, arguments: &[(&str, &str)]) -> Result<Value, Failed> {
        self.wait_for_method(method).await?;
        let result = self.performer.slack.get(method, arguments).await;
        self.heed(method, result).await
    }

    /// The first item that fits, in a list that Slack gives page by page.
    pub async fn find(
        &self,
        method: &str,
        arguments: &[(&str, &str)],
        list: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Option<Value>, Failed> {
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut asked = [arguments, &[("limit", "200")]].concat();
            if !cursor.is_empty() {
                asked.push(("cursor", &cursor));
            }
            let answer = self.get(method, &asked).await?;
            let items = answer[list].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(item) = items.iter().find(|item| fits(item)) {
                return Ok(Some(item.clone()));
            }
            cursor =
                answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default().to_owned();
            if cursor.is_empty() {
                return Ok(None);
            }
        }
        tracing::warn!(method, pages = PAGES, "Stopped looking: there is too much to look through");
        Ok(None)
    }

    /// Sends a message, when it is this channel's turn.
    pub async fn send(
        &self,
        method: &str,
        channel: &str,
        arguments: &Value,
    ) -> Result<Value, Failed> {
        self.wait_for_method(method).await?;
        let now = self.performer.clock.now();
        let mut tx = self.performer.db.begin().await?;
        let turn = pace::take_turn(
            &mut tx,
            self.workspace,
            &format!("channel/{channel}"),
            now,
            POST_EVERY,
        )
        .await?;
        tx.commit().await?;
        if let Err(until) = turn {
            return Err(Failed::Trouble(Trouble::NotYet { until }));
        }
        let result = self.performer.slack.post(method, arguments).await;
        self.heed(method, result).await
    }

    async fn wait_for_method(&self, method: &str) -> Result<(), Failed> {
        let mut tx = self.performer.db.read().await?;
        let until = pace::free_at(&mut tx, self.workspace, &[method_key(method)]).await?;
        if until > self.performer.clock.now() {
            return Err(Failed::Trouble(Trouble::NotYet { until }));
        }
        Ok(())
    }

    /// Remembers a wait that Slack asks for, for every replica and beyond a restart.
    async fn heed(&self, method: &str, result: Result<Value, CallError>) -> Result<Value, Failed> {
        match result {
            Ok(answer) => Ok(answer),
            Err(CallError::RateLimited { retry_after, .. }) => {
                let until = self.performer.clock.now().plus(retry_after);
                let mut tx = self.performer.db.begin().await?;
                pace::hold(&mut tx, self.workspace, &method_key(method), until).await?;
                tx.commit().await?;
                tracing::info!(method, retry_after_s = retry_after.as_secs(), "Slack asks to wait");
                Err(Failed::Trouble(Trouble::NotYet { until }))
            }
            Err(error @ CallError::Refused { .. }) => Err(Failed::Refused(error)),
            Err(error) => Err(Failed::Trouble(error.into())),
        }
    }
}

fn method_key(method: &str) -> String {
    format!("method/{method}")
}
