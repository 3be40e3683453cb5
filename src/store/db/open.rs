//! Opening a database, and bringing its schema up to date.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::store::db::file::DatabaseFile;
use crate::store::db::schema::{MIGRATIONS, may_use};
use crate::store::db::{Db, Result};

/// How long a request waits for a connection or a lock: Slack gives up after 3 s, and the person
/// must still get a sentence.
const PATIENCE: Duration = Duration::from_secs(2);
/// Readers of SQLite: more than two bring nothing on two cores, and each holds a page cache.
const SQLITE_READERS: u32 = 3;
/// Connections to Postgres: one writes, the outbox takes a few, the rest read.
const POSTGRES_CONNECTIONS: u32 = 10;
/// Prepared statements that a connection keeps: those of the text, and the INSERTs of many rows.
const PREPARED: usize = 512;

impl Db {
    /// Opens the database of this address, and brings its schema up to date.
    pub async fn connect(url: &str) -> Result<Db> {
        if is_postgres(url) {
            Self::postgres(url.parse()?).await
        } else {
            Self::sqlite(url.parse()?).await
        }
    }

    /// Opens a database on a Postgres server.
    pub async fn postgres(options: PgConnectOptions) -> Result<Db> {
        let options = options.application_name("stentor");
        let limited = options
            .clone()
            .options([("statement_timeout", "10s"), ("idle_in_transaction_session_timeout", "4s")]);
        // A connection that was cut meanwhile is found out before it is used.
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(true)
            .connect_with(limited)
            .await?;
        let db = Db::Postgres(pool);
        may_use(&mut db.read().await?).await?;
        // A migration may take its time, and so may waiting for a replica that is at it.
        let mut connection = PgConnection::connect_with(&options).await?;
        MIGRATIONS.run(&mut connection).await?;
        connection.close().await?;
        // A newer replica may have been faster.
        may_use(&mut db.read().await?).await?;
        Ok(db)
    }

    /// Opens the SQLite database in this file.
    pub async fn sqlite_file(file: &Path) -> Result<Db> {
        Self::sqlite(SqliteConnectOptions::new().filename(file)).await
    }

    /// Opens a SQLite file, and makes it if it is not there.
    pub async fn sqlite(options: SqliteConnectOptions) -> Result<Db> {
        let options = options
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An answer follows the commit, so a commit must survive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .statement_cache_capacity(PREPARED)
            .busy_timeout(PATIENCE);
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .after_release(|connection, _| Box::pin(is_whole(connection)))
        };
        keep_to_ourselves(options.get_filename());
        let writer = options.clone().optimize_on_close(true, 400);
        let write = pool().max_connections(1).connect_with(writer.clone()).await?;
        // A later connection must never make the file anew: it is gone, and that is an error.
        write.set_connect_options(writer.create_if_missing(false));
        let file = DatabaseFile::of(&options)?.map(Arc::new);
        let reader = options.create_if_missing(false).read_only(true);
        let read = pool().max_connections(SQLITE_READERS).connect_lazy_with(reader);
        let db = Db::Sqlite { write: write.clone(), read, file };
        may_use(&mut db.begin().await?).await?;
        MIGRATIONS.run(&write).await?;
        Ok(db)
    }
}

/// Makes the file, if it is not there, so that only its owner can open it: SQLite would let everybody
/// on this machine read of private incidents, and gives its other files the same permissions.
pub(super) fn keep_to_ourselves(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        // Names of databases in memory.
        let name = file.to_string_lossy();
        if name.starts_with("file:") || name.contains(":memory:") {
            return;
        }
        // An empty file is a new database. Whatever keeps it from being made, SQLite will say.
        let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        if let Err(error) = new {
            tracing::trace!(error = %error, "Did not make the database's file");
        }
    }
}

/// Whether this is the address of a database on a Postgres server.
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}

/// The file behind the address of a SQLite database; nothing for one in memory or on a server.
pub fn sqlite_file(url: &str) -> Result<Option<PathBuf>> {
    if is_postgres(url) {
        return Ok(None);
    }
    let options: SqliteConnectOptions = url.parse()?;
    let (name, settings) = url.split_once('?').unwrap_or((url, ""));
    let in_memory =
        name.ends_with(":memory:") || settings.split('&').any(|setting| setting == "mode=memory");
    Ok((!in_memory).then(|| options.get_filename().to_owned()))
}

/// Opens a single connection to a SQLite file that is there, as it is: no schema is touched.
pub(super) async fn bare_sqlite(options: SqliteConnectOptions) -> Result<SqliteConnection> {
    options.create_if_missing(false).busy_timeout(PATIENCE).connect().await
}

/// Whether a connection may be used again.
///
/// Out of disk or on an I/O error SQLite rolls back by itself. The rollback that follows fails, and
/// the connection would believe for ever that a transaction is open in it.
async fn is_whole(connection: &mut SqliteConnection) -> Result<bool> {
    // Nothing was begun, or its end has been seen.
    if !connection.is_in_transaction() {
        return Ok(true);
    }
    // Comes back when the rollback was tried.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}
