//! Everything that Stentor keeps, as a whole: copied into a file, brought back from it, and moved
//! into another database.
//!
//! Each is done aside and put in place with one step at the end, so that nothing half-done is ever
//! taken for the whole.

pub mod restore;
pub mod transfer;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::store::db::copy::{Bare, Holdings, Kind};
use crate::store::db::file::beside;

/// Copies a SQLite database into a file that is not there yet, while a Stentor may be serving it.
/// `unique` names what is not finished.
pub async fn backup(database: &Path, to: &Path, unique: &str) -> anyhow::Result<Holdings> {
    ensure!(!is_there(to), "{} is there already; a backup never overwrites anything", to.display());
    let partial = Partial(beside(to, &format!(".unfinished-{unique}")));
    let mut source = Bare::open(database)
        .await
        .with_context(|| format!("open the database {}", database.display()))?;
    match source.kind().await.with_context(|| format!("read {}", database.display()))? {
        Kind::Stentor(_) => {}
        Kind::Empty | Kind::Foreign => {
            bail!("{} is no database of Stentor's", database.display())
        }
    }
    let copied = source.copy_to(&partial.0).await;
    source.close().await?;
    copied.with_context(|| format!("copy to {}", to.display()))?;
    let holdings = whole(&partial.0).await.context("check the copy")?;
    // It is as secret as what it is a copy of.
    fs::set_permissions(&partial.0, fs::metadata(database)?.permissions())?;
    durable(&partial.0)?;
    put_in_place(&partial.0, to).with_context(|| format!("put {} in place", to.display()))?;
    Ok(holdings)
}

/// What an undamaged database of Stentor's holds.
async fn whole(file: &Path) -> anyhow::Result<Holdings> {
    let mut copy = Bare::open(file).await?;
    let damage = copy.damage().await;
    let kind = copy.kind().await;
    copy.close().await?;
    if let Some(damage) = damage? {
        bail!("it is damaged: {damage}");
    }
    match kind? {
        Kind::Stentor(holdings) => Ok(holdings),
        Kind::Empty | Kind::Foreign => bail!("it is no database of Stentor's"),
    }
}

/// Gives a finished file its name, if that is still free.
fn put_in_place(partial: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(partial, to) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // Some file systems know no second name for a file.
        Err(_) if !is_there(to) => fs::rename(partial, to)?,
        Err(error) => return Err(error),
    }
    durable(folder(to))
}

/// Makes sure that a file, or what a folder lists, survives a power cut.
fn durable(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether there is something of this name, be it a link to nowhere.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A file that is being made, and is gone again unless it was given another name.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        for ending in ["", "-journal", "-wal", "-shm"] {
            // What is not there need not be removed.
            fs::remove_file(beside(&self.0, ending)).ok();
        }
    }
}
