//! `stentor serve`.

use std::time::Duration;

use anyhow::Context as _;
use stentor::app::{App, SlackSettings, Stentor};
use stentor::clock::Clock;
use stentor::config::Settings;
use stentor::ids::IdSource;
use stentor::server::files;
use stentor::store::db::{Db, ServerLock, sqlite_file, why_too_new};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// How long a new server waits for an old one to finish: that one has been told to stop, most
/// likely, and does what is in hand.
const HANDOVER: Duration = Duration::from_secs(12);
/// How often it looks whether the old one has ended.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What a file larger than the process may make it raises. Left alone, it would end the process.
const FILE_TOO_LARGE: i32 = 25;

/// Serves until the process is told to stop.
pub async fn serve(settings: &Settings) -> anyhow::Result<()> {
    settings.check().map_err(anyhow::Error::msg)?;
    start_log("info", settings.log_json);
    if let (handles, Some(error)) = files::raise() {
        tracing::warn!(handles, error = %error, "Could not raise the limit of open files");
    }
    let listen = settings.listen;
    // First the port: two that start at once should not both go on to the database.
    let listener = TcpListener::bind(listen).await.with_context(|| format!("--listen {listen}"))?;
    // The port that was taken, where the setting left it open.
    let listen = listener.local_addr().context("learn the port")?;
    // Held until everything else is closed.
    let _lock = claim(settings.database_url.reveal()).await?;
    let db = open(settings.database_url.reveal()).await?;
    let app = App::start(db, Clock::system(), IdSource::system())
        .await?
        .behind(settings.trusted_proxies.clone())
        .with_keys(settings.install.secret_key.as_ref())
        .at(settings.install.public_url.as_deref());
    let stentor = Stentor::new(app, &SlackSettings::from(settings))?;
    stentor.check_keys().await?;
    // Before anybody is told that it is up: who hears that may tell it to stop.
    let told_to_stop = told_to_stop()?;
    tracing::info!(%listen, "Stentor is up");
    stentor.run(listener, told_to_stop).await;
    tracing::info!("Stentor is down");
    Ok(())
}

/// Makes sure that this is the only server on its database, where there can be only one: on a SQLite
/// file.
pub async fn claim(url: &str) -> anyhow::Result<Option<ServerLock>> {
    let Some(file) = sqlite_file(url).map_err(refused)? else { return Ok(None) };
    // A full disk must be an error like any other. Once listened for, it ends nothing any more.
    drop(signal(SignalKind::from_raw(FILE_TOO_LARGE)).context("listen for SIGXFSZ")?);
    let take = || ServerLock::try_take(&file).context("--database-url: cannot lock the database");
    let mut waited = Duration::ZERO;
    loop {
        if let Some(lock) = take()? {
            return Ok(Some(lock));
        }
        anyhow::ensure!(
            waited < HANDOVER,
            "--database-url: another Stentor serves {}; stop it first, or give the two of them \
             one Postgres to share",
            file.display()
        );
        if waited.is_zero() {
            tracing::warn!(file = %file.display(), "Another Stentor serves this database: waiting for it to stop");
        }
        tokio::time::sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
    }
}

/// Opens the database, or says in one line what to do about it.
pub async fn open(url: &str) -> anyhow::Result<Db> {
    Db::connect(url).await.map_err(refused)
}

fn refused(error: sqlx::Error) -> anyhow::Error {
    let why = why_too_new(&error).unwrap_or_else(|| error.to_string());
    anyhow::anyhow!("--database-url: {why}")
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
