//! Requests as Slack would send them, or somebody who would like to be taken for it.

use axum::http::Method;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use stentor::clock::Clock;

use crate::bot::Bot;
use crate::http::{Answer, Server};

pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";

/// The way from Slack to Stentor, with everything in the test's hand.
#[derive(Clone)]
pub struct Wire {
    server: Server,
    clock: Clock,
    pub secret: String,
    /// The installation that requests come from: its fields in an interaction.
    pub installation: Value,
}

impl Wire {
    /// To this Stentor, from the workspace that it is in.
    pub async fn to(bot: &Bot) -> Wire {
        let settings = bot.slack.settings();
        let team = &settings.team;
        Wire {
            server: Server::start(bot.stentor.router()).await,
            clock: bot.clock.clone(),
            secret: settings.signing_secret.clone(),
            installation: json!({
                "team": {"id": team.id, "domain": team.domain}, "enterprise": null, "is_enterprise_install": false,
            }),
        }
    }

    /// Sends a body with these headers.
    pub async fn send(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        self.server.send(Method::POST, path, headers, body.into()).await
    }

    /// Sends a body, signed now.
    pub async fn signed(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let now = self.clock.now().as_seconds().to_string();
        let signature = signature(&self.secret, &now, &body);
        let headers = [
            ("content-type", kind),
            ("x-slack-request-timestamp", &now),
            ("x-slack-signature", &signature),
        ];
        self.send(path, &headers, body).await
    }

    /// Somebody types `/incident {text}`.
    pub async fn types(&self, user: &str, channel: &str, text: &str, trigger_id: &str) -> Answer {
        let id = |kind: &str| self.installation[kind]["id"].as_str().unwrap_or_default().to_owned();
        let is_org = self.installation["is_enterprise_install"] == true;
        let form = [
            ("team_id", id("team")),
            ("enterprise_id", id("enterprise")),
            ("is_enterprise_install", is_org.to_string()),
            ("channel_id", channel.to_owned()),
            ("user_id", user.to_owned()),
            ("command", "/incident".to_owned()),
            ("text", text.to_owned()),
            ("trigger_id", trigger_id.to_owned()),
        ];
        self.signed("/slack/commands", FORM, serde_urlencoded::to_string(form).unwrap()).await
    }

    /// Somebody presses the button with this action and value.
    pub async fn presses(
        &self,
        user: &str,
        channel: &str,
        button: (&str, &str),
        trigger_id: &str,
    ) -> Answer {
        let (action_id, value) = button;
        self.interaction(json!({
            "type": "block_actions",
            "user": {"id": user},
            "channel": {"id": channel},
            "trigger_id": trigger_id,
            "actions": [{"type": "button", "block_id": "b", "action_id": action_id, "value": value}],
        }))
        .await
    }

    /// Somebody sends a form; `values` by field, each as Slack writes the state of its input.
    pub async fn submits(
        &self,
        user: &str,
        view_id: &str,
        form: (&str, &Value),
        values: &Value,
    ) -> Answer {
        let (callback_id, origin) = form;
        let values = values.as_object().unwrap().iter();
        let values: serde_json::Map<String, Value> =
            values.map(|(field, state)| (field.clone(), json!({"value": state}))).collect();
        self.interaction(json!({
            "type": "view_submission",
            "user": {"id": user},
            "view": {
                "id": view_id,
                "callback_id": callback_id,
                "private_metadata": origin.to_string(),
                "state": {"values": values},
            },
        }))
        .await
    }

    /// Sends an interaction of this installation.
    pub async fn interaction(&self, mut payload: Value) -> Answer {
        for (name, value) in self.installation.as_object().unwrap() {
            payload[name] = value.clone();
        }
        let form = serde_urlencoded::to_string([("payload", payload.to_string())]).unwrap();
        self.signed("/slack/interactions", FORM, form).await
    }
}

/// What Slack would have signed.
pub fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{timestamp}:").as_bytes());
    mac.update(body);
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

/// What was answered to the person alone: the text of an ephemeral answer, or nothing.
pub fn whispered(answer: &Answer) -> Option<String> {
    if answer.text.is_empty() {
        assert_eq!(answer.status.as_u16(), 200);
        return None;
    }
    let body = answer.expect(200);
    assert_eq!(body["response_type"], "ephemeral");
    Some(body["text"].as_str().unwrap().to_owned())
}
