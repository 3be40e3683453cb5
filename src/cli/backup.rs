//! `stentor backup` and `stentor restore`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use stentor::backup::restore::Restoring;
use stentor::clock::Clock;
use stentor::config::DatabaseUrl;
use stentor::ids::IdSource;
use stentor::store::db::copy::Holdings;
use stentor::store::db::{is_postgres, sqlite_file};

use crate::cli::database::Database;

/// What `backup` has to know.
#[derive(Args)]
pub struct Backup {
    /// The file to make; nothing is ever overwritten
    file: PathBuf,

    #[command(flatten)]
    database: Database,
}

/// What `restore` has to know.
#[derive(Args)]
pub struct Restore {
    /// The file that `backup` made
    file: PathBuf,

    /// Replace a database that has incidents, and keep it under another name
    #[arg(long)]
    force: bool,

    /// The number of the next incident, where people have seen higher ones than the backup knows
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    next_number: Option<i64>,

    #[command(flatten)]
    database: Database,
}

/// Makes a backup.
pub async fn backup(backup: &Backup) -> anyhow::Result<()> {
    let advice = "pg_dump copies a Postgres database while Stentor runs";
    let database = file_of(&backup.database.url, advice)?;
    let unique = IdSource::system().ulid(Clock::system().now());
    let holdings = stentor::backup::backup(&database, &backup.file, &unique).await?;
    println!("{} holds {}", backup.file.display(), described(holdings));
    Ok(())
}

/// Brings a backup back.
pub async fn restore(restore: &Restore) -> anyhow::Result<()> {
    let advice = "pg_restore or psql brings back what pg_dump copied";
    let database = file_of(&restore.database.url, advice)?;
    let now = Clock::system().now();
    let restored = stentor::backup::restore::restore(&Restoring {
        backup: &restore.file,
        database: &database,
        force: restore.force,
        next_number: restore.next_number,
        now,
        unique: &IdSource::system().ulid(now),
    })
    .await?;
    println!("{} holds {}", database.display(), described(restored.holdings));
    if let Some(kept) = restored.kept {
        println!("What was there before is {}", kept.display());
    }
    Ok(())
}

fn file_of(url: &DatabaseUrl, advice: &str) -> anyhow::Result<PathBuf> {
    anyhow::ensure!(!is_postgres(url.reveal()), "--database-url: this is for SQLite; {advice}");
    let file = sqlite_file(url.reveal()).context("--database-url")?;
    file.context("--database-url: a database in memory has no file")
}

fn described(holdings: Holdings) -> String {
    let Holdings { incidents, entries, work } = holdings;
    let count = |n: i64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    format!(
        "{}, {} and {}",
        count(incidents, "incident", "incidents"),
        count(entries, "timeline entry", "timeline entries"),
        count(work, "piece of outbox work", "pieces of outbox work")
    )
}
