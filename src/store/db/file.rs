//! The file behind a SQLite database: where it is, and whether it is still the same one.

use std::ffi::OsString;
use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;

/// A file that is open.
///
/// Whoever holds a file open can go on with it after its name is gone. What is written then is
/// lost with the process: so before each transaction it is asked whether the name still leads there.
#[derive(Debug)]
pub struct DatabaseFile {
    path: PathBuf,
    identity: Identity,
}

impl DatabaseFile {
    /// The file that was opened with these options; nothing if there is none, for a database in
    /// memory.
    pub fn of(options: &SqliteConnectOptions) -> io::Result<Option<DatabaseFile>> {
        let path = match fs::canonicalize(options.get_filename()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            path => path?,
        };
        let identity = identity(&fs::metadata(&path)?);
        Ok(Some(DatabaseFile { path, identity }))
    }

    /// Fails if the file was removed, or another one is in its place.
    pub fn check(&self) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(found) if identity(&found) == self.identity => Ok(()),
            Ok(_) => Err(io::Error::other("another file is in the database's place")),
            Err(error) => Err(io::Error::new(error.kind(), format!("the database file: {error}"))),
        }
    }
}

/// What tells a file from all others, whatever it is called.
pub(super) type Identity = (u64, u64);

pub(super) fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino())
}

/// The one true path of a database, however it is spelt and whatever links lead to it. A file that
/// is not there is made, so that a link to nowhere leads somewhere.
pub fn true_path(file: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().create(true).append(true).open(file)?;
            fs::canonicalize(file)
        }
        found => found,
    }
}

/// The file of this name with something after it, such as `-wal`.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    PathBuf::from(name)
}
