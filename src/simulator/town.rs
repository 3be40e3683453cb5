//! The workspaces of one Slack: they share its address and know the same app, and nothing else.
//! A call finds its workspace by its token.
//!
//! Those of one organisation, if the app is installed for all of it, share the token too: a call is
//! for the workspace that it names, or that has what it is about.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

use super::{
    Core, Simulator,
    api::Asked,
    oauth::codes::Codes,
    settings::Settings,
    socket::Links,
    state::{Enterprise, State, Team},
};

/// What the workspaces of one Slack share.
pub struct Town {
    /// The first one is the one that was started; the others came to it.
    residents: Mutex<Vec<Weak<Core>>>,
    app: Mutex<Registration>,
    codes: Mutex<Codes>,
    /// Sockets are the app's: what happens in any workspace goes over them.
    pub(super) links: Mutex<Links>,
    /// Changes never, and is closed when the simulator ends.
    pub(super) alive: watch::Receiver<()>,
}

/// What Slack knows of the app before anybody has installed it.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its client id.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: String,
    /// Where it may have people sent back to.
    pub redirect_urls: Vec<String>,
    /// Whether its tokens run out.
    pub rotates_tokens: bool,
}

impl Town {
    pub(super) fn new(settings: &Settings, alive: watch::Receiver<()>) -> Town {
        let app = Registration {
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            redirect_urls: settings.redirect_urls.clone(),
            rotates_tokens: settings.rotates_tokens,
        };
        Town {
            residents: Mutex::default(),
            app: Mutex::new(app),
            codes: Mutex::default(),
            links: Mutex::default(),
            alive,
        }
    }

    pub(super) fn admit(&self, core: &Arc<Core>) {
        lock(&self.residents).push(Arc::downgrade(core));
    }

    /// The workspaces of an organisation, if it is one.
    pub(super) fn residents_of_organisation(&self, of: Option<&Enterprise>) -> Vec<Simulator> {
        let Some(organisation) = of else { return Vec::new() };
        let mut residents = self.residents();
        residents.retain(|one| {
            let theirs = one.read(|state| state.team.enterprise.clone());
            theirs.is_some_and(|theirs| theirs.id == organisation.id)
        });
        residents
    }

    fn residents(&self) -> Vec<Simulator> {
        let residents = lock(&self.residents);
        let alive = residents.iter().filter_map(Weak::upgrade);
        alive.map(|core| Simulator { core, _alive: None }).collect()
    }

    pub(super) fn app(&self) -> Registration {
        lock(&self.app).clone()
    }

    pub(super) fn codes(&self) -> MutexGuard<'_, Codes> {
        lock(&self.codes)
    }
}

impl Simulator {
    /// Another workspace of the same Slack, with people, channels and tokens of its own. The app is
    /// the same: what Slack knows of it is the first workspace's.
    ///
    /// Its page can't be looked at, and control over HTTP is the first one's.
    pub fn with_workspace(&self, settings: Settings) -> Simulator {
        let first = self.settings();
        let settings = Settings {
            clock: first.clock.clone(),
            app_id: first.app_id.clone(),
            signing_secret: first.signing_secret.clone(),
            urls: self.read(|state| state.app.urls.clone()),
            ..settings
        };
        let core = Core::new(settings, self.core.addr, Arc::clone(&self.core.town));
        Simulator { core, _alive: self._alive.clone() }
    }

    /// Tells Slack where the app may have people sent back to.
    pub fn set_redirect_urls(&self, urls: &[&str]) {
        let urls = urls.iter().map(|url| (*url).to_owned()).collect();
        lock(&self.core.town.app).redirect_urls = urls;
    }

    /// The workspaces of this Slack.
    pub(super) fn residents(&self) -> Vec<Simulator> {
        self.core.town.residents()
    }

    /// The workspaces of the organisation that this one belongs to and that has the app installed.
    fn fellows(&self) -> Vec<Simulator> {
        let organisation = self.read(|state| state.team.enterprise.clone());
        self.core.town.residents_of_organisation(organisation.as_ref())
    }

    /// The workspaces of the organisation that let the app in.
    pub(super) fn granted_teams(&self) -> Vec<Team> {
        let fellows = self.fellows().into_iter();
        let teams = fellows.map(|one| {
            one.read(|state| Some(state.team.clone()).filter(|_| state.app.is_installed))
        });
        teams.flatten().collect()
    }

    /// The token of an organisation is the same in all its workspaces.
    pub(super) fn share_tokens(&self) {
        let (tokens, scopes) = self.read(|state| (state.tokens.clone(), state.app.scopes.clone()));
        for fellow in self.fellows() {
            fellow.write_quietly(|state| {
                state.tokens = tokens.clone();
                state.app.scopes = scopes.clone();
            });
        }
    }

    /// Whoever installs the app for an organisation lets it into all its workspaces here.
    pub(super) fn let_in_everywhere(&self) {
        self.share_tokens();
        for fellow in self.fellows() {
            fellow.write_quietly(|state| state.app.is_installed = true);
        }
    }

    /// The workspace that a call is for.
    pub(super) fn resident_called(&self, asked: &Asked) -> Simulator {
        let resident = self.resident_with_token(asked.token.as_deref());
        let mut fellows = resident.fellows();
        if fellows.len() < 2 {
            return resident;
        }
        let args = asked.all_args();
        let given = |name: &str| args.get(name).and_then(|value| value.as_str());
        let is_about = |state: &State| {
            let has = |name: &str, knows: &dyn Fn(&str) -> bool| given(name).is_some_and(knows);
            has("channel", &|id| state.channels.contains_key(id))
                || has("trigger_id", &|id| state.triggers.knows(id))
                || has("view_id", &|id| state.views.contains_key(id))
        };
        fellows.retain(|one| match given("team_id") {
            Some(team) => one.settings().team.id == team,
            None => one.read(is_about),
        });
        fellows.into_iter().next().unwrap_or(resident)
    }

    /// The workspace that a token was made for; this one, if none.
    pub(super) fn resident_with_token(&self, token: Option<&str>) -> Simulator {
        let residents = self.residents();
        let mut theirs = residents.into_iter().filter(|one| {
            token.is_some_and(|token| {
                let of_a_person = one.settings().user_tokens.contains_key(token);
                of_a_person || one.read(|state| state.tokens.knows(token))
            })
        });
        theirs.next().unwrap_or_else(|| self.within())
    }

    /// The workspace with this id.
    pub(super) fn resident_of(&self, team: &str) -> Option<Simulator> {
        self.residents().into_iter().find(|one| one.settings().team.id == team)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
