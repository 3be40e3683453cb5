//! What Slack grants: the answer of `oauth.v2.access`, to a code and to a refresh token.

use std::time::Duration;

use serde_json::Value;

use crate::config::Secret;
use crate::ids::{TeamId, UserId};

/// What Slack grants.
pub struct Granted {
    /// Calls Slack.
    pub bot_token: Secret,
    /// Gets the next bot token, where they run out.
    pub refresh_token: Option<Secret>,
    /// How long the bot token is good, where they run out.
    pub expires_in: Option<Duration>,
    /// What Stentor may do.
    pub scopes: String,
    /// Our app.
    pub app: String,
    /// Stentor's user.
    pub bot_user: UserId,
    /// Whom it was installed for: an organisation, or a workspace.
    pub team: Option<TeamId>,
    /// What they call themselves.
    pub name: String,
    /// Who has installed it.
    pub installed_by: UserId,
}

impl Granted {
    /// Reads the answer; nothing, if it holds no bot token.
    pub fn read(answer: Value) -> Option<Granted> {
        let text =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let token = text(&answer["access_token"])?;
        if !(token.starts_with("xoxb-") || token.starts_with("xoxe.xoxb-")) {
            return None;
        }
        // An installation for an organisation names no workspace, or one of many.
        let whose = match answer["is_enterprise_install"] == true {
            true => &answer["enterprise"],
            false => &answer["team"],
        };
        let some = |value: &Value| text(value).unwrap_or_default();
        Some(Granted {
            bot_token: Secret::new(token),
            refresh_token: text(&answer["refresh_token"]).map(Secret::new),
            expires_in: answer["expires_in"].as_u64().map(Duration::from_secs),
            scopes: some(&answer["scope"]),
            app: some(&answer["app_id"]),
            bot_user: UserId::new(some(&answer["bot_user_id"])),
            team: text(&whose["id"]).map(TeamId::new),
            name: some(&whose["name"]),
            installed_by: UserId::new(some(&answer["authed_user"]["id"])),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Value {
        json!({
            "ok": true, "access_token": "xoxb-example", "token_type": "bot", "scope": "commands,chat:write",
            "bot_user_id": "U0BOT", "app_id": "A0APP", "team": {"id": "T0ACME", "name": "Acme"},
            "enterprise": {"id": "E0GROUP", "name": "Group"}, "is_enterprise_install": false,
            "authed_user": {"id": "U0ALICE"},
        })
    }

    #[test]
    fn an_installation_belongs_to_a_workspace_or_to_an_organisation() {
        let granted = Granted::read(answer()).unwrap();
        assert_eq!(granted.team, Some(TeamId::from("T0ACME")));
        assert_eq!((granted.name.as_str(), granted.expires_in), ("Acme", None));
        let mut org = answer();
        org["team"] = Value::Null;
        org["is_enterprise_install"] = json!(true);
        let granted = Granted::read(org).unwrap();
        assert_eq!(granted.team, Some(TeamId::from("E0GROUP")));
        assert_eq!(granted.name, "Group");
    }

    #[test]
    fn a_token_that_runs_out_comes_with_its_successor() {
        let mut rotating = answer();
        rotating["access_token"] = json!("xoxe.xoxb-1-example");
        rotating["refresh_token"] = json!("xoxe-1-example");
        rotating["expires_in"] = json!(43_200);
        let granted = Granted::read(rotating).unwrap();
        assert_eq!(granted.refresh_token.unwrap().reveal(), "xoxe-1-example");
        assert_eq!(granted.expires_in, Some(Duration::from_secs(43_200)));
        let mut wrong = answer();
        wrong["access_token"] = json!("xoxp-example");
        assert!(Granted::read(wrong).is_none());
    }
}
