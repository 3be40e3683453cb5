//! The only module that knows there are two databases.
//!
//! Everything else takes a `&mut Tx` and writes its SQL once, with `$1` for values.

pub mod copy;
mod error;
pub mod file;
mod lock;
mod open;
pub mod rows;
mod schema;

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::query::Query as Prepared;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Encode, FromRow, Postgres, Sqlite, Transaction, Type};

use crate::clock::Timestamp;

pub use error::{is_away, is_conflict, is_unclear};
pub use lock::ServerLock;
pub use open::{is_postgres, sqlite_file};
pub use schema::{known_migrations, newest as newest_migration, why_too_new};

/// What a query gives.
pub type Result<T, E = sqlx::Error> = std::result::Result<T, E>;

/// Rows in one INSERT. Each number of rows up to this is prepared once for each table.
const ROWS_AT_ONCE: usize = 32;

/// Keys that are looked for at once. Each number of them up to this is prepared once for each query.
const KEYS_AT_ONCE: usize = 256;

/// A value that both databases can store.
#[rustfmt::skip]
pub trait Value: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> {}
#[rustfmt::skip]
impl<T> Value for T where T: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> {}

/// A type that a row of either database can fill: `#[derive(FromRow)]`, or a tuple.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {}
impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {}

/// One statement. A plain string serves both databases; spell out both only where they differ.
#[derive(Clone, Copy)]
pub struct Sql {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For Postgres.
    pub postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(sql: &'static str) -> Self {
        Sql { sqlite: sql, postgres: sql }
    }
}

/// An open database.
#[derive(Clone)]
pub enum Db {
    /// A file: one connection that writes, and a few that only read.
    Sqlite {
        /// Its semaphore is a fair queue for the write lock.
        write: SqlitePool,
        /// These wait for no writer.
        read: SqlitePool,
        /// The file, unless it is all in memory.
        file: Option<Arc<file::DatabaseFile>>,
    },
    /// A server.
    Postgres(PgPool),
}

