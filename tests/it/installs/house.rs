//! Two workspaces of one Slack with the same people and channels in them, a Stentor that can be
//! installed in both, and browsers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stentor::app::{App, SlackSettings, Stentor};
use stentor::clock::{Clock, Timestamp};
use stentor::config::install::{InstallSettings, secret_keys};
use stentor::config::{Secret, SigningSecrets};
use stentor::ids::{IdSource, TeamId, WorkspaceId};
use stentor::simulator::Simulator;
use stentor::simulator::act::{Act, Seen};
use stentor::simulator::oauth::consent::Decision;
use stentor::simulator::settings::{AppUrls, Settings};
use stentor::simulator::state::{Enterprise, Team};
use stentor::store::{outbox, workspaces};
use tokio::sync::oneshot;

use crate::bot::{ALICE, GENERAL};
use crate::databases::Fresh;
use crate::http::{Answer, Server};
use crate::warnings;

/// The two workspaces.
pub const ACME: &str = "T0STENTOR";
pub const ZENITH: &str = "T0ZENITH";

/// A key, and another one.
pub const OLD_KEY: &str = "1111111111111111111111111111111111111111111111111111111111111111";
pub const NEW_KEY: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// How a house begins.
#[derive(Clone)]
pub struct Setup {
    /// Whether the settings give the token of the first workspace.
    pub token: bool,
    /// What tokens are sealed with.
    pub key: String,
    /// What Slack is like.
    pub slack: fn(Settings) -> Settings,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { token: false, key: OLD_KEY.to_owned(), slack: |settings| settings }
    }
}

pub struct House {
    pub acme: Simulator,
    pub zenith: Simulator,
    pub stentor: Stentor,
    pub clock: Clock,
    pub server: Server,
    setup: Setup,
    _stop: oneshot::Sender<()>,
}

/// Somebody's browser, which keeps a cookie.
#[derive(Default)]
pub struct Browser {
    pub cookie: Option<String>,
}

impl House {
    pub async fn start(fresh: &Fresh, setup: Setup) -> House {
        warnings::listen();
        let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
        let slacks_clock = clock.clone();
        let slacks_clock = Arc::new(move || slacks_clock.now().as_micros());
        let settings = Settings {
            clock: stentor::simulator::clock::Clock::from_fn(slacks_clock),
            rate_limits: false,
            is_installed: setup.token,
            ..Settings::default()
        };
        let acme = Simulator::start((setup.slack)(settings.clone())).await.unwrap();
        let team = Team {
            id: ZENITH.to_owned(),
            name: "Zenith & Sons".to_owned(),
            domain: "zenith".to_owned(),
            enterprise: Some(Enterprise {
                id: "E0ZENITH".to_owned(),
                name: "Zenith Group".to_owned(),
            }),
        };
        let zenith = Settings { team, is_installed: false, ..settings };
        let zenith = acme.with_workspace((setup.slack)(zenith));
        House::beside(acme, zenith, fresh, clock, setup).await.unwrap()
    }

    /// Another process on the same database, beside the same Slack; Slack speaks with this one.
    pub async fn another(&self, fresh: &Fresh) -> House {
        self.another_with(fresh, self.setup.clone()).await.unwrap()
    }

    /// Another process with other settings; it may refuse to start.
    pub async fn another_with(&self, fresh: &Fresh, setup: Setup) -> anyhow::Result<House> {
        let (acme, zenith) = (self.acme.clone(), self.zenith.clone());
        House::beside(acme, zenith, fresh, self.clock.clone(), setup).await
    }

    async fn beside(
        acme: Simulator,
        zenith: Simulator,
        fresh: &Fresh,
        clock: Clock,
        setup: Setup,
    ) -> anyhow::Result<House> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let app = App::start(fresh.open().await, clock.clone(), IdSource::system()).await?;
        let slack = acme.settings();
        let settings = SlackSettings {
            api_url: acme.api_url(),
            bot_token: setup.token.then(|| Secret::new(&slack.bot_token)),
            signing_secrets: SigningSecrets(vec![Secret::new(&slack.signing_secret)]),
            app_token: None,
            announce_channel: "incidents".to_owned(),
            install: InstallSettings {
                slack_client_id: Some(slack.client_id.clone()),
                slack_client_secret: Some(Secret::new(&slack.client_secret)),
                slack_authorize_url: None,
                public_url: Some(address.clone()),
                secret_key: Some(secret_keys(&setup.key).map_err(anyhow::Error::msg)?),
            },
        };
        let stentor = Stentor::new(app, &settings)?;
        stentor.check_keys().await?;
        acme.set_redirect_urls(&[&format!("{address}/slack/oauth/callback")]);
        for workspace in [&acme, &zenith] {
            workspace.set_app_urls(AppUrls {
                commands: format!("{address}/slack/commands"),
                interactions: format!("{address}/slack/interactions"),
                options: String::new(),
                events: format!("{address}/slack/events"),
            });
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let router = stentor.router();
        tokio::spawn(::stentor::server::serve(
            listener,
            router,
            async move { drop(stopped.await) },
        ));
        let server = Server::at(&address);
        Ok(House { acme, zenith, stentor, clock, server, setup, _stop: stop })
    }

