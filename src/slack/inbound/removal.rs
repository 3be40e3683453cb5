//! Slack says that the app was removed, or that its tokens are good no more. Both come when a
//! workspace uninstalls it, in either order: what was kept stays, and Slack is not called there.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::ids::TeamId;
use crate::slack::inbound::door::{Door, silence};

/// The events that say so.
pub const KINDS: [&str; 2] = ["app_uninstalled", "tokens_revoked"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    team_id: Option<TeamId>,
    enterprise_id: Option<TeamId>,
    authorizations: Vec<Authorization>,
    event: Event,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Authorization {
    enterprise_id: Option<TeamId>,
    team_id: Option<TeamId>,
    is_enterprise_install: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    tokens: Tokens,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    bot: Vec<Value>,
}

impl Envelope {
    /// Whose installation it is about.
    fn team(&self) -> Option<&TeamId> {
        let by = self.authorizations.first();
        match by {
            Some(by) if by.is_enterprise_install => {
                by.enterprise_id.as_ref().or(self.enterprise_id.as_ref())
            }
            Some(by) => by.team_id.as_ref().or(self.team_id.as_ref()),
            None => self.team_id.as_ref().or(self.enterprise_id.as_ref()),
        }
    }

    /// Whether it is about the bot: people's own tokens are no business of ours.
    fn is_about_the_bot(&self) -> bool {
        self.event.kind != "tokens_revoked" || !self.event.tokens.bot.is_empty()
    }
}

/// Takes note of it.
pub async fn removed(door: &Door, body: &[u8]) -> Response {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else { return silence() };
    if !envelope.is_about_the_bot() {
        return silence();
    }
    let noted = async {
        match door.known_workspace(envelope.team()).await? {
            Some(workspace) => door.slacks.removed(&workspace, &envelope.event.kind).await,
            None => Ok(()),
        }
    };
    match noted.await {
        Ok(()) => silence(),
        // Slack says it again.
        Err(error) => {
            tracing::warn!(%error, "Could not write down that Stentor was removed");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Envelope {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn it_is_about_a_workspace_or_an_organisation() {
        let one = read(
            r#"{"team_id":"T1","enterprise_id":"E1","authorizations":[{"team_id":"T1","enterprise_id":"E1",
                "is_enterprise_install":false}],"event":{"type":"app_uninstalled"}}"#,
        );
        assert_eq!(one.team(), Some(&TeamId::from("T1")));
        let all = read(
            r#"{"team_id":"T1","authorizations":[{"team_id":null,"enterprise_id":"E1","is_enterprise_install":true}],
                "event":{"type":"app_uninstalled"}}"#,
        );
        assert_eq!(all.team(), Some(&TeamId::from("E1")));
        assert!(one.is_about_the_bot());
    }

    #[test]
    fn somebodys_own_token_is_no_business_of_ours() {
        let person =
            read(r#"{"event":{"type":"tokens_revoked","tokens":{"oauth":["U1"],"bot":[]}}}"#);
        assert!(!person.is_about_the_bot());
        let bot = read(r#"{"event":{"type":"tokens_revoked","tokens":{"bot":["U0BOT"]}}}"#);
        assert!(bot.is_about_the_bot());
    }
}
