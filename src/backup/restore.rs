//! Brings a backup back.
//!
//! Slack does not go back in time with the database. Work that waited when the backup was taken has
//! been done since, most likely: so all of it is in doubt, and the worker looks in Slack before it
//! does any of it again. What Slack shows may be newer than what is remembered of it: so nothing is
//! taken for shown. And numbers that people have seen are not given to something else.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::backup::{Partial, durable, folder, is_there, whole};
use crate::clock::Timestamp;
use crate::store::db::copy::{Bare, Counter, Holdings, Kind};
use crate::store::db::file::{beside, true_path};
use crate::store::db::{Db, ServerLock, Tx, why_too_new};

/// What is wanted.
pub struct Restoring<'a> {
    /// The file that a backup was made into.
    pub backup: &'a Path,
    /// Where the database has to be.
    pub database: &'a Path,
    /// Whether a database that has incidents may be replaced.
    pub force: bool,
    /// The number that the next incident has at least.
    pub next_number: Option<i64>,
    /// When it is.
    pub now: Timestamp,
    /// Names what is not finished.
    pub unique: &'a str,
}

/// What was done.
pub struct Restored {
    /// What the database holds now.
    pub holdings: Holdings,
    /// Where the database is that was there before.
    pub kept: Option<PathBuf>,
}

/// What is in the place where the database has to be.
enum There {
    Nothing,
    /// A database of Stentor's, with the numbers it had given.
    Stentor(Holdings, Vec<Counter>),
    /// Something else, or something broken.
    Unreadable(String),
}

/// Puts a backup in the database's place.
pub async fn restore(wanted: &Restoring<'_>) -> anyhow::Result<Restored> {
    let Restoring { backup, database, .. } = *wanted;
    ensure!(backup.is_file(), "{} is no file", backup.display());
    ensure!(!is_same(backup, database), "{} is the database itself", backup.display());
    whole(backup).await.with_context(|| format!("{} can't be restored", backup.display()))?;
    let was_there = is_there(database);
    let _lock = ServerLock::try_take(database)
        .with_context(|| format!("lock {}", database.display()))?
        .with_context(|| format!("a Stentor serves {}; stop it first", database.display()))?;
    let database = &true_path(database)?;
    let restored = replace(wanted, database).await;
    if restored.is_err() && !was_there {
        // It was made to be locked.
        fs::remove_file(database).context("remove an empty file again")?;
    }
    restored
}

async fn replace(wanted: &Restoring<'_>, database: &Path) -> anyhow::Result<Restored> {
    let force = wanted.force;
    let there = look(database).await;
    match &there {
        There::Stentor(holdings, _) if holdings.incidents > 0 && !force => bail!(
            "{} holds {} incidents; --force replaces it, and keeps it under another name",
            database.display(),
            holdings.incidents
        ),
        There::Unreadable(why) if !force => bail!(
            "{} is there, and no database that Stentor can read ({why}); --force replaces it, and keeps it under another name",
            database.display()
        ),
        _ => {}
    }
    let partial = Partial(beside(database, &format!(".unfinished-{}", wanted.unique)));
    let counters = if let There::Stentor(_, counters) = &there { &counters[..] } else { &[] };
    let holdings = prepare(wanted, database, &partial.0, counters).await?;
    let kept = set_aside(database, &there, wanted.now).await?;
    fs::rename(&partial.0, database).context("put the backup in place")?;
    durable(folder(database))?;
    Ok(Restored { holdings, kept })
}

