//! Requests as Slack sends them, signed when they leave, and those of programs with a token or secret.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use stentor::clock::Clock;

/// The local Slack's own.
pub const SIGNING_SECRET: &str = "simulator-signing-secret";
pub const TEAM: &str = "T0STENTOR";
pub const ENTERPRISE: &str = "E0STENTOR";

/// A request that can be sent as often as one likes.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub body: String,
    pub from: From,
}

/// Who sends it.
#[derive(Clone, Debug)]
pub enum From {
    /// Slack, with a signature.
    Slack,
    /// A program, with its idempotency key.
    Program { token: String, key: String },
    /// Monitoring, with its source's secret, and a name of this delivery if it has one.
    Monitoring { secret: String, delivery: Option<String> },
}

impl Request {
    pub const METHOD: Method = Method::POST;

    /// Its headers, with the time and the signature of now.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: String| {
            headers.insert(name, HeaderValue::try_from(value).expect("it is visible ASCII"));
        };
        match &self.from {
            From::Slack => {
                let timestamp = Clock::system().now().as_seconds();
                let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes())
                    .expect("HMAC takes keys of any length");
                mac.update(format!("v0:{timestamp}:{}", self.body).as_bytes());
                let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
                put(header::CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned());
                put(HeaderName::from_static("x-slack-request-timestamp"), timestamp.to_string());
                put(HeaderName::from_static("x-slack-signature"), signature);
            }
            From::Program { token, key } => {
                put(header::CONTENT_TYPE, "application/json".to_owned());
                put(header::AUTHORIZATION, format!("Bearer {token}"));
                put(HeaderName::from_static("idempotency-key"), key.clone());
            }
            From::Monitoring { secret, delivery } => {
                put(header::CONTENT_TYPE, "application/json".to_owned());
                put(header::AUTHORIZATION, format!("Bearer {secret}"));
                if let Some(delivery) = delivery {
                    put(HeaderName::from_static("idempotency-key"), delivery.clone());
                }
            }
        }
        headers
    }

    pub fn bytes(&self) -> Bytes {
        Bytes::from(self.body.clone())
    }
}

/// Somebody types `/incident {text}` in #general.
pub fn slash(user: &str, text: &str, id: &str) -> Request {
    let form = [
        ("token", "simulator"),
        ("team_id", TEAM),
        ("team_domain", "acme"),
        ("enterprise_id", ENTERPRISE),
        ("enterprise_name", "Acme Group"),
        ("channel_id", "C0GENERAL"),
        ("channel_name", "general"),
        ("user_id", user),
        ("user_name", "somebody"),
        ("command", "/incident"),
        ("text", text),
        ("api_app_id", "A0STENTOR"),
        ("is_enterprise_install", "false"),
        ("response_url", &format!("http://127.0.0.1:9/respond/{id}")),
        ("trigger_id", &format!("7654321098765.1234567890123.{id}")),
    ];
    from_slack("/slack/commands", &form)
}

/// Somebody sends a form with these fields; `origin` is what the form remembers.
pub fn submission(
    user: &str,
    form: &str,
    origin: &Value,
    fields: &[(&str, Value)],
    id: &str,
) -> Request {
    let values: serde_json::Map<String, Value> = fields
        .iter()
        .map(|(field, value)| ((*field).to_owned(), json!({ "value": value })))
        .collect();
    let mut payload = interaction("view_submission", user, id);
    payload["view"] = json!({
        "id": format!("V{id}"),
        "team_id": TEAM,
        "type": "modal",
        "blocks": [],
        "private_metadata": origin.to_string(),
        "callback_id": form,
        "state": { "values": values },
        "hash": "1790000000.AbCdEfGh",
        "title": { "type": "plain_text", "text": "A form", "emoji": true },
        "clear_on_close": false,
        "notify_on_close": false,
        "close": { "type": "plain_text", "text": "Cancel", "emoji": true },
        "submit": { "type": "plain_text", "text": "Send", "emoji": true },
        "previous_view_id": null,
        "root_view_id": format!("V{id}"),
        "app_id": "A0STENTOR",
        "external_id": "",
        "app_installed_team_id": TEAM,
        "bot_id": "B0STENTOR",
    });
    payload["response_urls"] = json!([]);
    from_slack("/slack/interactions", &[("payload", &payload.to_string())])
}

/// Somebody presses a button about an incident, under its announcement.
pub fn press(user: &str, action: &str, incident: &str, id: &str) -> Request {
    let mut payload = interaction("block_actions", user, id);
    payload["container"] = json!({
        "type": "message", "message_ts": "1790000000.000100", "channel_id": "C0INCIDENTS",
        "is_ephemeral": false,
    });
    payload["channel"] = json!({ "id": "C0INCIDENTS", "name": "incidents" });
    payload["actions"] = json!([{
        "action_id": action, "block_id": "b1", "type": "button", "value": incident,
        "action_ts": "1790000000.000200",
    }]);
    from_slack("/slack/interactions", &[("payload", &payload.to_string())])
}

/// A program declares an incident, or gives one a command.
pub fn program(token: &str, path: &str, body: &Value, key: &str) -> Request {
    let from = From::Program { token: token.to_owned(), key: key.to_owned() };
    Request { path: path.to_owned(), body: body.to_string(), from }
}

fn interaction(kind: &str, user: &str, id: &str) -> Value {
    json!({
        "type": kind,
        "user": { "id": user, "username": "somebody", "name": "somebody", "team_id": TEAM },
        "api_app_id": "A0STENTOR",
        "token": "simulator",
        "team": { "id": TEAM, "domain": "acme" },
        "enterprise": { "id": ENTERPRISE, "name": "Acme Group" },
        "is_enterprise_install": false,
        "trigger_id": format!("7654321098765.1234567890123.{id}"),
    })
}

fn from_slack(path: &str, form: &[(&str, &str)]) -> Request {
    let body = serde_urlencoded::to_string(form).expect("pairs of strings can be a form");
    Request { path: path.to_owned(), body, from: From::Slack }
}
