//! Where a world keeps its things: a folder, and a fresh database of either kind.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use stentor::clock::Clock;
use stentor::ids::IdSource;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Sqlite => "SQLite",
            Kind::Postgres => "Postgres",
        })
    }
}

/// A folder that is removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Result<Folder> {
        let folder = std::env::temp_dir().join(unique_name());
        std::fs::create_dir(&folder).context("make a folder")?;
        Ok(Folder(folder))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A database that nobody has used before.
#[derive(Clone, Debug)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres { server: String, schema: String },
}

/// What is in the outbox.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// Work to do, by key.
    pub waiting: Vec<String>,
    /// Work that was given up, and why.
    pub given_up: Vec<String>,
    /// Timers.
    pub timers: Vec<String>,
}

type Row = (String, i64, Option<String>);

impl Database {
    /// One in this folder, or in the Postgres of the test.
    pub async fn new(kind: Kind, folder: &Folder) -> Result<Database> {
        match kind {
            Kind::Sqlite => Ok(Database::Sqlite(folder.path().join("stentor.db"))),
            Kind::Postgres => {
                let server = std::env::var("TEST_POSTGRES_URL").context(
                    "TEST_POSTGRES_URL says where a Postgres for tests is; `make test` starts one",
                )?;
                let schema = unique_name();
                let mut connection = PgConnection::connect(&server).await?;
                let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
                sqlx::query(create).execute(&mut connection).await?;
                connection.close().await?;
                Ok(Database::Postgres { server, schema })
            }
        }
    }

    /// Its address, for Stentor.
    pub fn url(&self) -> String {
        match self {
            Database::Sqlite(file) => format!("sqlite://{}", file.display()),
            Database::Postgres { server, schema } => {
                let and = if server.contains('?') { '&' } else { '?' };
                format!("{server}{and}options=-c%20search_path%3D{schema}")
            }
        }
    }

    /// What is in the outbox now.
    pub async fn left(&self) -> Result<Left> {
        let mut left = Left::default();
        let rows = "SELECT key, state, last_error FROM outbox ORDER BY created_at, seq";
        for (key, state, error) in self.rows::<Row>(rows).await? {
            let error = error.unwrap_or_default();
            match state {
                0 if key.contains("/timer/") => left.timers.push(key),
                0 => left.waiting.push(format!("{key} ({error})")),
                _ => left.given_up.push(format!("{key}: {error}")),
            }
        }
        Ok(left)
    }

    /// What a query finds.
    pub async fn rows<T>(&self, sql: &'static str) -> Result<Vec<T>>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>
            + for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>
            + Send
            + Unpin,
    {
        match self {
            Database::Sqlite(file) => {
                let options = SqliteConnectOptions::new().filename(file).read_only(true);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                let rows = sqlx::query_as(sql).fetch_all(&mut connection).await?;
                connection.close().await?;
                Ok(rows)
            }
            Database::Postgres { server, schema } => {
                let options =
                    PgConnectOptions::from_str(server)?.options([("search_path", schema)]);
                let mut connection = PgConnection::connect_with(&options).await?;
                let rows = sqlx::query_as(sql).fetch_all(&mut connection).await?;
                connection.close().await?;
                Ok(rows)
            }
        }
    }
}

fn unique_name() -> String {
    format!("stentor_crash_{}", IdSource::system().ulid(Clock::system().now()).to_lowercase())
}
