//! Uptime Kuma's webhook, in each of the forms that it can send: JSON, a form with the JSON in one
//! field, a query; the formatted one; and what it sends to Keep.
//!
//! It repeats nothing, and people see its log seldom: what can be understood somehow is taken.

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::alert::observation::{Ends, Observation, Said, Status};
use crate::clock::Timestamp;
use crate::ingest::doorstep;
use crate::ingest::knock::{Knock, Trouble, from_json};
use crate::ingest::values::{self, first_text, text, time};
use crate::ingest::{formatted, multipart};

/// For how long a message without a monitor is an alert: nothing will ever say that it is over.
const MESSAGE_FOR: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(response) => response,
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    let status = trouble.status_without_429();
    let body = json!({"ok": false, "msg": trouble.message()});
    trouble.answer(status, body)
}

async fn take(knock: &Knock) -> Result<Response, Trouble> {
    if !knock.shows_secret() {
        return Err(Trouble::Unproven);
    }
    let path = knock.path_behind_key();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    if !matches!(path.as_slice(), [] | ["alerts", "event", "uptimekuma"]) {
        return Err(Trouble::NotThere);
    }
    let body = match knock.method {
        Method::POST | Method::PUT => body(knock)?,
        Method::GET => query(knock)?,
        _ => return Err(Trouble::WrongMethod),
    };
    let fresh = || knock.app.ids.ulid(knock.now);
    let observation = if formatted::is_formatted(&body) {
        formatted::read(&body, fresh)?
    } else {
        read(&body, knock.now)?
    };
    // A test, or news that change nothing, are answered like any other.
    if let Some(observation) = observation {
        knock.take(vec![observation], Vec::new(), None).await?;
    }
    Ok(Json(json!({"ok": true})).into_response())
}

/// The JSON, wherever it stands.
fn body(knock: &Knock) -> Result<Value, Trouble> {
    let in_field = |form: &Value| match form.get("data") {
        Some(Value::String(data)) => doorstep::object_in(data.as_bytes()),
        _ => from_fields(form),
    };
    if knock.is_form() {
        return in_field(&doorstep::form(&knock.body)?);
    }
    match knock.header("content-type").and_then(multipart::boundary) {
        Some(boundary) => in_field(&multipart::fields(&knock.body, &boundary)?),
        None => knock.object(),
    }
}

/// The JSON from a query.
fn query(knock: &Knock) -> Result<Value, Trouble> {
    from_fields(&doorstep::form(knock.query.as_deref().unwrap_or_default().as_bytes())?)
}

/// `msg`, `monitor` and `heartbeat`, of which the last two are JSON.
fn from_fields(form: &Value) -> Result<Value, Trouble> {
    if ["msg", "monitor", "heartbeat"].iter().all(|field| form.get(*field).is_none()) {
        return Err(unreadable("`msg`, `monitor` and `heartbeat` are missing."));
    }
    let json_in = |field: &str| match text(form, field) {
        empty if empty.is_empty() => Ok(Value::Null),
        given => from_json::<Value>(given.as_bytes()),
    };
    Ok(
        json!({"msg": text(form, "msg"), "monitor": json_in("monitor")?, "heartbeat": json_in("heartbeat")?}),
    )
}

fn unreadable(why: &str) -> Trouble {
    Trouble::Unreadable(why.to_owned())
}

/// Reads a notification; nothing if it says nothing about an alert.
pub fn read(body: &Value, now: Timestamp) -> Result<Option<Observation>, Trouble> {
    let given = |field: &str| body.get(field).filter(|value| !value.is_null());
    if ["heartbeat", "monitor", "msg"].iter().all(|field| body.get(*field).is_none()) {
        return Err(unreadable("`heartbeat`, `monitor` and `msg` are missing."));
    }
    match (given("heartbeat"), given("monitor")) {
        (None, None) => Ok(message(&text(body, "msg"), now)),
        (Some(_), None) => {
            Err(unreadable("`monitor` is missing, so nobody can say what is up or down."))
        }
        (heartbeat, Some(monitor)) => monitored(body, heartbeat.unwrap_or(&Value::Null), monitor),
    }
}

/// What is said about no monitor: a test, which is no alert; or that a certificate ends soon, which is
/// told like this too.
fn message(message: &str, now: Timestamp) -> Option<Observation> {
    let is_test = message.is_empty()
        || message.to_ascii_lowercase().trim_end_matches(['.', '!']).ends_with("testing");
    if is_test {
        return None;
    }
    let observation = Observation {
        status: Status::Warning,
        ends: Some(Ends { at: now.plus(MESSAGE_FOR), assumed: true }),
        ..Observation::firing(values::key(&format!("message {message}")), message)
    };
    Some(observation.within_limits())
}

