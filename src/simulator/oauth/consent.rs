//! The page on which a person decides whether an app may come in, and where the browser goes then.

use axum::{
    Form,
    extract::{Query, State as Shared},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};

use super::codes::Allowed;
use crate::simulator::Simulator;

/// What the app asks for, as it stands in the address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    client_id: String,
    scope: String,
    redirect_uri: String,
    state: String,
    team: String,
}

/// What a person decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The app may come in.
    Allow {
        /// To this workspace.
        team: String,
        /// Says who.
        user: String,
    },
    /// It may not.
    Cancel,
}

/// A form of that page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Decided {
    client_id: String,
    scope: String,
    redirect_uri: String,
    state: String,
    /// `TEAM/USER`, or nothing to cancel.
    allow: String,
}

impl Simulator {
    /// Somebody with a browser at this address decides; where the browser goes then.
    pub fn decides(&self, address: &str, decision: &Decision) -> Result<String, String> {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let asked: Asked = serde_urlencoded::from_str(query).map_err(|error| error.to_string())?;
        self.answer(&asked, decision).map_err(str::to_owned)
    }

    fn check(&self, asked: &Asked) -> Result<String, &'static str> {
        let app = self.core.town.app();
        if asked.client_id != app.client_id {
            return Err("invalid_client_id");
        }
        if asked.scope.is_empty() {
            return Err("no_scopes");
        }
        // Slack wants https; a machine on its own is a fair exception.
        let is_registered = |url: &String| {
            let rest = asked.redirect_uri.strip_prefix(url.as_str());
            rest.is_some_and(|rest| rest.is_empty() || url.ends_with('/') || rest.starts_with('/'))
        };
        match asked.redirect_uri.as_str() {
            "" => app.redirect_urls.first().cloned().ok_or("bad_redirect_uri"),
            uri if uri.contains('#') => Err("bad_redirect_uri"),
            uri if app.redirect_urls.iter().any(is_registered) => Ok(uri.to_owned()),
            _ => Err("bad_redirect_uri"),
        }
    }

    fn answer(&self, asked: &Asked, decision: &Decision) -> Result<String, &'static str> {
        let back = self.check(asked)?;
        let (name, value) = match decision {
            Decision::Cancel => ("error", "access_denied".to_owned()),
            Decision::Allow { team, user } => {
                let resident = self.resident_of(team).ok_or("team_not_found")?;
                let is_member = resident.read(|state| {
                    state.users.get(user).is_some_and(|user| !user.deleted && !user.is_bot)
                });
                if !is_member {
                    return Err("user_not_found");
                }
                let allowed = Allowed {
                    team: team.clone(),
                    user: user.clone(),
                    scopes: asked.scope.split(',').map(|scope| scope.trim().to_owned()).collect(),
                    redirect_uri: Some(asked.redirect_uri.clone()).filter(|uri| !uri.is_empty()),
                };
                ("code", self.core.town.codes().give(self.clock().now(), allowed))
            }
        };
        let and = if back.contains('?') { '&' } else { '?' };
        let query = serde_urlencoded::to_string([(name, value.as_str()), ("state", &asked.state)]);
        Ok(format!("{back}{and}{}", query.unwrap_or_default()))
    }
}

/// Shows the page.
pub async fn ask(Shared(simulator): Shared<Simulator>, Query(asked): Query<Asked>) -> Response {
    match simulator.check(&asked) {
        Ok(_) => Html(page(&simulator, &asked).into_string()).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error).into_response(),
    }
}

/// Takes the decision, and sends the browser back to the app.
pub async fn decide(
    Shared(simulator): Shared<Simulator>,
    Form(decided): Form<Decided>,
) -> Response {
    let Decided { client_id, scope, redirect_uri, state, allow } = decided;
    let asked = Asked { client_id, scope, redirect_uri, state, team: String::new() };
    let decision = match allow.split_once('/') {
        Some((team, user)) => Decision::Allow { team: team.to_owned(), user: user.to_owned() },
        None => Decision::Cancel,
    };
    match simulator.answer(&asked, &decision) {
        Ok(address) => (StatusCode::FOUND, [(header::LOCATION, address)]).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error).into_response(),
    }
}

fn page(simulator: &Simulator, asked: &Asked) -> Markup {
    let app = simulator.read(|state| state.app.name.clone());
    let wanted = |team: &str| asked.team.is_empty() || asked.team == team;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Install " (app) }
            }
            body {
                h1 { (app) " is requesting permission to access a Slack workspace" }
                p { "It wants to be allowed:" }
                ul { @for scope in asked.scope.split(',') { li { (scope) } } }
                form method="post" {
                    input type="hidden" name="client_id" value=(asked.client_id);
                    input type="hidden" name="scope" value=(asked.scope);
                    input type="hidden" name="redirect_uri" value=(asked.redirect_uri);
                    input type="hidden" name="state" value=(asked.state);
                    @for resident in simulator.residents() {
                        @let (team, person) = resident.read(|state| {
                            let person = state.users.values().find(|it| !it.is_bot && !it.deleted);
                            (state.team.clone(), person.map(|it| (it.id.clone(), it.real_name.clone())))
                        });
                        @if let Some((id, name)) = person.filter(|_| wanted(&team.id)) {
                            p {
                                button name="allow" value=(format!("{}/{id}", team.id)) {
                                    "Allow in " (team.name) " as " (name)
                                }
                            }
                        }
                    }
                    p { button name="allow" value="" { "Cancel" } }
                }
            }
        }
    }
}