fn is_same(a: &Path, b: &Path) -> bool {
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

async fn look(database: &Path) -> There {
    async fn read(database: &Path) -> Result<There, sqlx::Error> {
        let mut bare = Bare::open(database).await?;
        let there = match bare.kind().await? {
            Kind::Empty => There::Nothing,
            Kind::Foreign => There::Unreadable("it is somebody else's".to_owned()),
            Kind::Stentor(holdings) => {
                let counters = bare.counters().await?;
                // From here on all of it is in the one file.
                bare.fold().await?;
                There::Stentor(holdings, counters)
            }
        };
        bare.close().await?;
        Ok(there)
    }
    read(database).await.unwrap_or_else(|error| There::Unreadable(error.to_string()))
}

/// Makes the new database beside the old one.
async fn prepare(
    wanted: &Restoring<'_>,
    database: &Path,
    partial: &Path,
    counters: &[Counter],
) -> anyhow::Result<Holdings> {
    let mut source = Bare::open(wanted.backup).await?;
    let copied = source.copy_to(partial).await;
    source.close().await?;
    copied.with_context(|| format!("copy {}", wanted.backup.display()))?;
    let db = Db::sqlite_file(partial).await.map_err(|error| match why_too_new(&error) {
        Some(why) => anyhow::anyhow!("{} can't be restored: {why}", wanted.backup.display()),
        None => error.into(),
    })?;
    let mut tx = db.begin().await?;
    distrust(&mut tx).await?;
    count_on(&mut tx, counters, wanted.next_number).await?;
    tx.commit().await?;
    db.close().await;
    let holdings = whole(partial).await.context("check what was restored")?;
    let wal = beside(partial, "-wal");
    ensure!(!is_there(&wal), "{} is in use by somebody else", wal.display());
    own_like(database, partial).context("give the new file to who owns the old one")?;
    durable(partial)?;
    Ok(holdings)
}

/// A database that was restored by root is still its server's.
fn own_like(old: &Path, new: &Path) -> io::Result<()> {
    let (old, there) = (fs::metadata(old)?, fs::metadata(new)?);
    fs::set_permissions(new, old.permissions())?;
    if (old.uid(), old.gid()) != (there.uid(), there.gid()) {
        chown(new, Some(old.uid()), Some(old.gid()))?;
    }
    Ok(())
}

/// Takes nothing for certain that Slack may know better.
async fn distrust(tx: &mut Tx) -> Result<(), sqlx::Error> {
    tx.query("UPDATE outbox SET attempts = refused + 1 WHERE attempts <= refused")
        .execute()
        .await?;
    tx.query("UPDATE surface SET shown = NULL WHERE shown IS NOT NULL").execute().await?;
    Ok(())
}

/// Goes on with the numbers where people have seen them end.
async fn count_on(
    tx: &mut Tx,
    counters: &[Counter],
    next_number: Option<i64>,
) -> Result<(), sqlx::Error> {
    for counter in counters {
        tx.query("UPDATE counter SET value = $3 WHERE workspace = $1 AND name = $2 AND value < $3")
            .bind(counter.workspace.clone())
            .bind(counter.name.clone())
            .bind(counter.value)
            .execute()
            .await?;
    }
    if let Some(next) = next_number {
        tx.query(
            "INSERT INTO counter (workspace, name, value) SELECT id, 'incident', $1 FROM workspace WHERE TRUE
             ON CONFLICT (workspace, name) DO UPDATE SET value = excluded.value WHERE counter.value < excluded.value",
        )
        .bind(next - 1)
        .execute()
        .await?;
    }
    Ok(())
}

/// Keeps what is there under another name. Its own name goes on leading to it, so that there is
/// always a database.
async fn set_aside(
    database: &Path,
    there: &There,
    now: Timestamp,
) -> anyhow::Result<Option<PathBuf>> {
    let (wal, shm) = (beside(database, "-wal"), beside(database, "-shm"));
    if let There::Nothing = there {
        remove(&wal)?;
        remove(&shm)?;
        return Ok(None);
    }
    let day = now.to_string().replace([':', '.'], "-");
    let kept = beside(database, &format!(".replaced-{day}"));
    match fs::hard_link(database, &kept) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("keep the database as {}", kept.display()));
        }
        // Some file systems know no second name for a file.
        Err(_) => {
            fs::copy(database, &kept)
                .with_context(|| format!("keep the database as {}", kept.display()))?;
        }
    }
    durable(&kept)?;
    // What SQLite left beside it belongs to it, and would be taken for the new one's.
    if is_there(&wal) {
        ensure!(
            matches!(there, There::Unreadable(_)),
            "{} is in use by somebody else",
            database.display()
        );
        fs::rename(&wal, beside(&kept, "-wal"))?;
    }
    remove(&shm)?;
    durable(folder(database))?;
    Ok(Some(kept))
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
