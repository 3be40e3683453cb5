//! `stentor demo`: Stentor with a Slack of its own, and a shop that breaks, to try it in a browser.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use stentor::app::{App, SlackSettings, Stentor};
use stentor::clock::Clock;
use stentor::config::install::InstallSettings;
use stentor::config::{Secret, SigningSecrets};
use stentor::demo::{breakage, monitoring};
use stentor::ids::IdSource;
use stentor::simulator::Simulator;
use stentor::simulator::panel::Panel;
use stentor::simulator::settings::{AppUrls, Settings as SimulatorSettings};
use tokio::net::TcpListener;

use crate::cli::serve;

/// What `demo` has to know.
#[derive(Args)]
pub struct Demo {
    /// Where to show the page; on this machine only
    #[arg(long, default_value = "127.0.0.1:4040")]
    listen: SocketAddr,

    /// Keep incidents in this file; without it they are gone when the demo ends
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,

    /// How fast the shop breaks: at 1, from the first alert to the last takes less than three minutes
    #[arg(long, default_value_t = 1.0, value_name = "TIMES", value_parser = pace)]
    pace: f64,
}

/// A pace at which there is something to see.
fn pace(text: &str) -> Result<f64, String> {
    let pace: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if (0.1..=20.0).contains(&pace) { Ok(pace) } else { Err("take one from 0.1 to 20".to_owned()) }
}

/// Shows the demo until the process is told to stop.
pub async fn demo(demo: &Demo) -> anyhow::Result<()> {
    serve::start_log("warn", false);
    anyhow::ensure!(
        demo.listen.ip().is_loopback(),
        "--listen {}: the demo is for this machine only",
        demo.listen
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.context("take a port")?;
    let own = listener.local_addr().context("learn the port")?;
    let (panel, owner) = breakage::panel();
    let simulator = Simulator::start(settings(demo, own, panel))
        .await
        .with_context(|| format!("--listen {}", demo.listen))?;
    let scratch = Scratch::new(demo.database.clone());
    let url = format!("sqlite://{}", scratch.file.display());
    let _lock = serve::claim(&url).await?;
    let db = serve::open(&url).await?;
    let app = App::start(db, Clock::system(), IdSource::system()).await?;
    let slack = SlackSettings {
        api_url: simulator.api_url(),
        bot_token: Some(Secret::new(&simulator.settings().bot_token)),
        install: InstallSettings::default(),
        signing_secrets: SigningSecrets(vec![Secret::new(&simulator.settings().signing_secret)]),
        app_token: None,
        announce_channel: "incidents".to_owned(),
    };
    let doors = monitoring::lay_down(&app, format!("http://{own}")).await?;
    let shop = tokio::spawn(breakage::run(owner, doors, app.clock.clone(), demo.pace));
    let stentor = Stentor::new(app, &slack)?;
    let told_to_stop = serve::told_to_stop()?;
    println!("Stentor's demo is at {}", simulator.url());
    println!("Type /incident there, or break something. Press Ctrl-C here to end it.");
    let told_to_stop = async {
        told_to_stop.await;
        // Nobody listens to it any more.
        shop.abort();
    };
    Box::pin(stentor.run(listener, told_to_stop)).await;
    Ok(())
}

fn settings(demo: &Demo, own: SocketAddr, panel: Panel) -> SimulatorSettings {
    let address = |path: &str| format!("http://{own}/slack/{path}");
    SimulatorSettings {
        listen: demo.listen,
        urls: AppUrls {
            commands: address("commands"),
            interactions: address("interactions"),
            options: String::new(),
            events: address("events"),
        },
        panel: Some(panel),
        ..SimulatorSettings::default()
    }
}

/// The demo's database, removed at the end unless it was asked for.
struct Scratch {
    file: PathBuf,
    keep: bool,
}

impl Scratch {
    fn new(kept: Option<PathBuf>) -> Scratch {
        let keep = kept.is_some();
        let name = format!("stentor-demo-{}.db", IdSource::system().ulid(Clock::system().now()));
        Scratch { file: kept.unwrap_or_else(|| std::env::temp_dir().join(name)), keep }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for ending in ["", "-wal", "-shm"] {
            let mut name = self.file.clone().into_os_string();
            name.push(ending);
            // A file that is not there need not be removed.
            std::fs::remove_file(name).ok();
        }
    }
}
