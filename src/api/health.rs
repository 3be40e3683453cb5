//! Whether Stentor lives, and whether it can work.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::app::App;

/// How long the database may take. Whoever asks has usually given up after five seconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// The least time between two looks. Each costs a commit, and anybody may ask.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// When it was looked last, and what was found.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Option<(Instant, Finding)>>>);

type Finding = (StatusCode, &'static str);

/// Whether the process is alive. It says nothing of the database, so that an outage there does not
/// have every replica restarted.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// Whether requests can be served: the database takes something and keeps it. A full disk can be
/// read for long.
pub async fn ready(State(app): State<App>) -> Finding {
    let asked = Instant::now();
    let mut last = app.readiness.0.lock().await;
    if let Some((looked, finding)) = *last {
        // One look is enough for all who asked before it.
        if looked > asked {
            return finding;
        }
        tokio::time::sleep_until(looked + LOOK_EVERY).await;
    }
    let looked = Instant::now();
    let finding = find_out(&app).await;
    *last = Some((looked, finding));
    finding
}

async fn find_out(app: &App) -> Finding {
    match tokio::time::timeout(PATIENCE, app.db.probe(app.clock.now())).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "Not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database can't be used\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
