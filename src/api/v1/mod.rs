//! The native API, `/api/v1`.
//!
//! Reading shows incidents as [`view`] draws them. Writing takes the very
//! [`Command`](crate::incident::command::Command) as JSON and hands it to the engine. The
//! [`document`](openapi) is made from these types.

pub mod alert_attributes;
pub mod alert_rules;
pub mod alerts;
pub mod catalogue;
pub mod changes;
pub mod cursor;
pub mod environments;
pub mod incident_tags;
pub mod incidents;
pub mod listing;
pub mod oncall;
pub mod openapi;
pub mod papers;
pub mod settings;
pub mod sources;
pub mod timeline;
pub mod tokens;
pub mod view;
pub mod webhooks;
pub mod write;

use axum::routing::{MethodRouter, get, post, put};

use crate::api::v1::alerts::act;
use crate::app::App;

/// Every path of the native API, with its methods. The document is tested against this.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    let mut routes = vec![
        ("/api/v1/incidents", get(incidents::list).post(write::declare)),
        ("/api/v1/incidents/{ref}", get(incidents::show).patch(write::edit)),
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
        ("/api/v1/alert-attributes", get(alert_attributes::list).post(alert_attributes::create)),
        (
            "/api/v1/alert-attributes/{id}",
            get(alert_attributes::show)
                .put(alert_attributes::replace)
                .delete(alert_attributes::remove),
        ),
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
        ("/api/v1/tokens", get(tokens::list).post(tokens::create)),
        ("/api/v1/tokens/{id}", get(tokens::show).delete(tokens::revoke)),
        ("/api/v1/webhooks", get(webhooks::list).post(webhooks::create)),
        (
            "/api/v1/webhooks/{id}",
            get(webhooks::show).patch(webhooks::change).delete(webhooks::remove),
        ),
        ("/api/v1/webhooks/{id}/rotate", post(webhooks::rotate)),
        ("/api/v1/webhooks/{id}/attempts", get(webhooks::attempts)),
        ("/api/v1/webhooks/{id}/redeliver", post(webhooks::redeliver)),
    ];
    routes.extend([
        ("/api/v1/incident-tags", get(incident_tags::list).post(incident_tags::create)),
        ("/api/v1/incident-tags/{id}", get(incident_tags::show).patch(incident_tags::change)),
        ("/api/v1/incidents/{ref}/tags", get(incident_tags::of_incident)),
        (
            "/api/v1/incidents/{ref}/tags/{id}",
            put(incident_tags::set).delete(incident_tags::remove),
        ),
        ("/api/v1/environments", get(environments::list).post(environments::create)),
        (
            "/api/v1/environments/{id}",
            get(environments::show).put(environments::replace).delete(environments::remove),
        ),
        ("/api/v1/environments/{id}/incidents", get(environments::incidents)),
    ]);
    routes.extend(settings::routes());
    routes.extend(catalogue::routes());
    routes.extend(oncall::routes());
    routes.extend(papers::routes());
    routes
}
