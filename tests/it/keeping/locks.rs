//! One server on a SQLite file, and no second one.

use std::os::unix::fs::symlink;

use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;
use stentor::store::db::{Db, ServerLock};

use super::Caller;
use crate::process::{Process, Scratch, serve, stentor};

const SECRETS: [(&str, &str); 2] =
    [("SLACK_SIGNING_SECRET", "example"), ("SLACK_BOT_TOKEN", "xoxb-example")];

fn another(scratch: &Scratch, database: &str) -> Process {
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", database];
    Process::start(stentor(&scratch.0, &arguments, &SECRETS))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_is_refused_however_the_file_is_spelt() {
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let (first, server) = serve(&scratch, "sqlite://x.db", &slack);
    symlink("x.db", scratch.0.join("link.db")).unwrap();
    symlink(".", scratch.0.join("folder")).unwrap();
    let absolute = format!("sqlite://{}/x.db", scratch.0.display());
    let spellings = [
        "sqlite:x.db",
        "sqlite://./x.db",
        "sqlite://x.db?mode=rwc",
        "sqlite://%78.db",
        "sqlite:link.db",
        "sqlite://folder/x.db",
        &absolute,
    ];
    // All at once: each waits a while for the first one to end.
    let mut others: Vec<(String, Process)> =
        spellings.map(|url| (url.to_owned(), another(&scratch, url))).into();
    let demo = ["demo", "--listen", "127.0.0.1:0", "--database", "x.db"];
    others.push(("demo".to_owned(), Process::start(stentor(&scratch.0, &demo, &[]))));
    // Tools may use the file meanwhile.
    let caller = Caller::new(&scratch, "sqlite://x.db", &server, "ci");
    assert_eq!(caller.declares("Checkout is slow").await.status, 201);
    for (how, process) in others {
        let end = process.ends();
        assert_eq!((end.code, end.out), (Some(2), Vec::new()), "{how}");
        let line = end.err.last().unwrap();
        assert!(line.starts_with("stentor: --database-url: another Stentor serves"), "{line}");
        assert!(line.contains("stop it first"), "{line}");
        assert!(end.err[0].contains("waiting for it to stop"), "{:?}", end.err);
    }
    assert_eq!(caller.declares("Login is down").await.status, 201);
    first.signal("TERM");
    assert_eq!(first.ends().code, Some(0));
    let mut left: Vec<String> = std::fs::read_dir(&scratch.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["folder", "link.db", "x.db"], "nothing else is left behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_server_waits_for_the_old_one_to_finish() {
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let (old, _) = serve(&scratch, "sqlite://x.db", &slack);
    let new = another(&scratch, "sqlite://x.db");
    new.logs("waiting for it to stop");
    old.signal("TERM");
    new.logs("Stentor is up");
    assert_eq!(old.ends().code, Some(0));
    new.signal("TERM");
    assert_eq!(new.ends().code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_locks_nobody_out() {
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let (killed, _) = serve(&scratch, "sqlite://x.db", &slack);
    killed.signal("KILL");
    assert_eq!(killed.ends().code, None);
    assert!(scratch.0.join("x.db-lock").exists(), "it could not tidy up");
    let (next, _) = serve(&scratch, "sqlite://x.db", &slack);
    next.signal("TERM");
    let end = next.ends();
    assert_eq!(end.code, Some(0));
    assert!(!end.err.iter().any(|line| line.contains("waiting")), "{:?}", end.err);
    assert!(!scratch.0.join("x.db-lock").exists());
}

/// Each of many takes the lock, and gives it back with its file: never two at once.
#[test]
fn the_lock_is_never_in_two_hands() {
    let scratch = Scratch::new();
    let file = scratch.0.join("x.db");
    let held = std::sync::atomic::AtomicUsize::new(0);
    let taken = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut times = 0;
                while times < 50 {
                    let Some(lock) = ServerLock::try_take(&file).unwrap() else {
                        std::thread::yield_now();
                        continue;
                    };
                    times += 1;
                    use std::sync::atomic::Ordering::SeqCst;
                    assert_eq!(held.fetch_add(1, SeqCst), 0, "somebody else has it");
                    taken.fetch_add(1, SeqCst);
                    std::thread::yield_now();
                    held.fetch_sub(1, SeqCst);
                    drop(lock);
                }
            });
        }
    });
    assert_eq!(taken.into_inner(), 8 * 50);
}

#[tokio::test]
async fn a_commit_is_forced_to_the_disk_before_it_is_answered() {
    let scratch = Scratch::new();
    let db = Db::connect(&format!("sqlite://{}/x.db", scratch.0.display())).await.unwrap();
    for _ in 0..2 {
        let mut tx = db.begin().await.unwrap();
        let (synchronous,): (i64,) = tx.query("PRAGMA synchronous").one().await.unwrap();
        let (journal,): (String,) = tx.query("PRAGMA journal_mode").one().await.unwrap();
        assert_eq!((synchronous, journal.as_str()), (2, "wal"), "2 is FULL");
        drop(tx);
        // A connection that was lost is replaced by one like it.
        let Db::Sqlite { write, .. } = &db else { unreachable!() };
        write.acquire().await.unwrap().close().await.unwrap();
    }
    db.close().await;
}
