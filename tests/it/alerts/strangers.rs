//! Whoever comes to these doors without a secret, with too much, or with rubbish.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::ingest::kind::Kind;

use super::gate::{Gate, webhook_alert};
use crate::databases::on_each_database;
use crate::http::Answer;

/// A kind, the path behind its address, what it sends, and the status once it was taken.
fn doors() -> Vec<(Kind, &'static str, Value, u16)> {
    let group = json!({"alerts": [webhook_alert("firing", "A")]});
    let event = json!({"event_action": "trigger", "dedup_key": "A",
        "payload": {"summary": "A", "source": "a", "severity": "critical"}});
    let monitor = json!({"alert_cycle_key": "A", "transition": "Triggered", "title": "A"});
    let kuma = json!({"heartbeat": {"status": 0}, "monitor": {"id": 1, "name": "A"}, "msg": "A"});
    vec![
        (Kind::AlertmanagerWebhook, "", group.clone(), 200),
        (Kind::Grafana, "", group, 200),
        (Kind::Pagerduty, "/v2/enqueue", event, 202),
        (Kind::Opsgenie, "/v2/alerts", json!({"message": "A", "alias": "A"}), 202),
        (Kind::Datadog, "", monitor, 200),
        (Kind::UptimeKuma, "", kuma, 200),
    ]
}

/// Where texts stand in a body.
fn places(body: &Value) -> Vec<String> {
    let under = |name: &str, value: &Value| -> Vec<String> {
        places(value).into_iter().map(|place| format!("/{name}{place}")).collect()
    };
    match body {
        Value::String(_) => vec![String::new()],
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| under(name, value)).collect()
        }
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(at, value)| under(&at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    }
}

impl Gate {
    /// Sends this with a secret, where this kind shows it.
    async fn shows(&self, secret: Option<&str>, path: &str, body: &Value) -> Answer {
        let mut body = body.clone();
        let authorization = secret.map(|secret| format!("Bearer {secret}"));
        let mut headers = Vec::new();
        match (self.monitor.source.kind, secret) {
            (Kind::Pagerduty, Some(secret)) => body["routing_key"] = json!(secret),
            (_, Some(_)) => headers.push(("authorization", authorization.as_deref().unwrap())),
            (_, None) => {}
        }
        self.server.post(path, &headers, &body).await
    }
}

