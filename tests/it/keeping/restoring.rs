//! Backups that are brought back: in their place or not at all, and nothing is done twice in Slack.

use std::path::Path;

use serde_json::json;
use stentor::backup::restore::{Restored, Restoring, restore};
use stentor::clock::Timestamp;
use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;

use super::{Caller, file_of, is_undamaged, number};
use crate::bot::{ALICE, BOB, Bot, GENERAL};
use crate::databases::Fresh;
use crate::process::{Process, Scratch, refused, serve, stentor};

async fn back_up(fresh: &Fresh, to: &Path) {
    stentor::backup::backup(&file_of(&fresh.url()), to, "example").await.unwrap();
}

async fn bring_back(fresh: &Fresh, backup: &Path) -> Restored {
    let wanted = Restoring {
        backup,
        database: &file_of(&fresh.url()),
        force: true,
        next_number: None,
        now: Timestamp::from_micros(1_790_000_000_000_000),
        unique: "example",
    };
    restore(&wanted).await.unwrap()
}

/// The backup was taken before anything was done in Slack; it is brought back after everything was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_after_the_backup_is_not_done_again() {
    let scratch = Scratch::new();
    let fresh = Fresh::sqlite();
    let bot = Bot::start(&fresh).await;
    bot.expects_repeats();
    let view = bot.opens(ALICE, GENERAL, "").await;
    let fields = [("name", json!("Checkout is slow")), ("lead", json!(BOB))];
    bot.submits_in_trouble(&view, &fields).await;
    let backup = scratch.0.join("backup.db");
    back_up(&fresh, &backup).await;
    bot.settle().await;
    assert_eq!(bot.reads_told(BOB).len(), 1);
    let created = bot.count("conversations.create");

    bot.stentor.app.db.close().await;
    let restored = bring_back(&fresh, &backup).await;
    assert!(restored.kept.as_ref().unwrap().exists());
    let bot = bot.restarted(&fresh).await;
    assert_eq!(bot.incident(1).await.channel, None, "it does not know what it did");
    bot.settle().await;
    assert_eq!(bot.count("conversations.create"), created, "the channel was found");
    assert_eq!(bot.reads_told(BOB).len(), 0, "nobody is told twice");
    assert_eq!(bot.reads_everything_once(1).await, Vec::<String>::new());
    assert!(is_undamaged(&file_of(&fresh.url())).await);
    bot.ends().await;
    std::fs::remove_file(restored.kept.unwrap()).unwrap();
}

