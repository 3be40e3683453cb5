//! `stentor slack`: the local Slack alone, for tests from outside and for developing against.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Args;
use stentor::simulator::Simulator;
use stentor::simulator::settings::{AppUrls, Settings};

use crate::cli::serve;

/// What `slack` has to know.
#[derive(Args)]
pub struct Slack {
    /// Where to listen; on this machine only
    #[arg(long, default_value = "127.0.0.1:4041")]
    listen: SocketAddr,

    /// Where the app is; `POST /control/app` can tell it later
    #[arg(long, value_name = "URL")]
    app: Option<String>,

    /// Let calls beyond Slack's budgets pass
    #[arg(long)]
    no_rate_limits: bool,
}

/// Simulates Slack until the process is told to stop.
pub async fn slack(slack: &Slack) -> anyhow::Result<()> {
    serve::start_log("warn", false);
    let listen = slack.listen;
    anyhow::ensure!(
        listen.ip().is_loopback(),
        "--listen {listen}: the local Slack is for this machine only"
    );
    let told_to_stop = serve::told_to_stop()?;
    let settings = Settings {
        listen,
        urls: slack.app.as_deref().map(urls).unwrap_or_default(),
        rate_limits: !slack.no_rate_limits,
        ..Settings::default()
    };
    let simulator =
        Simulator::start(settings).await.with_context(|| format!("--listen {listen}"))?;
    println!("{}", simulator.url());
    told_to_stop.await;
    Ok(())
}

fn urls(app: &str) -> AppUrls {
    let app = app.trim_end_matches('/');
    AppUrls {
        commands: format!("{app}/slack/commands"),
        interactions: format!("{app}/slack/interactions"),
        options: String::new(),
        events: format!("{app}/slack/events"),
    }
}
