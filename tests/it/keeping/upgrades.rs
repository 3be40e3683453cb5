//! Old and new replicas on one Postgres, while its schema grows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;
use stentor::store::db::newest_migration;

use super::Caller;
use crate::databases::{Fresh, on_each_database};
use crate::process::{Process, Scratch, refused, serve, stentor};

const SECRETS: [(&str, &str); 2] =
    [("SLACK_SIGNING_SECRET", "example"), ("SLACK_BOT_TOKEN", "xoxb-example")];

/// What a newer Stentor does when it starts: a migration that this one does not know.
async fn migrate_to_tomorrow(database: &Fresh, version: i64, statements: &[&'static str]) {
    let db = database.open().await;
    let mut tx = db.begin().await.unwrap();
    for statement in statements {
        tx.query(*statement).execute().await.unwrap();
    }
    tx.query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ($1, 'of tomorrow', TRUE, $2, 0)",
    )
    .bind(version)
    .bind(vec![0_u8])
    .execute()
    .await
    .unwrap();
    tx.commit().await.unwrap();
    db.close().await;
}

const ADDS: [&str; 4] = [
    "CREATE TABLE tomorrow (workspace TEXT NOT NULL PRIMARY KEY, word TEXT NOT NULL)",
    "ALTER TABLE incident ADD COLUMN weather TEXT",
    "ALTER TABLE outbox ADD COLUMN urgent BOOLEAN NOT NULL DEFAULT FALSE",
    "CREATE INDEX incident_by_weather ON incident (workspace, weather)",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_grows_under_load_stops_no_replica() {
    let database = Fresh::postgres().await;
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let url = database.url();
    let (one, first) = serve(&scratch, &url, &slack);
    let (two, second) = serve(&scratch, &url, &slack);
    let caller = Caller::new(&scratch, &url, &first, "ci");

    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicUsize::new(0));
    let callers =
        [caller.clone(), caller.at(&second)].into_iter().enumerate().map(|(n, caller)| {
            let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let name = format!("Incident {n} {}", acknowledged.len());
                    let answer = caller.declares(&name).await;
                    assert_eq!(answer.status, 201, "{}", answer.text);
                    acknowledged.push(name);
                    done.fetch_add(1, Ordering::SeqCst);
                }
                acknowledged
            })
        });
    let callers: Vec<_> = callers.collect();
    wait_until(|| done.load(Ordering::SeqCst) >= 20).await;
    migrate_to_tomorrow(&database, newest_migration() + 1, &ADDS).await;
    let before = done.load(Ordering::SeqCst);
    wait_until(|| done.load(Ordering::SeqCst) >= before + 20).await;
    stop.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for caller in callers {
        acknowledged.extend(caller.await.unwrap());
    }

    // And each can start again, beside a newer one.
    one.signal("TERM");
    assert_eq!(one.ends().code, Some(0));
    let (one, first) = serve(&scratch, &url, &slack);
    let caller = caller.at(&first);
    assert_eq!(caller.declares("After the upgrade").await.status, 201);
    acknowledged.push("After the upgrade".to_owned());
    let mut names = caller.names().await;
    names.sort();
    acknowledged.sort();
    assert_eq!(names, acknowledged, "what was told so is there, once");

    // What takes something away is another matter.
    let raise = "UPDATE meta SET value = 29990101000000 WHERE name = 'oldest'";
    migrate_to_tomorrow(&database, 29_990_101_000_000, &[raise]).await;
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url];
    let line = refused(stentor(&scratch.0, &arguments, &SECRETS));
    assert!(
        line.contains("--database-url: the database belongs to a newer version of Stentor"),
        "{line}"
    );
    assert!(line.contains("29990101000000") && line.contains("start the newer version"), "{line}");
    for process in [one, two] {
        process.signal("TERM");
        assert_eq!(process.ends().code, Some(0));
    }
}

async fn wait_until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_start_at_once_on_an_empty_postgres() {
    let database = Fresh::postgres().await;
    let scratch = Scratch::new();
    let url = database.url();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url];
    let environment = [SECRETS[0], SECRETS[1], ("SLACK_API_URL", "http://127.0.0.1:1/")];
    let start = || Process::start(stentor(&scratch.0, &arguments, &environment));
    let replicas = [start(), start(), start()];
    for replica in &replicas {
        replica.logs("Stentor is up");
    }
    let mut direct = PgConnection::connect(&url).await.unwrap();
    let workspaces: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM workspace").fetch_one(&mut direct).await.unwrap();
    assert_eq!(workspaces, 1);
    for replica in replicas {
        replica.signal("TERM");
        assert_eq!(replica.ends().code, Some(0));
    }
}

on_each_database! {
    /// A migration that was edited after it was applied is found out, whatever else is newer.
    async fn an_applied_migration_is_compared_with_ours(fresh: Fresh) {
        let scratch = Scratch::new();
        let url = fresh.url();
        migrate_to_tomorrow(&fresh, newest_migration() + 1, &["UPDATE _sqlx_migrations SET checksum = checksum WHERE version = 0"]).await;
        let token = ["token", "create", "--name", "ci", "--database-url", &url];
        let made = Process::start(stentor(&scratch.0, &token, &[])).ends();
        assert_eq!(made.code, Some(0), "what only adds is no obstacle: {:?}", made.err);
        let db = fresh.open().await;
        let mut tx = db.begin().await.unwrap();
        tx.query("UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 1").bind(vec![1_u8]).execute().await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
        let line = refused(stentor(&scratch.0, &["token", "create", "--name", "ci2", "--database-url", &url], &[]));
        assert!(line.contains("--database-url") && line.contains("migration 1 was previously applied"), "{line}");
    }

    /// Of a database from before there was such a word nobody knows what an older Stentor may do.
    async fn without_the_word_an_unknown_migration_is_refused(fresh: Fresh) {
        let scratch = Scratch::new();
        migrate_to_tomorrow(&fresh, 29_990_101_000_000, &["DROP TABLE meta"]).await;
        let arguments = ["token", "create", "--name", "ci", "--database-url", &fresh.url()];
        let line = refused(stentor(&scratch.0, &arguments, &[]));
        assert!(line.contains("--database-url") && line.contains("newer version"), "{line}");
    }
}
