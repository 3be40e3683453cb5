//! The native API, `/api/v1`.
//!
//! Reading shows incidents as [`view`] draws them. Writing takes the very
//! [`Command`](crate::incident::command::Command) as JSON and hands it to the engine. The
//! [`document`](openapi) is made from these types.

pub mod alert_rules;
pub mod alerts;
pub mod catalogue;
pub mod changes;
pub mod cursor;
pub mod incidents;
pub mod openapi;
pub mod settings;
pub mod sources;
pub mod timeline;
pub mod view;
pub mod webhooks;
pub mod write;

use axum::routing::{MethodRouter, get, post};

use crate::api::v1::alerts::act;
use crate::app::App;

/// Every path of the native API, with its methods. The document is tested against this.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    let mut routes = vec![
        ("/api/v1/incidents", get(incidents::list).post(write::declare)),
        ("/api/v1/incidents/{ref}", get(incidents::show)),
        ("/api/v1/incidents/{ref}/commands", post(write::command)),
        ("/api/v1/incidents/{ref}/merge", post(write::merge)),
        ("/api/v1/incidents/{ref}/timeline", get(timeline::show)),
        ("/api/v1/incidents/{ref}/alerts", get(alerts::of_incident)),
        ("/api/v1/incidents/{ref}/alerts/acknowledge", post(act::acknowledge_all)),
        ("/api/v1/incidents/{ref}/alerts/resolve", post(act::resolve_all)),
        ("/api/v1/incidents/{ref}/alerts/split", post(act::split)),
        ("/api/v1/incidents/{ref}/alert-groups", get(alerts::groups)),
        ("/api/v1/alerts", get(alerts::list)),
        ("/api/v1/alerts/{id}", get(alerts::show)),
        ("/api/v1/alerts/{id}/history", get(alerts::history)),
        ("/api/v1/alerts/{id}/acknowledge", post(act::acknowledge)),
        ("/api/v1/alerts/{id}/unacknowledge", post(act::unacknowledge)),
        ("/api/v1/alerts/{id}/resolve", post(act::resolve)),
        ("/api/v1/alerts/{id}/unlink", post(act::unlink)),
        ("/api/v1/alerts/{id}/link", post(act::link)),
        ("/api/v1/changes", get(changes::list)),
        ("/api/v1/sources", get(sources::list).post(sources::create)),
        ("/api/v1/sources/{id}", get(sources::show).patch(sources::change).delete(sources::remove)),
        ("/api/v1/sources/{id}/rotate", post(sources::rotate)),
        ("/api/v1/alert-rules", get(alert_rules::list).post(alert_rules::create)),
        (
            "/api/v1/alert-rules/{ref}",
            get(alert_rules::show).put(alert_rules::replace).delete(alert_rules::delete),
        ),
        (
            "/api/v1/alert-rules/{ref}/snooze",
            post(alert_rules::snooze).delete(alert_rules::unsnooze),
        ),
        ("/api/v1/catalogue", get(catalogue::show)),
        ("/api/v1/openapi.json", get(openapi::show)),
        ("/api/v1/webhooks", get(webhooks::list).post(webhooks::create)),
        (
            "/api/v1/webhooks/{id}",
            get(webhooks::show).patch(webhooks::change).delete(webhooks::remove),
        ),
        ("/api/v1/webhooks/{id}/rotate", post(webhooks::rotate)),
        ("/api/v1/webhooks/{id}/attempts", get(webhooks::attempts)),
        ("/api/v1/webhooks/{id}/redeliver", post(webhooks::redeliver)),
    ];
    routes.extend(settings::routes());
    routes
}
