//! OAuth 2 as Slack does it: people are asked whether an app may come in, the app gets a code by
//! way of their browser, and a token for the code.

pub mod access;
pub mod codes;
pub mod consent;
pub mod tokens;

use axum::{Router, routing::get};

use super::Simulator;

/// The page on which people decide. The rest is a method of the Web API.
pub fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/oauth/v2/authorize", get(consent::ask).post(consent::decide))
        .with_state(simulator)
}
