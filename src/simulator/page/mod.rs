//! The page on which people try an app without Slack.

use axum::{Router, routing::get};

use super::Simulator;

/// The routes of the page.
pub fn router(_simulator: Simulator) -> Router {
    Router::new().route("/", get(|| async { "page" }))
}
