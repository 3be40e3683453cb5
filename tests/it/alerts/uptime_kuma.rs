//! Uptime Kuma, in all the forms that it can send.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::ingest::kind::Kind;

use super::gate::Gate;
use crate::databases::on_each_database;
use crate::raw::FORM;

fn body(status: u8) -> Value {
    json!({
        "heartbeat": {"status": status, "msg": "connect ECONNREFUSED", "time": "2026-09-21 14:13:20.000"},
        "monitor": {"id": 7, "name": "Shop", "url": "https://shop.example/"},
        "msg": "[Shop] [Down] connect ECONNREFUSED",
    })
}

fn seven(fires: bool) -> Vec<(String, bool)> {
    vec![("7".to_owned(), fires)]
}

on_each_database! {
    async fn a_monitor_goes_down_and_up(fresh: Fresh) {
        let gate = Gate::of(Kind::UptimeKuma, &fresh).await;
        let path = format!("/key/{}", gate.monitor.secret);
        let send = async |body: &Value| gate.server.post(&gate.path(&path), &[], body).await.expect(200);
        assert_eq!(send(&body(0)).await, json!({"ok": true}));
        send(&body(0)).await;
        let alert = gate.alert().await;
        assert_eq!((alert.title.as_str(), alert.version), ("Shop is down", 1));
        // Pending and maintenance are neither.
        send(&body(2)).await;
        send(&body(3)).await;
        assert_eq!(gate.alerts().await, seven(true));
        send(&body(1)).await;
        assert_eq!(gate.alerts().await, seven(false));
        send(&json!({"heartbeat": null, "monitor": null, "msg": "Stentor Testing"})).await;
        assert_eq!(gate.alerts().await, seven(false));
        gate.ends().await;
    }

    async fn every_form_of_it_is_understood(fresh: Fresh) {
        let gate = Gate::of(Kind::UptimeKuma, &fresh).await;
        let key = gate.path(&format!("/key/{}", gate.monitor.secret));
        // As it sends to Keep.
        let keep = gate.path("/alerts/event/uptimekuma");
        gate.server.post(&keep, &[("x-api-key", &gate.monitor.secret)], &body(0)).await.expect(200);
        assert_eq!(gate.alerts().await, seven(true));
        gate.server.post(&keep, &[("x-api-key", "wrong")], &body(1)).await.expect(401);
        // A form with parts.
        let parts = format!("--x\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{}\r\n--x--\r\n", body(1));
        let kind = [("content-type", "multipart/form-data; boundary=x")];
        gate.server.send(Method::POST, &key, &kind, parts).await.expect(200);
        assert_eq!(gate.alerts().await, seven(false));
        // A form in one piece.
        let form = serde_urlencoded::to_string([("data", body(0).to_string())]).unwrap();
        gate.server.send(Method::POST, &key, &[("content-type", FORM)], form).await.expect(200);
        assert_eq!(gate.alerts().await, seven(true));
        // A query.
        let up = body(1);
        let query = serde_urlencoded::to_string([
            ("msg", "up".to_owned()), ("monitor", up["monitor"].to_string()), ("heartbeat", up["heartbeat"].to_string()),
        ]).unwrap();
        gate.server.get(&format!("{key}?{query}"), &[]).await.expect(200);
        assert_eq!(gate.alerts().await, seven(false));
        // The formatted one.
        let formatted = json!({"alert_uid": "7", "title": "Shop is down", "state": "alerting", "message": "m"});
        gate.server.post(&key, &[], &formatted).await.expect(200);
        assert_eq!(gate.alerts().await, seven(true));
        gate.ends().await;
    }

    async fn a_certificate_that_ends_soon_is_a_warning_for_a_day(fresh: Fresh) {
        let gate = Gate::of(Kind::UptimeKuma, &fresh).await;
        let message = "[Shop][https://shop.example/] certificate shop.example will be expired in 7 days";
        gate.posts("", &json!({"heartbeat": null, "monitor": null, "msg": message})).await.expect(200);
        assert_eq!(gate.alert().await.title, message);
        gate.bot.watches(std::time::Duration::from_secs(24 * 60 * 60)).await;
        assert!(!gate.alert().await.phase.is_firing());
        gate.ends().await;
    }
}
