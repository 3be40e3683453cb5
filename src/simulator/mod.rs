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
mod api;
mod blocks;
pub mod clock;
mod control;
pub mod faults;
pub mod page;
mod rules;
mod server;
pub mod settings;
pub mod state;

use act::{Act, Oops, Seen};
use clock::Clock;
use settings::{AppUrls, Settings};
use state::State;

/// A running simulator. Clones are the same one; it stops when the last of them is dropped.
#[derive(Clone)]
pub struct Simulator {
    core: Arc<Core>,
    /// Handles within the server itself hold none, or it would keep itself alive.
    _alive: Option<Arc<server::Running>>,
}

struct Core {
    settings: Settings,
    clock: Clock,
    addr: SocketAddr,
    state: Mutex<State>,
    changes: broadcast::Sender<()>,
    in_hand: watch::Sender<usize>,
}

impl Simulator {
    /// Listens, and serves until the last handle is dropped.
    pub async fn start(settings: Settings) -> io::Result<Simulator> {
        if !settings.listen.ip().is_loopback() {
            return Err(io::Error::other("the simulator listens on loopback only"));
        }
        let listener = tokio::net::TcpListener::bind(settings.listen).await?;
        let core = Core {
            clock: settings.clock.clone(),
            addr: listener.local_addr()?,
            state: Mutex::new(State::new(&settings)),
            changes: broadcast::channel(16).0,
            in_hand: watch::channel(0).0,
            settings,
        };
        let within = Simulator { core: Arc::new(core), _alive: None };
        let running = server::serve(listener, server::router(&within));
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

    /// Does what a person does, and says what they see of it.
    pub async fn act(&self, act: Act) -> Result<Seen, Oops> {
        let _ = act;
        Err(Oops::new("not_implemented"))
    }

    /// Waits until no request to the app is under way. Retries that are due later don't count.
    pub async fn settle(&self) {
        let mut in_hand = self.core.in_hand.subscribe();
        // The sender lives in `self`, so this can't fail.
        let _ = in_hand.wait_for(|in_hand| *in_hand == 0).await;
    }

    /// Changes what nobody watches.
    fn write_quietly<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.lock())
    }

    fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        // Nobody may be watching.
        let _ = self.core.changes.send(());
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.core.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
