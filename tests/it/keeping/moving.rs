//! Everything is moved from one database to another, and nothing is changed by it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stentor::backup::transfer::transfer;
use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;
use stentor::store::db::rows::{Kind, OWN, Shape, TextRow, shapes};
use stentor::store::db::{Db, Sql};

use super::Caller;
use crate::bot::{ALICE, Bot, GENERAL};
use crate::databases::Fresh;
use crate::process::{Process, Scratch, refused, serve, stentor};

/// Texts that a database may trip over.
const TEXTS: [&str; 6] = [
    "",
    "it's \"quoted\" \\ and $1 ? -- ; DROP TABLE incident",
    "🔥 \u{202e}reversed\u{202c} é e\u{301} ﷽ \u{10ffff}",
    "line\nline\r\n\ttab\u{1}\u{7f}\u{feff}",
    "1e400",
    "null",
];

fn document(n: usize) -> Value {
    json!({
        "b": TEXTS[n % TEXTS.len()], "a": [n, -1, 1.5, 1e21, 0.1, i64::MIN, i64::MAX, u64::MAX, null, true, {}],
        "": {"nested": TEXTS}, "aa": "\u{1f525}", "ü": "\u{1}",
    })
}

/// A value for this place: another one in each row.
fn value(shape: &Shape, place: usize, n: usize) -> String {
    let column = &shape.columns[place];
    match column.kind {
        Kind::Text => format!("{} {n} {}", column.name, TEXTS[(n + place) % TEXTS.len()]),
        Kind::Integer => match n % 3 {
            0 => (i64::MAX - i64::try_from(n).unwrap()).to_string(),
            1 => (i64::MIN + i64::try_from(n).unwrap()).to_string(),
            _ => n.to_string(),
        },
        Kind::Json => document(n).to_string(),
        Kind::Boolean => (n % 2).to_string(),
        Kind::Bytes => ["", "00", "ff00fe", "deadbeef"][n % 4].to_owned(),
    }
}

/// Puts rows into every table, whatever it is, with nothing wherever nothing may be.
async fn fill(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    for shape in shapes(&mut tx).await.unwrap() {
        let columns = shape.columns.len();
        let row =
            |n: usize| TextRow((0..columns).map(|place| Some(value(&shape, place, n))).collect());
        shape.insert(&mut tx, &(0..700).map(row).collect::<Vec<_>>()).await.unwrap();
        for place in (0..columns).filter(|place| !shape.key().contains(place)) {
            let mut row = row(1_000 + place);
            row.0[place] = None;
            // Where something must be, it stays.
            shape.insert(&mut tx, &[row]).await.ok();
        }
    }
    tx.commit().await.unwrap();
}

