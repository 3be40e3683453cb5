//! Wiring: from settings to a running Stentor, and back down again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tower_http::catch_panic::CatchPanicLayer;

use crate::api;
use crate::api::health::Readiness;
use crate::api::limit::Limits;
use crate::clock::{Clock, Timestamp};
use crate::config::install::{InstallSettings, SecretKeys};
use crate::config::rules::RuleSettings;
use crate::config::{Secret, Settings, SigningSecrets};
use crate::engine::{Engine, catching_up};
use crate::ids::{IdSource, WorkspaceId};
use crate::ingest::sources::Sources;
use crate::ingest::{self, sns};
use crate::intake::settle::Settler;
use crate::intake::{self, Intake, sweep};
use crate::outbox::holder::Holder;
use crate::outbox::retention;
use crate::outbox::worker::Worker;
use crate::paging::Paging;
use crate::rules::Rules;
use crate::server;
use crate::slack::client::Connection;
use crate::slack::inbound::{self, Door};
use crate::slack::install::directory::Slacks;
use crate::slack::install::keys;
use crate::slack::install::routes::Installer;
use crate::slack::install::vault::Vault;
use crate::slack::missed;
use crate::slack::outbound::{Performer, Searches, Trouble, people};
use crate::slack::socket::SocketMode;
use crate::source::TrustedProxies;
use crate::store::db::Db;
use crate::store::workspaces::{self, Catalogues, Workspace};
use crate::suspicion::{Genuine, Suspicion};
use crate::webhooks::{self, Courier};

/// The slug of the only workspace.
pub const DEFAULT_SLUG: &str = "default";
/// How often Slack is asked again who we are, if it did not answer at start.
const IDENTIFY_EVERY: Duration = Duration::from_secs(30);

/// What every handler and worker holds: cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Where everything is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What new things are called.
    pub ids: IdSource,
    /// What things are called in a workspace.
    pub catalogues: Catalogues,
    /// Carries out commands.
    pub engine: Engine,
    /// Takes what monitoring says.
    pub intake: Intake,
    /// Keeps alert rules, and evaluates them.
    pub rules: Arc<Rules>,
    /// Keeps who is on call, and pages people.
    pub paging: Paging,
    /// Tells webhooks.
    pub courier: Arc<Courier>,
    /// Who may send alerts.
    pub sources: Sources,
    /// Opens the secrets of sources that sign; nothing if they lie open.
    pub source_vault: Option<Arc<Vault>>,
    /// Asks Amazon what SNS's messages need.
    pub sns: sns::Outside,
    /// Told when there is work for the outbox.
    pub work_waits: Arc<Notify>,
    /// The workspace of the one bot token.
    pub workspace: WorkspaceId,
    /// Where others reach Stentor, without a slash at the end, if the settings say so.
    pub public_url: Option<Arc<str>>,
    /// Since when it is there.
    pub started_at: Timestamp,
    /// Who says truthfully whom a request is from.
    pub trusted_proxies: TrustedProxies,
    /// Who sends what is not genuine.
    pub suspicion: Suspects,
    /// Whether the database could be used when somebody asked last.
    pub readiness: Readiness,
    /// How often each token has asked lately, where that is limited.
    pub limits: Limits,
}

/// Who sends what is not genuine, by what it is.
#[derive(Clone, Default)]
pub struct Suspects {
    /// Requests that Slack did not sign, by source.
    pub signatures: Suspicion,
    /// Tokens that open nothing, by source.
    pub tokens: Suspicion,
    /// Tokens that open something, by their hash.
    pub genuine_tokens: Genuine,
    /// Secrets at the doors for monitoring that open nothing, and sources that are not there, by where
    /// they came from.
    pub secrets: Suspicion,
    /// Secrets that open something, by their hash, and sources that are there, by their id.
    pub genuine_secrets: Genuine,
}

