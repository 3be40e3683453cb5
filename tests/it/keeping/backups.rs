//! Backups, made while a server writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;

use super::{Caller, is_undamaged, number};
use crate::process::{Process, Scratch, refused, serve, stentor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_has_whole_transactions_while_a_server_writes() {
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let (process, server) = serve(&scratch, "sqlite://x.db", &slack);
    let caller = Caller::new(&scratch, "sqlite://x.db", &server, "ci");
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicUsize::new(0));
    let writing: Vec<_> = (0..4)
        .map(|n| {
            let (caller, stop, done) = (caller.clone(), Arc::clone(&stop), Arc::clone(&done));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    assert_eq!(caller.declares(&format!("Incident of {n}")).await.status, 201);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let mut last = 0;
    for n in 0..5 {
        let before = done.load(Ordering::SeqCst);
        while done.load(Ordering::SeqCst) < before + 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let acknowledged = i64::try_from(done.load(Ordering::SeqCst)).unwrap();
        let name = format!("backup-{n}.db");
        let arguments = ["backup", &name, "--database-url", "sqlite://x.db"];
        let made = Process::start(stentor(&scratch.0, &arguments, &[])).ends();
        assert_eq!((made.code, made.out.len(), made.err), (Some(0), 1, Vec::new()));
        let file = scratch.0.join(&name);
        assert!(is_undamaged(&file).await);
        let incidents = number(&file, "SELECT COUNT(*) FROM incident").await;
        let entries = number(&file, "SELECT COUNT(*) FROM timeline").await;
        let work = number(&file, "SELECT COUNT(*) FROM outbox").await;
        assert!(incidents >= acknowledged && incidents > last, "{incidents} of {acknowledged}");
        last = incidents;
        assert_eq!(
            made.out[0],
            format!(
                "{name} holds {incidents} incidents, {entries} timeline entries and {work} pieces of outbox work"
            )
        );
        // Whatever was written together is there together.
        assert_eq!(number(&file, "SELECT value FROM counter").await, incidents);
        assert_eq!(number(&file, "SELECT SUM(version) FROM incident").await, entries);
        assert_eq!(
            number(&file, "SELECT COUNT(*) FROM receipt WHERE key LIKE 'order/%'").await,
            incidents
        );
        // Some work is about no incident.
        let orphans = "SELECT COUNT(*) FROM outbox o
            WHERE o.incident <> '' AND NOT EXISTS (SELECT 1 FROM incident i WHERE i.id = o.incident)
               OR NOT EXISTS (SELECT 1 FROM lane l WHERE l.name = o.lane)";
        assert_eq!(number(&file, orphans).await, 0);
    }
    stop.store(true, Ordering::SeqCst);
    for one in writing {
        one.await.unwrap();
    }
    process.signal("TERM");
    assert_eq!(process.ends().code, Some(0));
    let left = std::fs::read_dir(&scratch.0).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> = left.filter(|name| name.contains("unfinished")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_backup_overwrites_nothing_and_copies_nothing_else() {
    let scratch = Scratch::new();
    let url = format!("sqlite://{}/x.db", scratch.0.display());
    let token = ["token", "create", "--name", "ci", "--database-url", &url];
    assert_eq!(Process::start(stentor(&scratch.0, &token, &[])).ends().code, Some(0));
    scratch.file("precious", "precious");
    scratch.file("empty.db", "");
    scratch.file("garbage.db", &"garbage ".repeat(1_000));
    std::os::unix::fs::symlink("nowhere", scratch.0.join("link")).unwrap();
    for (file, database, named) in [
        ("precious", url.as_str(), "precious is there already"),
        ("link", &url, "link is there already"),
        ("x.db", &url, "x.db is there already"),
        ("no/such/folder/b.db", &url, "no/such/folder"),
        ("b.db", "sqlite://no-such.db", "no-such.db"),
        ("b.db", "sqlite://empty.db", "empty.db is no database of Stentor's"),
        ("b.db", "sqlite://garbage.db", "garbage.db"),
        ("b.db", "sqlite::memory:", "in memory"),
        ("b.db", "postgres://me:hush@127.0.0.1:1/x", "pg_dump"),
    ] {
        let line = refused(stentor(&scratch.0, &["backup", file, "--database-url", database], &[]));
        assert!(line.contains(named) && !line.contains("hush"), "{file} {database}: {line}");
    }
    assert_eq!(std::fs::read_to_string(scratch.0.join("precious")).unwrap(), "precious");
    for name in ["b.db", "no-such.db", "nowhere"] {
        assert!(!scratch.0.join(name).exists(), "{name}");
    }
}
