//! One Stentor serves a SQLite file, and no second one.
//!
//! SQLite would keep the file whole, but a second server is hardly ever meant, and under load the
//! two would keep each other waiting until people are told that nothing was saved. Several replicas
//! share a Postgres.
//!
//! The lock is the operating system's and ends with the process, however that ends. It is on a small
//! file beside the database, because closing the database's own file would drop the locks that
//! SQLite has on it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::store::db::file::{beside, identity, true_path};

const ENDING: &str = "-lock";
const NOTE: &[u8] = b"Held by the Stentor that uses this database. Leave it while one runs.\n";

/// Held for as long as a Stentor serves this file.
#[derive(Debug)]
pub struct ServerLock {
    file: File,
    path: PathBuf,
}

impl ServerLock {
    /// Takes the lock of this database, which is made if it is not there; nothing if somebody else
    /// has it.
    pub fn try_take(database: &Path) -> io::Result<Option<ServerLock>> {
        let path = beside(&true_path(database)?, ENDING);
        loop {
            let mut file =
                OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever had it may have removed the file before it was let go.
            if is_at(&file, &path)? {
                file.write_all(NOTE)?;
                return Ok(Some(ServerLock { file, path }));
            }
        }
    }
}

impl Drop for ServerLock {
    fn drop(&mut self) {
        // Nobody else removes it while we have it; what can't be removed does no harm.
        if is_at(&self.file, &self.path).unwrap_or(false) {
            fs::remove_file(&self.path).ok();
        }
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(found) => Ok(identity(&found) == identity(&file.metadata()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
