//! Whether Stentor lives, and whether it can work.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::store::db::{Db, Result};

/// How long the database may take. Whoever asks has usually given up after five seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the process is alive. It says nothing of the database, so that an outage there does not
/// have every replica restarted.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// Whether requests can be served: the database answers.
pub async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match tokio::time::timeout(PATIENCE, ask(&app.db)).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "Not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database can't be used\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

async fn ask(db: &Db) -> Result<()> {
    let mut tx = db.read().await?;
    let _: (i64,) = tx.query("SELECT CAST(1 AS BIGINT)").one().await?;
    Ok(())
}