fn monitored(
    body: &Value,
    heartbeat: &Value,
    monitor: &Value,
) -> Result<Option<Observation>, Trouble> {
    let id = first_text(monitor, &["id", "name"]);
    if id.is_empty() {
        return Err(unreadable("`monitor.id` is missing."));
    }
    let said = match text(heartbeat, "status").as_str() {
        "0" => Said::Firing,
        "1" => Said::Resolved,
        // It is being tried again, or people work on it: neither down nor up.
        "2" | "3" => return Ok(None),
        _ => return Err(unreadable("`heartbeat.status` has to be 0, 1, 2 or 3.")),
    };
    let name = first_text(monitor, &["name", "pathName", "id"]);
    let mut observation = Observation {
        said,
        status: if said == Said::Firing { Status::Critical } else { Status::Ok },
        title: format!("{name} is down"),
        description: first_text(heartbeat, &["msg"]),
        starts_at: time(heartbeat.get("time")),
        ..Observation::firing(values::key(&id), "")
    };
    if observation.description.is_empty() {
        observation.description = text(body, "msg");
    }
    let labels = &mut observation.labels;
    values::put(labels, "monitor", name);
    for field in ["type", "hostname", "url", "port"] {
        // The address of a monitor that has none is "https://".
        let value = text(monitor, field);
        values::put(labels, field, Some(value).filter(|value| value != "https://"));
    }
    for tag in values::list(monitor.get("tags")) {
        let (name, value) = (text(tag, "name"), text(tag, "value"));
        if !name.is_empty() && !labels.contains_key(&name) {
            values::put(labels, &name, if value.is_empty() { "true".to_owned() } else { value });
        }
    }
    values::link(&mut observation.links, &text(monitor, "url"), "What is watched");
    Ok(Some(observation.within_limits()))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    fn body(status: Value) -> Value {
        json!({
            "heartbeat": {
                "monitorID": 7, "status": status, "time": "2026-11-20 23:04:34.812", "msg": "timeout of 48000ms exceeded",
                "important": true, "duration": 62, "timezone": "Europe/Berlin", "localDateTime": "2026-11-21 00:04:34",
            },
            "monitor": {"id": 7, "name": "Shop", "url": "https://shop.example/", "type": "http", "hostname": null,
                "tags": [{"name": "team", "value": "web"}, {"name": "prod", "value": ""}]},
            "msg": "[Shop] [\u{1f534} Down] timeout of 48000ms exceeded",
        })
    }

    #[test]
    fn what_can_not_be_taken_now_comes_again() {
        for trouble in [Trouble::Busy(std::time::Duration::from_secs(5)), Trouble::Unavailable] {
            let response = refuse(trouble);
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(response.headers().contains_key("retry-after"));
        }
    }

    #[test]
    fn up_and_down_are_read_and_the_rest_changes_nothing() {
        let down = read(&body(json!(0)), NOW).unwrap().unwrap();
        assert_eq!(
            (down.key.as_str(), down.said, down.status),
            ("7", Said::Firing, Status::Critical)
        );
        assert_eq!(
            (down.title.as_str(), down.description.as_str()),
            ("Shop is down", "timeout of 48000ms exceeded")
        );
        assert_eq!(down.starts_at, time(Some(&json!("2026-11-20T23:04:34.812Z"))));
        let labels: Vec<String> = down.labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(
            labels,
            ["monitor=Shop", "prod=true", "team=web", "type=http", "url=https://shop.example/"]
        );
        let up = read(&body(json!("1")), NOW).unwrap().unwrap();
        assert_eq!((up.key.as_str(), up.said), ("7", Said::Resolved));
        for status in [2, 3] {
            assert_eq!(read(&body(json!(status)), NOW).unwrap(), None);
        }
    }

    #[test]
    fn a_test_is_no_alert_and_a_certificate_is_one_for_a_day() {
        for message in [json!("stentor Testing"), json!(null), json!("")] {
            let body = json!({"heartbeat": null, "monitor": null, "msg": message});
            assert_eq!(read(&body, NOW).unwrap(), None, "{body}");
        }
        let message =
            "[Shop][https://shop.example/] certificate shop.example will be expired in 7 days";
        let body = json!({"heartbeat": null, "monitor": null, "msg": message});
        let said = read(&body, NOW).unwrap().unwrap();
        assert_eq!((said.title.as_str(), said.status), (message, Status::Warning));
        assert_eq!(said.ends, Some(Ends { at: NOW.plus(MESSAGE_FOR), assumed: true }));
    }

    #[test]
    fn what_can_not_be_understood_is_said() {
        for bad in [
            json!({}),
            json!({"heartbeat": {"status": 0}}),
            json!({"heartbeat": {"status": 0}, "monitor": {}}),
            json!({"heartbeat": {"status": 9}, "monitor": {"id": 7}}),
            json!({"heartbeat": {}, "monitor": {"id": 7}}),
            json!({"heartbeat": null, "monitor": {"id": 7}}),
            json!({"heartbeat": [], "monitor": "x"}),
        ] {
            assert!(matches!(read(&bad, NOW), Err(Trouble::Unreadable(_))), "{bad}");
        }
    }

    #[test]
    fn fields_of_a_query_or_form_hold_json() {
        let form = json!({"msg": "down", "monitor": "{\"id\": 7}", "heartbeat": "{\"status\": 0}"});
        assert_eq!(read(&from_fields(&form).unwrap(), NOW).unwrap().unwrap().key, "7");
        assert_eq!(read(&from_fields(&json!({"msg": "x Testing"})).unwrap(), NOW).unwrap(), None);
        assert!(from_fields(&json!({"msg": "down", "monitor": "{"})).is_err());
        assert!(from_fields(&json!({"token": "x"})).is_err());
    }
}
