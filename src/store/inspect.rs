//! What a database is like, found out without making, moving or writing anything.
//!
//! Beside [`db`](super::db) this is the one file that knows there are two: it looks at what differs.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use crate::clock::{Clock, Timestamp};
use crate::store::db::{Result, known_migrations};

/// How long a server may take to answer. An admin waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the pages of a file may take to be checked. A gigabyte takes a few seconds.
const CHECK_LIMIT: Duration = Duration::from_secs(60);

/// A database as it is.
#[derive(Debug)]
pub enum Inspection {
    /// There is no file yet; it would be in this folder.
    NoFile {
        /// The folder, if it is there.
        folder: Option<PathBuf>,
    },
    /// A file.
    Sqlite(SqliteFacts),
    /// A server.
    Postgres(PostgresFacts),
}

/// What a file is like.
#[derive(Debug)]
pub struct SqliteFacts {
    /// Where it is.
    pub file: PathBuf,
    /// `wal`, if commits are cheap and readers wait for nobody.
    pub journal_mode: String,
    /// `ok`, or what is broken.
    pub integrity: String,
    /// Whether it can be written to, or why not.
    pub write: Result<()>,
    /// Its permissions, as in `chmod`.
    pub mode: u32,
    /// Bytes that are free beside it.
    pub free: u64,
    /// How far its schema is.
    pub schema: Schema,
    /// What waits in it.
    pub waiting: Option<Waiting>,
    /// How many secrets of sources lie open in it.
    pub open_secrets: i64,
    /// How its webhooks stand.
    pub webhooks: Webhooks,
}

/// What a server is like.
#[derive(Debug)]
pub struct PostgresFacts {
    /// Its version, as in `16.2`.
    pub version: String,
    /// Whether it can be written to, or why not.
    pub write: Result<()>,
    /// Whether it takes no writes from anybody, as a standby does.
    pub is_read_only: bool,
    /// How far this machine's clock is ahead of the server's, in microseconds.
    pub ahead: i64,
    /// How far its schema is.
    pub schema: Schema,
    /// What waits in it.
    pub waiting: Option<Waiting>,
    /// How many secrets of sources lie open in it.
    pub open_secrets: i64,
    /// How its webhooks stand.
    pub webhooks: Webhooks,
}

/// How webhooks stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Webhooks {
    /// Switched off because they failed for days.
    pub broken: i64,
    /// Failing now.
    pub failing: i64,
    /// Secrets that lie open.
    pub open_secrets: i64,
}

impl From<(i64, i64, i64)> for Webhooks {
    fn from((broken, failing, open_secrets): (i64, i64, i64)) -> Webhooks {
        Webhooks { broken, failing, open_secrets }
    }
}

/// How far a schema is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Migrations that this Stentor knows and the database has not.
    pub missing: usize,
    /// Migrations that the database has and this Stentor does not know.
    pub unknown: usize,
    /// Whether it has none at all.
    pub is_empty: bool,
}

/// What waits for Slack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Pieces of work to do.
    pub to_do: i64,
    /// Pieces that were given up.
    pub dead: i64,
    /// When the oldest piece to do was due.
    pub oldest_due: Option<Timestamp>,
}

const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
const WAITING: &str = "SELECT CAST(COALESCE(SUM(1 - state), 0) AS BIGINT),
    CAST(COALESCE(SUM(state), 0) AS BIGINT), MIN(CASE WHEN state = 0 THEN due_at END) FROM outbox";

const OPEN_SECRETS: &str =
    "SELECT COUNT(*) FROM source WHERE kept_secret IS NOT NULL AND sealed_with IS NULL";

const WEBHOOKS: &str = "SELECT COUNT(CASE WHEN state = 'broken' THEN 1 END),
    COUNT(CASE WHEN state = 'on' AND failing_since IS NOT NULL THEN 1 END),
    COUNT(CASE WHEN sealed_with IS NULL THEN 1 END) FROM webhook";

type WaitingRow = (i64, i64, Option<i64>);

/// Looks at the database at this address.
pub async fn inspect(url: &str, clock: &Clock) -> Result<Inspection> {
    let inspection = async {
        if url.starts_with("sqlite:") {
            sqlite(url.parse()?).await
        } else {
            postgres(url.parse()?, clock).await.map(Inspection::Postgres)
        }
    };
    let limit = PATIENCE + CHECK_LIMIT;
    tokio::time::timeout(limit, inspection).await.unwrap_or_else(|_| Err(timed_out()))
}

fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

