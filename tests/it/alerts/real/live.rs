//! Stentor as it serves: with the system's clock and its own worker, beside a local Slack.

use std::time::Duration;

use stentor::alert::settings::{OnResolve, Route, Setting};
use stentor::alert::state::Alert;
use stentor::app::{App, SlackSettings, Stentor};
use stentor::clock::Clock;
use stentor::config::install::InstallSettings;
use stentor::config::{Secret, SigningSecrets};
use stentor::ids::IdSource;
use stentor::incident::event::Actor;
use stentor::incident::state::Incident;
use stentor::incident::wanted::Wanted as Which;
use stentor::ingest::kind::Kind;
use stentor::ingest::sources::{self, Made, Wanted};
use stentor::intake::order::Errand;
use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;
use stentor::store::{alerts, incident_lists};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::databases::Fresh;
use crate::warnings;

/// How long a test waits for something to be so. The programs look every second, and the machine
/// may have much else to do.
const PATIENCE: Duration = Duration::from_secs(100);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A running Stentor.
pub struct Live {
    pub slack: Simulator,
    pub app: App,
    /// Where it listens, such as `127.0.0.1:3000`.
    pub address: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Live {
    pub async fn start(fresh: &Fresh) -> Live {
        warnings::listen();
        let slack =
            Simulator::start(Settings { rate_limits: false, ..Settings::default() }).await.unwrap();
        let app =
            App::start(fresh.open().await, Clock::system(), IdSource::system()).await.unwrap();
        let settings = SlackSettings {
            api_url: slack.api_url(),
            bot_token: Some(Secret::new(&slack.settings().bot_token)),
            install: InstallSettings::default(),
            signing_secrets: SigningSecrets(vec![Secret::new(&slack.settings().signing_secret)]),
            app_token: None,
            announce_channel: "incidents".to_owned(),
        };
        let stentor = Stentor::new(app.clone(), &settings).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(stentor.run(listener, async move { drop(stopped.await) }));
        Live { slack, app, address, stop, running }
    }

    /// Makes a source of this kind.
    pub async fn has_source(&self, kind: Kind) -> Made {
        let wanted =
            Wanted { kind, name: kind.to_string(), secret: None, settings: Default::default() };
        let App { db, clock, ids, workspace, .. } = &self.app;
        sources::create(db, clock, ids, None, workspace, wanted).await.unwrap()
    }

    /// Incidents open as soon as one alert fires, and end with their alerts.
    pub async fn follows_alerts(&self) {
        let route = Route {
            name: "At once".to_owned(),
            position: 0,
            group_wait_seconds: 0,
            on_resolve: OnResolve::Close,
            ..Route::default()
        };
        let errand = Errand::Put { id: "at-once".into(), setting: Setting::Route(route) };
        self.app.intake.carry(&self.app.workspace, errand).await.unwrap();
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let looking = async {
            while !is_so().await {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let result = tokio::time::timeout(PATIENCE, looking).await;
        if result.is_err() {
            panic!("never so: {what}; {:#?} {:#?}", self.incidents().await, self.firing().await);
        }
    }

    /// All incidents, the oldest first.
    pub async fn incidents(&self) -> Vec<Incident> {
        let mut tx = self.app.db.read().await.unwrap();
        let (workspace, every) = (&self.app.workspace, Which::Every);
        let found = incident_lists::newest(&mut tx, workspace, &Actor::Stentor, every, None, 100);
        let mut found = found.await.unwrap();
        found.reverse();
        found
    }

    /// The alerts of an incident.
    pub async fn alerts_of(&self, incident: &Incident) -> Vec<Alert> {
        let mut tx = self.app.db.read().await.unwrap();
        alerts::of_incident(&mut tx, &self.app.workspace, &incident.id).await.unwrap()
    }

    /// The alerts that fire.
    pub async fn firing(&self) -> Vec<Alert> {
        let mut tx = self.app.db.read().await.unwrap();
        alerts::firing(&mut tx, &self.app.workspace, None, 1_000).await.unwrap()
    }

    /// The end of the story: Slack refused nothing, and Stentor warned of nothing.
    pub async fn ends(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
        let refusals: Vec<String> = self
            .slack
            .refusals()
            .iter()
            .map(|call| format!("{} {:?}", call.method, call.error))
            .collect();
        assert_eq!(refusals, Vec::<String>::new(), "calls that Slack refused");
        assert_eq!(warnings::unexpected(), Vec::<String>::new(), "what Stentor warned of");
    }
}
