//! One process of Stentor: the real engine, worker and performer, in a runtime of its own.
//!
//! A crash drops the runtime with every future in it, wherever it stands. Tokio's time is paused
//! and follows the world's clock, so that time limits and polls happen when the scheduler says so.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use futures_util::FutureExt as _;
use stentor::app::{App, SlackSettings, Stentor};
use stentor::clock::Clock;
use stentor::config::install::InstallSettings;
use stentor::config::{Secret, SigningSecrets};
use stentor::ids::IdSource;
use stentor::outbox::holder::Holder;
use stentor::slack::client::Connection;
use stentor::slack::install::directory::Slacks;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::database::Connections;
use crate::ledger::Ledger;
use crate::network::Network;
use crate::turns::Turns;

const API_URL: &str = "http://slack.test/api";

/// What all processes of a world share.
#[derive(Clone)]
pub struct Surroundings {
    /// Slack's clock.
    pub clock: Clock,
    pub network: Network,
    pub bot_token: String,
    pub patience: Duration,
    /// Whether the processes can see that another one died.
    pub one_machine: bool,
}

impl Surroundings {
    fn holder(&self) -> Holder {
        static HOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = HOLDERS.fetch_add(1, Ordering::SeqCst);
        let word = format!("simulation-{}-{number}", std::process::id());
        let first = Holder::new(&word);
        // Where another one has the address, a holder can't be seen to be alive or dead.
        if self.one_machine { first } else { Holder::new(&word) }
    }
}

/// A running process.
pub struct Replica {
    pub name: String,
    pub turns: Turns,
    /// The clock of its machine, which others need not agree with.
    clock: Clock,
    /// It stands still, as after SIGSTOP.
    pub is_paused: bool,
    /// How much time has passed while it stood still.
    behind: Duration,
    runtime: Runtime,
    idle: Arc<Notify>,
    stentor: Arc<OnceLock<Stentor>>,
    stop: Arc<Notify>,
    ended: Arc<AtomicBool>,
    /// While somebody could still send here, tokio does not move its time by itself.
    awake: mpsc::Sender<()>,
}

impl Replica {
    /// Starts a process on this database. Its first steps wait for their turns like all others.
    pub fn start(
        name: String,
        ids: IdSource,
        clock: Clock,
        file: &Path,
        around: &Surroundings,
    ) -> Replica {
        let (turns, connections) = (Turns::default(), Connections::default());
        let (idle, watched) = (Arc::new(Notify::new()), connections.clone());
        let tell_idle = Arc::clone(&idle);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            // Nothing can go on but what SQLite works on: if that is nothing, all stand still.
            .on_thread_park(move || {
                if !watched.are_busy() {
                    tell_idle.notify_one();
                }
            })
            .build()
            .unwrap();
        let (awake, asleep) = mpsc::channel();
        runtime.spawn_blocking(move || asleep.recv().ok());
        let replica = Replica {
            name,
            turns,
            clock,
            is_paused: false,
            behind: Duration::ZERO,
            runtime,
            idle,
            stentor: Arc::default(),
            stop: Arc::default(),
            ended: Arc::default(),
            awake,
        };
        replica.begin(connections, ids, file, around);
        replica.run();
        replica
    }

    fn begin(&self, connections: Connections, ids: IdSource, file: &Path, around: &Surroundings) {
        let (cell, stop, ended) = (self.stentor.clone(), self.stop.clone(), self.ended.clone());
        let (turns, file, around) = (self.turns.clone(), file.to_owned(), around.clone());
        let (name, clock) = (self.name.clone(), self.clock.clone());
        self.runtime.spawn(async move {
            let db = connections.open(&file, &turns, around.patience);
            // Without a database there is no start: the process ends.
            if let Ok(app) = App::start(db, clock, ids).await {
                let settings = SlackSettings {
                    api_url: API_URL.to_owned(),
                    bot_token: None,
                    install: InstallSettings::default(),
                    app_token: None,
                    signing_secrets: SigningSecrets(vec![Secret::new("simulation")]),
                    announce_channel: "incidents".to_owned(),
                };
                let mut stentor = Stentor::new(app, &settings).unwrap();
                let slacks_clock = around.clock.clone();
                let way = around.network.way(name, move || slacks_clock.now());
                let connection = Connection::over(way, API_URL);
                let app = &stentor.app;
                stentor.worker.performer.slacks =
                    Slacks::new(app.db.clone(), app.clock.clone(), app.ids.clone(), connection)
                        .with_configured(app.workspace.clone(), &Secret::new(&around.bot_token));
                stentor.worker.holder = around.holder();
                cell.set(stentor.clone()).ok();
                stentor.worker.run(stop).await;
            }
            ended.store(true, Ordering::SeqCst);
        });
    }

    /// Runs until every task waits for its turn, for time to pass, or for somebody else.
    pub fn run(&self) {
        self.runtime.block_on(async {
            // What was told before is not what is waited for now.
            self.idle.notified().now_or_never();
            self.idle.notified().await;
        });
    }

    /// Lets time pass. One that stands still notices it afterwards.
    pub fn pass(&mut self, duration: Duration) {
        self.clock.advance(duration);
        self.behind += duration;
        if self.is_paused {
            return;
        }
        let passed = std::mem::take(&mut self.behind);
        self.runtime.block_on(tokio::time::advance(passed));
        self.run();
    }

    /// Whether it takes requests.
    pub fn is_up(&self) -> bool {
        self.stentor.get().is_some() && !self.has_ended() && !self.is_paused
    }

    /// Whether the process has come to its end by itself.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Gives it the order with this number. Whoever asks may hear the answer or not.
    pub fn ask(&self, ledger: &Ledger, number: usize) {
        let engine = self.stentor.get().unwrap().app.engine.clone();
        let (turns, ledger) = (self.turns.clone(), ledger.clone());
        self.runtime.spawn(async move {
            let result = engine.submit(ledger.order(number)).await;
            turns.wait(format!("answers order {number}")).await;
            ledger.hear(number, result);
        });
        self.run();
    }

    /// Tells it to finish what it has in hand and end.
    pub fn stop(&self) {
        self.stop.notify_one();
        self.run();
    }

    /// Ends it at once.
    pub fn crash(self) {
        drop(self.awake);
        self.runtime.shutdown_background();
    }
}
