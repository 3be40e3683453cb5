//! `stentor serve`.

use anyhow::Context as _;
use stentor::app::{App, SlackSettings, Stentor};
use stentor::clock::Clock;
use stentor::config::Settings;
use stentor::ids::IdSource;
use stentor::store::db::Db;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Serves until the process is told to stop.
pub async fn serve(settings: &Settings) -> anyhow::Result<()> {
    settings.check().map_err(anyhow::Error::msg)?;
    start_log("info", settings.log_json);
    let listen = settings.listen;
    // First the port: two that start at once should not both go on to the database.
    let listener = TcpListener::bind(listen).await.with_context(|| format!("--listen {listen}"))?;
    // The port that was taken, where the setting left it open.
    let listen = listener.local_addr().context("learn the port")?;
    let db = open(settings.database_url.reveal()).await?;
    let app = App::start(db, Clock::system(), IdSource::system()).await?;
    let stentor = Stentor::new(app, &SlackSettings::from(settings))?;
    stentor.check_keys().await?;
    // Before anybody is told that it is up: who hears that may tell it to stop.
    let told_to_stop = told_to_stop()?;
    tracing::info!(%listen, "Stentor is up");
    stentor.run(listener, told_to_stop).await;
    tracing::info!("Stentor is down");
    Ok(())
}

/// Opens the database, or says in one line what to do about it.
pub async fn open(url: &str) -> anyhow::Result<Db> {
    Db::connect(url).await.map_err(|error| match error {
        sqlx::Error::Migrate(migrate)
            if matches!(
                *migrate,
                sqlx::migrate::MigrateError::VersionMissing(_)
                    | sqlx::migrate::MigrateError::VersionTooNew(..)
            ) =>
        {
            anyhow::anyhow!(
                "--database-url: the database belongs to a newer version of Stentor ({migrate})"
            )
        }
        error => anyhow::anyhow!("--database-url: {error}"),
    })
}

/// Comes when the process gets SIGTERM or SIGINT.
pub fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Writes the log to standard error, from this level up; `RUST_LOG` says otherwise.
pub fn start_log(level: &str, json: bool) {
    let default = format!("{level},sqlx=warn");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // At `debug`, the Slack client prints addresses and texts that are nobody's business.
    let quiet = "slack_morphism=info".parse().expect("this is a directive");
    let filter = filter.add_directive(quiet);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().init();
    } else {
        log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
}
