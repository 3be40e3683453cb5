//! What is counted, for Prometheus.
//!
//! Labels take few values, and none of them says who, where or which incident: a private one must
//! not show in a graph either.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::app::App;
use crate::store::db::{Db, Result};
use crate::store::outbox;

/// Seconds: from what a read takes to what Slack no longer waits for.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0];
/// After so many requests the durations are put into their buckets, in case nobody scrapes: until
/// then each takes memory of its own.
const REQUESTS_PER_UPKEEP: u32 = 1_024;

/// The one recorder of this process, installed when it is first asked for.
pub fn handle() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)
            .expect("there are buckets")
            .install_recorder()
            .expect("nobody else installs a recorder");
        describe();
        gauge!("stentor_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        recorder
    })
}

fn describe() {
    describe_counter!("stentor_http_requests_total", "Requests by route, method and status");
    describe_histogram!(
        "stentor_http_request_duration_seconds",
        "From a request's head to its answer's head"
    );
    describe_counter!("stentor_commands_total", "Commands by kind and outcome");
    describe_counter!(
        "stentor_refused_total",
        "Requests that showed no right to be heard, by door and reason"
    );
    describe_counter!("stentor_deliveries_total", "Requests of sources, by kind and status");
    describe_counter!(
        "stentor_alert_observations_total",
        "What sources said of alerts, by what it did: new, changed, repeated, ignored"
    );
    describe_counter!(
        "stentor_alerts_shed_total",
        "What sources said that was sent back because too much waited"
    );
    describe_counter!(
        "stentor_webhook_attempts_total",
        "Attempts to tell webhooks of something, by outcome"
    );
    describe_gauge!("stentor_connections", "Connections that are open");
    describe_counter!(
        "stentor_connections_ended_total",
        "Connections that were ended because they were slow or too many"
    );
    describe_gauge!("stentor_outbox_waiting", "Work for Slack that is waiting or in hand");
    describe_gauge!("stentor_outbox_dead", "Work for Slack that was given up");
    describe_gauge!("stentor_sockets_open", "Sockets to Slack that are open");
    describe_counter!("stentor_socket_ends_total", "Sockets that ended or did not open, by reason");
    describe_counter!(
        "stentor_socket_envelopes_total",
        "What came over sockets, by type and outcome"
    );
    describe_gauge!("stentor_database_up", "Whether the database answered at this scrape");
    describe_gauge!("stentor_build_info", "The version that runs; always 1");
}

/// Counts and times every request: a layer for the whole router.
pub async fn measure(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU32 = AtomicU32::new(0);
    let route = path.as_ref().map_or("(none)", MatchedPath::as_str).to_owned();
    let method = method_word(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    histogram!("stentor_http_request_duration_seconds", "route" => route.clone(), "method" => method)
        .record(began.elapsed());
    counter!("stentor_http_requests_total", "route" => route, "method" => method, "status" => status)
        .increment(1);
    if REQUESTS.fetch_add(1, Ordering::Relaxed) % REQUESTS_PER_UPKEEP == REQUESTS_PER_UPKEEP - 1 {
        handle().run_upkeep();
    }
    response
}

/// A stranger can invent methods; a label can't.
fn method_word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Everything that is counted, in Prometheus' text format.
pub async fn scrape(State(app): State<App>) -> Response {
    match depth(&app.db).await {
        Ok((waiting, dead)) => {
            gauge!("stentor_database_up").set(1.0);
            gauge!("stentor_outbox_waiting").set(waiting);
            gauge!("stentor_outbox_dead").set(dead);
        }
        Err(error) => {
            tracing::warn!(error = %error, "Could not look how much work is waiting");
            gauge!("stentor_database_up").set(0.0);
        }
    }
    let format = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (format, handle().render()).into_response()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float, and 2^53 pieces of work never wait"
)]
async fn depth(db: &Db) -> Result<(f64, f64)> {
    let mut tx = db.read().await?;
    let (waiting, dead) = outbox::depth(&mut tx).await?;
    Ok((waiting as f64, dead as f64))
}