async fn sqlite(options: SqliteConnectOptions) -> Result<Inspection> {
    let file = options.get_filename().to_path_buf();
    let Ok(metadata) = std::fs::metadata(&file) else {
        return Ok(Inspection::NoFile { folder: folder(&file).is_dir().then(|| folder(&file)) });
    };
    let options = options.create_if_missing(false).busy_timeout(PATIENCE);
    let mut reader = options.clone().read_only(true).connect().await?;
    let text = async |reader: &mut SqliteConnection, pragma: &'static str| -> Result<String> {
        sqlx::query(pragma).fetch_one(reader).await?.try_get(0)
    };
    let journal_mode = text(&mut reader, "PRAGMA journal_mode").await?;
    let check = text(&mut reader, "PRAGMA quick_check(1)");
    let integrity = tokio::time::timeout(CHECK_LIMIT, check).await.map_err(|_| timed_out())??;
    let has = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('_sqlx_migrations', 'outbox')";
    let tables: i64 = sqlx::query_scalar(has).fetch_one(&mut reader).await?;
    let (applied, waiting) = match tables {
        2 => {
            let applied = sqlx::query_scalar(APPLIED).fetch_all(&mut reader).await?;
            let waiting: WaitingRow = sqlx::query_as(WAITING).fetch_one(&mut reader).await?;
            (applied, Some(waiting))
        }
        _ => (Vec::new(), None),
    };
    // An older Stentor's database has no sources yet.
    let has = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'source'";
    let has_sources: i64 = sqlx::query_scalar(has).fetch_one(&mut reader).await?;
    let open_secrets = match has_sources {
        0 => 0,
        _ => sqlx::query_scalar(OPEN_SECRETS).fetch_one(&mut reader).await?,
    };
    let has = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'webhook'";
    let has_webhooks: i64 = sqlx::query_scalar(has).fetch_one(&mut reader).await?;
    let webhooks: (i64, i64, i64) = match has_webhooks {
        0 => (0, 0, 0),
        _ => sqlx::query_as(WEBHOOKS).fetch_one(&mut reader).await?,
    };
    reader.close().await?;
    Ok(Inspection::Sqlite(SqliteFacts {
        write: write_to_sqlite(options).await,
        free: free(&folder(&file))?,
        file,
        journal_mode,
        integrity,
        mode: metadata.mode() & 0o777,
        schema: schema(&applied),
        waiting: waiting.map(Waiting::from),
        open_secrets,
        webhooks: webhooks.into(),
    }))
}

/// Begins to write, and takes it back. The lock alone shows nothing: of a file that is read-only,
/// SQLite gives it too.
async fn write_to_sqlite(options: SqliteConnectOptions) -> Result<()> {
    let mut writer = options.connect().await?;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await?;
    let made = sqlx::query("CREATE TABLE stentor_doctor (x BIGINT)").execute(&mut writer).await;
    sqlx::query("ROLLBACK").execute(&mut writer).await?;
    writer.close().await?;
    made.map(drop)
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Bytes that this process may still write to where the folder is.
pub fn free(folder: &Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

async fn postgres(options: PgConnectOptions, clock: &Clock) -> Result<PostgresFacts> {
    let options = options.application_name("stentor doctor");
    let connecting = options.connect();
    let mut server =
        tokio::time::timeout(PATIENCE, connecting).await.map_err(|_| timed_out())??;
    let version = sqlx::query_scalar("SHOW server_version").fetch_one(&mut server).await?;
    let asked = clock.now();
    let there: i64 = sqlx::query_scalar(
        "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
    )
    .fetch_one(&mut server)
    .await?;
    let here = asked.plus(clock.now().since(asked) / 2).as_micros();
    let read_only = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";
    let is_read_only: bool = sqlx::query_scalar(read_only).fetch_one(&mut server).await?;
    let has =
        "SELECT to_regclass('_sqlx_migrations') IS NOT NULL AND to_regclass('outbox') IS NOT NULL";
    let has_tables: bool = sqlx::query_scalar(has).fetch_one(&mut server).await?;
    let (applied, waiting, write) = match has_tables {
        true => {
            let applied = sqlx::query_scalar(APPLIED).fetch_all(&mut server).await?;
            let waiting: WaitingRow = sqlx::query_as(WAITING).fetch_one(&mut server).await?;
            (applied, Some(waiting), write_to_postgres(&mut server).await)
        }
        false => (Vec::new(), None, create_in_postgres(&mut server).await),
    };
    let has = "SELECT to_regclass('source') IS NOT NULL";
    let has_sources: bool = sqlx::query_scalar(has).fetch_one(&mut server).await?;
    let open_secrets = match has_sources {
        true => sqlx::query_scalar(OPEN_SECRETS).fetch_one(&mut server).await?,
        false => 0,
    };
    let has = "SELECT to_regclass('webhook') IS NOT NULL";
    let has_webhooks: bool = sqlx::query_scalar(has).fetch_one(&mut server).await?;
    let webhooks: (i64, i64, i64) = match has_webhooks {
        true => sqlx::query_as(WEBHOOKS).fetch_one(&mut server).await?,
        false => (0, 0, 0),
    };
    server.close().await?;
    Ok(PostgresFacts {
        version,
        write,
        is_read_only,
        ahead: here - there,
        schema: schema(&applied),
        waiting: waiting.map(Waiting::from),
        open_secrets,
        webhooks: webhooks.into(),
    })
}

/// Takes the lock that a write takes, which needs the right to write, and leaves it again.
async fn write_to_postgres(server: &mut PgConnection) -> Result<()> {
    let mut tx = server.begin().await?;
    let lock = "LOCK TABLE outbox, lane, incident IN ROW EXCLUSIVE MODE";
    let locked = sqlx::query(lock).execute(&mut *tx).await;
    tx.rollback().await?;
    locked.map(drop)
}

/// Makes a table in a transaction that is taken back.
async fn create_in_postgres(server: &mut PgConnection) -> Result<()> {
    let mut tx = server.begin().await?;
    let made = sqlx::query("CREATE TABLE stentor_doctor (x BIGINT)").execute(&mut *tx).await;
    tx.rollback().await?;
    made.map(drop)
}

fn schema(applied: &[i64]) -> Schema {
    let known: Vec<i64> = known_migrations().collect();
    Schema {
        missing: known.iter().filter(|version| !applied.contains(version)).count(),
        unknown: applied.iter().filter(|version| !known.contains(version)).count(),
        is_empty: applied.is_empty(),
    }
}

impl From<WaitingRow> for Waiting {
    fn from((to_do, dead, oldest_due): WaitingRow) -> Waiting {
        Waiting { to_do, dead, oldest_due: oldest_due.map(Timestamp::from_micros) }
    }
}
