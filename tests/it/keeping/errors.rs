//! Real errors of both databases, and what they are taken for.

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use stentor::clock::Timestamp;
use stentor::store::db::{Db, is_away, is_conflict, is_unclear};

use super::file_of;
use crate::databases::Fresh;

async fn writes(db: &Db) -> Result<(), sqlx::Error> {
    db.probe(Timestamp::from_micros(1)).await
}

async fn make_room(db: &Db) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    tx.query("INSERT INTO meta (name, value) VALUES ($1, 0)")
        .bind("x".repeat(100_000))
        .execute()
        .await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_sqlite_from_working_is_told_from_everything_else() {
    let fresh = Fresh::sqlite();
    let db = fresh.open().await;
    let Db::Sqlite { write, .. } = &db else { unreachable!() };
    let mut seen = Vec::new();

    sqlx::query("PRAGMA max_page_count = 1").execute(write).await.unwrap();
    seen.push(("full", make_room(&db).await.unwrap_err()));
    sqlx::query("PRAGMA max_page_count = 1000000").execute(write).await.unwrap();
    sqlx::query("PRAGMA query_only = 1").execute(write).await.unwrap();
    seen.push(("read-only", writes(&db).await.unwrap_err()));
    sqlx::query("PRAGMA query_only = 0").execute(write).await.unwrap();

    let mut other = SqliteConnection::connect(&fresh.url()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    seen.push(("busy", writes(&db).await.unwrap_err()));
    other.close().await.unwrap();
    writes(&db).await.unwrap();

    let garbage = Fresh::sqlite();
    std::fs::write(file_of(&garbage.url()), "garbage ".repeat(1_000)).unwrap();
    seen.push(("no database", Db::connect(&garbage.url()).await.err().unwrap()));
    seen.push(("no folder", Db::connect("sqlite:///no/such/folder/x.db").await.err().unwrap()));

    db.close().await;
    seen.push(("closed", writes(&db).await.unwrap_err()));

    // Everything behind the first page is overwritten.
    let file = file_of(&fresh.url());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4096..].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    seen.push(("damaged", Db::connect(&fresh.url()).await.err().unwrap()));
    for (what, error) in seen {
        let error = match error {
            sqlx::Error::Migrate(error) => match *error {
                sqlx::migrate::MigrateError::Execute(error) => error,
                error => panic!("{what}: {error}"),
            },
            error => error,
        };
        let sorted = (is_away(&error), is_conflict(&error), is_unclear(&error));
        assert_eq!(sorted, (true, false, false), "{what}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_of_ours_is_no_reason_to_call_the_database_away() {
    for fresh in [Fresh::sqlite(), Fresh::postgres().await] {
        let db = fresh.open().await;
        let mut tx = db.begin().await.unwrap();
        let error = tx.query("SELECT nothing FROM nowhere").execute().await.unwrap_err();
        assert!(!is_away(&error) && !is_conflict(&error) && !is_unclear(&error), "{error:?}");
        drop(tx);
        let insert = "INSERT INTO meta (name, value) VALUES ('oldest', 2)";
        let mut tx = db.begin().await.unwrap();
        let error = tx.query(insert).execute().await.unwrap_err();
        assert!(is_conflict(&error) && !is_away(&error), "{error:?}");
        drop(tx);
        writes(&db).await.unwrap();
        db.close().await;
    }
}

/// Every connection is ended by the server, as a restart does: what was under way fails visibly, and
/// the next request works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_postgres_ends_are_replaced() {
    let fresh = Fresh::postgres().await;
    let db = fresh.open().await;
    let mut postgres =
        PgConnection::connect(&std::env::var("TEST_POSTGRES_URL").unwrap()).await.unwrap();
    for _ in 0..5 {
        let mut idle = Vec::new();
        for _ in 0..4 {
            idle.push(db.read().await.unwrap());
        }
        let mut ended = Vec::new();
        for tx in &mut idle {
            let (id,): (i32,) = tx.query("SELECT pg_backend_pid()").one().await.unwrap();
            ended.push(id);
        }
        let mut under_way = db.begin().await.unwrap();
        let (id,): (i32,) = under_way.query("SELECT pg_backend_pid()").one().await.unwrap();
        ended.push(id);
        under_way
            .query("UPDATE meta SET value = 7 WHERE name = 'probed_at'")
            .execute()
            .await
            .unwrap();
        drop(idle);
        for id in ended {
            let sql = "SELECT pg_terminate_backend($1, 30000)";
            let gone: bool =
                sqlx::query_scalar(sql).bind(id).fetch_one(&mut postgres).await.unwrap();
            assert!(gone);
        }
        let error = under_way.query("SELECT value FROM meta").execute().await.unwrap_err();
        assert!(is_away(&error) && !is_conflict(&error), "{error:?}");
        drop(under_way);
        let mut tx = db.read().await.unwrap();
        let (at,): (i64,) =
            tx.query("SELECT value FROM meta WHERE name = 'probed_at'").one().await.unwrap();
        assert_ne!(at, 7, "what was not committed is not there");
        drop(tx);
        writes(&db).await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    tx.query("SET TRANSACTION READ ONLY").execute().await.unwrap();
    let insert = "INSERT INTO meta (name, value) VALUES ('x', 2)";
    let error = tx.query(insert).execute().await.unwrap_err();
    assert!(is_away(&error), "a standby takes nothing: {error:?}");
}
