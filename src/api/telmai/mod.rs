//! Telmai's incidents API, read-only, for programs that speak it.
//!
//! It says in other words what the native API says. What the words mean here is in `docs/apis.md`; no
//! rule about incidents is made here.

mod alerts;
mod answer;
mod caller;
mod detail;
mod distribution;
mod filters;
mod level;
mod list;
mod problem;
mod summary;
mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, any, get, post};

use crate::api::BODY_LIMIT;
use crate::api::telmai::problem::Problem;
use crate::app::App;

/// Where a tenant's paths begin.
const ROOT: &str = "/telmai/api/backend/{tenant}";

/// Every path, with its methods.
pub(super) fn routes() -> Vec<(String, MethodRouter<App>)> {
    let paths: [(&str, MethodRouter<App>); 5] = [
        ("/incidents", get(list::list)),
        ("/incidents/distribution", get(distribution::show)),
        ("/incidents/summary", get(summary::show)),
        ("/incidents/{incident}", get(detail::show)),
        ("/configuration/alerts/by_filters", post(alerts::by_filters)),
    ];
    paths.into_iter().map(|(path, methods)| (format!("{ROOT}{path}"), methods)).collect()
}

/// What is served under `/telmai`.
pub fn router() -> Router<App> {
    let mut router = Router::new();
    for (path, methods) in routes() {
        router = router.route(&path, methods.fallback(method_not_allowed));
    }
    router.route("/telmai/{*rest}", any(no_such_path)).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

async fn no_such_path() -> Problem {
    Problem::not_found()
}

async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}