impl App {
    /// Starts what needs no network but the database.
    pub async fn start(db: Db, clock: Clock, ids: IdSource) -> anyhow::Result<App> {
        let workspace =
            ensure_workspace(&db, &clock, &ids).await.context("set up the workspace")?;
        let work_waits = Arc::new(Notify::new());
        let catalogues = Catalogues::default();
        let engine = Engine::start(
            db.clone(),
            clock.clone(),
            ids.clone(),
            catalogues.clone(),
            Arc::clone(&work_waits),
        );
        let started_at = clock.now();
        let intake = Intake::start(
            db.clone(),
            clock.clone(),
            ids.clone(),
            Arc::clone(&work_waits),
            intake::Limits::default(),
        );
        let rules = Rules::new(
            db.clone(),
            clock.clone(),
            ids.clone(),
            intake.clone(),
            Arc::clone(&work_waits),
        );
        let paging = Paging::new(db.clone(), clock.clone(), ids.clone(), Arc::clone(&work_waits));
        let courier = Courier::new(db.clone(), clock.clone(), ids.clone(), catalogues.clone());
        Ok(App {
            db,
            clock,
            ids,
            catalogues,
            engine,
            intake,
            rules: Arc::new(rules),
            paging,
            courier: Arc::new(courier),
            sources: Sources::default(),
            source_vault: None,
            sns: sns::Outside::default(),
            work_waits,
            workspace: workspace.id,
            public_url: None,
            started_at,
            trusted_proxies: TrustedProxies::default(),
            suspicion: Suspects::default(),
            readiness: Readiness::default(),
            limits: Limits::default(),
        })
    }

    /// Believes these proxies whom a request is from.
    pub fn behind(self, trusted_proxies: TrustedProxies) -> App {
        App { trusted_proxies, ..self }
    }

    /// Is reached at this address.
    pub fn at(self, public_url: Option<&str>) -> App {
        App { public_url: public_url.map(Arc::from), ..self }
    }

    /// Lets alert rules ask and call what these settings say.
    pub fn watching(self, settings: &RuleSettings) -> std::io::Result<App> {
        let rules = Rules::clone(&self.rules).with(settings)?;
        let courier = Courier::clone(&self.courier);
        let courier = courier.into_networks(settings.webhook_networks.clone());
        Ok(App { rules: Arc::new(rules), courier: Arc::new(courier), ..self })
    }

    /// Opens and seals the secrets of sources with these keys.
    pub fn with_keys(self, keys: Option<&SecretKeys>) -> App {
        let vault = keys.map(|keys| Arc::new(Vault::new(keys)));
        let courier = Courier::clone(&self.courier).with_vault(vault.clone());
        App { source_vault: vault, courier: Arc::new(courier), ..self }
    }

    /// What sees to it that the right things follow from alerts.
    pub fn settler(&self) -> Settler {
        Settler {
            db: self.db.clone(),
            clock: self.clock.clone(),
            engine: self.engine.clone(),
            intake: self.intake.clone(),
            paging: self.paging.clone(),
        }
    }

    /// What is served over HTTP without Slack.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(api::router())
            .merge(api::bigpanda::router())
            .merge(ingest::router(self))
            .layer(axum::middleware::from_fn(api::metrics::measure))
            .with_state(self.clone())
    }
}

/// How long the database may take to close. The process ends within 10 s of being told to.
const CLOSING: Duration = Duration::from_secs(1);

/// How Stentor speaks with Slack.
#[derive(Clone)]
pub struct SlackSettings {
    /// Where the Web API is, without a slash at the end.
    pub api_url: String,
    /// The bot's token in the default workspace, if the settings give one.
    pub bot_token: Option<Secret>,
    /// How people install Stentor into workspaces.
    pub install: InstallSettings,
    /// How Slack signs its requests; with none, it makes none.
    pub signing_secrets: SigningSecrets,
    /// The app's own token, which opens sockets.
    pub app_token: Option<Secret>,
    /// Where public incidents are announced: a name or an id.
    pub announce_channel: String,
}

impl From<&Settings> for SlackSettings {
    fn from(settings: &Settings) -> Self {
        SlackSettings {
            api_url: settings.slack_api_url.clone(),
            bot_token: settings.slack_bot_token.clone(),
            install: settings.install.clone(),
            signing_secrets: settings.slack_signing_secret.clone().unwrap_or_default(),
            app_token: settings.slack_app_token.clone(),
            announce_channel: settings.announce_channel.clone(),
        }
    }
}

