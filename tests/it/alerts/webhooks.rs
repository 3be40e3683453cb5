//! The webhooks of Alertmanager and Grafana.

use axum::http::Method;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use stentor::alert::history::What;
use stentor::ingest::kind::Kind;

use super::gate::{Gate, sample, webhook_alert};
use crate::databases::on_each_database;

fn group(alerts: &[Value]) -> Value {
    json!({"version": "4", "status": "firing", "groupKey": "{}:{}", "alerts": alerts})
}

fn hmac(secret: &str, parts: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    hex::encode(mac.finalize().into_bytes())
}

on_each_database! {
    async fn an_alertmanager_says_what_fires_and_what_is_over(fresh: Fresh) {
        let gate = Gate::of(Kind::AlertmanagerWebhook, &fresh).await;
        let (web1, web2, web3) = ("0c4bb787878b93ec", "2974300144d08507", "9462bb2a5311d0d6");
        let state = |keys: &[(&str, bool)]| -> Vec<(String, bool)> {
            keys.iter().map(|(key, fires)| ((*key).to_owned(), *fires)).collect()
        };
        gate.posts("", &sample("alertmanager_webhook_v4_firing")).await.expect(200);
        assert_eq!(gate.alerts().await, state(&[(web1, true), (web2, true)]));
        // One delivery says both: the group fires, and one of its alerts is over.
        gate.posts("", &sample("alertmanager_webhook_v4_partial")).await.expect(200);
        assert_eq!(gate.alerts().await, state(&[(web1, false), (web2, true), (web3, true)]));
        // The same again, as after a partition of its cluster.
        let versions = || async { gate.bot.alerts().await.iter().map(|alert| alert.version).collect::<Vec<_>>() };
        let before = versions().await;
        gate.posts("/", &sample("alertmanager_webhook_v4_partial")).await.expect(200);
        assert_eq!(versions().await, before);
        gate.posts("", &sample("alertmanager_webhook_v4_resolved")).await.expect(200);
        assert_eq!(gate.alerts().await, state(&[(web1, false), (web2, false), (web3, false)]));
        gate.ends().await;
    }

    async fn an_incident_opens_for_what_an_alertmanager_says(fresh: Fresh) {
        let gate = Gate::of(Kind::AlertmanagerWebhook, &fresh).await;
        gate.posts("", &sample("alertmanager_webhook_v4_firing")).await.expect(200);
        gate.bot.watches(std::time::Duration::from_secs(60)).await;
        let incident = gate.bot.incident(1).await;
        assert_eq!(incident.name, "p99 high on web-1");
        gate.posts("", &sample("alertmanager_webhook_v4_partial")).await.expect(200);
        gate.posts("", &sample("alertmanager_webhook_v4_resolved")).await.expect(200);
        gate.bot.watches(std::time::Duration::from_secs(60)).await;
        assert!(!gate.bot.incident(1).await.signal.unwrap().active);
        assert_eq!(gate.bot.incidents().await, 1);
        gate.ends().await;
    }

    async fn the_good_ones_of_a_mixed_batch_are_taken(fresh: Fresh) {
        let gate = Gate::of(Kind::AlertmanagerWebhook, &fresh).await;
        let mixed = group(&[webhook_alert("firing", "A"), json!({"status": "firing"}), webhook_alert("firing", "B")]);
        let answer = gate.posts("", &mixed).await.expect(400);
        assert_eq!(answer["errors"], json!(["alerts[1] has neither labels nor a fingerprint"]));
        assert_eq!(gate.alerts().await.len(), 2);
        gate.ends().await;
    }

    async fn grafana_signs_or_shows_its_secret(fresh: Fresh) {
        let gate = Gate::of(Kind::Grafana, &fresh).await;
        let body = group(&[webhook_alert("firing", "A")]).to_string();
        let path = gate.path("");
        let send = async |method: Method, headers: &[(&str, &str)]| {
            gate.server.send(method, &path, headers, body.clone()).await.status.as_u16()
        };
        let header = "X-Grafana-Alerting-Signature";
        let right = hmac(&gate.monitor.secret, &[&body]);
        let bearer = format!("Bearer {}", gate.monitor.secret);
        assert_eq!(send(Method::POST, &[]).await, 401);
        assert_eq!(send(Method::POST, &[(header, &hmac("another secret", &[&body]))]).await, 401);
        // A signature that is there has to be right, whatever else is shown.
        assert_eq!(send(Method::POST, &[(header, "00"), ("authorization", &bearer)]).await, 401);
        assert_eq!(gate.alerts().await, []);
        assert_eq!(send(Method::PUT, &[(header, &right)]).await, 200);
        assert_eq!(send(Method::POST, &[("authorization", &bearer)]).await, 200);
        assert_eq!(gate.alerts().await.len(), 1);
        gate.ends().await;
    }

    async fn grafana_may_call_its_headers_otherwise_and_sign_the_time(fresh: Fresh) {
        let door = json!({"signature_header": "X-Signed", "timestamp_header": "X-Time"});
        let gate = Gate::with(Kind::Grafana, door, &fresh).await;
        let body = group(&[webhook_alert("firing", "A")]).to_string();
        let send = async |headers: &[(&str, &str)]| {
            gate.server.send(Method::POST, &gate.path(""), headers, body.clone()).await.status.as_u16()
        };
        let now = gate.bot.clock.now().as_seconds();
        let sign = |time: &str| hmac(&gate.monitor.secret, &[time, ":", &body]);
        let (time, old) = (now.to_string(), (now - 301).to_string());
        assert_eq!(send(&[("x-signed", &sign(&time))]).await, 401);
        assert_eq!(send(&[("x-signed", &sign(&time)), ("x-time", &old)]).await, 401);
        assert_eq!(send(&[("x-signed", &sign(&old)), ("x-time", &old)]).await, 401);
        assert_eq!(send(&[("x-signed", &hmac(&gate.monitor.secret, &[&body])), ("x-time", &time)]).await, 401);
        assert_eq!(send(&[("x-signed", &sign(&time)), ("x-time", &time)]).await, 200);
        gate.ends().await;
    }

    async fn a_formatted_alert_begins_and_ends(fresh: Fresh) {
        let gate = Gate::of(Kind::Grafana, &fresh).await;
        let alert = |state: &str| json!({"alert_uid": "u1", "title": "Shop is down", "state": state, "message": "m"});
        gate.posts("", &alert("alerting")).await.expect(200);
        gate.posts("", &alert("alerting")).await.expect(200);
        let begun = gate.alert().await;
        assert_eq!((begun.key.as_str(), begun.title.as_str(), begun.version), ("u1", "Shop is down", 1));
        gate.posts("", &alert("ok")).await.expect(200);
        assert_eq!(gate.alerts().await, [("u1".to_owned(), false)]);
        assert!(matches!(gate.history(&gate.alert().await).await[..], [What::Seen, What::Resolved { .. }]));
        // Without a uid each is one of its own.
        for _ in 0..2 {
            gate.posts("", &json!({"title": "x", "state": "alerting"})).await.expect(200);
        }
        gate.posts("", &json!({"title": "x", "state": "ok"})).await.expect(200);
        assert_eq!(gate.alerts().await.len(), 3);
        gate.ends().await;
    }
}
