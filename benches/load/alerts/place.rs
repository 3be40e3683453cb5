//! Where a measured Stentor keeps what it takes: SQLite in the folder of the measurement, or the
//! Postgres that `TEST_POSTGRES_URL` names.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::fake_slack::FakeSlack;
use crate::process::Server;
use crate::stentor;

/// Which database.
pub enum Place {
    Sqlite,
    /// A server, in which every measurement has a schema of its own.
    Postgres {
        server: String,
    },
}

/// Who sends alerts: a source, and its secret.
pub struct Sender {
    pub source: String,
    pub secret: String,
}

impl Place {
    /// The Postgres that is there for tests.
    pub fn postgres() -> Result<Place> {
        let server = std::env::var("TEST_POSTGRES_URL").context(
            "TEST_POSTGRES_URL says where a Postgres is; tests/with-postgres.sh starts one",
        )?;
        Ok(Place::Postgres { server })
    }

    /// The address of a database that nobody has used before.
    pub async fn database(&self, folder: &Path, name: &str) -> Result<String> {
        match self {
            Place::Sqlite => {
                let folder = folder.join(name);
                std::fs::create_dir_all(&folder)?;
                Ok(format!("sqlite://{}", folder.join("bench.db").display()))
            }
            Place::Postgres { server } => {
                let schema = format!("load_{}_{}", std::process::id(), name.replace('-', "_"));
                let mut connection = PgConnection::connect(server).await?;
                let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
                sqlx::query(create).execute(&mut connection).await?;
                connection.close().await?;
                let and = if server.contains('?') { '&' } else { '?' };
                Ok(format!("{server}{and}options=-c%20search_path%3D{schema}"))
            }
        }
    }

    /// Lets Postgres count what was written at once: by itself it does so within a minute.
    pub async fn settle(&self, database: &str) -> Result<()> {
        if let Place::Postgres { .. } = self {
            let mut connection = PgConnection::connect(database).await?;
            sqlx::query("ANALYZE").execute(&mut connection).await?;
            connection.close().await?;
        }
        Ok(())
    }

    /// Makes a source of the kind that Prometheus sends to.
    pub fn sender(&self, folder: &Path, name: &str, database: &str) -> Result<Sender> {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let words = ["source", "create", "--kind", "alertmanager", "--name", "load"];
        let output = Command::new(stentor::binary())
            .args(words)
            .args(["--database-url", database])
            .current_dir(&folder)
            .output()
            .context("make a source")?;
        let made: serde_json::Value =
            serde_json::from_slice(&output.stdout).with_context(|| {
                format!("read what the source is: {}", String::from_utf8_lossy(&output.stderr))
            })?;
        let text = |field: &str| made[field].as_str().map(str::to_owned).context("a source");
        Ok(Sender { source: text("id")?, secret: text("secret")? })
    }

    /// Serves from this database, on the first processor alone if that is wanted.
    pub async fn serve(
        &self,
        slack: &FakeSlack,
        folder: &Path,
        name: &str,
        database: &str,
        is_pinned: bool,
    ) -> Result<Server> {
        let binary = stentor::binary();
        let pinned = is_pinned.then(|| pinned(&binary.to_string_lossy()));
        stentor::start_as(pinned, &binary, slack, folder, name, Some(database)).await
    }
}

/// A command on the first processor alone.
pub fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0", program]);
    command
}
