//! The incident.io format, under `/incident-io`: programs written for that API go on working
//! against Stentor.
//!
//! Each file serves one resource: it translates between the format's objects and the commands and
//! queries that everything else uses, and holds no rules of its own. [`shape`] draws the objects that
//! several resources share; [`query`], [`body`] and [`failure`] are how this format asks and refuses.
//!
//! [`openapi.json`](document) is the part of the vendor's document that is served. A test holds it
//! against [`operations`] and every answer against its schema.

pub mod actions;
pub mod activity;
pub mod alert_attributes;
pub mod alert_routes;
pub mod alert_sources;
pub mod alerts;
pub mod attachments;
pub mod body;
pub mod catalog;
pub mod custom_fields;
pub mod echo;
pub mod edit;
pub mod escalation_filter;
pub mod escalation_paths;
pub mod escalations;
pub mod external_issues;
pub mod failure;
pub mod field_options;
pub mod follow_ups;
pub mod given;
pub mod identity;
pub mod incident_alerts;
pub mod incident_body;
pub mod incident_filter;
pub mod incidents;
pub mod items;
pub mod key;
pub mod memberships;
pub mod operation;
pub mod order;
pub mod path;
pub mod path_body;
pub mod path_condition;
pub mod path_field;
pub mod path_target;
pub mod phrase;
pub mod postmortems;
pub mod query;
pub mod rate;
pub mod reader;
pub mod relationships;
pub mod roles;
pub mod route_body;
pub mod route_template;
pub mod schedule_body;
pub mod schedule_entries;
pub mod schedule_overrides;
pub mod schedules;
pub mod severities;
pub mod shape;
pub mod source_body;
pub mod source_template;
pub mod statuses;
pub mod timeline_items;
pub mod timestamps;
pub mod types;
pub mod updates;
pub mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::any;

use crate::api::BODY_LIMIT;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::operation::Operation;
use crate::api::problem::Problem;
use crate::app::App;

/// What every path of this format begins with.
pub const PREFIX: &str = "/incident-io";

/// The OpenAPI document of what is served.
pub fn document() -> &'static str {
    include_str!("openapi.json")
}

/// Everything that is served.
pub fn operations() -> Vec<Operation> {
    [
        actions::operations(),
        activity::operations(),
        alert_attributes::operations(),
        alert_routes::operations(),
        alert_sources::operations(),
        alerts::operations(),
        attachments::operations(),
        catalog::operations(),
        custom_fields::operations(),
        external_issues::operations(),
        escalation_paths::operations(),
        escalations::operations(),
        field_options::operations(),
        follow_ups::operations(),
        identity::operations(),
        incident_alerts::operations(),
        incidents::operations(),
        memberships::operations(),
        postmortems::operations(),
        relationships::operations(),
        roles::operations(),
        schedule_entries::operations(),
        schedule_overrides::operations(),
        schedules::operations(),
        severities::operations(),
        statuses::operations(),
        timeline_items::operations(),
        timestamps::operations(),
        types::operations(),
        updates::operations(),
        users::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The routes of this format.
pub fn router() -> Router<App> {
    let mut router = Router::new();
    for (path, methods) in operation::by_path(operations()) {
        let methods = methods.fallback(method_not_allowed);
        router = router.route(&format!("{PREFIX}{path}"), methods);
    }
    router
        .route("/incident-io/{*rest}", any(no_such_route))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(rate::tell))
}

async fn method_not_allowed() -> Failure {
    Problem::method_not_allowed().into()
}

async fn no_such_route() -> Failure {
    Failure::not_found("route")
}
