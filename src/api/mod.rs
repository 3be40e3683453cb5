//! What programs and operators are served over HTTP.
//!
//! [`v1`] is the native API, [`telmai`] says the same in another format; [`health`] and [`metrics`]
//! are for those who run Stentor. Every answer that is no success is a [`problem`]. Nothing here
//! decides what may happen to an incident: that is the engine's.

pub mod bigpanda;
pub mod caller;
pub mod health;
pub mod incident_io;
pub mod items;
pub mod limit;
pub mod metrics;
pub mod needed;
pub mod problem;
pub mod request;
pub mod sentry;
pub mod telmai;
pub mod tokens;
pub mod v1;

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use tower_http::catch_panic::CatchPanicLayer;

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
        .merge(incident_io::router())
        .route("/api", any(no_such_route))
        .route("/api/", any(no_such_route))
        .route("/api/{*rest}", any(no_such_route))
        .merge(telmai::router())
        .merge(sentry::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked))
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

/// A mistake of ours that a request ran into. The caller learns no more than of other failures.
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let said = cause.downcast_ref::<&str>().copied();
    let said = said.or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    tracing::error!(cause = said.unwrap_or("unknown"), "A request panicked");
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_bare_problem() {
        let broken = get(|| async {
            if true {
                panic!("secret cause");
            }
        });
        let router: Router =
            Router::new().route("/", broken).layer(CatchPanicLayer::custom(panicked));
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body = to_bytes(response.into_body(), BODY_LIMIT).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("/problems/internal") && !body.contains("secret"), "{body}");
    }
}
