//! The workspaces of one Slack: they share its address and know the same app, and nothing else.
//! A call finds its workspace by its token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Core, Simulator, oauth::codes::Codes, settings::Settings};

/// What the workspaces of one Slack share.
pub struct Town {
    /// The first one is the one that was started; the others came to it.
    residents: Mutex<Vec<Weak<Core>>>,
    app: Mutex<Registration>,
    codes: Mutex<Codes>,
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
    pub(super) fn new(settings: &Settings) -> Town {
        let app = Registration {
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            redirect_urls: settings.redirect_urls.clone(),
            rotates_tokens: settings.rotates_tokens,
        };
        Town { residents: Mutex::default(), app: Mutex::new(app), codes: Mutex::default() }
    }

    pub(super) fn admit(&self, core: &Arc<Core>) {
        lock(&self.residents).push(Arc::downgrade(core));
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
        let residents = lock(&self.core.town.residents);
        let alive = residents.iter().filter_map(Weak::upgrade);
        alive.map(|core| Simulator { core, _alive: None }).collect()
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
