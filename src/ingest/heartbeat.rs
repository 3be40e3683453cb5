//! Heartbeats: a job pings when all is well, and it is an alert when no ping comes.
//!
//! The watch begins with the first ping. What follows from one, and from none, is the
//! [intake](crate::intake)'s to do: a ping and the look for silent sources take turns there.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alert::observation::Observation;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ingest::caller::Caller;
use crate::ingest::incident_io;
use crate::ingest::kind::Kind;
use crate::ingest::knock::{Knock, Trouble};
use crate::intake::order::Errand;
use crate::store::sources::AlertSource;

/// What the alert of a source of heartbeats is known by.
pub const KEY: &str = "heartbeat";
/// The longest interval and the longest grace, in seconds: 31 days.
const LONGEST: u32 = 31 * 24 * 60 * 60;
/// The most pings that may be missing before it is an alert.
const MOST_MISSING: u32 = 100;

/// How often pings are expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Seconds between pings.
    #[serde(default = "interval")]
    pub interval_seconds: u32,
    /// How many have to be missing.
    #[serde(default = "one")]
    pub failure_threshold: u32,
    /// For how many seconds more a ping may be late.
    #[serde(default = "grace")]
    pub grace_period_seconds: u32,
    /// Nothing is expected for now.
    #[serde(default)]
    pub paused: bool,
}

fn interval() -> u32 {
    60
}

fn one() -> u32 {
    1
}

fn grace() -> u32 {
    30
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            interval_seconds: interval(),
            failure_threshold: one(),
            grace_period_seconds: grace(),
            paused: false,
        }
    }
}

impl Settings {
    /// Reads the settings; the reason names the field.
    pub fn read(door: &Value) -> Result<Settings, String> {
        if door.is_null() {
            return Ok(Settings::default());
        }
        if !door.is_object() {
            return Err("the settings are no object".to_owned());
        }
        let settings = Settings::deserialize(door).map_err(|error| error.to_string())?;
        let numbers = [
            ("interval_seconds", settings.interval_seconds, 1, LONGEST),
            ("failure_threshold", settings.failure_threshold, 1, MOST_MISSING),
            ("grace_period_seconds", settings.grace_period_seconds, 0, LONGEST),
        ];
        for (name, number, least, most) in numbers {
            if !(least..=most).contains(&number) {
                return Err(format!("`{name}` is a number from {least} to {most}"));
            }
        }
        Ok(settings)
    }

    /// When it is an alert that no ping came after this one; nothing, if it never is.
    pub fn due_after(&self, ping: Timestamp) -> Option<Timestamp> {
        let interval = u64::from(self.interval_seconds) * u64::from(self.failure_threshold);
        let patience = Duration::from_secs(interval + u64::from(self.grace_period_seconds));
        (!self.paused).then(|| ping.plus(patience))
    }
}

/// What the silence of a source says, since then.
pub fn silence(source: &AlertSource, settings: &Settings, last: Timestamp) -> Observation {
    let title = format!("No heartbeat from {}", source.name);
    let mut observation = Observation::firing(KEY, title);
    observation.description = format!(
        "The last ping came at {last}. One is expected every {} s.",
        settings.interval_seconds
    );
    observation.labels.insert(KEY.to_owned(), source.name.clone());
    observation.starts_at = settings.due_after(last);
    source.label(&mut observation);
    observation.within_limits()
}

/// The address of incident.io's format.
pub fn router() -> Router<App> {
    Router::new().route("/incident-io/v2/heartbeat/{source}/ping", any(receive_elsewhere))
}

async fn receive_elsewhere(
    State(app): State<App>,
    Path(source): Path<String>,
    request: Request,
) -> Response {
    let found = super::source_by_id(&app, Caller::of(&request), &source).await;
    let found = found.and_then(|source| {
        if source.kind == Kind::Heartbeat { Ok(source) } else { Err(Trouble::NotThere) }
    });
    match found {
        Ok(source) => super::hand_over(&app, source, "ping", request).await,
        Err(trouble) => refuse(trouble),
    }
}

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further, in the words of the format that has pings.
pub fn refuse(trouble: Trouble) -> Response {
    incident_io::tell(false, trouble)
}

async fn take(knock: &Knock) -> Result<(), Trouble> {
    if !knock.shows_secret() {
        return Err(Trouble::Unproven);
    }
    let path = knock.path_behind_key();
    if !path.is_empty() && path != ["ping"] {
        return Err(Trouble::NotThere);
    }
    if !matches!(knock.method, Method::GET | Method::POST) {
        return Err(Trouble::WrongMethod);
    }
    let errand = Errand::Ping { source: knock.source.id.clone() };
    let carried = knock.app.intake.carry(&knock.source.workspace, errand).await?;
    if carried.was_there { Ok(()) } else { Err(Trouble::NotThere) }
}

/// Whether the settings are understood.
pub fn check_settings(door: &Value) -> Result<(), String> {
    Settings::read(door).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patience_is_what_may_be_missing_and_some_grace() {
        let ping = Timestamp::from_micros(1_000_000_000);
        let settings = |door| Settings::read(&door).unwrap();
        let of = |door: Value| settings(door).due_after(ping).map(|at| at.since(ping).as_secs());
        assert_eq!(of(Value::Null), Some(90));
        let door =
            json!({"interval_seconds": 60, "failure_threshold": 3, "grace_period_seconds": 5});
        assert_eq!(of(door), Some(185));
        assert_eq!(of(json!({"paused": true})), None);
    }

    #[test]
    fn what_is_no_setting_is_named() {
        for (door, word) in [
            (json!({"interval_seconds": 0}), "`interval_seconds`"),
            (json!({"interval_seconds": 9_999_999}), "`interval_seconds`"),
            (json!({"failure_threshold": 0}), "`failure_threshold`"),
            (json!({"grace_period_seconds": 9_999_999}), "`grace_period_seconds`"),
            (json!({"interval": 5}), "`interval`"),
            (json!([1]), "no object"),
        ] {
            let reason = Settings::read(&door).unwrap_err();
            assert!(reason.contains(word), "{door}: {reason}");
        }
    }
}
