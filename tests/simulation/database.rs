//! The database of a simulated world: one SQLite file that several processes open, each with its
//! own connections.
//!
//! Before a connection is handed out, whoever wants it waits for its turn. Nothing is forced to the
//! disk: no machine loses power here.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use stentor::app::ensure_workspace;
use stentor::clock::{Clock, Timestamp};
use stentor::ids::{IdSource, WorkspaceId};
use stentor::store::db::Db;

use crate::journal;
use crate::turns::Turns;

/// When every world begins.
pub const BEGIN: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
/// SQLite waits by the real clock for a lock that another process has just let go.
const BUSY: Duration = Duration::from_secs(120);

/// A file of its own for one world, copied from one that was made once.
pub struct File(PathBuf);

impl File {
    pub fn new(seed: u64) -> File {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        let file = folder().join(format!("stentor-world-{}-{seed}-{run}.db", std::process::id()));
        std::fs::write(&file, &template().0).unwrap();
        File(file)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.0.clone().into_os_string();
            name.push(ending);
            std::fs::remove_file(name).ok();
        }
    }
}

/// The workspace that is in every world.
pub fn workspace() -> WorkspaceId {
    template().1.clone()
}

fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

/// A database that is up to date, with a workspace and the journal in it.
fn template() -> &'static (Vec<u8>, WorkspaceId) {
    static TEMPLATE: OnceLock<(Vec<u8>, WorkspaceId)> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let file = folder().join(format!("stentor-template-{}.db", std::process::id()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let workspace = runtime.block_on(async {
            let db = Db::connect(&format!("sqlite://{}", file.display())).await.unwrap();
            let ids = IdSource::seeded(0);
            let workspace = ensure_workspace(&db, &Clock::manual(BEGIN), &ids).await.unwrap();
            journal::keep(&db).await;
            db.close().await;
            workspace.id
        });
        let bytes = std::fs::read(&file).unwrap();
        drop(File(file));
        (bytes, workspace)
    })
}

pub fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .busy_timeout(BUSY)
}

/// The connections of one process.
#[derive(Clone, Default)]
pub struct Connections(Arc<Mutex<Vec<Pool>>>);

struct Pool {
    pool: SqlitePool,
    /// So many connections stand at a scheduling point, and do nothing.
    at_rest: Arc<AtomicUsize>,
}

impl Connections {
    /// Opens the database as one process does. `patience` is how long somebody waits for a
    /// connection before that is an error.
    pub fn open(&self, file: &Path, turns: &Turns, patience: Duration) -> Db {
        let write = self.pool(options(file), 1, "writes", turns, patience);
        let read = self.pool(options(file).read_only(true), 3, "reads", turns, patience);
        Db::Sqlite { write, read, file: None }
    }

    fn pool(
        &self,
        options: SqliteConnectOptions,
        size: u32,
        what: &'static str,
        turns: &Turns,
        patience: Duration,
    ) -> SqlitePool {
        let at_rest = Arc::new(AtomicUsize::new(0));
        let (first, later) = ((turns.clone(), at_rest.clone()), (turns.clone(), at_rest.clone()));
        let pool = SqlitePoolOptions::new()
            .max_connections(size)
            .acquire_timeout(patience)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_connect(move |_, _| {
                let (turns, at_rest) = first.clone();
                Box::pin(async move {
                    wait(&turns, at_rest, what).await;
                    Ok(())
                })
            })
            .before_acquire(move |_, _| {
                let (turns, at_rest) = later.clone();
                Box::pin(async move {
                    wait(&turns, at_rest, what).await;
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        self.0.lock().unwrap().push(Pool { pool: pool.clone(), at_rest });
        pool
    }

    /// Whether a statement is on its way to SQLite's thread or back.
    pub fn are_busy(&self) -> bool {
        self.0.lock().unwrap().iter().any(|one| {
            let idle = one.pool.num_idle() + one.at_rest.load(Ordering::SeqCst);
            usize::try_from(one.pool.size()).unwrap() > idle
        })
    }
}

async fn wait(turns: &Turns, at_rest: Arc<AtomicUsize>, what: &str) {
    at_rest.fetch_add(1, Ordering::SeqCst);
    let resting = Resting(at_rest);
    turns.wait(what).await;
    drop(resting);
}

struct Resting(Arc<AtomicUsize>);

impl Drop for Resting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
