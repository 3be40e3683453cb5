//! `stentor migrate`.

use anyhow::Context as _;
use clap::Args;
use stentor::backup::transfer::transfer;
use stentor::config::DatabaseUrl;
use stentor::store::db::{ServerLock, sqlite_file};

use crate::cli::serve;

/// What `migrate` has to know.
#[derive(Args)]
pub struct Migrate {
    /// The database that has everything, such as `sqlite://stentor.db`; stop Stentor first
    from: DatabaseUrl,

    /// The empty database that gets it, such as `postgres://USER:PASSWORD@HOST/DATABASE`
    to: DatabaseUrl,
}

/// Moves everything.
pub async fn migrate(migrate: &Migrate) -> anyhow::Result<()> {
    let (from, to) = (migrate.from.reveal(), migrate.to.reveal());
    if let Some(file) = sqlite_file(from).context("FROM")? {
        anyhow::ensure!(file.is_file(), "FROM: {} is no file", file.display());
    }
    // Nobody may serve either of them before it is done.
    let _locks = (lock(from).context("FROM")?, lock(to).context("TO")?);
    let source = serve::open(from).await.map_err(|error| in_its_place(&error, "FROM"))?;
    let target = serve::open(to).await.map_err(|error| in_its_place(&error, "TO"))?;
    let moved = transfer(&source, &target).await?;
    source.close().await;
    target.close().await;
    let rows: usize = moved.values().sum();
    let incidents = moved.get("incident").copied().unwrap_or_default();
    println!(
        "Moved {incidents} incidents: {rows} rows of {} tables, and read every one of them back. \
         Serve that database from now on, and the old one never again.",
        moved.len()
    );
    Ok(())
}

fn lock(url: &str) -> anyhow::Result<Option<ServerLock>> {
    let Some(file) = sqlite_file(url)? else { return Ok(None) };
    let lock = ServerLock::try_take(&file).with_context(|| format!("lock {}", file.display()))?;
    let lock = lock.with_context(|| format!("a Stentor uses {}; stop it first", file.display()))?;
    Ok(Some(lock))
}

/// The error of opening a database, named as it was given here.
fn in_its_place(error: &anyhow::Error, name: &str) -> anyhow::Error {
    anyhow::anyhow!("{}", format!("{error:#}").replace("--database-url", name))
}
