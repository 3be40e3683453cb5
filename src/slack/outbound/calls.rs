//! Calls to Slack at the pace Slack allows, with their failures sorted into what to do next.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::outbox::hold::{Held, LEASE};
use crate::slack::client::CallError;
use crate::slack::install::directory::{Access, NoAccess};
use crate::slack::install::standing::Doubt;
use crate::slack::outbound::Performer;
use crate::slack::outbound::budget::turnstiles;
use crate::store::{outbox, pace};

/// Failures in a row after which it is Slack that is away, and not something wrong with one piece of
/// work.
const IS_AWAY_AFTER: i64 = 3;
/// How long nobody calls for a workspace whose token is refused. An admin who sets it right need
/// not wait longer, and Slack is asked a few times an hour.
const TOKEN_REST: Duration = Duration::from_secs(300);
/// Refusals that pass by themselves: nothing was done, and later it will be.
const PASSING: [&str; 3] =
    ["external_channel_migrating", "message_limit_exceeded", "team_added_to_org"];

/// The argument that says which workspace of an organisation is meant.
pub const TEAM: &str = "team_id";
/// Slack's word for a workspace of the organisation that does not let Stentor in.
pub const SHUT_OUT: &str = "team_access_not_granted";

/// Why a piece of work was not done, and what to do about it.
#[derive(Debug)]
pub enum Trouble {
    /// Its turn has not come.
    NotYet {
        /// When it comes.
        until: Timestamp,
        /// The turn, if it has been given one.
        turn: Option<String>,
    },
    /// Somebody else has the lane: whatever this attempt finds out is theirs to write down.
    NotOurs,
    /// Slack can't be reached, or wants no calls from us.
    Away {
        /// What happened.
        error: String,
        /// Whether it may have been done nevertheless.
        in_doubt: bool,
        /// When Slack is tried again.
        until: Timestamp,
        /// Whether that holds for everybody, and is no matter of this piece of work.
        for_all: bool,
    },
    /// Try again after a while.
    Again {
        /// What happened.
        error: String,
        /// Whether it may have been done nevertheless.
        in_doubt: bool,
    },
    /// Slack lets nobody in with this workspace's token. Its work waits until it is installed anew.
    NoAccess {
        /// Why.
        error: String,
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

    /// It could not be done now, and nothing outside was touched.
    pub fn again_later(error: &anyhow::Error) -> Self {
        Trouble::Again { error: format!("{error:#}"), in_doubt: false }
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

impl From<NoAccess> for Trouble {
    fn from(error: NoAccess) -> Self {
        match error {
            NoAccess::NotInstalled(error) => Trouble::NoAccess { error },
            NoAccess::Store(error) => Trouble::Store(error),
        }
    }
}

/// Calls for one workspace.
pub struct Calls<'a> {
    pub(super) performer: &'a Performer,
    pub(super) workspace: &'a WorkspaceId,
    /// The work that they are for, if they are for any.
    pub(super) held: Option<&'a Held>,
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

    /// Whether it may have been done nevertheless.
    pub fn is_in_doubt(&self) -> bool {
        use Trouble::{Again, Away};
        let Failed::Trouble(trouble) = self else { return false };
        matches!(trouble, Again { in_doubt: true, .. } | Away { in_doubt: true, .. })
    }

    /// Reading changes nothing: whatever became of it, nothing needs to be looked for.
    fn without_doubt(mut self) -> Self {
        use Trouble::{Again, Away};
        if let Failed::Trouble(Again { in_doubt, .. } | Away { in_doubt, .. }) = &mut self {
            *in_doubt = false;
        }
        self
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

impl From<NoAccess> for Failed {
    fn from(error: NoAccess) -> Self {
        Failed::Trouble(error.into())
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
        let access = self.performer.slacks.of(self.workspace).await?;
        let trial = self.wait_for_turn(method, None).await?;
        let result = access.slack.post(method, arguments).await;
        let names_team = arguments.get(TEAM).is_some();
        self.heed(Called { method, names_team }, &access, trial, result).await
    }

    /// Calls a method that takes a query string. All of these only read.
    pub async fn get(&self, method: &str, arguments: &[(&str, &str)]) -> Result<Value, Failed> {
        let access = self.performer.slacks.of(self.workspace).await?;
        let trial = self.wait_for_turn(method, None).await?;
        let result = access.slack.get(method, arguments).await;
        let names_team = arguments.iter().any(|(name, _)| *name == TEAM);
        let called = Called { method, names_team };
        self.heed(called, &access, trial, result).await.map_err(Failed::without_doubt)
    }

    /// Sends a message, when it is this channel's turn.
    pub async fn send(
        &self,
        method: &str,
        channel: &str,
        arguments: &Value,
    ) -> Result<Value, Failed> {
        let access = self.performer.slacks.of(self.workspace).await?;
        let trial = self.wait_for_turn(method, Some(channel)).await?;
        let result = access.slack.post(method, arguments).await;
        self.heed(Called { method, names_team: false }, &access, trial, result).await
    }

    /// Goes on when the lease is good, Slack wants to be called, and it is this call's turn.
    async fn wait_for_turn(&self, method: &str, channel: Option<&str>) -> Result<Trial, Failed> {
        let (now, since) = (self.performer.clock.now(), Instant::now());
        let turn = [method, channel.unwrap_or_default()].join(" ");
        let mut tx = self.performer.db.begin().await?;
        if let Some(held) = self.held
            && !outbox::renew(&mut tx, &held.work, now.plus(LEASE)).await?
        {
            return Err(Failed::Trouble(Trouble::NotOurs));
        }
        let holds = pace::holds(&mut tx, self.workspace, &method_key(method)).await?;
        let (mut until, mut given, mut trial) = (holds.until, None, Trial::Needless);
        if until <= now {
            if !self.held.is_some_and(|held| held.use_turn(&turn)) {
                let turnstiles = turnstiles(method, channel);
                until = pace::take_turns(&mut tx, self.workspace, &turnstiles, now).await?;
            }
            given = Some(turn);
        }
        // Without its turn it need not try whether Slack is back.
        if until <= now && holds.failures > 0 {
            let ours =
                holds.rest_until <= now && pace::try_for_all(&mut tx, self.workspace, now).await?;
            trial = if ours { Trial::Ours } else { Trial::Others };
        }
        tx.commit().await?;
        if let Some(held) = self.held {
            held.renewed(now, since);
            // The commit may have taken its time.
            if !held.is_good(self.performer.clock.now()) {
                return Err(Failed::Trouble(Trouble::NotOurs));
            }
        }
        // While Slack is left alone no lane is looked at: this one keeps its place, and is due as soon
        // as lanes are looked at again.
        if until > now || trial == Trial::Others {
            return Err(Failed::Trouble(Trouble::NotYet { until, turn: given }));
        }
        Ok(trial)
    }

    /// Remembers what the answer says of further calls, for every replica and beyond a restart.
    async fn heed(
        &self,
        called: Called<'_>,
        access: &Access,
        trial: Trial,
        result: Result<Value, CallError>,
    ) -> Result<Value, Failed> {
        let now = self.performer.clock.now();
        let method = called.method;
        match &result {
            Err(CallError::Unreachable { .. } | CallError::InDoubt { .. }) => {}
            Err(error) if called.was_refused_for_the_token(error) => {}
            // Whatever it says: Slack has answered.
            _ if trial == Trial::Ours => self.performer.wake(self.workspace).await?,
            _ => {}
        }
        match result {
            Ok(answer) => Ok(answer),
            Err(CallError::RateLimited { retry_after, .. }) => {
                let until = now.plus(retry_after);
                let mut tx = self.performer.db.begin().await?;
                pace::hold(&mut tx, self.workspace, &method_key(method), until).await?;
                tx.commit().await?;
                tracing::info!(method, retry_after_s = retry_after.as_secs(), "Slack asks to wait");
                Err(Failed::Trouble(Trouble::NotYet { until, turn: None }))
            }
            Err(error) if called.was_refused_for_the_token(&error) => {
                match self.performer.slacks.doubt(self.workspace, access, &error).await? {
                    Doubt::Founded(error) => Err(Failed::Trouble(Trouble::NoAccess { error })),
                    Doubt::Outdated => {
                        let (error, in_doubt) = (error.to_string(), false);
                        Err(Failed::Trouble(Trouble::Again { error, in_doubt }))
                    }
                    // What is to be done in the other workspaces need not wait for this one.
                    Doubt::Unclear if error.is(SHUT_OUT) && self.is_for_organisation().await? => {
                        if trial == Trial::Ours {
                            self.performer.wake(self.workspace).await?;
                        }
                        let (error, in_doubt) = (error.to_string(), false);
                        Err(Failed::Trouble(Trouble::Again { error, in_doubt }))
                    }
                    Doubt::Unclear => {
                        tracing::error!(error = %error, "Slack refuses the bot token here; work waits until it is set right");
                        Err(self.rest(error.to_string(), false, now.plus(TOKEN_REST)).await?)
                    }
                }
            }
            Err(error) if PASSING.iter().any(|code| error.is(code)) => {
                let error = error.to_string();
                Err(Failed::Trouble(Trouble::Again { error, in_doubt: false }))
            }
            Err(error @ CallError::Refused { .. }) => Err(Failed::Refused(error)),
            Err(error) => {
                let in_doubt = matches!(error, CallError::InDoubt { .. });
                Err(self.rest(error.to_string(), in_doubt, now).await?)
            }
        }
    }

    async fn is_for_organisation(&self) -> Result<bool, Trouble> {
        let installed_for = self.performer.workspace(self.workspace).await?.slack_team;
        Ok(installed_for.is_some_and(|team| team.is_organisation()))
    }

    async fn rest(
        &self,
        error: String,
        in_doubt: bool,
        not_before: Timestamp,
    ) -> Result<Failed, sqlx::Error> {
        let now = self.performer.clock.now();
        let mut tx = self.performer.db.begin().await?;
        let (until, failures) = pace::rest(&mut tx, self.workspace, now, not_before).await?;
        tx.commit().await?;
        let for_all = failures >= IS_AWAY_AFTER || not_before > now;
        Ok(Failed::Trouble(Trouble::Away { error, in_doubt, until, for_all }))
    }
}

/// What was called.
#[derive(Clone, Copy)]
struct Called<'a> {
    method: &'a str,
    /// Whether it said which workspace of an organisation is meant.
    names_team: bool,
}

impl Called<'_> {
    /// Whether it is the token that Slack refused. The token of an organisation is good although one
    /// of its workspaces does not let Stentor in: the others need not wait for that.
    fn was_refused_for_the_token(self, error: &CallError) -> bool {
        error.is_about_the_token() && !(self.names_team && error.is(SHUT_OUT))
    }
}

/// Whether somebody has to try, for all, whether Slack is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    /// Nobody: it was not away.
    Needless,
    /// This call tries.
    Ours,
    /// Another call does.
    Others,
}

fn method_key(method: &str) -> String {
    format!("method/{method}")
}
