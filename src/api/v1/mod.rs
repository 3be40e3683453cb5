//! The native API, `/api/v1`.
//!
//! Reading shows incidents as [`view`] draws them. Writing takes the very
//! [`Command`](crate::incident::command::Command) as JSON and hands it to the engine. The
//! [`document`](openapi) is made from these types.

pub mod alert_rules;
pub mod catalogue;
pub mod cursor;
pub mod incidents;
pub mod openapi;
pub mod timeline;
pub mod view;
pub mod write;

use axum::routing::{MethodRouter, get, post};

use crate::app::App;

/// Every path of the native API, with its methods. The document is tested against this.
pub fn routes() -> [(&'static str, MethodRouter<App>); 9] {
    [
        ("/api/v1/incidents", get(incidents::list).post(write::declare)),
        ("/api/v1/incidents/{ref}", get(incidents::show)),
        ("/api/v1/incidents/{ref}/commands", post(write::command)),
        ("/api/v1/incidents/{ref}/timeline", get(timeline::show)),
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
    ]
}
