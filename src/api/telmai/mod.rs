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
pub fn router() -> Router<App> {
    let paths: [(&str, MethodRouter<App>); 5] = [
        ("/incidents", get(list::list)),
        ("/incidents/distribution", get(distribution::show)),
        ("/incidents/summary", get(summary::show)),
        ("/incidents/{incident}", get(detail::show)),
        ("/configuration/alerts/by_filters", post(alerts::by_filters)),
    ];
    let mut router = Router::new();
    for (path, methods) in paths {
        router = router.route(&format!("{ROOT}{path}"), methods.fallback(method_not_allowed));
    }
    router.route("/telmai/{*rest}", any(no_such_path)).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

async fn no_such_path() -> Problem {
    Problem::not_found()
}

async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}
