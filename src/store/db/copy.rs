//! A SQLite file as a whole: copied as it is at one moment, looked through for damage, counted.
//!
//! No schema is brought up to date here: the file may belong to another Stentor that runs.

use std::io;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::store::db::Result;
use crate::store::db::open::{bare_sqlite, keep_to_ourselves};

/// Tables that every Stentor database has had from the beginning.
const ALWAYS: [&str; 4] = ["_sqlx_migrations", "incident", "timeline", "outbox"];

/// What a database holds, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// Incidents.
    pub incidents: i64,
    /// Entries in their records.
    pub entries: i64,
    /// Pieces of work in the outbox, those that were given up among them.
    pub work: i64,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A database with nothing in it, or an empty file.
    Empty,
    /// A database of Stentor's.
    Stentor(Holdings),
    /// A database of somebody else's.
    Foreign,
}

/// A number that counts on.
pub struct Counter {
    /// Whose.
    pub workspace: String,
    /// What it counts.
    pub name: String,
    /// Where it stands.
    pub value: i64,
}

/// A SQLite file that is open as it is.
pub struct Bare(SqliteConnection);

impl Bare {
    /// Opens a file that is there.
    pub async fn open(file: &Path) -> Result<Bare> {
        Ok(Bare(bare_sqlite(SqliteConnectOptions::new().filename(file)).await?))
    }

    /// Closes it. The last one to do so puts everything into the one file.
    pub async fn close(self) -> Result<()> {
        self.0.close().await
    }

    /// What this file is.
    pub async fn kind(&mut self) -> Result<Kind> {
        let tables: Vec<(String,)> =
            sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'table'")
                .fetch_all(&mut self.0)
                .await?;
        if tables.is_empty() {
            return Ok(Kind::Empty);
        }
        if !ALWAYS.iter().all(|name| tables.iter().any(|(table,)| table == name)) {
            return Ok(Kind::Foreign);
        }
        let [incidents, entries, work] = [
            self.count("incident").await?,
            self.count("timeline").await?,
            self.count("outbox").await?,
        ];
        Ok(Kind::Stentor(Holdings { incidents, entries, work }))
    }

    async fn count(&mut self, table: &'static str) -> Result<i64> {
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        sqlx::query_scalar(sql).fetch_one(&mut self.0).await
    }

    /// Copies everything that is committed into a new file. Writers are not kept waiting, and of a
    /// transaction the copy has all or nothing.
    pub async fn copy_to(&mut self, file: &Path) -> Result<()> {
        let name = file.to_str().ok_or_else(|| io::Error::other("the name is no text"))?;
        // Into an empty file it goes as well, and that one is not for everybody.
        keep_to_ourselves(file);
        sqlx::query("VACUUM INTO $1").bind(name.to_owned()).execute(&mut self.0).await?;
        Ok(())
    }

    /// The first sign of damage, if there is one.
    pub async fn damage(&mut self) -> Result<Option<String>> {
        let found: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_all(&mut self.0).await?;
        Ok(found.into_iter().find(|line| line != "ok"))
    }

    /// Puts into the file itself what waits beside it.
    pub async fn fold(&mut self) -> Result<()> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.0).await?;
        Ok(())
    }

    /// How far everything has been counted.
    pub async fn counters(&mut self) -> Result<Vec<Counter>> {
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT workspace, name, value FROM counter")
                .fetch_all(&mut self.0)
                .await?;
        let counters = rows.into_iter();
        Ok(counters.map(|(workspace, name, value)| Counter { workspace, name, value }).collect())
    }
}
