//! `GET /slack/install` sends a browser to Slack, and `GET /slack/oauth/callback` is where Slack
//! sends it back.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::app::App;
use crate::config::install::Client;
use crate::slack::client::CallError;
use crate::slack::install::answer::Granted;
use crate::slack::install::attempt::{self, Cookie};
use crate::slack::install::page::Ending;
use crate::slack::install::register::register;
use crate::slack::install::scopes::SCOPES;
use crate::slack::install::vault::Vault;
use crate::slack::outbound::Performer;
use crate::store::workspaces;

/// What Slack answers when it does not know us, rather than the person.
const OUR_FAULT: [&str; 4] =
    ["invalid_client_id", "bad_client_secret", "bad_redirect_uri", "invalid_scope"];

/// What the two addresses need.
#[derive(Clone)]
pub struct Installer {
    app: App,
    performer: Performer,
    client: Client,
    vault: Arc<Vault>,
}

/// What comes back from Slack.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Back {
    code: String,
    state: String,
    error: String,
}

impl Installer {
    /// The addresses, if people can install Stentor.
    pub fn new(app: App, performer: Performer) -> Option<Installer> {
        let client = performer.slacks.client.clone()?;
        let vault = performer.slacks.vault.clone()?;
        Some(Installer { app, performer, client, vault })
    }

    /// The routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/slack/install", get(start))
            .route("/slack/oauth/callback", get(callback))
            .with_state(self)
    }

    fn redirect_uri(&self) -> String {
        format!("{}/slack/oauth/callback", self.client.public_url)
    }

    async fn finish(&self, headers: &HeaderMap, back: Back) -> Ending {
        let browser = Cookie::at(&self.client.public_url).read(headers);
        let Some(browser) = browser.filter(|_| !back.state.is_empty()) else {
            return Ending::Unknown;
        };
        let now = self.app.clock.now();
        match attempt::end(&self.app.db, &back.state, &browser, now).await {
            Ok(true) => {}
            Ok(false) => return Ending::Unknown,
            Err(error) => {
                tracing::warn!(%error, "Could not look up who is installing");
                return Ending::NotSaved;
            }
        }
        match (back.error.as_str(), back.code.as_str()) {
            ("", "") => Ending::Unknown,
            ("", code) => self.exchange(code).await,
            ("access_denied", _) => Ending::Cancelled,
            (error, _) => Ending::Refused(error.chars().take(60).collect()),
        }
    }

    /// Gets the tokens for a code. Slack gives them once: if they can't be written down, the person
    /// installs again.
    async fn exchange(&self, code: &str) -> Ending {
        // Whose the default workspace is must be known first, or somebody else might get it.
        if let Err(ending) = self.know_the_default().await {
            return ending;
        }
        let redirect_uri = self.redirect_uri();
        let fields = [
            ("client_id", self.client.id.as_str()),
            ("client_secret", self.client.secret.reveal()),
            ("code", code),
            ("redirect_uri", &redirect_uri),
        ];
        let slacks = &self.performer.slacks;
        let answer = match slacks.connection().submit("oauth.v2.access", &fields).await {
            Ok(answer) => answer,
            Err(CallError::Refused { code, .. }) if OUR_FAULT.contains(&code.as_str()) => {
                tracing::error!(code, "Slack does not accept this app's credentials");
                return Ending::WrongSettings(code);
            }
            Err(CallError::Refused { code, .. }) => return Ending::Refused(code),
            Err(error) => {
                tracing::warn!(%error, "An installation was not finished");
                return Ending::SlackAway;
            }
        };
        let granted = Granted::read(answer);
        let Some((team, granted)) = granted.and_then(|it| Some((it.team.clone()?, it))) else {
            tracing::error!("Slack answered an installation without a bot token or a workspace");
            return Ending::NoInstallation;
        };
        let may_take_default = !slacks.has_configured();
        match register(&self.app, &self.vault, &team, &granted, may_take_default).await {
            Ok(registered) => {
                tracing::info!(workspace = %registered.workspace, slack.team = %team, again = registered.again,
                    "Stentor was installed");
                let (slug, again) = (registered.slug, registered.again);
                Ending::Installed { name: granted.name, slug, again }
            }
            Err(error) => {
                tracing::error!(%error, slack.team = %team, "An installation could not be saved");
                Ending::NotSaved
            }
        }
    }

    /// Asks whose the token of the settings is, if that is not known yet.
    async fn know_the_default(&self) -> Result<(), Ending> {
        if !self.performer.slacks.has_configured() {
            return Ok(());
        }
        let known = async {
            let mut tx = self.app.db.read().await?;
            workspaces::by_id(&mut tx, &self.app.workspace).await
        };
        match known.await {
            Ok(workspace) if workspace.slack_team.is_some() => Ok(()),
            Ok(_) => match self.performer.identify(&self.app.workspace).await {
                Ok(_) => Ok(()),
                Err(trouble) => {
                    tracing::warn!(
                        ?trouble,
                        "Nobody can install until Slack says whose --slack-bot-token is"
                    );
                    Err(Ending::SlackAway)
                }
            },
            Err(error) => {
                tracing::warn!(%error, "Could not look up the default workspace");
                Err(Ending::NotSaved)
            }
        }
    }
}

async fn start(State(installer): State<Installer>, headers: HeaderMap) -> Response {
    let (app, client) = (&installer.app, &installer.client);
    let cookie = Cookie::at(&client.public_url);
    let begun = attempt::begin(&app.db, cookie.read(&headers), app.clock.now()).await;
    let begun = match begun {
        Ok(Some(begun)) => begun,
        Ok(None) => return Ending::Busy.page(&client.public_url),
        Err(error) => {
            tracing::warn!(%error, "Could not begin an installation");
            return Ending::NotSaved.page(&client.public_url);
        }
    };
    let query = [
        ("client_id", client.id.as_str()),
        ("scope", SCOPES.as_str()),
        ("redirect_uri", &installer.redirect_uri()),
        ("state", &begun.state),
    ];
    let query = serde_urlencoded::to_string(query).expect("words make a query");
    let headers = [
        (LOCATION, format!("{}?{query}", client.authorize_url)),
        (SET_COOKIE, cookie.keep(&begun.browser)),
        (CACHE_CONTROL, "no-store".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (StatusCode::FOUND, headers).into_response()
}

async fn callback(
    State(installer): State<Installer>,
    headers: HeaderMap,
    back: Result<Query<Back>, QueryRejection>,
) -> Response {
    // Parameters that can't be read are as good as none.
    let back = back.map(|Query(back)| back).unwrap_or_default();
    let ending = installer.finish(&headers, back).await;
    ending.page(&installer.client.public_url)
}