impl Db {
    /// Begins a transaction that may write.
    ///
    /// On SQLite it queues for the write lock here, so that it can't fail with "database is
    /// locked" half-way.
    pub async fn begin(&self) -> Result<Tx> {
        self.check_file()?;
        Ok(match self {
            Db::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads, and waits for no writer. It sees everything as it is at
    /// one moment, whatever is written meanwhile.
    pub async fn read(&self) -> Result<Tx> {
        self.check_file()?;
        Ok(match self {
            Db::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Db::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?,
            ),
        })
    }

    /// The same, however long it reads.
    pub async fn snapshot(&self) -> Result<Tx> {
        let mut tx = self.read().await?;
        tx.take_its_time().await?;
        Ok(tx)
    }

    /// For a single question, which needs no transaction around it: each of its statements sees
    /// another moment. Beginning and ending one are two more journeys to the database.
    pub async fn look(&self) -> Result<Tx> {
        self.check_file()?;
        Ok(match self {
            Db::Sqlite { read, .. } => Tx::SqliteLook(read.acquire().await?),
            Db::Postgres(pool) => Tx::PostgresLook(pool.acquire().await?),
        })
    }

    /// Whether the file is still there.
    fn check_file(&self) -> Result<()> {
        match self {
            Db::Sqlite { file: Some(file), .. } => Ok(file.check()?),
            Db::Sqlite { .. } | Db::Postgres(_) => Ok(()),
        }
    }

    /// Whether something can be written here and made durable.
    pub async fn probe(&self, now: Timestamp) -> Result<()> {
        schema::probe(self.begin().await?, now.as_micros()).await
    }

    /// Closes every connection, after the work in hand.
    pub async fn close(&self) {
        match self {
            Db::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction, which rolls back unless [committed](Tx::commit); or a [look](Db::look).
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On Postgres.
    Postgres(Transaction<'static, Postgres>),
    /// A question on SQLite, with no transaction around it.
    SqliteLook(PoolConnection<Sqlite>),
    /// The same on Postgres.
    PostgresLook(PoolConnection<Postgres>),
}

/// Where a statement is run.
enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Tx {
    fn connection(&mut self) -> Connection<'_> {
        match self {
            Tx::Sqlite(tx) => Connection::Sqlite(tx),
            Tx::Postgres(tx) => Connection::Postgres(tx),
            Tx::SqliteLook(connection) => Connection::Sqlite(connection),
            Tx::PostgresLook(connection) => Connection::Postgres(connection),
        }
    }

    /// A statement, to be given its values and run.
    pub fn query(&mut self, sql: impl Into<Sql>) -> Query<'_> {
        let Sql { sqlite, postgres } = sql.into();
        match self.connection() {
            Connection::Sqlite(conn) => Query {
                wanted: placeholders(sqlite),
                bound: 0,
                on: On::Sqlite(sqlx::query(sqlite), conn),
            },
            Connection::Postgres(conn) => Query {
                wanted: placeholders(postgres),
                bound: 0,
                on: On::Postgres(sqlx::query(postgres), conn),
            },
        }
    }

    /// A statement made here, of parts that are all in the program's text. Its placeholders are
    /// used once each, in order.
    fn composed(&mut self, compose: impl FnOnce(&mut Composed)) -> Query<'_> {
        let numbered = !self.is_sqlite();
        let mut composed = Composed { sql: String::new(), numbered, placeholders: 0 };
        compose(&mut composed);
        let Composed { sql, placeholders, .. } = composed;
        self.assembled(sql, placeholders)
    }

    /// A statement made of the schema's own names. Its placeholders are used once each, in order.
    fn assembled(&mut self, sql: String, wanted: usize) -> Query<'_> {
        let sql = AssertSqlSafe(sql);
        let on = match self.connection() {
            Connection::Sqlite(conn) => On::Sqlite(sqlx::query(sql), conn),
            Connection::Postgres(conn) => On::Postgres(sqlx::query(sql), conn),
        };
        Query { wanted, bound: 0, on }
    }

    /// Whether it is on SQLite.
    fn is_sqlite(&self) -> bool {
        matches!(self, Tx::Sqlite(_) | Tx::SqliteLook(_))
    }

    /// Whether a text may hold a NUL here.
    pub fn takes_nul(&self) -> bool {
        self.is_sqlite()
    }

    /// Lifts the limits that are made for requests.
    pub async fn take_its_time(&mut self) -> Result<()> {
        if !self.is_sqlite() {
            self.query("SET LOCAL statement_timeout = 0").execute().await?;
            self.query("SET LOCAL idle_in_transaction_session_timeout = 0").execute().await?;
        }
        Ok(())
    }

    /// What time the database's server says it is; nothing where the database is in this process.
    pub async fn server_time(&mut self) -> Result<Option<Timestamp>> {
        if self.is_sqlite() {
            return Ok(None);
        }
        let (micros,): (i64,) = self
            .query("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")
            .one()
            .await?;
        Ok(Some(Timestamp::from_micros(micros)))
    }

    /// Inserts many rows with few statements: `INSERT INTO {table} VALUES (…), (…) {conflict}`.
    ///
    /// A statement crosses to the database's thread or server and back; many rows in one make
    /// that journey once.
    pub async fn insert_rows<T>(
        &mut self,
        table: Table,
        rows: &[T],
        bind: impl for<'q> Fn(Query<'q>, &T) -> Query<'q>,
    ) -> Result<u64> {
        let mut inserted = 0;
        let mut rest = rows;
        while !rest.is_empty() {
            let size = ROWS_AT_ONCE.min(rest.len());
            let (now, later) = rest.split_at(size);
            let query = self.composed(|sql| table.insert(size, sql));
            inserted += now.iter().fold(query, &bind).execute().await?;
            rest = later;
        }
        Ok(inserted)
    }