on_each_database! {
    async fn every_door_asks_who_it_is(fresh: Fresh) {
        let mut gate = Gate::of(Kind::Opsgenie, &fresh).await;
        for (kind, rest, body, taken) in doors() {
            gate.monitor = gate.bot.monitor(kind).await;
            let (path, secret) = (gate.path(rest), gate.monitor.secret.clone());
            let before = gate.bot.alerts().await.len();
            for wrong in [None, Some(""), Some("wrong"), Some(&secret[1..])] {
                let answer = gate.shows(wrong, &path, &body).await;
                assert_eq!(answer.status.as_u16(), 401, "{kind} {wrong:?}: {}", answer.text);
                assert!(!answer.text.contains(&secret), "{kind}");
            }
            // A source that is not there is answered like any other path that is not.
            for nobody in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"] {
                let answer = gate.shows(Some(&secret), &format!("/hooks/{nobody}{rest}"), &body).await;
                assert_eq!(answer.status.as_u16(), 404, "{kind}: {}", answer.text);
            }
            let answer = gate.shows(Some(&secret), &gate.path("/no/such/thing"), &body).await;
            assert_eq!(answer.status.as_u16(), 404, "{kind}: {}", answer.text);
            assert_eq!(gate.bot.alerts().await.len(), before, "{kind}");
            for path in [path.clone(), format!("{path}/"), path] {
                let answer = gate.shows(Some(&secret), &path, &body).await;
                assert_eq!(answer.status.as_u16(), taken, "{kind} {path}: {}", answer.text);
            }
            let alerts = gate.bot.alerts().await;
            assert_eq!(alerts.len(), before + 1, "{kind}");
            assert_eq!((alerts[before].title.as_str(), alerts[before].version), (if kind == Kind::UptimeKuma { "A is down" } else { "A" }, 1));
        }
        gate.ends().await;
    }

    async fn every_door_says_what_is_wrong_with_a_body(fresh: Fresh) {
        let mut gate = Gate::of(Kind::Opsgenie, &fresh).await;
        for (kind, rest, _, _) in doors() {
            gate.monitor = gate.bot.monitor(kind).await;
            let bearer = format!("Bearer {}", gate.monitor.secret);
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            for body in ["{", "null", "[]", "\"x\"", "7", "{\"a\": 1e999}", "\u{feff}{}"] {
                let answer = gate.server.send(Method::POST, &gate.path(rest), &headers, body).await;
                // Of PagerDuty's events the key is part of what can't be read.
                let expected: &[u16] = match kind {
                    Kind::Opsgenie => &[422],
                    Kind::Pagerduty => &[400, 401],
                    _ => &[400],
                };
                assert!(expected.contains(&answer.status.as_u16()), "{kind} {body}: {answer:?}");
                assert!(answer.json().is_object(), "{kind} {body}: {answer:?}");
            }
            let large = format!("{{\"message\": \"{}\"}}", "x".repeat(1024 * 1024));
            let answer = gate.server.send(Method::POST, &gate.path(rest), &headers, large).await;
            assert_eq!(answer.status.as_u16(), 413, "{kind}");
            let deep = "[".repeat(100_000);
            let answer = gate.server.send(Method::POST, &gate.path(rest), &headers, deep).await;
            assert!(answer.status.is_client_error(), "{kind}: {answer:?}");
            let many = format!("{{\"alerts\": [{}0]}}", "0,".repeat(200_000));
            let answer = gate.server.send(Method::POST, &gate.path(rest), &headers, many).await;
            assert!(answer.status.is_client_error(), "{kind}: {answer:?}");
            let answer = gate.server.send(Method::DELETE, &gate.path(rest), &headers, "").await;
            let expected = if kind == Kind::Opsgenie { 404 } else { 405 };
            assert_eq!(answer.status.as_u16(), expected, "{kind}: {answer:?}");
        }
        assert_eq!(gate.bot.alerts().await, []);
        gate.ends().await;
    }

    async fn every_door_bears_hostile_words(fresh: Fresh) {
        let mut gate = Gate::of(Kind::Opsgenie, &fresh).await;
        for (kind, rest, body, _) in doors() {
            gate.monitor = gate.bot.monitor(kind).await;
            let secret = gate.monitor.secret.clone();
            for place in places(&body) {
                for word in ["a\0b", "\u{202e}x", "<!channel> *b* `c`", &"\u{1f525}".repeat(40_000), "\n", ""] {
                    let mut hostile = body.clone();
                    *hostile.pointer_mut(&place).unwrap() = json!(word);
                    let answer = gate.shows(Some(&secret), &gate.path(rest), &hostile).await;
                    let is_answer = answer.status.is_success() || answer.status.is_client_error();
                    assert!(is_answer, "{kind} {place}: {answer:?}");
                }
            }
        }
        for nobody in ["%00", "%FF", "a%2F..%2Fb", "%F0%9F%94%A5"] {
            for rest in [nobody.to_owned(), format!("{nobody}?identifierType=alias"), format!("requests/{nobody}")] {
                gate.monitor = gate.bot.monitor(Kind::Opsgenie).await;
                let answer = gate.asks(&format!("/v2/alerts/{rest}")).await;
                assert_eq!(answer.status.as_u16(), 404, "{rest}: {answer:?}");
            }
        }
        // All of it can be read again, and shown.
        let alerts = gate.bot.alerts().await;
        assert!(alerts.iter().all(|alert| !alert.title.contains(['\0', '\n', '\u{202e}'])), "{alerts:?}");
        gate.ends().await;
    }

    async fn nothing_is_acknowledged_while_the_database_is_away(fresh: Fresh) {
        let mut gate = Gate::of(Kind::Opsgenie, &fresh).await;
        let mut sources = Vec::new();
        for (kind, ..) in doors() {
            sources.push(gate.bot.monitor(kind).await);
        }
        gate.bot.stentor.app.db.close().await;
        for ((kind, rest, body, _), monitor) in doors().into_iter().zip(sources) {
            gate.monitor = monitor;
            let secret = gate.monitor.secret.clone();
            let answer = gate.shows(Some(&secret), &gate.path(rest), &body).await;
            assert_eq!(answer.status.as_u16(), 503, "{kind}: {}", answer.text);
            assert_eq!(answer.header("retry-after"), "1", "{kind}");
        }
    }
}
