//! A fresh database for each test, of either kind.
//!
//! `make test` starts a Postgres of its own and says where in `TEST_POSTGRES_URL`.

use std::path::PathBuf;
use std::str::FromStr as _;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use stentor::clock::Clock;
use stentor::ids::IdSource;
use stentor::store::db::Db;

/// Runs each test on SQLite and on Postgres.
macro_rules! on_each_database {
    ($($(#[doc = $doc:expr])* async fn $name:ident($fresh:ident: Fresh) $body:block)*) => {
        mod on_sqlite {
            use super::*;
            $($(#[doc = $doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let $fresh = crate::databases::Fresh::sqlite();
                $body
            })*
        }
        mod on_postgres {
            use super::*;
            $($(#[doc = $doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let $fresh = crate::databases::Fresh::postgres().await;
                $body
            })*
        }
    };
}
pub(crate) use on_each_database;

/// The place of a database that nobody has used before.
pub struct Fresh(Place);

enum Place {
    Sqlite(PathBuf),
    Postgres { url: String, schema: String },
}

impl Fresh {
    /// A file that is not there yet.
    pub fn sqlite() -> Fresh {
        Fresh(Place::Sqlite(std::env::temp_dir().join(format!("{}.db", unique_name()))))
    }

    /// A schema in the test's Postgres.
    pub async fn postgres() -> Fresh {
        let url = std::env::var("TEST_POSTGRES_URL")
            .expect("TEST_POSTGRES_URL says where a Postgres for tests is; `make test` starts one");
        let schema = unique_name();
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}")))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        Fresh(Place::Postgres { url, schema })
    }

    /// Opens it. A second time opens the same one, as a restart does.
    pub async fn open(&self) -> Db {
        match &self.0 {
            Place::Sqlite(_) => Db::connect(&self.url()).await.unwrap(),
            Place::Postgres { url, schema } => {
                let options =
                    PgConnectOptions::from_str(url).unwrap().options([("search_path", schema)]);
                Db::postgres(options).await.unwrap()
            }
        }
    }

    /// Lets nobody else on this machine look into it.
    pub fn close_to_others(&self) {
        use std::os::unix::fs::PermissionsExt as _;
        if let Place::Sqlite(file) = &self.0 {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Its address, for another process.
    pub fn url(&self) -> String {
        match &self.0 {
            Place::Sqlite(file) => format!("sqlite://{}", file.display()),
            Place::Postgres { url, schema } => {
                let and = if url.contains('?') { '&' } else { '?' };
                format!("{url}{and}options=-c%20search_path%3D{schema}")
            }
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // The Postgres goes away as a whole after the tests.
        if let Place::Sqlite(file) = &self.0 {
            for ending in ["", "-wal", "-shm"] {
                let mut name = file.clone().into_os_string();
                name.push(ending);
                std::fs::remove_file(name).ok();
            }
        }
    }
}

fn unique_name() -> String {
    format!("stentor_{}", IdSource::system().ulid(Clock::system().now()).to_lowercase())
}