    /// The rows of this workspace whose key is among these: `{select} WHERE workspace = … AND {key}
    /// IN (…)`.
    pub async fn all_among<T: Record, K: Value + Clone>(
        &mut self,
        select: &'static str,
        key: &'static str,
        workspace: &(impl Value + Clone),
        keys: &[K],
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let query = self.composed(|sql| {
                sql.text(select).text(" WHERE workspace = ").placeholder();
                sql.text(" AND ").text(key).text(" IN ").tuple(keys.len());
            });
            let query = query.bind(workspace.clone());
            rows.extend(keys.iter().cloned().fold(query, Query::bind).all::<T>().await?);
        }
        Ok(rows)
    }

    /// The rows of this workspace whose key is among these, and of which a number is in this range:
    /// `{select} WHERE workspace = … AND {key} IN (…) AND {number} BETWEEN … AND …`.
    pub async fn all_among_within<T: Record, K: Value + Clone>(
        &mut self,
        select: &'static str,
        workspace: &(impl Value + Clone),
        (key, keys): (&'static str, &[K]),
        (number, range): (&'static str, RangeInclusive<i64>),
    ) -> Result<Vec<T>> {
        self.among_within(select, workspace, (key, keys), (number, range), "").await
    }

    /// The same, in the order of the key; until the end of the transaction nobody else changes these
    /// rows. Where there is one writer, nobody could.
    pub async fn hold_among_within<T: Record, K: Value + Clone>(
        &mut self,
        select: &'static str,
        workspace: &(impl Value + Clone),
        (key, keys): (&'static str, &[K]),
        (number, range): (&'static str, RangeInclusive<i64>),
    ) -> Result<Vec<T>> {
        let hold = if self.is_sqlite() { "" } else { " ORDER BY 1 FOR UPDATE" };
        self.among_within(select, workspace, (key, keys), (number, range), hold).await
    }

    async fn among_within<T: Record, K: Value + Clone>(
        &mut self,
        select: &'static str,
        workspace: &(impl Value + Clone),
        (key, keys): (&'static str, &[K]),
        (number, range): (&'static str, RangeInclusive<i64>),
        rest: &'static str,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let query = self.composed(|sql| {
                sql.text(select).text(" WHERE workspace = ").placeholder();
                sql.text(" AND ").text(key).text(" IN ").tuple(keys.len());
                sql.text(" AND ").text(number).text(" BETWEEN ").placeholder();
                sql.text(" AND ").placeholder().text(rest);
            });
            let query = keys.iter().cloned().fold(query.bind(workspace.clone()), Query::bind);
            let query = query.bind(*range.start()).bind(*range.end());
            rows.extend(query.all::<T>().await?);
        }
        Ok(rows)
    }

    /// Deletes the rows of this workspace whose key is among these, and says how many that were.
    pub async fn delete_among<K: Value + Clone>(
        &mut self,
        table: &'static str,
        key: &'static str,
        workspace: &(impl Value + Clone),
        keys: &[K],
    ) -> Result<u64> {
        let mut deleted = 0;
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let query = self.composed(|sql| {
                sql.text("DELETE FROM ").text(table).text(" WHERE workspace = ").placeholder();
                sql.text(" AND ").text(key).text(" IN ").tuple(keys.len());
            });
            let query = query.bind(workspace.clone());
            deleted += keys.iter().cloned().fold(query, Query::bind).execute().await?;
        }
        Ok(deleted)
    }

    /// Makes it durable.
    pub async fn commit(self) -> Result<()> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
            // What was looked at is as it was.
            Tx::SqliteLook(_) | Tx::PostgresLook(_) => Ok(()),
        }
    }
}

/// Where rows go, and what happens to those that are there already.
#[derive(Clone, Copy)]
pub struct Table {
    /// Table and columns: `receipt (workspace, key)`.
    pub columns: &'static str,
    /// `ON CONFLICT …`, or nothing.
    pub conflict: &'static str,
}

impl Table {
    fn columns(&self) -> usize {
        self.columns.matches(',').count() + 1
    }

    fn insert(&self, rows: usize, sql: &mut Composed) {
        sql.text("INSERT INTO ").text(self.columns).text(" VALUES ");
        for row in 0..rows {
            sql.text(if row > 0 { ", " } else { "" }).tuple(self.columns());
        }
        sql.text(" ").text(self.conflict);
    }
}

