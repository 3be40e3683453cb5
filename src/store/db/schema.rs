//! Which Stentor may use which database.
//!
//! During an upgrade old and new replicas run on one database. A migration that only adds leaves
//! older ones be: they ignore what they do not know. A migration that takes something away says so
//! in `meta`, and whoever is older is refused from then on.

use std::collections::HashSet;
use std::sync::LazyLock;

use sqlx::migrate::{MigrateError, Migrator};

use crate::store::db::{Result, Sql, Tx};

/// The migrations that this Stentor knows. Others that the database has are none of its business,
/// if `may_use` says so.
pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!();
    migrations.set_ignore_missing(true);
    migrations
});

/// The migrations that this Stentor knows.
pub fn known_migrations() -> impl Iterator<Item = i64> {
    MIGRATIONS.iter().map(|migration| migration.version)
}

/// The newest migration that this Stentor knows.
pub fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// What to say of a database that `may_use` refused.
pub fn why_too_new(error: &sqlx::Error) -> Option<String> {
    const NEWER: &str = "the database belongs to a newer version of Stentor";
    let sqlx::Error::Migrate(migrate) = error else { return None };
    match **migrate {
        MigrateError::VersionTooNew(oldest, newest) => Some(format!(
            "{NEWER}: it takes one that knows migration {oldest}, and this one knows those up to \
             {newest}; start the newer version"
        )),
        MigrateError::VersionMissing(version) => {
            Some(format!("{NEWER}: this one does not know its migration {version}"))
        }
        _ => None,
    }
}

/// Refuses a database that takes a newer Stentor than this.
pub(super) async fn may_use(tx: &mut Tx) -> Result<()> {
    if !has_table(tx, "_sqlx_migrations").await? {
        return Ok(());
    }
    let needed = oldest(tx).await?;
    match needed {
        Some(oldest) if oldest > newest() => {
            Err(MigrateError::VersionTooNew(oldest, newest()).into())
        }
        Some(_) => Ok(()),
        // Nobody has said what an older Stentor may do here.
        None => {
            let known: HashSet<i64> =
                MIGRATIONS.iter().map(|migration| migration.version).collect();
            let applied: Vec<(i64,)> =
                tx.query("SELECT version FROM _sqlx_migrations ORDER BY version").all().await?;
            match applied.into_iter().find(|(version,)| !known.contains(version)) {
                Some((version,)) => Err(MigrateError::VersionMissing(version).into()),
                None => Ok(()),
            }
        }
    }
}

/// The newest migration that a Stentor must know at least; nothing before that was written down.
async fn oldest(tx: &mut Tx) -> Result<Option<i64>> {
    if !has_table(tx, "meta").await? {
        return Ok(None);
    }
    let row: Option<(i64,)> =
        tx.query("SELECT value FROM meta WHERE name = 'oldest'").optional().await?;
    Ok(row.map(|(oldest,)| oldest))
}

pub(super) async fn has_table(tx: &mut Tx, name: &'static str) -> Result<bool> {
    let (found,): (bool,) = tx
        .query(Sql {
            sqlite: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)",
            postgres: "SELECT to_regclass($1) IS NOT NULL",
        })
        .bind(name)
        .one()
        .await?;
    Ok(found)
}

/// Writes a little, and makes it durable: whether that works can't be known without doing it.
pub(super) async fn probe(mut tx: Tx, at: i64) -> Result<()> {
    tx.query("UPDATE meta SET value = $1 WHERE name = 'probed_at'").bind(at).execute().await?;
    tx.commit().await
}
