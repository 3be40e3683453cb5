//! What programs and operators are served over HTTP.
//!
//! [`v1`] is the native API; [`health`] and [`metrics`] are for those who run Stentor. Every
//! answer that is no success is a [`problem`]. Nothing here decides what may happen to an
//! incident: that is the engine's.

pub mod caller;
pub mod health;
pub mod metrics;
pub mod problem;
pub mod request;
pub mod tokens;
pub mod v1;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get};

use crate::api::problem::Problem;
use crate::app::App;

/// The largest body that is read. The longest command has some 5,000 characters of text.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// The native API, and what operators ask for.
pub fn router() -> Router<App> {
    // From here on what is counted is kept.
    metrics::handle();
    let mut router = Router::new();
    for (path, methods) in v1::routes() {
        router = router.route(path, methods.fallback(method_not_allowed));
    }
    router
        .route("/api", any(no_such_route))
        .route("/api/{*rest}", any(no_such_route))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::scrape))
}

async fn no_such_route() -> Problem {
    Problem::no_such_route()
}

async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}
