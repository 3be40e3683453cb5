//! Slash commands and interactions: sent once. What goes wrong, the person sees.

use bytes::Bytes;
use serde_json::{Value, json};

use super::post::{Answer, Letter};
use crate::simulator::{Simulator, faults::Misdelivery, state::State};

/// What the person reads when the app doesn't answer in time.
pub const TIMEOUT: &str = "operation_timeout";
/// What the person reads when the app can't be reached or refuses.
pub const FAILED: &str = "dispatch_failed";

impl Simulator {
    /// Sends a form once and waits for the answer, which must be a 200.
    pub(in crate::simulator) async fn send_once(
        &self,
        what: &str,
        url: &str,
        form: &[(&str, String)],
    ) -> Result<Answer, &'static str> {
        let body = serde_urlencoded::to_string(form).map_err(|_| FAILED)?;
        let letter = |body: &str| Letter {
            what,
            event_id: None,
            url,
            content_type: "application/x-www-form-urlencoded",
            body: Bytes::from(body.to_owned()),
            retry: None,
            follows_redirects: false,
        };
        let fault = self.write_quietly(|state| state.faults.misdeliver(what));
        if url.is_empty() {
            return Err(FAILED);
        }
        if fault == Some(Misdelivery::Drop) {
            return Err(TIMEOUT);
        }
        let result = self.send(letter(&body)).await;
        if fault == Some(Misdelivery::Duplicate) {
            // Nobody sees the answer to the copy.
            let _ = self.send(letter(&body)).await;
        }
        match result {
            Err("http_timeout") => Err(TIMEOUT),
            Err(_) => Err(FAILED),
            Ok(answer) if answer.status != 200 => Err(FAILED),
            Ok(answer) => Ok(answer),
        }
    }

    /// Sends an interaction.
    pub(in crate::simulator) async fn interact(
        &self,
        payload: &Value,
    ) -> Result<Answer, &'static str> {
        let what = payload["type"].as_str().unwrap_or_default();
        let url = self.read(|state| {
            let urls = &state.app.urls;
            match what {
                "block_suggestion" if !urls.options.is_empty() => urls.options.clone(),
                _ => urls.interactions.clone(),
            }
        });
        self.send_once(what, &url, &[("payload", payload.to_string())]).await
    }

    /// The address of a response_url.
    pub(in crate::simulator) fn response_url(&self, id: &str) -> String {
        format!("{}/respond/{}/{id}", self.url(), self.settings().team.id)
    }
}

impl State {
    /// What every interaction holds.
    pub fn interaction(&self, kind: &str, user: &str) -> Value {
        let mut payload = json!({
            "type": kind,
            "user": {
                "id": user,
                "username": self.users.get(user).map(|user| &user.name),
                "name": self.users.get(user).map(|user| &user.name),
                "team_id": self.team.id,
            },
            "api_app_id": self.app.id,
            "token": "simulator",
            "team": { "id": self.team.id, "domain": self.team.domain },
            "enterprise": null,
            "is_enterprise_install": false,
        });
        if let Some(enterprise) = &self.team.enterprise {
            payload["team"] = Value::Null;
            payload["enterprise"] = json!({ "id": enterprise.id, "name": enterprise.name });
            payload["is_enterprise_install"] = true.into();
        }
        payload
    }
}