/// Stentor with its way into Slack and out to it.
#[derive(Clone)]
pub struct Stentor {
    /// The house.
    pub app: App,
    /// Carries work to Slack.
    pub worker: Box<Worker>,
    /// The way in over a socket, if there is one.
    pub socket: Option<Box<SocketMode>>,
    door: Door,
}

impl Stentor {
    /// Connects the house with Slack. Nothing is asked of Slack yet.
    pub fn new(app: App, settings: &SlackSettings) -> anyhow::Result<Stentor> {
        let connection = Connection::new(&settings.api_url).context("set up the way to Slack")?;
        let client = settings.install.client(&settings.api_url).map_err(anyhow::Error::msg)?;
        let vault = settings.install.secret_key.as_ref().map(Vault::new);
        let slacks = Slacks::new(app.db.clone(), app.clock.clone(), app.ids.clone(), connection)
            .with_installations(vault, client);
        let slacks = match &settings.bot_token {
            Some(token) => slacks.with_configured(app.workspace.clone(), token),
            None => slacks,
        };
        let performer = Performer {
            db: app.db.clone(),
            clock: app.clock.clone(),
            ids: app.ids.clone(),
            catalogues: app.catalogues.clone(),
            engine: app.engine.clone(),
            slacks: slacks.clone(),
            announce_channel: settings.announce_channel.as_str().into(),
            searches: Searches::default(),
        };
        let worker = Worker {
            db: app.db.clone(),
            clock: app.clock.clone(),
            ids: app.ids.clone(),
            // Its own word, whatever a test's ids are: no two processes may share it.
            holder: Holder::new(&IdSource::system().ulid(app.clock.now())),
            engine: app.engine.clone(),
            performer,
            settler: app.settler(),
            rules: Arc::clone(&app.rules),
            paging: app.paging.clone(),
            courier: Arc::clone(&app.courier),
            work_waits: Arc::clone(&app.work_waits),
        };
        let door = Door::new(app.clone(), slacks, settings.signing_secrets.clone());
        let socket = settings
            .app_token
            .as_ref()
            .map(|app_token| SocketMode::new(door.clone(), &settings.api_url, app_token));
        let socket = socket.transpose().context("set up the way to Slack's sockets")?;
        let (worker, socket) = (Box::new(worker), socket.map(Box::new));
        Ok(Stentor { app, worker, socket, door })
    }

    /// Refuses to start if a workspace's token or a source's secret was sealed with a key that is not among ours, and
    /// seals anew what an older key has sealed.
    pub async fn check_keys(&self) -> anyhow::Result<()> {
        let vault = self.worker.performer.slacks.vault();
        let turned = keys::turn(&self.app.db, vault).await?;
        let sources = ingest::sources::turn(&self.app.db, &self.app.clock, vault).await?;
        let hooks = webhooks::manage::turn(&self.app.db, &self.app.clock, vault).await?;
        if hooks > 0 {
            tracing::info!(webhooks = hooks, "Sealed the secrets of webhooks with the present key");
        }
        if sources > 0 {
            tracing::info!(sources, "Sealed the secrets of sources with the present key");
        }
        if turned > 0 {
            tracing::info!(
                installations = turned,
                "Sealed tokens with the new key; the old one can go"
            );
        }
        Ok(())
    }

    /// Everything that is served over HTTP.
    pub fn router(&self) -> Router {
        // Without a secret nothing can be verified: then everything comes over the socket.
        let signs = !self.door.secrets.0.is_empty();
        let requests = if signs { inbound::router(self.door.clone()) } else { Router::new() };
        let installer = Installer::new(self.app.clone(), self.worker.performer.clone());
        let slack = requests
            .merge(installer.map(Installer::router).unwrap_or_default())
            .layer(axum::middleware::from_fn(api::metrics::measure));
        self.app.router().merge(slack).layer(CatchPanicLayer::new())
    }

    /// Reads back what was missed: now, and whenever it happens again. Over a socket it begins when
    /// that is open, as until then more can be missed.
    pub fn missed(&self) -> impl Future<Output = ()> + use<> {
        if self.socket.is_none() {
            self.door.heard.lost();
        }
        missed::watch(self.app.clone(), Arc::clone(&self.door.heard))
    }

