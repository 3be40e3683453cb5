//! `stentor doctor`: whether everything is there that Stentor needs, and what to do if it is not.
//!
//! It asks the database, Slack and the public address the questions that Stentor will depend on,
//! and changes nothing anywhere. Each answer is a [`Finding`]: what was found, and in one sentence
//! what mends it.

mod address;
mod channel;
mod database;
mod http;
mod organisation;
mod outbox;
mod report;
mod scopes;
mod secrets;
mod slack;
mod webhooks;

use crate::clock::Clock;
use crate::config::{DatabaseUrl, Secret, Settings, SigningSecrets};

pub use report::{Finding, Outcome, Report};

/// What is examined: the settings that `serve` takes, as far as they matter here.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where everything is kept.
    pub database_url: DatabaseUrl,
    /// How Slack signs its requests.
    pub signing_secrets: Option<SigningSecrets>,
    /// The bot's token.
    pub bot_token: Option<Secret>,
    /// Where the Web API is, without a slash at the end.
    pub api_url: String,
    /// Where public incidents are announced.
    pub announce_channel: String,
    /// Where Slack finds Stentor, without a slash at the end.
    pub public_url: Option<String>,
}

impl From<&Settings> for Plan {
    fn from(settings: &Settings) -> Plan {
        Plan {
            database_url: settings.database_url.clone(),
            signing_secrets: settings.slack_signing_secret.clone(),
            bot_token: settings.slack_bot_token.clone(),
            api_url: settings.slack_api_url.clone(),
            announce_channel: settings.announce_channel.clone(),
            public_url: settings.install.public_url.clone(),
        }
    }
}

/// Looks at everything.
pub async fn examine(plan: &Plan, clock: &Clock) -> Report {
    let mut report = Report::default();
    secrets::examine(plan, &mut report);
    if let Some(inspection) = database::examine(plan, clock, &mut report).await {
        outbox::examine(inspection, clock, &mut report);
    }
    match http::Client::new(plan) {
        Ok(client) => {
            slack::examine(plan, &client, clock, &mut report).await;
            address::examine(plan, &client, clock, &mut report).await;
        }
        Err(error) => report.failed(
            "certificates",
            format!("this machine has no certificates to check those of others with: {error}"),
            "Install the package `ca-certificates`.",
        ),
    }
    report
}