/// What Slack shows is newer than what is remembered of it. The next news set it right, and a number
/// that people have seen is not given again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_for_shown_and_no_number_is_given_twice() {
    let scratch = Scratch::new();
    let fresh = Fresh::sqlite();
    let bot = Bot::start(&fresh).await;
    let incident = bot.declares("Checkout is slow").await;
    let channel = incident.channel.as_ref().unwrap().as_str();
    let backup = scratch.0.join("backup.db");
    back_up(&fresh, &backup).await;
    bot.says(ALICE, channel, "severity major").await;
    bot.skims(channel);
    bot.declares("Login is down").await;
    let topic = || bot.channels(&incident).remove(0).topic.value;
    assert_eq!(topic(), "[Major] Investigating · INC-1");

    bot.stentor.app.db.close().await;
    let restored = bring_back(&fresh, &backup).await;
    let bot = bot.restarted(&fresh).await;
    assert_eq!(bot.incident(1).await.severity, None);
    // Shown before the backup was taken, and shown otherwise since.
    bot.says(ALICE, channel, "severity major").await;
    bot.skims(channel);
    bot.says(ALICE, channel, "lead me").await;
    bot.skims(channel);
    let topic = bot.channels(&incident).remove(0).topic.value;
    assert_eq!(topic, "[Major] Investigating · Lead <@U0ALICE> · INC-1");
    let third = bot.declares("Search is slow").await;
    assert_eq!(third.number, 3, "people have seen an INC-2");
    bot.reads_everything_once(1).await;
    bot.reads_everything_once(3).await;
    std::fs::remove_file(restored.kept.unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_replaces_nothing_by_accident() {
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let (process, server) = serve(&scratch, "sqlite://x.db", &slack);
    let caller = Caller::new(&scratch, "sqlite://x.db", &server, "ci");
    assert_eq!(caller.declares("Kept in the backup").await.status, 201);
    let run = |arguments: &[&str]| Process::start(stentor(&scratch.0, arguments, &[])).ends();
    assert_eq!(run(&["backup", "backup.db", "--database-url", "sqlite://x.db"]).code, Some(0));
    assert_eq!(caller.declares("Too late for it").await.status, 201);

    let fails = |arguments: &[&str], named: &str| {
        let line = refused(stentor(&scratch.0, arguments, &[]));
        assert!(line.contains(named) && !line.contains("hush"), "{arguments:?}: {line}");
    };
    let on = |file: &'static str, url: &'static str| ["restore", file, "--database-url", url];
    let forced = ["restore", "backup.db", "--force", "--database-url", "sqlite:x.db"];
    fails(&forced, "x.db; stop it first");
    assert_eq!(caller.declares("It goes on").await.status, 201);
    process.signal("TERM");
    assert_eq!(process.ends().code, Some(0));

    scratch.file("garbage.db", &"garbage ".repeat(1_000));
    scratch.file("empty.db", "");
    let damaged = scratch.0.join("damaged.db");
    let mut bytes = std::fs::read(scratch.0.join("backup.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xff);
    std::fs::write(&damaged, bytes).unwrap();
    fails(&on("backup.db", "sqlite://x.db"), "x.db holds 3 incidents; --force replaces it");
    fails(&on("no-such.db", "sqlite://y.db"), "no-such.db is no file");
    fails(&on("garbage.db", "sqlite://y.db"), "garbage.db can't be restored");
    fails(&on("empty.db", "sqlite://y.db"), "empty.db can't be restored");
    fails(&on("damaged.db", "sqlite://y.db"), "damaged.db can't be restored");
    fails(&on("backup.db", "sqlite://garbage.db"), "no database that Stentor can read");
    fails(&on("backup.db", "sqlite://backup.db"), "is the database itself");
    fails(&on("backup.db", "postgres://me:hush@127.0.0.1:1/x"), "pg_restore");
    std::fs::copy(scratch.0.join("backup.db"), scratch.0.join("newer.db")).unwrap();
    raise(&scratch.0.join("newer.db")).await;
    fails(&on("newer.db", "sqlite://y.db"), "newer version");
    assert!(!scratch.0.join("y.db").exists(), "nothing was made");
    assert_eq!(number(&scratch.0.join("x.db"), "SELECT COUNT(*) FROM incident").await, 3);

    let restored = run(&forced);
    assert_eq!((restored.code, restored.err), (Some(0), Vec::new()));
    assert!(restored.out[0].contains("holds 1 incident,"), "{:?}", restored.out);
    let kept = restored.out[1].strip_prefix("What was there before is ").unwrap();
    assert_eq!(number(Path::new(kept), "SELECT COUNT(*) FROM incident").await, 3);
    let elsewhere =
        ["restore", "backup.db", "--next-number", "50", "--database-url", "sqlite://y.db"];
    assert_eq!(run(&elsewhere).code, Some(0));
    for (url, next) in [("sqlite://x.db", "INC-4"), ("sqlite://y.db", "INC-50")] {
        let (process, server) = serve(&scratch, url, &slack);
        let caller = Caller::new(&scratch, url, &server, "ci2");
        assert_eq!(caller.names().await, ["Kept in the backup"]);
        assert_eq!(caller.declares("The next").await.expect(201)["reference"], next);
        process.signal("TERM");
        assert_eq!(process.ends().code, Some(0));
    }
    let garbage = ["restore", "backup.db", "--force", "--database-url", "sqlite://garbage.db"];
    assert_eq!(run(&garbage).code, Some(0), "a broken database is what backups are for");
    assert!(is_undamaged(&scratch.0.join("garbage.db")).await);
}

/// Makes a backup one of a newer Stentor.
async fn raise(file: &Path) {
    use sqlx::Connection as _;
    let url = super::sqlite_url(file);
    let mut connection = sqlx::sqlite::SqliteConnection::connect(&url).await.unwrap();
    let sql = "UPDATE meta SET value = 29990101000000 WHERE name = 'oldest'";
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
