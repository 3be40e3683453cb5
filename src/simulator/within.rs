//! The simulator within a process, without a socket: for tests that decide themselves when a
//! request arrives and when its answer does.

use std::{convert::Infallible, sync::Arc};

use axum::{Router, extract::Request, response::Response};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::{
    Core, Simulator,
    server::{HangUp, router},
    settings::Settings,
    town::Town,
};

/// A simulator that listens nowhere.
pub struct Detached {
    /// The simulator.
    pub slack: Simulator,
    routes: Router,
    /// Sockets would end with it.
    _living: watch::Sender<()>,
}

impl Detached {
    /// As the settings say, but for the address.
    pub fn new(settings: Settings) -> Detached {
        let (living, alive) = watch::channel(());
        let (addr, town) = (settings.listen, Arc::new(Town::new(&settings, alive)));
        let slack = Simulator { core: Core::new(settings, addr, town), _alive: None };
        Detached { routes: router(&slack), slack, _living: living }
    }

    /// Answers one request; nothing if the connection is to be closed instead.
    pub async fn answer(&self, request: Request) -> Option<Response> {
        let response = self.routes.clone().oneshot(request).await;
        let response = response.unwrap_or_else(|never: Infallible| match never {});
        response.extensions().get::<HangUp>().is_none().then_some(response)
    }
}