    /// Serves and works until `shutdown` comes; then finishes what is in hand.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        // The settings may be others than those that Slack refused.
        if let Err(error) = self.worker.performer.wake(&self.app.workspace).await {
            tracing::warn!(error = %error, "Could not look whether Slack was away");
        }
        let stop = Arc::new(Notify::new());
        let forgetting = Arc::new(Notify::new());
        let forget = tokio::spawn(retention::run(
            self.app.db.clone(),
            self.app.clock.clone(),
            Arc::clone(&forgetting),
        ));
        let caught_up = Arc::new(Notify::new());
        let indexer = tokio::spawn(catching_up::run(self.app.db.clone(), Arc::clone(&caught_up)));
        let quiet = Arc::new(Notify::new());
        let sweeper = tokio::spawn(sweep::run(
            self.app.db.clone(),
            self.app.clock.clone(),
            self.app.intake.clone(),
            Arc::clone(&quiet),
        ));
        let slacks = self.worker.performer.slacks.clone();
        let identity = slacks.has_configured().then(|| {
            tokio::spawn(identify(self.worker.performer.clone(), self.app.workspace.clone()))
        });
        let enough = Arc::new(Notify::new());
        let keeper = tokio::spawn(slacks.keep(Arc::clone(&enough)));
        let stay = Arc::new(Notify::new());
        let people = tokio::spawn(people::keep(
            self.worker.performer.clone(),
            Arc::clone(&self.app.work_waits),
            Arc::clone(&stay),
        ));
        let missed = tokio::spawn(self.missed());
        let (stops, stopping) = watch::channel(false);
        let socket = self.socket.clone().map(|socket| tokio::spawn(socket.run(stopping)));
        let router = self.router();
        let worker = tokio::spawn(self.worker.run(Arc::clone(&stop)));
        let told = Arc::clone(&stop);
        // The worker and the socket stop together with the listener: all have some seconds for what is in hand.
        let shutdown = async move {
            shutdown.await;
            tracing::info!("Finishes what is in hand");
            told.notify_one();
            stops.send_replace(true);
        };
        server::serve(listener, router, shutdown).await;
        if let Some(socket) = socket
            && let Err(error) = socket.await
        {
            tracing::error!(error = %error, "The way in over a socket ended badly");
        }
        missed.abort();
        identity.inspect(tokio::task::JoinHandle::abort);
        forgetting.notify_one();
        enough.notify_one();
        quiet.notify_one();
        stay.notify_one();
        caught_up.notify_one();
        for (what, task) in [
            ("worker", worker),
            ("forgetting", forget),
            ("keeper of tokens", keeper),
            ("sweeper of alerts", sweeper),
            ("reader of people", people),
            ("catching up of the index", indexer),
        ] {
            if let Err(error) = task.await {
                tracing::error!(error = %error, "The {what} ended badly");
            }
        }
        if tokio::time::timeout(CLOSING, self.app.db.close()).await.is_err() {
            tracing::warn!("The database did not close in time; what was committed is safe");
        }
    }
}

/// Asks Slack who we are until it answers. Stentor serves meanwhile: Slack being down is no reason
/// to be down.
async fn identify(performer: Performer, workspace: WorkspaceId) {
    loop {
        if let Err(error) = performer.slacks.try_configured_again().await {
            tracing::warn!(%error, "Could not look whether Slack takes the bot token again");
        }
        match performer.identify(&workspace).await {
            Ok(identity) => {
                tracing::info!(slack.team = %identity.team, slack.user = %identity.bot_user, "Slack knows us");
                return;
            }
            Err(Trouble::GiveUp { error } | Trouble::NoAccess { error }) => {
                tracing::error!(error, "Slack does not accept the bot token");
            }
            // Another call has said so already.
            Err(Trouble::NotYet { .. }) => {}
            Err(trouble) => tracing::warn!(?trouble, "Slack does not say who we are yet"),
        }
        tokio::time::sleep(IDENTIFY_EVERY).await;
    }
}

/// The only workspace, made if this is the first start.
pub async fn ensure_workspace(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
) -> Result<Workspace, sqlx::Error> {
    let now = clock.now();
    let mut tx = db.begin().await?;
    let id = WorkspaceId::new(ids.ulid(now));
    let workspace = workspaces::ensure(&mut tx, &id, DEFAULT_SLUG, now).await?;
    tx.commit().await?;
    Ok(workspace)
}