/// The text of a statement that is being made.
///
/// SQLite looks up every numbered parameter in a list of all of them, which for hundreds of them
/// takes longer than the insert; it counts plain ones by itself.
struct Composed {
    sql: String,
    numbered: bool,
    placeholders: usize,
}

impl Composed {
    fn text(&mut self, text: &'static str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    fn placeholder(&mut self) -> &mut Self {
        self.placeholders += 1;
        if self.numbered {
            write!(self.sql, "${}", self.placeholders).expect("a string takes any text");
        } else {
            self.sql.push('?');
        }
        self
    }

    fn tuple(&mut self, count: usize) -> &mut Self {
        for n in 0..count {
            self.text(if n == 0 { "(" } else { ", " }).placeholder();
        }
        self.text(")")
    }
}

/// A statement with the values it has been given so far.
#[must_use = "a query does nothing until it is run"]
pub struct Query<'c> {
    wanted: usize,
    bound: usize,
    on: On<'c>,
}

enum On<'c> {
    Sqlite(Prepared<'static, Sqlite, SqliteArguments>, &'c mut SqliteConnection),
    Postgres(Prepared<'static, Postgres, PgArguments>, &'c mut PgConnection),
}

impl<'c> Query<'c> {
    /// Gives the next value.
    pub fn bind(self, value: impl Value) -> Self {
        let on = match self.on {
            On::Sqlite(query, conn) => On::Sqlite(query.bind(value), conn),
            On::Postgres(query, conn) => On::Postgres(query.bind(value), conn),
        };
        Query { bound: self.bound + 1, on, ..self }
    }

    /// Runs the statement, and returns how many rows it changed.
    pub async fn execute(self) -> Result<u64> {
        Ok(match self.checked()? {
            On::Sqlite(query, conn) => query.execute(conn).await?.rows_affected(),
            On::Postgres(query, conn) => query.execute(conn).await?.rows_affected(),
        })
    }

    /// All rows.
    pub async fn all<T: Record>(self) -> Result<Vec<T>> {
        match self.checked()? {
            On::Sqlite(query, conn) => {
                query.fetch_all(conn).await?.iter().map(T::from_row).collect()
            }
            On::Postgres(query, conn) => {
                query.fetch_all(conn).await?.iter().map(T::from_row).collect()
            }
        }
    }

    /// The row, if there is one.
    pub async fn optional<T: Record>(self) -> Result<Option<T>> {
        match self.checked()? {
            On::Sqlite(query, conn) => {
                query.fetch_optional(conn).await?.as_ref().map(T::from_row).transpose()
            }
            On::Postgres(query, conn) => {
                query.fetch_optional(conn).await?.as_ref().map(T::from_row).transpose()
            }
        }
    }

    /// The row that must be there.
    pub async fn one<T: Record>(self) -> Result<T> {
        self.optional().await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// SQLite reads a parameter that nobody bound as NULL, so a forgotten one must be caught here.
    fn checked(self) -> Result<On<'c>> {
        if self.wanted != self.bound {
            let message = format!("{} placeholders but {} values", self.wanted, self.bound);
            return Err(sqlx::Error::Protocol(message));
        }
        Ok(self.on)
    }
}

/// The highest `$n` in a statement.
fn placeholders(sql: &str) -> usize {
    let digits = |rest: &str| rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    sql.split('$').skip(1).filter_map(|rest| rest[..digits(rest)].parse().ok()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_make_one_statement() {
        let table =
            Table { columns: "receipt (workspace, key)", conflict: "ON CONFLICT DO NOTHING" };
        for (numbered, text) in [
            (
                true,
                "INSERT INTO receipt (workspace, key) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING",
            ),
            (
                false,
                "INSERT INTO receipt (workspace, key) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING",
            ),
        ] {
            let mut composed = Composed { sql: String::new(), numbered, placeholders: 0 };
            table.insert(2, &mut composed);
            assert_eq!((composed.sql.as_str(), composed.placeholders), (text, 4));
        }
    }

    #[test]
    fn placeholders_are_counted_by_their_highest_number() {
        assert_eq!(placeholders("SELECT $2, $1, $12 WHERE a = $1"), 12);
        assert_eq!(placeholders("SELECT 1"), 0);
    }
}
