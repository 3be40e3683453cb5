//! Incidents as BigPanda serves them, under `/bigpanda/resources`.
//!
//! It is a wire format and no more: what may happen, and what follows, is the domain's. Alerts come
//! in by the same host, but by another door (`ingest/bigpanda`). `docs/apis-bigpanda.md` says what is
//! served and what differs.

mod activities;
mod ask;
mod environments;
mod failure;
mod find;
mod first;
mod incidents;
mod merging;
mod patterns;
mod plans;
mod recurring;
mod steer;
mod tag_definitions;
mod tags;
mod times;
pub mod view;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::routing::{MethodRouter, any, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use crate::api::BODY_LIMIT;
use crate::api::bigpanda::failure::{Failure, panicked};
use crate::app::App;

/// Where one incident is.
macro_rules! incident {
    ($rest:literal) => {
        concat!("/bigpanda/resources/v2.0/environments/{environment}/incidents/{incident}", $rest)
    };
}

/// Every path, with its methods.
pub(super) fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/bigpanda/resources/v2.0/environments/{environment}/incidents", get(incidents::search)),
        (incident!(""), get(incidents::show)),
        (incident!("/resolve"), post(steer::resolve)),
        (incident!("/comments"), post(steer::comment)),
        (incident!("/assignment"), put(steer::assign).delete(steer::unassign)),
        (incident!("/snooze"), put(steer::snooze).delete(steer::unsnooze)),
        (incident!("/merge"), post(merging::merge)),
        (incident!("/split"), post(merging::split)),
        (incident!("/alerts"), get(incidents::alerts)),
        (incident!("/tags"), get(tags::list).post(tags::set_several).delete(tags::remove_several)),
        (incident!("/tags/{tag}"), get(tags::show).post(tags::set).delete(tags::remove)),
        (
            "/bigpanda/resources/v2.0/environments/{environment}/batch-resolve/alerts",
            post(merging::resolve_alerts),
        ),
        ("/bigpanda/resources/v2.0/incidents/{incident}/activities", get(activities::list)),
        (
            "/bigpanda/resources/v2.0/incidents/tags/definitions",
            get(tag_definitions::list).post(tag_definitions::create),
        ),
        (
            "/bigpanda/resources/v2.0/incidents/tags/definitions/{tag}",
            get(tag_definitions::show).put(tag_definitions::change),
        ),
        (
            "/bigpanda/resources/v2.0/correlation-patterns",
            get(patterns::list).post(patterns::create),
        ),
        (
            "/bigpanda/resources/v2.0/correlation-patterns/{id}",
            get(patterns::show).patch(patterns::change).delete(patterns::remove),
        ),
        ("/bigpanda/resources/v2.1/correlation-patterns-order", put(patterns::order)),
        ("/bigpanda/resources/v2.1/correlation-patterns-order/reset", post(patterns::reset)),
        ("/bigpanda/resources/v2.0/maintenance-plans", post(plans::create)),
        ("/bigpanda/resources/v2.0/ordered-maintenance-plans", get(plans::list)),
        (
            "/bigpanda/resources/v2.0/maintenance-plans/{id}",
            get(plans::show).patch(plans::change).delete(plans::remove),
        ),
        ("/bigpanda/resources/v2.0/maintenance-plans/{id}/stop", post(plans::stop)),
        (
            "/bigpanda/resources/v2.0/environments",
            get(environments::list).post(environments::create),
        ),
        (
            "/bigpanda/resources/v2.0/environments/{environment}",
            get(environments::show).put(environments::replace).delete(environments::remove),
        ),
        ("/bigpanda/resources/v1.0/incidents/{incident}", get(first::show).post(first::change)),
    ]
}

/// What is served under `/bigpanda/resources`.
pub fn router() -> Router<App> {
    let mut router = Router::new();
    for (path, methods) in routes() {
        router = router.route(path, methods.fallback(method_not_allowed));
    }
    router
        .route("/bigpanda/resources", any(no_such_route))
        .route("/bigpanda/resources/{*rest}", any(no_such_route))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked))
}

async fn no_such_route(request: Request) -> Failure {
    Failure::no_such_route(request.uri().path())
}

async fn method_not_allowed() -> Failure {
    Failure::method_not_allowed()
}
