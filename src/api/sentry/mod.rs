//! Sentry's API for metric alerts and their incidents, under `/sentry/api/0`.
//!
//! Whatever speaks Sentry's format finds the same incidents and the same alert rules here as
//! everybody else. This is translation: what may be done is said by the domain, and `docs/apis-sentry.md`
//! says what stands for what.

mod body;
mod house;
mod incidents;
mod links;
mod numbers;
mod people;
mod projects;
mod query;
mod refused;
mod rules;
mod slash;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::Method;
use axum::routing::{MethodRouter, any, get, post, put};

use crate::api::sentry::incidents::{activity, comments, hearing};
use crate::api::sentry::refused::Refused;
use crate::api::sentry::rules::{combined, snooze, task, write};
use crate::app::App;

/// The largest body that is read.
const BODY_LIMIT: usize = 1024 * 1024;

/// What every path begins with.
pub(super) const BASE: &str = "/sentry/api/0";

/// All routes: path after the base, and what serves it.
pub(super) fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/organizations/{org}/projects/", get(projects::list)),
        ("/organizations/{org}/alert-rules/", get(rules::list).post(write::create)),
        ("/organizations/{org}/alert-rules/available-actions/", get(rules::actions::available)),
        (
            "/organizations/{org}/alert-rules/{rule}/",
            get(rules::show).put(write::replace).delete(write::delete),
        ),
        ("/organizations/{org}/combined-rules/", get(combined::list)),
        ("/projects/{org}/{project}/alert-rules/", get(rules::list).post(write::create)),
        (
            "/projects/{org}/{project}/alert-rules/{rule}/",
            get(rules::show).put(write::replace).delete(write::delete),
        ),
        (
            "/projects/{org}/{project}/alert-rules/{rule}/snooze/",
            post(snooze::create).delete(snooze::delete),
        ),
        ("/projects/{org}/{project}/alert-rule-task/{uuid}/", get(task::show)),
        ("/projects/{org}/{project}/combined-rules/", get(combined::list)),
        ("/organizations/{org}/incidents/", get(incidents::list::list)),
        (
            "/organizations/{org}/incidents/{incident}/",
            get(incidents::show).put(incidents::write::close),
        ),
        ("/organizations/{org}/incidents/{incident}/activity/", get(activity::list)),
        ("/organizations/{org}/incidents/{incident}/stats/", get(incidents::stats::show)),
        ("/organizations/{org}/incidents/{incident}/seen/", post(hearing::see)),
        (
            "/organizations/{org}/incidents/{incident}/subscriptions/",
            post(hearing::subscribe).delete(hearing::unsubscribe),
        ),
        ("/organizations/{org}/incidents/{incident}/comments/", post(comments::create)),
        (
            "/organizations/{org}/incidents/{incident}/comments/{activity}/",
            put(comments::replace).delete(comments::delete),
        ),
    ]
}

/// Sentry's API.
pub fn router() -> Router<App> {
    let mut router = Router::new();
    for (path, methods) in routes() {
        router = router.route(&format!("{BASE}{path}"), methods.fallback(method_not_allowed));
    }
    router
        .route("/sentry", any(not_there))
        .route("/sentry/{*rest}", any(slash::add))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

async fn not_there() -> Refused {
    Refused::not_there()
}

async fn method_not_allowed(method: Method, _: Option<Path<()>>) -> Refused {
    Refused::method_not_allowed(&method)
}