    /// A browser begins to install: where it is sent.
    pub async fn begins(&self, browser: &mut Browser) -> String {
        let cookie = browser.cookie.clone().unwrap_or_default();
        let answer = self.server.get("/slack/install", &[("cookie", &cookie)]).await;
        assert_eq!(answer.status.as_u16(), 302, "{}", answer.text);
        let kept = answer.header("set-cookie").split(';').next().unwrap();
        browser.cookie = Some(kept.to_owned());
        answer.header("location").to_owned()
    }

    /// A browser comes back from Slack.
    pub async fn returns(&self, browser: &Browser, address: &str) -> Answer {
        let path = &address[address.find("/slack/").unwrap()..];
        let cookie = browser.cookie.clone().unwrap_or_default();
        self.server.get(path, &[("cookie", &cookie)]).await
    }

    /// Alice of this workspace installs Stentor there.
    pub async fn installs(&self, team: &str) -> Answer {
        let mut browser = Browser::default();
        let asked = self.begins(&mut browser).await;
        let address = self.acme.decides(&asked, &allow(team)).unwrap();
        self.returns(&browser, &address).await
    }

    /// The same, and it works.
    pub async fn is_installed_in(&self, team: &str) -> WorkspaceId {
        let answer = self.installs(team).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        self.workspace(team).await.unwrap()
    }

    /// The workspace of a team, if it is known.
    pub async fn workspace(&self, team: &str) -> Option<WorkspaceId> {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        let known = workspaces::by_team(&mut tx, &TeamId::from(team)).await.unwrap();
        known.map(|workspace| workspace.id)
    }

    /// Alice types `/incident {text}` in a channel of this workspace.
    pub async fn types(&self, slack: &Simulator, channel: &str, text: &str) -> Seen {
        let (user, command) = (ALICE.to_owned(), "/incident".to_owned());
        let (channel, text) = (channel.to_owned(), text.to_owned());
        slack.act(Act::SlashCommand { user, channel, command, text }).await.unwrap()
    }

    /// What Alice alone reads in answer to `/incident {text}`.
    pub async fn hears(&self, slack: &Simulator, channel: &str, text: &str) -> String {
        let seen = self.types(slack, channel, text).await;
        assert_eq!(seen.error, None, "/incident {text}");
        seen.messages.iter().map(|message| message.text.clone()).collect::<Vec<_>>().join("\n")
    }

    /// Alice declares an incident of this name there; what follows may take its time.
    pub async fn declares(&self, slack: &Simulator, name: &str) {
        let seen = self.types(slack, GENERAL, "").await;
        self.fills_in(slack, seen, name).await;
    }

    /// Alice sends the form that declares, which she sees.
    pub async fn fills_in(&self, slack: &Simulator, seen: Seen, name: &str) {
        let view_id = seen.modal.unwrap_or_else(|| panic!("no form: {:?}", seen.messages));
        let values = [("name".to_owned(), [("value".to_owned(), json!(name))].into())].into();
        let act = Act::SubmitView { user: ALICE.to_owned(), view_id, values };
        let seen = slack.act(act).await.unwrap();
        assert_eq!((seen.error, seen.field_errors), (None, Default::default()));
    }

    /// Does everything that is due now or soon; what waits for an installation goes on waiting.
    pub async fn works(&self) {
        for _ in 0..60 {
            while self.stentor.worker.step().await.unwrap() > 0 {}
            self.acme.settle().await;
            self.zenith.settle().await;
            self.clock.advance(Duration::from_secs(1));
        }
    }

    /// Looks after tokens once, as happens by itself every half a minute.
    pub async fn looks_after_tokens(&self) {
        self.stentor.worker.performer.slacks.look_after().await;
    }

    /// What is left to do in a workspace, but for timers: key and last error.
    pub async fn left(&self) -> Vec<(String, Option<String>)> {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        let left = outbox::left(&mut tx, 1_000).await.unwrap().into_iter();
        let work = left.filter(|work| !work.key.contains("/timer/"));
        work.map(|work| (work.key, work.last_error)).collect()
    }

    /// Everything that Stentor's messages say in a workspace, in all channels.
    pub fn said(&self, slack: &Simulator) -> Vec<String> {
        slack.read(|state| {
            let messages = state.channels.values().flat_map(|place| place.messages.values());
            let ours = messages.filter(|it| it.bot_id.is_some() && it.subtype.is_none());
            ours.map(|it| it.text.clone()).collect()
        })
    }

    /// The end: Stentor warned of nothing that the test did not expect.
    pub fn ends(self) {
        assert_eq!(warnings::unexpected(), Vec::<String>::new(), "what Stentor warned of");
    }
}

/// Alice of this workspace says yes.
pub fn allow(team: &str) -> Decision {
    Decision::Allow { team: team.to_owned(), user: ALICE.to_owned() }
}

/// A parameter of an address.
pub fn parameter(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    let found = pairs.into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} in {address}")).1
}

/// An answer as the database would give it: any column of the first row of a query as text.
pub async fn column(house: &House, sql: &'static str) -> Vec<Option<String>> {
    let mut tx = house.stentor.app.db.read().await.unwrap();
    let rows: Vec<(Option<String>,)> = tx.query(sql).all().await.unwrap();
    rows.into_iter().map(|(text,)| text).collect()
}

/// The calls of a method that a workspace has seen.
pub fn calls(slack: &Simulator, method: &str) -> Vec<Value> {
    let calls = slack.calls().into_iter().filter(|call| call.method == method);
    calls.map(|call| call.args).collect()
}
