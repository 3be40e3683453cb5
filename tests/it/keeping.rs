//! Keeping what was acknowledged: on one file, through a full disk, in backups, on the way to
//! another database, and through an upgrade.

mod backups;
mod commits;
mod errors;
mod full;
mod locks;
mod migrations;
mod moving;
mod proxy;
mod restoring;
mod upgrades;

use std::path::{Path, PathBuf};

use serde_json::json;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use crate::http::{Answer, Server};
use crate::process::{Process, Scratch, stentor};

/// A program with a token, at a server that runs in another process.
#[derive(Clone)]
struct Caller {
    server: Server,
    authorization: String,
}

impl Caller {
    /// Gets itself a token while the server runs.
    fn new(scratch: &Scratch, database: &str, server: &Server, name: &str) -> Caller {
        let arguments = ["token", "create", "--name", name, "--database-url", database];
        let made = Process::start(stentor(&scratch.0, &arguments, &[])).ends();
        assert_eq!((made.code, made.out.len()), (Some(0), 1), "{:?}", made.err);
        Caller { server: server.clone(), authorization: format!("Bearer {}", made.out[0]) }
    }

    /// The same program at another server.
    fn at(&self, server: &Server) -> Caller {
        Caller { server: server.clone(), ..self.clone() }
    }

    async fn declares(&self, name: &str) -> Answer {
        let headers = [("authorization", self.authorization.as_str())];
        self.server.post("/api/v1/incidents", &headers, &json!({ "name": name })).await
    }

    /// The names of all incidents, the first one first.
    async fn names(&self) -> Vec<String> {
        let headers = [("authorization", self.authorization.as_str())];
        let mut names = Vec::new();
        let mut path = "/api/v1/incidents?limit=100".to_owned();
        loop {
            let page = self.server.get(&path, &headers).await.expect(200);
            let listed = page["incidents"].as_array().unwrap().iter();
            names.extend(listed.map(|incident| incident["name"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/api/v1/incidents?limit=100&cursor={cursor}"),
                None => break,
            }
        }
        names.reverse();
        names
    }
}

/// One number that a SQLite file gives when it is asked directly.
async fn number(file: &Path, sql: &'static str) -> i64 {
    let mut connection = SqliteConnection::connect(&sqlite_url(file)).await.unwrap();
    let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    number
}

/// Whether SQLite finds nothing wrong with a file.
async fn is_undamaged(file: &Path) -> bool {
    let mut connection = SqliteConnection::connect(&sqlite_url(file)).await.unwrap();
    let found: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    found == ["ok"]
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// The file behind an address.
fn file_of(url: &str) -> PathBuf {
    PathBuf::from(url.strip_prefix("sqlite://").unwrap())
}