/// A table of tomorrow's, with everything that can be in a column.
async fn add_a_table(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    tx.query(Sql {
        sqlite: "CREATE TABLE \"order\" (workspace TEXT NOT NULL, \"select\" BIGINT NOT NULL, flag BOOLEAN,
            raw BLOB, small INTEGER, doc JSONB, PRIMARY KEY (workspace, \"select\"))",
        postgres: "CREATE TABLE \"order\" (workspace TEXT NOT NULL, \"select\" BIGINT NOT NULL, flag BOOLEAN,
            raw BYTEA, small BIGINT, doc JSONB, PRIMARY KEY (workspace, \"select\"))",
    })
    .execute()
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// All rows of all tables. How JSON was written does not count.
async fn everything(db: &Db) -> BTreeSet<(String, String)> {
    let mut tx = db.snapshot().await.unwrap();
    let mut all = BTreeSet::new();
    for shape in shapes(&mut tx).await.unwrap() {
        for row in shape.page(&mut tx, None, 100_000).await.unwrap() {
            let values = row.0.into_iter().zip(&shape.columns).map(|(value, column)| {
                let value = match column.kind {
                    Kind::Json => {
                        value.map(|text| serde_json::from_str::<Value>(&text).unwrap().to_string())
                    }
                    _ => value,
                };
                format!("{}={value:?}", column.name)
            });
            all.insert((shape.name.clone(), values.collect::<Vec<_>>().join(" ")));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_and_every_type_survives_the_way_to_postgres_and_back() {
    let places = [Fresh::sqlite(), Fresh::postgres().await, Fresh::sqlite()];
    let [from, there, back] =
        [places[0].open().await, places[1].open().await, places[2].open().await];
    for db in [&from, &there, &back] {
        add_a_table(db).await;
    }
    fill(&from).await;
    let moved = transfer(&from, &there).await.unwrap();
    transfer(&there, &back).await.unwrap();
    let original = everything(&from).await;
    assert_eq!(everything(&there).await, original);
    assert_eq!(everything(&back).await, original);
    // No table is left out but those that belong to a database alone.
    let mut tx = from.read().await.unwrap();
    let tables: Vec<(String,)> = tx
        .query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .all()
        .await
        .unwrap();
    let tables: BTreeSet<String> = tables.into_iter().map(|(name,)| name).collect();
    let expected: BTreeSet<String> = moved.keys().cloned().chain(OWN.map(str::to_owned)).collect();
    assert_eq!(tables, expected);
    assert!(moved.len() >= 10 && moved.values().all(|rows| *rows >= 700), "{moved:?}");
    let nothing = original.iter().filter(|(_, row)| row.contains("=None")).count();
    assert!(nothing > 10, "some columns may be empty");
    drop(tx);
    for db in [from, there, back] {
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgres_can_not_keep_is_named_and_nothing_is_half_moved() {
    let places = [Fresh::sqlite(), Fresh::postgres().await];
    let [from, to] = [places[0].open().await, places[1].open().await];
    fill(&from).await;
    let mut tx = from.begin().await.unwrap();
    let all = shapes(&mut tx).await.unwrap();
    drop(tx);
    let token = all.iter().find(|shape| shape.name == "token").unwrap();
    let timeline = all.iter().find(|shape| shape.name == "timeline").unwrap();
    for (shape, column, bad) in
        [(token, "name", "a \0 b"), (timeline, "entry", r#"{"a": [{"b \u0000": 1}]}"#)]
    {
        let place = shape.columns.iter().position(|one| one.name == column).unwrap();
        let mut row = TextRow(
            (0..shape.columns.len()).map(|place| Some(value(shape, place, 5_000))).collect(),
        );
        row.0[place] = Some(bad.to_owned());
        let mut tx = from.begin().await.unwrap();
        shape.insert(&mut tx, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        let error = format!("{:#}", transfer(&from, &to).await.unwrap_err());
        assert!(error.starts_with(&format!("{} ", shape.name)), "{error}");
        assert!(error.contains(&format!("the column {column} holds a NUL")), "{error}");
        assert!(everything(&to).await.is_empty(), "all or nothing");
        let sql = match column {
            "name" => "DELETE FROM token WHERE id LIKE 'id 5000%'",
            _ => "DELETE FROM timeline WHERE incident LIKE 'incident 5000%'",
        };
        let mut tx = from.begin().await.unwrap();
        assert_eq!(tx.query(sql).execute().await.unwrap(), 1);
        tx.commit().await.unwrap();
    }
    transfer(&from, &to).await.unwrap();
    let error = transfer(&from, &to).await.unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
    from.close().await;
    to.close().await;
}

/// Work that waits is moved with everything else, and done from there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stentor_that_has_moved_goes_on_where_it_was() {
    let places = [Fresh::sqlite(), Fresh::postgres().await, Fresh::sqlite()];
    let mut bot = Bot::start(&places[0]).await;
    let incident = bot.declares("Checkout is slow").await;
    let channel = incident.channel.as_ref().unwrap().as_str();
    for (n, way) in places.windows(2).enumerate() {
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.submits_in_trouble(&view, &[("name", json!("Login is down"))]).await;
        bot.stentor.app.db.close().await;
        let (from, to) = (way[0].open().await, way[1].open().await);
        transfer(&from, &to).await.unwrap();
        from.close().await;
        to.close().await;
        bot = bot.restarted(&way[1]).await;
        bot.says(ALICE, channel, &format!("update {n}")).await;
        bot.skims(channel);
        bot.reads_everything_once(i64::try_from(n).unwrap() + 2).await;
    }
    let entries = i64::try_from(bot.record(&incident).await.len()).unwrap();
    assert_eq!(bot.incident(1).await.version, entries);
    bot.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_served_or_missing_database_is_not_moved() {
    let scratch = Scratch::new();
    let target = Fresh::postgres().await;
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let (process, server) = serve(&scratch, "sqlite://x.db", &slack);
    let caller = Caller::new(&scratch, "sqlite://x.db", &server, "ci");
    assert_eq!(caller.declares("Checkout is slow").await.status, 201);
    let to = target.url();
    for (from, to, named) in [
        ("sqlite:x.db", to.as_str(), "FROM: a Stentor uses x.db; stop it first"),
        ("sqlite://no-such.db", &to, "FROM: no-such.db is no file"),
        ("mysql://me:hush@db/x", &to, "FROM"),
        (&to, "sqlite:x.db", "TO: a Stentor uses x.db; stop it first"),
        (&to, "postgres://me:hush@127.0.0.1:1/x", "TO"),
    ] {
        let line = refused(stentor(&scratch.0, &["migrate", from, to], &[]));
        assert!(line.contains(named) && !line.contains("hush"), "{from}: {line}");
    }
    process.signal("TERM");
    assert_eq!(process.ends().code, Some(0));
    let end = Process::start(stentor(&scratch.0, &["migrate", "sqlite://x.db", &to], &[])).ends();
    assert_eq!((end.code, end.err), (Some(0), Vec::new()));
    assert!(end.out[0].starts_with("Moved 1 incidents: "), "{:?}", end.out);
    let (process, server) = serve(&scratch, &to, &slack);
    assert_eq!(caller.at(&server).names().await, ["Checkout is slow"], "with the same token");
    process.signal("TERM");
    assert_eq!(process.ends().code, Some(0));
}
