//! A local Slack over HTTP, for tests and for trying an app without a workspace.
//!
//! It keeps strict state and rules: it refuses what Slack refuses, signs and redelivers as Slack
//! does, and fails on request. It knows nothing of the app it serves, so that the two can
//! disagree; nothing here may use anything outside this folder.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{broadcast, watch};

pub mod act;
mod acts;
mod api;
mod blocks;
pub mod clock;
mod control;
mod delivery;
pub mod faults;
pub mod oauth;
pub mod page;
pub mod panel;
mod reading;
mod respond;
mod rules;
mod server;
pub mod settings;
pub mod socket;
pub mod state;
#[cfg(test)]
mod tests;
mod town;
pub mod within;

use clock::Clock;
use delivery::{
    events::Queues,
    post::{AppClient, app_client},
};
use settings::{AppUrls, Settings};
use state::State;
use town::Town;

/// A running simulator. Clones are the same one; it stops when the last of them is dropped.
#[derive(Clone)]
pub struct Simulator {
    core: Arc<Core>,
    /// Handles within the server itself hold none, or it would keep itself alive.
    _alive: Option<Arc<server::Running>>,
}

struct Core {
    town: Arc<Town>,
    settings: Settings,
    clock: Clock,
    addr: SocketAddr,
    /// May be held while `queues` is locked, never the other way round.
    state: Mutex<State>,
    queues: Mutex<Queues>,
    client: AppClient,
    changes: broadcast::Sender<()>,
    in_hand: watch::Sender<usize>,
}

impl Core {
    /// A workspace of this Slack.
    fn new(settings: Settings, addr: SocketAddr, town: Arc<Town>) -> Arc<Core> {
        let state = State { address: addr.to_string(), ..State::new(&settings) };
        let fellows = town.residents_of_organisation(state.team.enterprise.as_ref()).len();
        let core = Arc::new(Core {
            town,
            clock: settings.clock.clone(),
            addr,
            state: Mutex::new(state.beside(fellows)),
            queues: Mutex::new(Queues::default()),
            client: app_client(),
            changes: broadcast::channel(16).0,
            in_hand: watch::channel(0).0,
            settings,
        });
        core.town.admit(&core);
        core
    }
}

impl Simulator {
    /// Listens, and serves until the last handle is dropped.
    pub async fn start(settings: Settings) -> io::Result<Simulator> {
        if !settings.listen.ip().is_loopback() {
            return Err(io::Error::other("the simulator listens on loopback only"));
        }
        let listener = tokio::net::TcpListener::bind(settings.listen).await?;
        let (living, alive) = watch::channel(());
        let town = Arc::new(Town::new(&settings, alive));
        let core = Core::new(settings, listener.local_addr()?, town);
        let within = Simulator { core, _alive: None };
        let running = server::serve(listener, &within, living);
        Ok(Simulator { _alive: Some(Arc::new(running)), ..within })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.core.addr
    }

    /// The base of the Web API; a method is called at `{api_url}/{method}`.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.url())
    }

    /// The page.
    pub fn url(&self) -> String {
        format!("http://{}", self.core.addr)
    }

    /// What it started with.
    pub fn settings(&self) -> &Settings {
        &self.core.settings
    }

    /// Its time.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// Looks at the state. Don't keep it waiting: everything else does while `look` runs.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// A copy of the whole state.
    pub fn snapshot(&self) -> State {
        self.read(State::clone)
    }

    /// Fires after each change of the state. A receiver that lags has only missed more of the
    /// same.
    pub fn changes(&self) -> broadcast::Receiver<()> {
        self.core.changes.subscribe()
    }

    /// Tells Slack where the app is.
    pub fn set_app_urls(&self, urls: AppUrls) {
        self.write(|state| state.app.urls = urls);
    }

    /// Waits until no request to the app is under way. Retries that are due later don't count.
    pub async fn settle(&self) {
        self.release_held();
        let mut in_hand = self.core.in_hand.subscribe();
        // The sender lives in `self`, so this can't fail.
        let _ = in_hand.wait_for(|in_hand| *in_hand == 0).await;
    }

    /// Changes the state, sends the events that follow from it, and wakes who watches.
    fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = self.write_quietly(change);
        // Nobody may be watching.
        let _ = self.core.changes.send(());
        result
    }

    /// Changes what nobody watches.
    fn write_quietly<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        if !state.outgoing.is_empty() {
            // Still under the lock, so that events leave in the order in which they happened.
            self.dispatch(&mut state);
        }
        result
    }

    /// A handle for work within the simulator, which mustn't keep it alive.
    fn within(&self) -> Simulator {
        Simulator { core: self.core.clone(), _alive: None }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.core.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.core.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
